"""Endpoints for books."""

from typing import Annotated

from typeway import Depends, Router

from app.accounts import CurrentAccount, current_account
from app.listing import Page, Pagination, Sorting
from app.schemas import BookCreate, BookResponse, BookUpdate
from app.store import BookStore, get_store

router = Router(prefix="/books", tags=["books"])

Store = Annotated[BookStore, Depends(get_store)]
members_only = [Depends(current_account)]


@router.post("", status_code=201, dependencies=members_only)
async def create_book(book: BookCreate, store: Store) -> BookResponse:
    """Add a book."""
    return await store.create(book)


@router.get("")
async def list_books(pagination: Pagination, sorting: Sorting, store: Store) -> Page[BookResponse]:
    """List books, one page at a time."""
    return await store.page(pagination, sorting)


@router.get("/{book_id}")
async def read_book(book_id: int, store: Store) -> BookResponse:
    """Read one book."""
    return await store.read(book_id)


@router.get("/{book_id}/summary")
async def summarize_book(book_id: int, account: CurrentAccount, store: Store) -> dict[str, str]:
    """Describe a book in one sentence."""
    book = await store.read(book_id)
    return {"summary": f"{book.title} by {book.author} appeared in {book.year}.", "asked_by": account.name}


@router.patch("/{book_id}", dependencies=members_only)
async def update_book(book_id: int, changes: BookUpdate, store: Store) -> BookResponse:
    """Change the fields that you send, and no others."""
    return await store.update(book_id, changes)


@router.delete("/{book_id}", status_code=204, dependencies=members_only)
async def delete_book(book_id: int, store: Store) -> None:
    """Delete a book."""
    await store.delete(book_id)
