"""Enforce the maximum size of request bodies: by the declared length, and by counting the bytes that are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from anyio import CancelScope
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from typeway import texts
from typeway.declare.conventions import TYPEWAY, Conventions
from typeway.errors.detail import http_exception_handler
from typeway.errors.handlers import Handler, Handlers, handlers_of, http_error
from typeway.plan.exchange import Exchange
from typeway.serve.cors import Shared
from typeway.types import ASGIApp, Message, Receive, Scope, Send

# The scope keys of Starlette's own body limits: a limit of an inner route or mounted application changes the one that
# it finds here, whichever of the two frameworks has set it.
SHOWN: Final = "starlette.max_body_size"
ACTIVE: Final = "starlette._body_limit_responder"

WITHOUT_BODY: Final = frozenset({"GET", "HEAD", "OPTIONS"})
MOST_DIGITS: Final = 20


@dataclass(slots=True, eq=False)
class BodyLimit:
    """The body limit of one request; inner routes and applications may raise or lower it."""

    max_body_size: int
    source: Receive  # the `receive` of the server
    conventions: Conventions  # which exception a body over the limit raises
    content_length: int | None  # the length that the client declares
    total_size: int = 0  # the number of bytes that have been read
    raised: Exception | None = None
    is_answered: bool = False  # whether an application that is mounted inside has answered

    async def receive(self) -> Message:
        if is_over(self, self.content_length):
            raise exceeded(self, self.conventions)
        message = await self.source()
        if message["type"] == "http.request":
            self.total_size += len(message.get("body", b""))
            if is_over(self, self.total_size):
                raise exceeded(self, self.conventions)
        return message

    def is_cause(self, error: BaseException) -> bool:
        """Whether this limit has caused an exception; a group of a task group may contain it several times."""
        if isinstance(error, BaseExceptionGroup):
            return all(self.is_cause(inner) for inner in error.exceptions)
        return error is self.raised or isinstance(error, Refused)


def exceeded(limit: Any, conventions: Conventions) -> Exception:
    """Return the exception for a body over the limit: 413 (RFC 9110 section 15.5.14)."""
    error = http_error(conventions, 413)
    if isinstance(limit, BodyLimit):
        error = limit.raised = limit.raised or error
    return error


def is_over(limit: Any, size: int | None) -> bool:
    most: int = limit.max_body_size
    return size is not None and size > most


def declared_length(scope: Scope) -> int | None:
    """Return the first Content-Length of a request; None if it is missing or not a number."""
    declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    try:
        return int(declared)
    except ValueError:
        return None


def limit_by_default(scope: Scope, receive: Receive, conventions: Conventions) -> Receive:
    """Return the `receive` for a request for which nobody has set a limit: within the limit of the conventions.

    A limit that is set further in, such as that of one route for uploads, replaces it.
    """
    most = conventions.limits.max_body_size
    if most is None or ACTIVE in scope or is_known_to_fit(scope, most):
        return receive
    scope[SHOWN] = most
    limit = scope[ACTIVE] = BodyLimit(most, receive, conventions, declared_length(scope))
    return limit.receive


def is_known_to_fit(scope: Scope, most: int) -> bool:
    """Whether the server will not pass on more than so many bytes, so that they need not be counted.

    Of HTTP/1.1, a body without a transfer coding has its declared length, or is empty (RFC 9112 section 6.3). Not every
    server tells of the coding, so a length is expected but with methods that seldom have a body.
    """
    # PERF: 0.3 us for nearly every request, instead of 1 us for a limit and 0.3 us more for each message.
    if scope.get("http_version") not in ("1.1", "1.0"):
        return False
    declared: bytes | None = None
    for name, value in scope["headers"]:
        if name == b"content-length":
            declared = value
        elif name == b"transfer-encoding":
            return False
    if declared is None:
        return scope["method"] in WITHOUT_BODY
    return declared.isdigit() and len(declared) < MOST_DIGITS and int(declared) <= most


def limit_body(exchange: Exchange, most: int | None, conventions: Conventions) -> None:
    """Limit the body of a request that is served by a plan, before its endpoint runs.

    If the endpoint may run first by the conventions, the LimitedApp around the application enforces the limit.

    Parameters:
        most: the limit that was set; None for the default of the conventions.
    """
    if not conventions.limits_before_endpoint:
        return
    scope = exchange.scope
    if most is None:
        exchange.receive = limit_by_default(scope, exchange.receive, conventions)
        if ACTIVE in scope:  # PERF: not for nearly every request
            refuse_declared(scope, conventions)
        return
    if ACTIVE not in scope:
        limit = scope[ACTIVE] = BodyLimit(most, exchange.receive, conventions, declared_length(scope))
        exchange.receive = limit.receive
    change_limit(scope, most, conventions)
    refuse_declared(scope, conventions)


def bound_rest(exchange: Exchange, received: int) -> None:
    """Apply the default limit to a body of which a plan has received so many bytes, and reads the rest itself.

    PERF: nearly every body is one small message, for which nothing of this is needed: 0.8 us of 6.

    Raises:
        Exception: 413, the declared length or what has been received is over the limit.
    """
    scope = exchange.scope
    conventions: Conventions = getattr(scope.get("app"), "conventions", TYPEWAY)
    if ACTIVE in scope or not conventions.limits_before_endpoint:
        return  # a limit that was set counts already
    exchange.receive = limit_by_default(scope, exchange.receive, conventions)
    if ACTIVE in scope:
        scope[ACTIVE].total_size = received
        change_limit(scope, scope[SHOWN], conventions)
        refuse_declared(scope, conventions)


def change_limit(scope: Scope, most: int, conventions: Conventions) -> None:
    """Change the body limit of a request."""
    limit = scope[ACTIVE]
    scope[SHOWN] = limit.max_body_size = most
    if is_over(limit, limit.total_size):
        raise exceeded(limit, conventions)


def refuse_declared(scope: Scope, conventions: Conventions) -> None:
    """Raise a 413 if a request declares a body that is larger than its limit, if it has one."""
    limit = scope.get(ACTIVE)
    if limit is not None and conventions.limits_before_endpoint and is_over(limit, limit.content_length):
        raise exceeded(limit, conventions)


async def excess_response(request: Request, error: Exception, handlers: Handlers) -> ASGIApp | None:
    """Return the 413 for a body over the limit that an application around this one sets; None for another error.

    Middleware of an application has read the body, so that no limit of this application and no route knows the error.
    """
    limit = request.scope.get(ACTIVE)
    if limit is None or not is_excess(limit, error):
        return None
    error = exceeded(limit, handlers.conventions)
    handler = handlers.find(error) if handlers.conventions.json_errors else None
    response = await (handler or Handler(http_exception_handler)).call(request, error)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await response(scope, receive, send)
        if isinstance(limit, BodyLimit):
            limit.is_answered = True

    return answer


def is_excess(limit: Any, error: Exception) -> bool:
    """Whether a limit, which may be Starlette's own, has caused an exception."""
    return limit.is_cause(error) if isinstance(limit, BodyLimit) else getattr(error, "status_code", None) == 413


