"""Create, read, update, delete and summarize books."""

from collections.abc import Sequence
from dataclasses import dataclass

from examples.books.exceptions import BookNotFoundError
from examples.books.models.book import Book, BookFields, SortField
from examples.books.schemas.book import BookCreate, BookUpdate
from examples.books.stores.store import BookSession


@dataclass(frozen=True, slots=True)
class Page:
    """One page of books, and its position in the list."""

    items: Sequence[Book]
    page: int
    per_page: int
    total: int

    @property
    def pages(self) -> int:
        """The number of pages; the last may be shorter than the others."""
        return -(-self.total // self.per_page)


@dataclass(frozen=True, slots=True)
class Summary:
    """The summary of a book for a reader."""

    book_id: int
    summary: str
    others_by_author: int
    reader: str


class BookService:
    """The business rules of books, for any store."""

    def __init__(self, session: BookSession) -> None:
        self._session = session

    async def create(self, new: BookCreate) -> Book:
        """Store a new book.

        Raises:
            DuplicateIsbnError: another book has this ISBN.
        """
        return await self._session.add(
            BookFields(title=new.title, author=new.author, publication_year=new.publication_year, isbn=new.isbn)
        )

    async def list(self, *, page: int, per_page: int, sort_by: SortField, descending: bool) -> Page:
        """Return one page of all books; a page after the last is empty."""
        items = await self._session.find(
            offset=(page - 1) * per_page, limit=per_page, sort_by=sort_by, descending=descending
        )
        return Page(items, page, per_page, await self._session.count())

    async def get(self, book_id: int) -> Book:
        """Return one book.

        Raises:
            BookNotFoundError: there is no book with this id.
        """
        return _found(await self._session.get(book_id), book_id)

    async def update(self, book_id: int, changes: BookUpdate) -> Book:
        """Update the fields that were sent, and no others.

        Raises:
            BookNotFoundError: there is no book with this id.
            DuplicateIsbnError: another book has the new ISBN.
        """
        sent = changes.model_dump(exclude_unset=True)
        if not sent:
            return await self.get(book_id)
        return _found(await self._session.change(book_id, sent), book_id)

    async def delete(self, book_id: int) -> None:
        """Delete one book.

        Raises:
            BookNotFoundError: there is no book with this id.
        """
        if not await self._session.remove(book_id):
            raise BookNotFoundError(book_id)

    async def summarise(self, book_id: int, reader: str) -> Summary:
        """Describe a book in one sentence, and count the other books of its author.

        Raises:
            BookNotFoundError: there is no book with this id.
        """
        book = await self.get(book_id)
        others = await self._session.count(author=book.author) - 1
        sentence = f"{book.title}, by {book.author}, was published in {book.publication_year}."
        return Summary(book_id, sentence, others, reader)


def _found(book: Book | None, book_id: int) -> Book:
    if book is None:
        raise BookNotFoundError(book_id)
    return book
