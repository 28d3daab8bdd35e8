"""An API for books."""

from typing import Annotated

from typeway import Depends, HTTPException, Typeway

from app.listing import Page, Pagination, Sorting
from app.schemas import BookCreate, BookResponse, BookUpdate
from app.store import BookStore, get_store

app = Typeway(title="Books")

Store = Annotated[BookStore, Depends(get_store)]


def not_found(book_id: int) -> HTTPException:
    """Create the response for a book that does not exist."""
    return HTTPException(404, f"There is no book {book_id}.")


@app.post("/books", status_code=201)
async def create_book(book: BookCreate, store: Store) -> BookResponse:
    """Add a book."""
    return await store.create(book)


@app.get("/books")
async def list_books(pagination: Pagination, sorting: Sorting, store: Store) -> Page[BookResponse]:
    """List books, one page at a time."""
    return await store.page(pagination, sorting)


@app.get("/books/{book_id}")
async def read_book(book_id: int, store: Store) -> BookResponse:
    """Read one book."""
    book = await store.read(book_id)
    if book is None:
        raise not_found(book_id)
    return book


@app.patch("/books/{book_id}")
async def update_book(book_id: int, changes: BookUpdate, store: Store) -> BookResponse:
    """Change the fields that you send, and no others."""
    book = await store.update(book_id, changes)
    if book is None:
        raise not_found(book_id)
    return book


@app.delete("/books/{book_id}", status_code=204)
async def delete_book(book_id: int, store: Store) -> None:
    """Delete a book."""
    if not await store.delete(book_id):
        raise not_found(book_id)
