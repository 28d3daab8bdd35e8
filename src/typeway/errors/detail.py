"""Answer the framework's own exceptions with `{"detail": …}`, or in the form that the application has chosen."""

import json
from collections.abc import Callable
from typing import Any, Final, Literal

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.status import HTTP_422_UNPROCESSABLE_CONTENT, WS_1008_POLICY_VIOLATION
from starlette.websockets import WebSocket

from typeway.declare.problem import Problem
from typeway.encoders import encode_data, jsonable_encoder
from typeway.errors.lenient import STATUSES, conventions_of, error_response, fitting, scope_of
from typeway.errors.members import encoded_members
from typeway.exceptions import RequestValidationError, ValidationException, WebSocketRequestValidationError
from typeway.plan.inputs import Excerpt
from typeway.responses import BODILESS, JSON_TYPE

# These are not shown in errors: the content of an upload or a body, and the exception of a validator, whose text is
# already the message of the error.
_NO_DATA: Final[dict[Any, Callable[[Any], Any]]] = {bytes: lambda raw: None, BaseException: lambda error: {}}

# JSONResponse encodes strings in the same way.
quote: Final = json.encoder.encode_basestring

MOST_BYTES_OF_REASON: Final = 123  # RFC 6455, section 5.5

MOST_CHARACTERS_OF_PLACE: Final = 1_000

OF_A_BODY: Final = frozenset({b"content-length", b"content-type"})


def detail_parts(error: HTTPException) -> tuple[int, list[tuple[bytes, bytes]], bytes] | None:
    """Return status, raw headers and body of the response of `http_exception_handler`, without making that response.

    None if the response is not just a string in JSON: for another type of detail, a Problem, headers that describe the
    body, or a status without a body.
    """
    status, detail, headers = error.status_code, error.detail, error.headers
    if type(detail) is not str or status in BODILESS or isinstance(error, Problem) or status not in STATUSES:
        return None
    raw = []
    try:
        body = b'{"detail":%b}' % quote(detail).encode()
        for name, value in headers.items() if headers else ():
            key = name.lower().encode("latin-1")
            if key in OF_A_BODY:
                return None
            raw.append((key, value.encode("latin-1")))
    except (UnicodeEncodeError, AttributeError):
        return None  # the handler raises the error
    raw += (b"content-length", b"%d" % len(body)), JSON_TYPE
    return status, raw, body


async def http_exception_handler(request: Request, exc: HTTPException) -> Response:
    """Answer with the exception's status and headers and `{"detail": …}`, or without a body if the status forbids one.

    In an application with `errors="problem"`, answer with a problem document.

    Example:
        ```python
        @app.exception_handler(HTTPException)
        async def log_and_answer(request: Request, exc: HTTPException) -> Response:
            print(request.url.path, exc.status_code)
            return await http_exception_handler(request, exc)
        ```
    """
    if form_of(request) == "problem":
        from typeway.errors.problem_details import answer_http_exception

        return await answer_http_exception(request, exc)
    headers = getattr(exc, "headers", None)
    if exc.status_code in BODILESS:
        return Response(status_code=exc.status_code, headers=headers)
    content = encoded_members(exc, exc.content()) if isinstance(exc, Problem) else {"detail": exc.detail}
    return error_response(content, exc.status_code, headers)


async def request_validation_exception_handler(request: Request, exc: RequestValidationError) -> Response:
    """Answer with 422 and `{"detail": [{"type", "loc", "msg", "input", "ctx"?}, …], "omitted"?: 7}`.

    Within the option `error_limits`: the member `omitted` counts the errors that are not listed. In an application with
    `errors="problem"`, answer with a problem document.
    """
    if form_of(request) == "problem":
        from typeway.errors.problem_details import answer_invalid_request

        return await answer_invalid_request(request, exc)

    def respond(errors: Any, omitted: int) -> JSONResponse:
        rest = {"omitted": omitted} if omitted else {}
        return error_response({"detail": errors, **rest}, HTTP_422_UNPROCESSABLE_CONTENT)

    try:
        return fitting(request, exc, shown_errors(request, exc), respond)
    except (ValueError, TypeError, RecursionError):
        # The errors repeat the client's input, which JSON may not be able to represent. That is the client's mistake too.
        errors = encode_data([{**error, "input": None} for error in exc.errors()], _NO_DATA)
        return fitting(request, exc, errors, respond)


async def websocket_request_validation_exception_handler(
    websocket: WebSocket, exc: WebSocketRequestValidationError
) -> None:
    """Close the WebSocket with 1008 and the errors as the reason, as far as it may be long."""
    shown = shown_errors(websocket, exc)
    if conventions_of(websocket).text_reasons:
        shown = cut_reason("; ".join(map(in_words, shown)))
    await websocket.close(code=WS_1008_POLICY_VIOLATION, reason=shown)


def shown_errors(connection: HTTPConnection[Any], exc: ValidationException) -> Any:
    """Return validation errors as clients see them: each repeats the client's input as far as it is data."""
    if not conventions_of(connection).errors_show_data:
        return jsonable_encoder(exc.errors())
    return encode_data([near(error) for error in exc.errors()], _NO_DATA)


def near(error: Any) -> Any:
    """Return an error with the beginning of its location, whose parts may be names that the client has chosen."""
    if isinstance(error, dict) and isinstance(error.get("loc"), tuple):
        return {**error, "loc": Excerpt(MOST_CHARACTERS_OF_PLACE).of(error["loc"])}
    return error


def cut_reason(text: str) -> str:
    """Return as much of the reason for closing a WebSocket as a close frame can have."""
    return text.encode(errors="replace")[:MOST_BYTES_OF_REASON].decode(errors="ignore")


def in_words(error: Any) -> str:
    """Return an error as a text."""
    return f"{'.'.join(map(str, error['loc']))}: {error['msg']}" if isinstance(error, dict) else str(error)


def form_of(connection: HTTPConnection[Any]) -> str:
    """Return the form of errors that the application has chosen; another framework's has not, so it gets the default."""
    return getattr(scope_of(connection).get("app"), "errors", "detail")


def handlers_for(errors: Literal["detail", "problem"]) -> dict[Any, Callable[[Any, Any], Any]]:
    """Return the default exception handlers."""
    handlers: dict[Any, Callable[[Any, Any], Any]] = {
        HTTPException: http_exception_handler,
        RequestValidationError: request_validation_exception_handler,
        WebSocketRequestValidationError: websocket_request_validation_exception_handler,
    }
    if errors == "problem":
        from typeway.errors.problem_details import HANDLERS

        handlers.update(HANDLERS)
    return handlers
