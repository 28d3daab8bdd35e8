"""An API for books."""

from typeway import HTTPException, Typeway

from app.schemas import BookCreate, BookResponse

app = Typeway(title="Books")

books: dict[int, BookResponse] = {}


@app.post("/books", status_code=201)
async def create_book(book: BookCreate) -> BookResponse:
    """Add a book."""
    created = BookResponse(id=len(books) + 1, **book.model_dump())
    books[created.id] = created
    return created


@app.get("/books")
async def list_books() -> list[BookResponse]:
    """List all books."""
    return list(books.values())


@app.get("/books/{book_id}")
async def read_book(book_id: int) -> BookResponse:
    """Read one book."""
    if book_id not in books:
        raise HTTPException(404, f"There is no book {book_id}.")
    return books[book_id]
