"""Answer exceptions: find the handler, run it, and fall back to a response that reveals nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
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
from typeway.requests import ID_NOTE, REQUEST_ID, request_id
from typeway.types import ExceptionHandler

# The exception handlers of an application, by status code or exception class.
HandlerMapping: TypeAlias = Mapping[Any, ExceptionHandler]

# A status, raw headers and a body.
Parts: TypeAlias = tuple[int, list[tuple[bytes, bytes]], bytes]

# The scope key of the handlers that count while a request is served.
HANDLERS: Final = "starlette.exception_handlers"

# Functions by exception class, and by status code.
Shown: TypeAlias = tuple[dict[Any, ExceptionHandler], dict[Any, ExceptionHandler]]

DETAILS: Final = {404: texts.NOT_FOUND, 405: texts.METHOD_NOT_ALLOWED, 413: texts.CONTENT_TOO_LARGE}


def http_error(conventions: Conventions, status: int, headers: Mapping[str, str] | None = None) -> Exception:
    """Return the exception for a status that the framework raises; Typeway's own class if its handlers apply to it."""
    kind = HTTPException if conventions.one_http_exception else StarletteHTTPException
    return kind(status, DETAILS[status], headers)


class Handler:
    """One exception handler, with the facts about it that are determined once instead of at every error."""

    __slots__ = ("function", "is_async", "parts")

    def __init__(self, function: ExceptionHandler, errors: str = "detail") -> None:
        self.function: ExceptionHandler = function
        self.is_async: bool = is_coroutine(function)
        # PERF: the default handler needs neither a Request nor a Response; they would cost 5 of 11 us of a 404.
        self.parts: Callable[[Any], Parts | None] = (
            detail_parts if function is http_exception_handler and errors == "detail" else no_parts
        )

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
        shown: two mappings for the scope of requests, by class and by status, as Starlette's own routes and middleware
            expect them. They are the same as long as the application lives: packages add handlers there while they
            serve a request, and those count from then on.
        given: a copy of the application's mapping.
        errors: the form of the default answers, as the application's option says it.
        by_class: the functions by exception class, which the application registers.
        by_status: the functions by status code, likewise.
        last: the handler for 500 or Exception, which answers errors without any other handler.
    """

    given: dict[Any, ExceptionHandler]

    def __init__(
        self, given: HandlerMapping, conventions: Conventions, errors: str = "detail", before: Handlers | None = None
    ) -> None:
        self.given = given = {**given}
        self.conventions = conventions
        self.errors = errors
        self.by_class: dict[Any, ExceptionHandler] = {
            key: given[key] for key in given if not isinstance(key, int) and key is not Exception
        }
        self.by_status: dict[int, ExceptionHandler] = {
            key: given[key] for key in given if isinstance(key, int) and key != 500
        }
        last = given.get(500) or given.get(Exception)
        self.last: Handler | None = None if last is None else Handler(last)
        # Starlette's own code raises exactly this class; a handler for Typeway's HTTPException catches it too.
        self._of_subclasses = self.by_class.get(StarletteHTTPException)
        if conventions.one_http_exception and HTTPException in self.by_class:
            self.by_class[StarletteHTTPException] = self.by_class[HTTPException]
        self.shown: Shown = ({}, {}) if before is None else before.shown
        update(self.shown[0], self.by_class, {} if before is None else before.by_class)
        update(self.shown[1], self.by_status, {} if before is None else before.by_status)
        self._prepared: dict[Any, Handler] = {}

    def find(self, error: Exception) -> Handler | None:
        """Return the handler for an exception: by status code first, then by the nearest class.

        Handlers for 500 and Exception are not considered: they are for errors without any other handler.
        """
        kind = type(error)
        by_class, by_status = self.shown
        if isinstance(error, StarletteHTTPException):
            function = by_status.get(error.status_code)
            if function is not None:
                return self.prepared(error.status_code, function)
        for base in kind.__mro__:
            function = by_class.get(base)
            if function is not None:
                if base is StarletteHTTPException and base is not kind and function is self.by_class.get(base):
                    function = self._of_subclasses or function
                return self.prepared(base, function)
        return None

    def is_own(self, kind: type[BaseException], status: int, defaults: Collection[ExceptionHandler]) -> bool:
        """Whether a function that is none of the defaults answers exceptions of a class with a status; see `find`."""
        by_class, by_status = self.shown
        function = by_status.get(status) if issubclass(kind, StarletteHTTPException) else None
        function = function or next((by_class[base] for base in kind.__mro__ if base in by_class), None)
        return function is not None and function not in defaults

    def prepared(self, key: Any, function: ExceptionHandler) -> Handler:
        """Return the handler of a function, which is kept as long as the function stands under its key."""
        handler = self._prepared.get(key)
        if handler is None or handler.function is not function:
            handler = self._prepared[key] = Handler(function, self.errors)
        return handler

    def find_in(self, error: Exception) -> tuple[Handler | None, Exception]:
        """Return the handler for an exception, and the exception that it answers.

        A task group wraps even the only error of its tasks: that error is answered, if the group has no handler itself.
        """
        handler = self.find(error)
        if not self.conventions.opens_groups:
            return handler, error
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
        identify(error, connection.scope, self.conventions)
        if self.last is not None:
            response: Response = await self.last.call(connection, error)
            return response
        # The response reveals nothing of the exception.
        if self.conventions.json_errors:
            shown = {REQUEST_ID: request_id(connection)} if self.conventions.identifies_errors else None
            return JSONResponse({"detail": texts.INTERNAL_SERVER_ERROR}, 500, shown)
        return PlainTextResponse(texts.INTERNAL_SERVER_ERROR, 500)


def identify(error: BaseException, scope: Mapping[str, Any], conventions: Conventions) -> None:
    """Add the request id to an error that is about to reach the log of the server, as a note below its traceback."""
    if not conventions.identifies_errors:
        return
    # The application may raise the same instance again and again.
    before = [note for note in getattr(error, "__notes__", ()) if not note.startswith(ID_NOTE)]
    with suppress(Exception):  # of a class whose instances take no attributes
        error.__notes__ = [*before, f"{ID_NOTE}{request_id(scope)}"]


def update(shown: dict[Any, Any], own: Mapping[Any, Any], before: Mapping[Any, Any]) -> None:
    """Replace the handlers that the application had before by its own, unless somebody else has replaced them."""
    for key in {**before, **own}:
        if shown.get(key) is before.get(key):
            if key in own:
                shown[key] = own[key]
            else:
                shown.pop(key, None)


def handlers_of(app: Any, conventions: Conventions) -> Handlers:
    """Return the handlers of the application that serves a request, which may be another framework's, or None."""
    prepared: Handlers | None = getattr(app, "_handlers", None)
    return prepared or Handlers(getattr(app, "exception_handlers", {}), conventions)
