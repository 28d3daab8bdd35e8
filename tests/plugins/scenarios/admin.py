"""sqladmin: an admin interface beside the API, with log-in, lists, forms and deletion."""

import re
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.testclient import TestClient
from sqladmin import Admin, BaseView, ModelView, action, expose
from sqladmin.authentication import AuthenticationBackend
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import StaticPool
from starlette.responses import RedirectResponse


class Base(DeclarativeBase):
    pass


class Book(Base):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    pages: Mapped[int | None]


engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)


class Guard(AuthenticationBackend):
    async def login(self, request: Request) -> bool:
        form = await request.form()
        request.session.update({"user": str(form["username"])})
        return form["password"] == "open"

    async def logout(self, request: Request) -> bool:
        request.session.clear()
        return True

    async def authenticate(self, request: Request) -> bool:
        return "user" in request.session


class BookAdmin(ModelView, model=Book):
    column_list = [Book.id, Book.title]
    column_searchable_list = [Book.title]

    @action(name="shout", label="Shout")
    async def shout(self, request: Request) -> RedirectResponse:
        with Session(engine) as session:
            for key in request.query_params["pks"].split(","):
                book = session.get_one(Book, int(key))
                book.title = book.title.upper()
            session.commit()
        return RedirectResponse(request.url_for("admin:list", identity=self.identity))


class Report(BaseView):
    name = "Report"

    @expose("/report", methods=["GET"])
    async def report(self, request: Request) -> Any:
        from starlette.responses import PlainTextResponse

        return PlainTextResponse("all is well")


app = FastAPI()
router = APIRouter(prefix="/api")


@router.get("/books")
def books() -> list[str]:
    with Session(engine) as session:
        return [book.title for book in session.query(Book)]


app.include_router(router)
admin = Admin(app, engine, authentication_backend=Guard(secret_key="secret"))
admin.add_view(BookAdmin)
admin.add_view(Report)


def play() -> Any:
    Base.metadata.create_all(engine)
    client = TestClient(app, follow_redirects=False)
    seen: list[Any] = []

    def ask(method: str, path: str, **options: Any) -> str:
        response = client.request(method, path, **options)
        seen.append((method, path, response.status_code, response.headers.get("location")))
        return response.text

    ask("GET", "/admin/")
    ask("GET", "/admin/login")
    ask("POST", "/admin/login", data={"username": "ada", "password": "shut"})
    ask("POST", "/admin/login", data={"username": "ada", "password": "open"})
    ask("GET", "/admin/")
    for title in ("Emma", "Persuasion"):
        ask("POST", "/admin/book/create", data={"title": title, "pages": "7", "save": "Save"})
    ask("POST", "/admin/book/create", data={"title": "", "pages": "many", "save": "Save"})
    listed = ask("GET", "/admin/book/list")
    found = ask("GET", "/admin/book/list?search=Emm")
    details = ask("GET", "/admin/book/details/1")
    ask("POST", "/admin/book/edit/1", data={"title": "Emma II", "pages": "8", "save": "Save"})
    ask("GET", "/admin/book/action/shout?pks=1")
    ask("GET", "/admin/report")
    ask("GET", "/admin/statics/css/main.css")
    exported = ask("GET", "/admin/book/export/csv")
    api = [ask("GET", "/api/books")]
    ask("DELETE", "/admin/book/delete?pks=2")
    api.append(ask("GET", "/api/books"))
    ask("GET", "/admin/logout")
    ask("GET", "/admin/book/list")
    assert re.search("Emma", listed), listed
    assert "Persuasion" in listed
    assert "Persuasion" not in found
    assert api == ['["EMMA II","Persuasion"]', '["EMMA II"]']
    return {"seen": seen, "exported": exported, "details": "Emma" in details, "openapi": app.openapi()}
