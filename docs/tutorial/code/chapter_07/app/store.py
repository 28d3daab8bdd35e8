"""Store books in memory."""

from app.errors import BookNotFoundError, DuplicateIsbnError
from app.listing import Page, PaginationParams, SortParams
from app.schemas import BookCreate, BookResponse, BookUpdate


class BookStore:
    """All books, by id."""

    def __init__(self) -> None:
        self.books: dict[int, BookResponse] = {}
        self.last_id = 0

    async def create(self, book: BookCreate) -> BookResponse:
        """Store a new book under the next id.

        Raises:
            DuplicateIsbnError: another book has its ISBN.
        """
        self.refuse_duplicate(book.isbn)
        self.last_id += 1
        self.books[self.last_id] = BookResponse(id=self.last_id, **book.model_dump())
        return self.books[self.last_id]

    async def page(self, pagination: PaginationParams, sorting: SortParams) -> Page[BookResponse]:
        """Return one page of all books."""
        books = sorted(
            self.books.values(),
            key=lambda book: (getattr(book, sorting.sort_by), book.id),
            reverse=sorting.descending,
        )
        return Page(
            items=books[pagination.offset : pagination.offset + pagination.per_page],
            page=pagination.page,
            per_page=pagination.per_page,
            total=len(books),
        )

    async def read(self, book_id: int) -> BookResponse:
        """Return one book.

        Raises:
            BookNotFoundError: there is no book with that id.
        """
        if book_id not in self.books:
            raise BookNotFoundError(book_id)
        return self.books[book_id]

    async def update(self, book_id: int, changes: BookUpdate) -> BookResponse:
        """Change the fields of one book that the client sent, and return the book.

        Raises:
            BookNotFoundError: there is no book with that id.
            DuplicateIsbnError: another book has the new ISBN.
        """
        book = await self.read(book_id)
        if changes.isbn is not None and changes.isbn != book.isbn:
            self.refuse_duplicate(changes.isbn)
        self.books[book_id] = book.model_copy(update=changes.changes())
        return self.books[book_id]

    async def delete(self, book_id: int) -> None:
        """Delete one book.

        Raises:
            BookNotFoundError: there is no book with that id.
        """
        await self.read(book_id)
        del self.books[book_id]

    def refuse_duplicate(self, isbn: str) -> None:
        """Raise an error if a book has that ISBN."""
        if any(book.isbn == isbn for book in self.books.values()):
            raise DuplicateIsbnError(isbn)


store = BookStore()


async def get_store() -> BookStore:
    """Return the store; a dependency, so that a test or a database can replace it."""
    return store
