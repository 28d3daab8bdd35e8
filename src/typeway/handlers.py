"""Answer the framework's own exceptions when the application does not."""

import math
from collections.abc import Callable
from typing import Any, Final, Literal

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.status import HTTP_422_UNPROCESSABLE_CONTENT, WS_1008_POLICY_VIOLATION
from starlette.websockets import WebSocket

from typeway.encoders import jsonable_encoder
from typeway.exceptions import RequestValidationError, WebSocketRequestValidationError
from typeway.problem import Problem
from typeway.responses import BODILESS

# What JSON cannot hold, as the nearest that it can.
_LENIENT: Final[dict[Any, Callable[[Any], Any]]] = {
    str: lambda text: text.encode(errors="replace").decode(),
    float: lambda number: number if math.isfinite(number) else None,
}


async def http_exception_handler(request: Request, exc: HTTPException) -> Response:
    """Answer with the exception's status and headers and `{"detail": …}`, or no body where the status forbids one.

    Example:
        ```python
        @app.exception_handler(HTTPException)
        async def log_and_answer(request: Request, exc: HTTPException) -> Response:
            print(request.url.path, exc.status_code)
            return await http_exception_handler(request, exc)
        ```
    """
    headers = getattr(exc, "headers", None)
    if exc.status_code in BODILESS:
        return Response(status_code=exc.status_code, headers=headers)
    content = jsonable_encoder(exc.content()) if isinstance(exc, Problem) else {"detail": exc.detail}
    return JSONResponse(content, status_code=exc.status_code, headers=headers)


async def request_validation_exception_handler(request: Request, exc: RequestValidationError) -> JSONResponse:
    """Answer with 422 and `{"detail": [{"type", "loc", "msg", "input", "ctx"?}, …]}`."""
    try:
        return JSONResponse({"detail": jsonable_encoder(exc.errors())}, HTTP_422_UNPROCESSABLE_CONTENT)
    except (ValueError, TypeError, RecursionError):
        # The errors repeat the client's own input, which may be what JSON cannot hold: NaN, stray bytes, half a
        # surrogate pair, too many levels. That is the client's mistake too, so it must not become a 500.
        errors = jsonable_encoder([{**error, "input": None} for error in exc.errors()], custom_encoder=_LENIENT)
        return JSONResponse({"detail": errors}, HTTP_422_UNPROCESSABLE_CONTENT)


async def websocket_request_validation_exception_handler(
    websocket: WebSocket, exc: WebSocketRequestValidationError
) -> None:
    """Close the WebSocket with 1008 and the errors as the reason."""
    await websocket.close(code=WS_1008_POLICY_VIOLATION, reason=jsonable_encoder(exc.errors()))


def handlers_for(errors: Literal["detail", "problem"]) -> dict[Any, Callable[[Any, Any], Any]]:
    """What answers errors where the author has no handler for them."""
    handlers: dict[Any, Callable[[Any, Any], Any]] = {
        HTTPException: http_exception_handler,
        RequestValidationError: request_validation_exception_handler,
        WebSocketRequestValidationError: websocket_request_validation_exception_handler,
    }
    if errors == "problem":
        from typeway.guard.problems import HANDLERS

        handlers.update(HANDLERS)
    return handlers
