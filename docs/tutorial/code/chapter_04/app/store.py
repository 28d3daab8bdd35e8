"""Store books in memory."""

from app.schemas import BookCreate, BookResponse, BookUpdate


class BookStore:
    """All books, by id."""

    def __init__(self) -> None:
        self.books: dict[int, BookResponse] = {}
        self.last_id = 0

    async def create(self, book: BookCreate) -> BookResponse:
        """Store a new book under the next id."""
        self.last_id += 1
        self.books[self.last_id] = BookResponse(id=self.last_id, **book.model_dump())
        return self.books[self.last_id]

    async def list(self) -> list[BookResponse]:
        """Return all books."""
        return list(self.books.values())

    async def read(self, book_id: int) -> BookResponse | None:
        """Return one book, or None if there is no book with that id."""
        return self.books.get(book_id)

    async def update(self, book_id: int, changes: BookUpdate) -> BookResponse | None:
        """Change the fields of one book that the client sent, and return the book."""
        if book_id not in self.books:
            return None
        self.books[book_id] = self.books[book_id].model_copy(update=changes.changes())
        return self.books[book_id]

    async def delete(self, book_id: int) -> bool:
        """Delete one book; return False if there is no book with that id."""
        return self.books.pop(book_id, None) is not None


store = BookStore()


async def get_store() -> BookStore:
    """Return the store; a dependency, so that a test or a database can replace it."""
    return store
