"""Store books in the database."""

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.database import Book, Session
from app.errors import BookNotFoundError, DuplicateIsbnError
from app.listing import Page, PaginationParams, SortParams
from app.schemas import BookCreate, BookResponse, BookUpdate


class BookStore:
    """All books, in one database session."""

    def __init__(self, session: Session) -> None:
        self.session = session

    async def create(self, book: BookCreate) -> BookResponse:
        """Store a new book under the next id.

        Raises:
            DuplicateIsbnError: another book has its ISBN.
        """
        row = Book(**book.model_dump())
        self.session.add(row)
        return await self.save(row)

    async def page(self, pagination: PaginationParams, sorting: SortParams) -> Page[BookResponse]:
        """Return one page of all books."""
        columns = [getattr(Book, sorting.sort_by), Book.id]
        query = (
            select(Book)
            .order_by(*(column.desc() if sorting.descending else column.asc() for column in columns))
            .offset(pagination.offset)
            .limit(pagination.per_page)
        )
        return Page(
            items=[shown(row) for row in await self.session.scalars(query)],
            page=pagination.page,
            per_page=pagination.per_page,
            total=await self.session.scalar(select(func.count()).select_from(Book)) or 0,
        )

    async def read(self, book_id: int) -> BookResponse:
        """Return one book.

        Raises:
            BookNotFoundError: there is no book with that id.
        """
        return shown(await self.row(book_id))

    async def update(self, book_id: int, changes: BookUpdate) -> BookResponse:
        """Change the fields of one book that the client sent, and return the book.

        Raises:
            BookNotFoundError: there is no book with that id.
            DuplicateIsbnError: another book has the new ISBN.
        """
        row = await self.row(book_id)
        for name, value in changes.changes().items():
            setattr(row, name, value)
        return await self.save(row)

    async def delete(self, book_id: int) -> None:
        """Delete one book.

        Raises:
            BookNotFoundError: there is no book with that id.
        """
        await self.session.delete(await self.row(book_id))
        await self.session.commit()

    async def row(self, book_id: int) -> Book:
        """Find the row of one book."""
        row = await self.session.get(Book, book_id)
        if row is None:
            raise BookNotFoundError(book_id)
        return row

    async def save(self, row: Book) -> BookResponse:
        """Write a new or changed row."""
        isbn = row.isbn
        try:
            await self.session.commit()
        except IntegrityError:
            await self.session.rollback()
            raise DuplicateIsbnError(isbn) from None
        return shown(row)


def shown(row: Book) -> BookResponse:
    """Convert a row to a response."""
    return BookResponse(id=row.id, title=row.title, author=row.author, year=row.year, isbn=row.isbn)


async def get_store(session: Session) -> BookStore:
    """Return the store of this request's session."""
    return BookStore(session)
