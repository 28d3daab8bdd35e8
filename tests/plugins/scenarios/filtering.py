"""fastapi-filter: filters, searches and orders of a model as query parameters."""

from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from fastapi_filter import FilterDepends, with_prefix
from fastapi_filter.contrib.sqlalchemy import Filter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.pool import StaticPool


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "authors"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Book(Base):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    pages: Mapped[int]
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))
    author: Mapped[Author] = relationship()


class AuthorFilter(Filter):
    name: str | None = None
    name__in: list[str] | None = None

    class Constants(Filter.Constants):
        model = Author


class BookFilter(Filter):
    title__ilike: str | None = None
    pages__gt: int | None = Field(None, description="longer than")
    author: AuthorFilter | None = FilterDepends(with_prefix("author", AuthorFilter))
    order_by: list[str] | None = ["title"]
    search: str | None = None

    class Constants(Filter.Constants):
        model = Book
        search_model_fields = ["title"]


class Shown(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    title: str
    pages: int


engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)
app = FastAPI()


@app.get("/books", response_model=list[Shown])
def books(given: BookFilter = FilterDepends(BookFilter)) -> Any:
    with Session(engine) as session:
        query = given.sort(given.filter(select(Book).join(Author)))
        return session.scalars(query).all()


def play() -> Any:
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        authors = Author(name="Austen"), Author(name="Sterne")
        session.add_all([
            Book(title="Emma", pages=400, author=authors[0]), Book(title="Persuasion", pages=250, author=authors[0]),
            Book(title="Tristram Shandy", pages=600, author=authors[1]),
        ])  # fmt: skip
        session.commit()
    client = TestClient(app)
    seen = []
    for query in (
        "", "title__ilike=%25a%25", "pages__gt=300", "order_by=-pages", "order_by=-pages,title", "author__name=Austen",
        "author__name__in=Sterne,Nobody", "search=emm", "pages__gt=x", "order_by=shoe", "pages__gt=300&author__name=Sterne",
    ):  # fmt: skip
        response = client.get(f"/books?{query}")
        seen.append((query, response.status_code, response.json()))
    assert len(seen[0][2]) == 3, seen
    return {"seen": seen, "openapi": app.openapi()}
