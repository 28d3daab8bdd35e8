"""Answer exceptions: find the handler, run it, and fall back to a response that reveals nothing."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from typeway import texts
from typeway.concurrency import call_in_thread
from typeway.declare.conventions import Conventions
from typeway.errors.detail import detail_parts, http_exception_handler
from typeway.exceptions import HTTPException, ValidationException
from typeway.plan.calls import is_coroutine
from typeway.types import ExceptionHandler

# The exception handlers of an application, by status code or exception class.
HandlerMapping: TypeAlias = Mapping[Any, ExceptionHandler]

# A status, raw headers and a body.
Parts: TypeAlias = tuple[int, list[tuple[bytes, bytes]], bytes]

DETAILS: Final = {404: texts.NOT_FOUND, 405: texts.METHOD_NOT_ALLOWED, 413: texts.CONTENT_TOO_LARGE}


def http_error(conventions: Conventions, status: int, headers: Mapping[str, str] | None = None) -> Exception:
    """Return the exception for a status that the framework raises; Typeway's own class if its handlers apply to it."""
    kind = HTTPException if conventions.one_http_exception else StarletteHTTPException
    return kind(status, DETAILS[status], headers)


class Handler:
    """One exception handler, with the facts about it that are determined once instead of at every error."""

    __slots__ = ("function", "is_async", "parts")

    def __init__(self, function: ExceptionHandler) -> None:
        self.function = function
        self.is_async = is_coroutine(function)
        # PERF: the default handler needs neither a Request nor a Response; they would cost 5 of 11 us of a 404.
        self.parts: Callable[[Any], Parts | None] = detail_parts if function is http_exception_handler else no_parts

    async def call(self, connection: HTTPConnection[Any], error: Exception) -> Any:
        """Call the handler and return its result: a response, or None."""
        root_path = connection.scope.get("root_path")
        if root_path and isinstance(error, ValidationException) and error.endpoint_path:
            # The error has the path within its application; where that is mounted is known only now.
            method, _, path = error.endpoint_path.partition(" ")
            error.endpoint_path = f"{method} {root_path}{path}"
        if self.is_async:
            return await self.function(connection, error)
        return await call_in_thread(self.function, connection, error)


def no_parts(error: Exception) -> None:
    """Return None: the response of other handlers is known only after they have been called."""


class Handlers:
    """The exception handlers of an application, prepared for serving; prepared again after each change.

    Attributes:
        given: a copy of the application's mapping.
        by_class: the functions by exception class, as Starlette's own routes and middleware expect them.
        by_status: the functions by status code, likewise.
        last: the handler for 500 or Exception, which answers errors without any other handler.
    """

    def __init__(self, given: HandlerMapping, conventions: Conventions) -> None:
        self.given = given = {**given}
        self.conventions = conventions
        self.by_class = {key: given[key] for key in given if not isinstance(key, int) and key is not Exception}
        self.by_status = {key: given[key] for key in given if isinstance(key, int) and key != 500}
        self._of_class = {kind: Handler(function) for kind, function in self.by_class.items()}
        self._of_status = {status: Handler(function) for status, function in self.by_status.items()}
        last = given.get(500) or given.get(Exception)
        self.last = None if last is None else Handler(last)
        # Starlette's own code raises exactly this class; a handler for Typeway's HTTPException catches it too.
        self._of_starlette = self._of_class.get(HTTPException) if conventions.one_http_exception else None
        if self._of_starlette is not None:
            self.by_class[StarletteHTTPException] = self._of_starlette.function

    def find(self, error: Exception) -> Handler | None:
        """Return the handler for an exception: by status code first, then by the nearest class.

        Handlers for 500 and Exception are not considered: they are for errors without any other handler.
        """
        kind = type(error)
        if isinstance(error, StarletteHTTPException):
            by_status = self._of_status.get(error.status_code)
            if by_status is not None:
                return by_status
            if kind is StarletteHTTPException and self._of_starlette is not None:
                return self._of_starlette
        of_class = self._of_class
        for base in kind.__mro__:
            if base in of_class:
                return of_class[base]
            if base is Exception:
                break
        return None

    def find_in(self, error: Exception) -> tuple[Handler | None, Exception]:
        """Return the handler for an exception, and the exception that it answers.

        A task group wraps even the only error of its tasks: that error is answered, if the group has no handler itself.
        """
        handler = self.find(error)
        if handler is None and isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
            handler, inner = self.find_in(error.exceptions[0])
            return (None, error) if handler is None else (handler, inner)
        return handler, error

    async def answer(self, error: Exception, handler: Handler, connection: HTTPConnection[Any]) -> Any:
        """Return the response of a handler; if the handler raises, the response of the handler for that exception.

        Raises:
            Exception: an exception of a handler that has no handler, or of the second handler.
        """
        try:
            return await handler.call(connection, error)
        except Exception as raised:
            other = self.find(raised)
            if other is None:
                raise
            return await other.call(connection, raised)

    async def answer_last(self, connection: Request, error: Exception) -> Response:
        """Return the response to an error without any other handler: the author's for 500 or Exception, or ours."""
        if self.last is not None:
            response: Response = await self.last.call(connection, error)
            return response
        # The response reveals nothing of the exception.
        if self.conventions.json_errors:
            return JSONResponse({"detail": texts.INTERNAL_SERVER_ERROR}, 500)
        return PlainTextResponse(texts.INTERNAL_SERVER_ERROR, 500)


def handlers_of(app: Any, conventions: Conventions) -> Handlers:
    """Return the handlers of the application that serves a request, which may be another framework's, or None."""
    prepared: Handlers | None = getattr(app, "prepared_handlers", None)
    return prepared or Handlers(getattr(app, "exception_handlers", {}), conventions)
