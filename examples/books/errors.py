"""Convert errors to responses of one format."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.exceptions import HTTPException

from examples.books.exceptions import BookError, BookNotFoundError, DuplicateIsbnError, UnknownReaderError
from examples.books.middleware import tracking_headers
from examples.books.schemas.error import ErrorResponse, FieldError
from typeway import FastAPI, Request
from typeway.exceptions import RequestValidationError
from typeway.responses import JSONResponse

logger = logging.getLogger(__name__)

# Errors that the framework raises itself. The phrases of `http.HTTPStatus` depend on the Python version.
CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "content_too_large",
    415: "unsupported_media_type",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """The HTTP response of an error of the domain."""

    status: int
    code: str
    headers: Mapping[str, str] = field(default_factory=dict)


ANSWERS: dict[type[BookError], Answer] = {
    BookNotFoundError: Answer(404, "book_not_found"),
    DuplicateIsbnError: Answer(409, "duplicate_isbn"),
    # RFC 9110 11.6.1: a 401 names the scheme that would have worked.
    UnknownReaderError: Answer(401, "unauthorized", {"WWW-Authenticate": "Bearer"}),
}


def add_error_handlers(app: FastAPI) -> None:
    """Register the handlers, so that all errors of the application have the same format."""
    app.exception_handler(BookError)(answer_domain_error)
    app.exception_handler(RequestValidationError)(answer_invalid_request)
    # The base class: unknown paths and methods raise it, not the framework's own subclass.
    app.exception_handler(HTTPException)(answer_http_exception)
    app.exception_handler(Exception)(answer_unexpected_error)


async def answer_domain_error(request: Request, error: BookError) -> JSONResponse:
    """Look up the HTTP response of an error of the domain."""
    answer = ANSWERS[type(error)]
    return _answer(answer.status, answer.code, str(error), headers=answer.headers)


async def answer_invalid_request(request: Request, error: RequestValidationError) -> JSONResponse:
    """Report the invalid fields, without the values from the request."""
    details = [_field_error(problem) for problem in error.errors()]
    return _answer(422, "validation_error", "The request is not valid", details=details)


async def answer_http_exception(request: Request, error: HTTPException) -> JSONResponse:
    """Convert the framework's own errors to our format, with their headers."""
    code = CODES.get(error.status_code, "http_error")
    return _answer(error.status_code, code, str(error.detail), headers=error.headers)


async def answer_unexpected_error(request: Request, error: Exception) -> JSONResponse:
    """Log the exception with the id of the request; send no details to the client."""
    headers = tracking_headers(request)
    logger.error("unexpected error in request %s", request.state.request_id, exc_info=error)
    return _answer(500, "internal_error", "An unexpected error occurred", headers=headers)


def _answer(
    status: int,
    code: str,
    message: str,
    *,
    details: list[FieldError] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    body = ErrorResponse(error=code, message=message, details=details)
    return JSONResponse(body.model_dump(exclude_none=True), status_code=status, headers=headers)


def _field_error(problem: Mapping[str, object]) -> FieldError:
    location = problem["loc"]
    path = ".".join(str(part) for part in location) if isinstance(location, tuple | list) else str(location)
    message = str(problem["msg"]).removeprefix("Value error, ")
    context = problem.get("ctx")
    if problem["type"] == "json_invalid" and isinstance(context, Mapping):
        message = f"{message}: {context.get('error')}"
    # A field's name comes from the client and may contain a lone surrogate, which JSON cannot encode.
    return FieldError(
        field=path.encode("utf-8", "backslashreplace").decode(), message=message, type=str(problem["type"])
    )
