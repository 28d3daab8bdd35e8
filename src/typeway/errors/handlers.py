"""Answer exceptions: find the handler for one, run it, and fall back to an answer that leaks nothing."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from typeway import texts
from typeway.concurrency import call_in_thread
from typeway.declare.conventions import Conventions
from typeway.exceptions import HTTPException, ValidationException
from typeway.plan.calls import is_coroutine
from typeway.types import ExceptionHandler

Handlers = Mapping[int | type[Exception], ExceptionHandler]

DETAILS: Final = {404: texts.NOT_FOUND, 405: texts.METHOD_NOT_ALLOWED, 413: texts.CONTENT_TOO_LARGE}


def http_error(conventions: Conventions, status: int, headers: Mapping[str, str] | None = None) -> Exception:
    """The exception for what is settled without any endpoint; ours where handlers for it shall see it too."""
    kind = HTTPException if conventions.one_http_exception else StarletteHTTPException
    return kind(status, DETAILS[status], headers)


def handler_for(error: Exception, handlers: Handlers, conventions: Conventions) -> ExceptionHandler | None:
    """The handler that an application has for an exception: by status code first, then by the nearest class.

    Handlers for 500 and Exception are not meant here: they answer what nothing else does.
    """
    if isinstance(error, StarletteHTTPException):
        by_status = handlers.get(error.status_code)
        if by_status is not None and error.status_code != 500:
            return by_status
        if conventions.one_http_exception and type(error) is StarletteHTTPException and HTTPException in handlers:
            return handlers[HTTPException]
    kinds = type(error).__mro__
    return next((handlers[kind] for kind in kinds[: kinds.index(Exception)] if kind in handlers), None)


def split_handlers(handlers: Handlers, conventions: Conventions) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """The handlers by class and by status, in the form that Starlette's own routes and layers look for."""
    by_class = {key: value for key, value in handlers.items() if not isinstance(key, int) and key is not Exception}
    by_status = {key: value for key, value in handlers.items() if isinstance(key, int) and key != 500}
    if conventions.one_http_exception and HTTPException in by_class:
        by_class[StarletteHTTPException] = by_class[HTTPException]
    return by_class, by_status


async def call_handler(handler: ExceptionHandler, connection: HTTPConnection[Any], error: Exception) -> Any:
    root_path = connection.scope.get("root_path")
    if root_path and isinstance(error, ValidationException) and error.endpoint_path:
        # The endpoint knows its path within its application; where that is mounted is known only now.
        method, _, path = error.endpoint_path.partition(" ")
        error.endpoint_path = f"{method} {root_path}{path}"
    if is_coroutine(handler):
        return await handler(connection, error)
    return await call_in_thread(handler, connection, error)


async def handled(
    error: Exception,
    handler: ExceptionHandler,
    connection: HTTPConnection[Any],
    handlers: Handlers,
    conventions: Conventions,
) -> Any:
    """What a handler answers to an exception; what the handler raises is answered by its own handler, if it has one.

    Raises:
        Exception: what a handler raises and none answers, or the second in a row.
    """
    try:
        return await call_handler(handler, connection, error)
    except Exception as raised:
        other = handler_for(raised, handlers, conventions)
        if other is None:
            raise
        return await call_handler(other, connection, raised)


async def last_answer(connection: Request, error: Exception, handlers: Handlers, conventions: Conventions) -> Response:
    """The answer to an exception that nothing else handles: the author's own for 500 or Exception, else a bare 500."""
    handler = handlers.get(500) or handlers.get(Exception)
    if handler is not None:
        response: Response = await call_handler(handler, connection, error)
        return response
    # A client sees nothing of an unhandled exception.
    if conventions.json_errors:
        return JSONResponse({"detail": texts.INTERNAL_SERVER_ERROR}, 500)
    return PlainTextResponse(texts.INTERNAL_SERVER_ERROR, 500)
