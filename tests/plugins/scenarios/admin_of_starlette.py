"""starlette-admin: an admin interface, mounted beside the API, with lists, searches and forms that are protected against forgery."""

import re
from typing import Any

from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import StaticPool
from starlette_admin import action
from starlette_admin.contrib.sqla import Admin, ModelView


class Base(DeclarativeBase):
    pass


class Book(Base):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    pages: Mapped[int]


engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)


class BookView(ModelView):
    actions = ["shout", "delete"]
    searchable_fields = ["title"]

    @action(name="shout", text="Shout", confirmation="Sure?")
    async def shout(self, request: Request, pks: list[Any]) -> str:
        session: Session = request.state.session
        for book in await self.find_by_pks(request, pks):
            book.title = book.title.upper()
            session.add(book)
        session.commit()
        return "done"


app = FastAPI()


@app.get("/api/books")
def books() -> list[str]:
    with Session(engine) as session:
        return [book.title for book in session.query(Book)]


admin = Admin(engine, title="Shop", secret_key="secret")
admin.add_view(BookView(Book))
admin.mount_to(app)


def play() -> Any:
    Base.metadata.create_all(engine)
    client = TestClient(app, follow_redirects=False)
    seen: list[Any] = []

    def ask(method: str, path: str, **options: Any) -> Any:
        response = client.request(method, path, **options)
        seen.append((method, path, response.status_code, response.headers.get("location")))
        return response

    ask("GET", "/admin/")
    with Session(engine) as session:
        session.add_all([Book(title="Emma", pages=7), Book(title="Persuasion", pages=8)])
        session.commit()
    listed = ask("GET", "/admin/book/list").text
    found = ask("GET", "/admin/book/list?search=Emm").text
    ask("GET", "/admin/book/detail?pk=1")
    field = re.search(r'name="([^"]*csrf[^"]*)" value="([^"]*)"', ask("GET", "/admin/book/create").text)
    token = dict([field.groups()]) if field else {}
    ask("POST", "/admin/book/create", data={"title": "Sanditon", "pages": "9", **token})
    ask("POST", "/admin/book/create", data={"title": "Emma", "pages": "many"})
    ask("POST", "/admin/_api/book/action?name=shout&pks=1")
    ask("GET", "/admin/nothing/list")
    api = ask("GET", "/api/books").json()
    shown = [[title in page for title in ("Emma", "Persuasion")] for page in (listed, found)]
    assert shown[0] == [True, True], seen
    return {"seen": seen, "shown": shown, "api": api, "openapi": app.openapi()}
