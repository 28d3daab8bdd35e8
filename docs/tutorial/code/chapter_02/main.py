"""An API for books."""

from dataclasses import dataclass
from typing import Annotated, Literal

from typeway import HTTPException, Path, Query, Typeway

app = Typeway(title="Books")


@dataclass
class Book:
    """A book."""

    id: int
    title: str
    author: str
    year: int


BOOKS = [
    Book(1, "Frankenstein", "Mary Shelley", 1818),
    Book(2, "Jane Eyre", "Charlotte Brontë", 1847),
    Book(3, "Dracula", "Bram Stoker", 1897),
]


@app.get("/books")
async def list_books(
    author: Annotated[str | None, Query(min_length=2, description="Part of the author's name")] = None,
    order: Literal["oldest", "newest"] = "oldest",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> list[Book]:
    """List books, optionally by author."""
    books = [book for book in BOOKS if author is None or author.lower() in book.author.lower()]
    books.sort(key=lambda book: book.year, reverse=order == "newest")
    return books[:limit]


@app.get("/books/{book_id}")
async def read_book(book_id: Annotated[int, Path(ge=1)]) -> Book:
    """Read one book."""
    for book in BOOKS:
        if book.id == book_id:
            return book
    raise HTTPException(404, f"There is no book {book_id}.")
