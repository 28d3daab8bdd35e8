"""starlette-admin: an admin interface, mounted beside the API, with log-in, lists, forms and actions."""

import re
from typing import Any

from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import StaticPool
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette_admin import action
from starlette_admin.auth import AdminUser, AuthProvider
from starlette_admin.contrib.sqla import Admin, ModelView
from starlette_admin.exceptions import LoginFailed


class Base(DeclarativeBase):
    pass


class Book(Base):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    pages: Mapped[int]


engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)


class Guard(AuthProvider):
    async def login(self, username: str, password: str, remember_me: bool, request: Request) -> Any:
        if password != "open":
            raise LoginFailed("wrong")
        request.session["user"] = username
        return None

    async def is_authenticated(self, request: Request) -> bool:
        return "user" in request.session

    def get_admin_user(self, request: Request) -> AdminUser:
        return AdminUser(username=request.session["user"])

    async def logout(self, request: Request) -> Any:
        request.session.clear()
        return None


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


admin = Admin(
    engine,
    title="Shop",
    secret_key="secret",
    auth_provider=Guard(),
    middlewares=[Middleware(SessionMiddleware, secret_key="secret")],
)
admin.add_view(BookView(Book))
admin.mount_to(app)


def play() -> Any:
    Base.metadata.create_all(engine)
    client = TestClient(app, follow_redirects=False)
    seen: list[Any] = []

    def ask(method: str, path: str, **options: Any) -> Any:
        response = client.request(method, path, **options)
        seen.append((method, path, response.status_code, response.headers.get("location")))
        return None

    ask("GET", "/admin/")
    field = re.search(r'name="([^"]*csrf[^"]*)" value="([^"]*)"', ask("GET", "/admin/login").text)
    token = dict([field.groups()]) if field else {}
    ask("POST", "/admin/login", data={"username": "ada", "password": "open"})
    ask("POST", "/admin/login", data={"username": "ada", "password": "shut", **token})
    ask("POST", "/admin/login", data={"username": "ada", "password": "open", **token})
    ask("GET", "/admin/")
    with Session(engine) as session:
        session.add_all([Book(title="Emma", pages=7), Book(title="Persuasion", pages=8)])
        session.commit()
    listed = ask("GET", "/admin/book/list").text
    found = ask("GET", "/admin/book/list?search=Emm").text
    ask("GET", "/admin/book/detail?pk=1")
    ask("GET", "/admin/book/create")
    ask("POST", "/admin/book/create", data={"title": "Emma", "pages": "many"})
    ask("POST", "/admin/_api/book/action?name=shout&pks=1")
    ask("GET", "/admin/nothing/list")
    api = ask("GET", "/api/books").json()
    ask("POST", "/admin/logout")
    ask("GET", "/admin/book/list")
    shown = [[title in page for title in ("Emma", "Persuasion")] for page in (listed, found)]
    assert shown[0] == [True, True], seen
    return {"seen": seen, "shown": shown, "api": api, "openapi": app.openapi()}
