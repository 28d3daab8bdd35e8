"""Convert errors to responses of one format."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy.exc import TimeoutError as NoFreeConnectionError
from starlette.exceptions import HTTPException

from examples.task_manager.exceptions import (
    AttachmentNotFoundError,
    AttachmentTooLargeError,
    DatabaseUnavailableError,
    DuplicateTaskError,
    InvalidCredentialsError,
    InvalidTokenError,
    NotAuthenticatedError,
    TaskChangedError,
    TaskManagerError,
    TaskNotFoundError,
    TooManyAttachmentsError,
    UnsupportedAttachmentError,
    UsernameTakenError,
    reason_of,
)
from examples.task_manager.middleware import tracking_headers
from examples.task_manager.schemas.error import ErrorResponse, FieldError
from typeway import FastAPI, Request, Response
from typeway.exceptions import RequestValidationError
from typeway.responses import JSONResponse

logger = logging.getLogger(__name__)

# Errors that the framework raises itself. The phrases of `http.HTTPStatus` depend on the Python version.
CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    412: "precondition_failed",
    413: "content_too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
}

# Renders an error as a page, or returns None where the client wants JSON.
ErrorPage = Callable[[Request, int, ErrorResponse, Mapping[str, str]], Response | None]


@dataclass(frozen=True, slots=True)
class Answer:
    """The HTTP response of an error of the domain."""

    status: int
    code: str
    headers: Mapping[str, str] = field(default_factory=dict)


ANSWERS: dict[type[TaskManagerError], Answer] = {
    TaskNotFoundError: Answer(404, "task_not_found"),
    DuplicateTaskError: Answer(409, "duplicate_task"),
    TaskChangedError: Answer(412, "task_changed"),
    AttachmentNotFoundError: Answer(404, "attachment_not_found"),
    AttachmentTooLargeError: Answer(413, "content_too_large"),
    TooManyAttachmentsError: Answer(409, "too_many_attachments"),
    UnsupportedAttachmentError: Answer(415, "unsupported_media_type"),
    UsernameTakenError: Answer(409, "username_taken"),
    # RFC 9110 11.6.1: a 401 names the scheme that would have worked; RFC 6750 3.1 names the error.
    InvalidCredentialsError: Answer(401, "invalid_credentials", {"WWW-Authenticate": "Bearer"}),
    NotAuthenticatedError: Answer(401, "unauthorized", {"WWW-Authenticate": "Bearer"}),
    InvalidTokenError: Answer(401, "invalid_token", {"WWW-Authenticate": 'Bearer error="invalid_token"'}),
    DatabaseUnavailableError: Answer(503, "database_unavailable", {"Retry-After": "1"}),
}


def add_error_handlers(app: FastAPI) -> None:
    """Register the handlers, so that all errors of the application have the same format."""
    app.exception_handler(TaskManagerError)(answer_domain_error)
    for failure in (DatabaseUnavailableError, NoFreeConnectionError):
        app.exception_handler(failure)(answer_absent_database)
    app.exception_handler(RequestValidationError)(answer_invalid_request)
    # The base class: unknown paths and methods raise it, not the framework's own subclass.
    app.exception_handler(HTTPException)(answer_http_exception)
    app.exception_handler(Exception)(answer_unexpected_error)


async def answer_domain_error(request: Request, error: TaskManagerError) -> Response:
    """Look up the HTTP response of an error of the domain."""
    answer = ANSWERS[type(error)]
    return _answer(request, answer.status, answer.code, str(error), headers=answer.headers)


async def answer_absent_database(request: Request, error: Exception) -> Response:
    """Log the reason in one line: a traceback for each request would fill the log while the server is away.

    The response only says that the client may try again.
    """
    logger.error("the database is unavailable: %s", reason_of(error), extra=_request_fields(request))
    return await answer_domain_error(request, DatabaseUnavailableError())


async def answer_invalid_request(request: Request, error: RequestValidationError) -> Response:
    """Report the invalid fields, without their values: one may be a password."""
    details = [_field_error(problem) for problem in error.errors()]
    return _answer(request, 422, "validation_error", "The request is not valid", details=details)


async def answer_http_exception(request: Request, error: HTTPException) -> Response:
    """Convert the framework's own errors to our format, with their headers."""
    code = CODES.get(error.status_code, "http_error")
    return _answer(request, error.status_code, code, str(error.detail), headers=error.headers)


async def answer_unexpected_error(request: Request, error: Exception) -> Response:
    """Log the exception; send no details to the client."""
    logger.error("unexpected error", exc_info=error, extra=_request_fields(request))
    headers = tracking_headers(request.scope)
    return _answer(request, 500, "internal_error", "An unexpected error occurred", headers=headers)


def _answer(
    request: Request,
    status: int,
    code: str,
    message: str,
    *,
    details: list[FieldError] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    body = ErrorResponse(error=code, message=message, details=details)
    # The web page has set it; the API alone has none.
    render: ErrorPage | None = getattr(request.app.state, "error_page", None)
    if render is not None:
        headers = {**(headers or {}), "Vary": "Accept"}
        page = render(request, status, body, headers)
        if page is not None:
            return page
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


def _request_fields(request: Request) -> dict[str, object]:
    return {
        "request_id": request.scope.get("state", {}).get("request_id"),
        "method": request.method,
        "path": request.url.path,
    }
