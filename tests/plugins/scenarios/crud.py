"""fastcrud: endpoints that a model gives, with pages, filters and joins."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI, Header, HTTPException
from fastapi.testclient import TestClient
from fastcrud import FilterConfig, crud_router
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import StaticPool


class Base(DeclarativeBase):
    pass


class Book(Base):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(unique=True)
    pages: Mapped[int]


class New(BaseModel):
    title: str
    pages: int = 1


class Change(BaseModel):
    title: str | None = None
    pages: int | None = None


class Shown(New):
    id: int


engine = create_async_engine("sqlite+aiosqlite://", poolclass=StaticPool)
sessions = async_sessionmaker(engine, expire_on_commit=False)


async def session() -> AsyncIterator[AsyncSession]:
    async with sessions() as opened:
        yield opened


def editor(x_user: str = Header("nobody")) -> None:
    if x_user != "ada":
        raise HTTPException(403, "only ada")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)
app.include_router(
    crud_router(
        session=session, model=Book, create_schema=New, update_schema=Change, select_schema=Shown, path="/books",
        tags=["books"], delete_deps=[editor], filter_config=FilterConfig(title=None, pages__gt=None),
    ),
    prefix="/api", dependencies=[Depends(lambda: None)],
)  # fmt: skip


def play() -> Any:
    seen: list[Any] = []
    with TestClient(app, raise_server_exceptions=False) as client:

        def ask(method: str, path: str, body: Any = None, user: str = "ada") -> None:
            response = client.request(method, path, json=body, headers={"X-User": user})
            seen.append((method, path, response.status_code, response.text))

        for title, pages in (("Emma", 400), ("Persuasion", 250), ("Emma", 3)):
            ask("POST", "/api/books", {"title": title, "pages": pages})
        ask("POST", "/api/books", {"pages": "x"})
        for query in (
            "",
            "?page=1&itemsPerPage=1",
            "?offset=1&limit=1",
            "?title=Emma",
            "?pages__gt=300",
            "?sort=-title",
            "?page=0",
        ):
            ask("GET", f"/api/books{query}")
        ask("GET", "/api/books/1")
        ask("GET", "/api/books/9")
        ask("PATCH", "/api/books/1", {"pages": 401})
        ask("DELETE", "/api/books/2", user="eve")
        ask("DELETE", "/api/books/2")
        ask("GET", "/api/books")
    assert "Emma" in seen[4][3], seen
    return {"seen": seen, "openapi": app.openapi(), "loop": asyncio.iscoroutinefunction(session)}
