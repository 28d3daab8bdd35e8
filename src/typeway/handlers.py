"""Answer the framework's own exceptions when the application does not."""

import math
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.status import HTTP_422_UNPROCESSABLE_CONTENT, WS_1008_POLICY_VIOLATION
from starlette.websockets import WebSocket

from typeway.encoders import jsonable_encoder
from typeway.exceptions import RequestValidationError, WebSocketRequestValidationError
from typeway.responses import allows_body

__all__ = [
    "http_exception_handler",
    "request_validation_exception_handler",
    "websocket_request_validation_exception_handler",
]


async def http_exception_handler(request: Request, exc: HTTPException) -> Response:
    """Answer with the exception's status and headers and `{"detail": …}`, or no body where the status forbids one.

    Parameters:
        request: the request that failed.
        exc: what was raised, by the application, the router or Starlette.

    Example:
        ```python
        from typeway import HTTPException, Request, Response, Typeway
        from typeway.handlers import http_exception_handler

        app = Typeway()

        @app.exception_handler(HTTPException)
        async def log_and_answer(request: Request, exc: HTTPException) -> Response:
            print(request.url.path, exc.status_code)
            return await http_exception_handler(request, exc)
        ```
    """
    headers = getattr(exc, "headers", None)
    if not allows_body(exc.status_code):
        return Response(status_code=exc.status_code, headers=headers)
    return JSONResponse({"detail": exc.detail}, status_code=exc.status_code, headers=headers)


async def request_validation_exception_handler(request: Request, exc: RequestValidationError) -> JSONResponse:
    """Answer with 422 and `{"detail": [{"type", "loc", "msg", "input", "ctx"?}, …]}`.

    Parameters:
        request: the request that failed.
        exc: the errors, as Pydantic words them.

    Example:
        ```python
        from typeway import Request, Typeway
        from typeway.exceptions import RequestValidationError
        from typeway.handlers import request_validation_exception_handler
        from typeway.responses import JSONResponse

        app = Typeway()

        @app.exception_handler(RequestValidationError)
        async def log_and_answer(request: Request, exc: RequestValidationError) -> JSONResponse:
            print(request.url.path, len(exc.errors()))
            return await request_validation_exception_handler(request, exc)
        ```
    """
    try:
        return _unprocessable(jsonable_encoder(exc.errors()))
    except (ValueError, TypeError, RecursionError):
        # The errors repeat the client's own input, which may be what JSON cannot hold: NaN, stray bytes, half a
        # surrogate pair, too many levels. That is the client's mistake too, so it must not become a 500.
        errors = [{**error, "input": None} for error in exc.errors()]
        return _unprocessable(jsonable_encoder(errors, custom_encoder=_LENIENT))


async def websocket_request_validation_exception_handler(
    websocket: WebSocket, exc: WebSocketRequestValidationError
) -> None:
    """Close the WebSocket with 1008 and the errors as the reason.

    Parameters:
        websocket: the socket whose handshake failed.
        exc: the errors, as Pydantic words them.
    """
    await websocket.close(code=WS_1008_POLICY_VIOLATION, reason=jsonable_encoder(exc.errors()))


def _unprocessable(errors: Any) -> JSONResponse:
    return JSONResponse({"detail": errors}, status_code=HTTP_422_UNPROCESSABLE_CONTENT)


def _well_formed(text: str) -> str:
    return text.encode(errors="replace").decode()


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


_LENIENT: Final[dict[Any, Any]] = {str: _well_formed, float: _finite}
