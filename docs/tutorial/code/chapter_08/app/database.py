"""The database: its tables, and one session per request."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Annotated, Any

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.schema import CreateTable
from typeway import Depends, Request, Typeway


class Base(DeclarativeBase):
    """The base class of all tables."""


class Book(Base):
    """The table of books."""

    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    author: Mapped[str]
    year: Mapped[int]
    isbn: Mapped[str] = mapped_column(unique=True)


def open_database(url: str) -> Callable[[Typeway], AbstractAsyncContextManager[dict[str, Any]]]:
    """Create a lifespan: the database is open while the application runs."""

    @asynccontextmanager
    async def lifespan(app: Typeway) -> AsyncIterator[dict[str, Any]]:
        engine = create_async_engine(url)
        async with engine.begin() as connection:
            # IF NOT EXISTS in the statement itself: several processes may start at the same moment.
            for table in Base.metadata.sorted_tables:
                await connection.execute(CreateTable(table, if_not_exists=True))
        yield {"sessions": async_sessionmaker(engine, expire_on_commit=False)}
        await engine.dispose()

    return lifespan


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    """Open a session for one request, and close it after the response."""
    async with request.state.sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_session)]
