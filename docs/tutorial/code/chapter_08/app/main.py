"""An API for books."""

from typing import Annotated

from typeway import Depends, Typeway

from app.database import open_database
from app.errors import add_error_handlers
from app.listing import Page, Pagination, Sorting
from app.middleware import add_middleware
from app.schemas import BookCreate, BookResponse, BookUpdate
from app.store import BookStore, get_store

app = Typeway(title="Books", lifespan=open_database("sqlite+aiosqlite:///books.db"))
add_error_handlers(app)
add_middleware(app)

Store = Annotated[BookStore, Depends(get_store)]


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
    return await store.read(book_id)


@app.patch("/books/{book_id}")
async def update_book(book_id: int, changes: BookUpdate, store: Store) -> BookResponse:
    """Change the fields that you send, and no others."""
    return await store.update(book_id, changes)


@app.delete("/books/{book_id}", status_code=204)
async def delete_book(book_id: int, store: Store) -> None:
    """Delete a book."""
    await store.delete(book_id)