def is_answered(scope: Scope, error: Exception) -> bool:
    """Whether an exception is that of a body limit, and a mounted application has answered it and raised it again."""
    limit = scope.get(ACTIVE)
    return isinstance(limit, BodyLimit) and limit.is_answered and limit.is_cause(error)


@dataclass(slots=True, eq=False)
class DefaultLimit:
    """An ASGI application that limits what another application, with its middleware, reads of a body; see `limit_by_default`."""

    app: ASGIApp
    conventions: Conventions

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        if scope["type"] == "http":
            receive = limit_by_default(scope, receive, self.conventions)
        return self.app(scope, receive, send)


class Refused(Exception):  # it is caught in this module
    """The response has been replaced by a 413."""


@dataclass(slots=True, eq=False)
class LimitedApp:
    """An ASGI application that limits the body of every request to another application.

    A request that declares a body over the limit is always answered with 413, even if the body is never read.
    """

    app: ASGIApp
    max_body_size: int  # unless an inner route or application changes it
    conventions: Conventions  # whether the 413 is JSON from the application's handlers, or plain text
    catches: bool = (
        True  # whether a body that exceeds the limit while it is read is answered here, not by an outer layer
    )
    cors: Sequence[Any] = ()  # the inner CORS middleware, innermost first; it adds its headers to the 413

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif ACTIVE in scope:
            change_limit(scope, self.max_body_size, self.conventions)
            await self.app(scope, receive, send)
        else:
            scope[SHOWN] = self.max_body_size
            scope[ACTIVE] = limit = BodyLimit(self.max_body_size, receive, self.conventions, declared_length(scope))
            try:
                await self.serve(limit, scope, send)
            finally:
                del scope[SHOWN], scope[ACTIVE]

    async def serve(self, limit: BodyLimit, scope: Scope, send: Send) -> None:
        has_started = is_refused = False

        async def send_unless_refused(message: Message) -> None:
            nonlocal has_started, is_refused
            is_start = message["type"] == "http.response.start"
            # If the plan has answered with 413 already, its response is sent with the headers that middleware added.
            is_answered = is_start and message["status"] == 413 and self.conventions.limits_before_endpoint
            if is_start and not is_answered and is_over(limit, limit.content_length):
                is_refused = True
                # A stream listens for a disconnect at the same time, and the exception below ends that task.
                with CancelScope(shield=True):
                    await self.refuse(limit, scope, send)
                raise Refused
            has_started = has_started or is_start
            await send(message)

        try:
            await self.app(scope, limit.receive, send_unless_refused)
        except Exception as error:
            is_known = self.catches or is_over(limit, limit.content_length)
            if has_started or not is_known or not limit.is_cause(error):
                raise
            if not is_refused:
                await self.refuse(limit, scope, send)

    async def refuse(self, limit: BodyLimit, scope: Scope, send: Send) -> None:
        error = exceeded(limit, self.conventions)
        response: Response = PlainTextResponse(texts.CONTENT_TOO_LARGE, 413)
        if self.conventions.json_errors:
            handler = handlers_of(scope.get("app"), self.conventions).find(error) or Handler(http_exception_handler)
            response = await handler.call(Request(scope, limit.source), error)
        await (Shared(response, self.cors) if self.cors else response)(scope, limit.source, send)
