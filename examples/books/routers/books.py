"""The endpoints for books."""

from typing import Annotated

from examples.books.dependencies import Books, CurrentReader, DbSession, Pagination, Sorting
from examples.books.models.book import MAX_INTEGER, Book
from examples.books.routers.answers import DUPLICATE, INVALID, NOT_FOUND, UNAUTHORIZED, UNREADABLE
from examples.books.schemas.book import BookCreate, BookPage, BookResponse, BookSummary, BookUpdate
from examples.books.services.books import BookService, Page, Summary
from typeway import APIRouter, Path, Request, Response, status

router = APIRouter(prefix="/books", tags=["books"], responses=INVALID)

BookId = Annotated[int, Path(ge=1, le=MAX_INTEGER)]


@router.post(
    "", response_model=BookResponse, status_code=status.HTTP_201_CREATED, responses={**UNREADABLE, **DUPLICATE}
)
async def create_book(new: BookCreate, books: Books, request: Request, response: Response) -> Book:
    """Create a book; the response has its URL in `Location`."""
    book = await books.create(new)
    response.headers["Location"] = str(request.url_for("read_book", book_id=book.id))
    return book


@router.get("", response_model=BookPage)
async def list_books(pagination: Pagination, sorting: Sorting, books: Books) -> Page:
    """List all books, with pagination and sorting."""
    return await books.list(
        page=pagination.page,
        per_page=pagination.per_page,
        sort_by=sorting.sort_by,
        descending=sorting.descending,
    )


@router.get("/{book_id}", response_model=BookResponse, responses=NOT_FOUND)
async def read_book(book_id: BookId, books: Books) -> Book:
    """Return one book."""
    return await books.get(book_id)


@router.patch("/{book_id}", response_model=BookResponse, responses={**UNREADABLE, **NOT_FOUND, **DUPLICATE})
async def update_book(book_id: BookId, changes: BookUpdate, books: Books) -> Book:
    """Update the fields that are sent; all others keep their values."""
    return await books.update(book_id, changes)


@router.delete("/{book_id}", status_code=status.HTTP_204_NO_CONTENT, responses=NOT_FOUND)
async def delete_book(book_id: BookId, books: Books) -> None:
    """Delete one book."""
    await books.delete(book_id)


@router.get("/{book_id}/summary", response_model=BookSummary, responses={**UNAUTHORIZED, **NOT_FOUND})
async def summarise_book(book_id: BookId, reader: CurrentReader, session: DbSession) -> Summary:
    """Return the summary of one book to a known reader."""
    return await BookService(session).summarise(book_id, reader)
