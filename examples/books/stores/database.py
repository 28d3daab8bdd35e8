"""Store books in a database, with SQLAlchemy."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from examples.books.exceptions import DuplicateIsbnError
from examples.books.models.book import Book, BookFields, Changes, SortField
from examples.books.models.table import Base, BookRow
from examples.books.stores.store import BookSession

SORTED_BY: dict[SortField, InstrumentedAttribute[Any]] = {
    "id": BookRow.id,
    "title": BookRow.title,
    "author": BookRow.author,
    "publication_year": BookRow.publication_year,
}


class DatabaseStore:
    """A table of books."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[BookSession]:
        """Open a database session; changes that are not committed by the end are rolled back."""
        async with self._sessions() as session:
            yield DatabaseSession(session)


@asynccontextmanager
async def open_database(url: str) -> AsyncIterator[DatabaseStore]:
    """Connect to a database, create a missing table, and close all connections at the end.

    Parameters:
        url: any async SQLAlchemy URL, such as `sqlite+aiosqlite:///./books.db`.
    """
    # A server closes idle connections; the ping detects this before a request fails.
    engine = create_async_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    try:
        async with engine.begin() as connection:
            # IF NOT EXISTS: several workers may start on an empty database at the same moment.
            for table in Base.metadata.sorted_tables:
                await connection.execute(CreateTable(table, if_not_exists=True))
                for index in table.indexes:
                    await connection.execute(CreateIndex(index, if_not_exists=True))
        yield DatabaseStore(engine)
    finally:
        await engine.dispose()


class DatabaseSession:
    """The session of one request.

    Each change is one statement and is committed at once, before the response is sent, so a failure of the commit can
    still be reported. The unique constraint enforces unique ISBNs; a check before it would race with other requests.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, fields: BookFields) -> Book:
        """See `BookSession.add`."""
        row = await self._write(insert(BookRow).values(**fields).returning(BookRow), fields["isbn"])
        assert row is not None, "an INSERT without a conflict returns its row"
        return row.as_book()

    async def get(self, book_id: int) -> Book | None:
        """See `BookSession.get`."""
        row = await self._session.get(BookRow, book_id)
        return None if row is None else row.as_book()

    async def find(self, *, offset: int, limit: int, sort_by: SortField, descending: bool) -> Sequence[Book]:
        """See `BookSession.find`."""
        order = [column.desc() if descending else column.asc() for column in (SORTED_BY[sort_by], BookRow.id)]
        rows = await self._session.scalars(select(BookRow).order_by(*order).offset(offset).limit(limit))
        return [row.as_book() for row in rows]

    async def count(self, *, author: str | None = None) -> int:
        """See `BookSession.count`."""
        counted = select(func.count()).select_from(BookRow)
        if author is not None:
            counted = counted.where(BookRow.author == author)
        return await self._session.scalar(counted) or 0

    async def change(self, book_id: int, changes: Changes) -> Book | None:
        """See `BookSession.change`."""
        statement = update(BookRow).where(BookRow.id == book_id).values(**changes).returning(BookRow)
        row = await self._write(statement, str(changes.get("isbn")))
        return None if row is None else row.as_book()

    async def remove(self, book_id: int) -> bool:
        """See `BookSession.remove`."""
        removed = await self._session.scalar(delete(BookRow).where(BookRow.id == book_id).returning(BookRow.id))
        await self._session.commit()
        return removed is not None

    async def _write(self, statement: ReturningInsert[BookRow] | ReturningUpdate[BookRow], isbn: str) -> BookRow | None:
        """Run and commit a statement that writes one row; raise an error if the ISBN is taken."""
        try:
            row = await self._session.scalar(statement)
            await self._session.commit()
        except IntegrityError as error:
            # Only the unique constraint of the ISBN can refuse a validated row.
            await self._session.rollback()
            raise DuplicateIsbnError(isbn) from error
        return row
