"""The errors of the application, and their responses: every error is JSON of one format."""

from typeway import HTTPException, Request, Typeway
from typeway.exceptions import RequestValidationError
from typeway.responses import JSONResponse


class BookNotFoundError(Exception):
    """There is no book with that id."""

    def __init__(self, book_id: int) -> None:
        self.book_id = book_id
        super().__init__(f"There is no book {book_id}.")


class DuplicateIsbnError(Exception):
    """Another book has that ISBN."""

    def __init__(self, isbn: str) -> None:
        self.isbn = isbn
        super().__init__(f"There is a book with the ISBN {isbn} already.")


def add_error_handlers(app: Typeway) -> None:
    """Register a handler for each kind of error."""

    @app.exception_handler(BookNotFoundError)
    async def book_not_found(request: Request, error: BookNotFoundError) -> JSONResponse:
        return JSONResponse({"error": "book_not_found", "message": str(error), "book_id": error.book_id}, 404)

    @app.exception_handler(DuplicateIsbnError)
    async def duplicate_isbn(request: Request, error: DuplicateIsbnError) -> JSONResponse:
        return JSONResponse({"error": "duplicate_isbn", "message": str(error), "isbn": error.isbn}, 409)

    @app.exception_handler(RequestValidationError)
    async def not_valid(request: Request, error: RequestValidationError) -> JSONResponse:
        details = [
            {"field": ".".join(str(part) for part in found["loc"]), "message": found["msg"]} for found in error.errors()
        ]
        return JSONResponse({"error": "not_valid", "message": "The request is not valid.", "details": details}, 422)

    @app.exception_handler(HTTPException)
    async def any_other(request: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"error": "http_error", "message": error.detail}, error.status_code, error.headers)
