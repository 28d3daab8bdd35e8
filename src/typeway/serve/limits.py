"""Hold request bodies to their limits: by the length that the client declares, else by counting while reading."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from anyio import CancelScope
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from typeway import texts
from typeway.declare.conventions import Conventions
from typeway.errors.detail import http_exception_handler
from typeway.errors.handlers import Handler, handlers_of, http_error
from typeway.plan.exchange import Exchange
from typeway.serve.cors import Shared
from typeway.types import ASGIApp, Message, Receive, Scope, Send

# The keys of Starlette's own limits: one that is further in, of a route or a mounted application, changes the one that
# it finds here, as ours do with Starlette's.
SHOWN: Final = "starlette.max_body_size"
ACTIVE: Final = "starlette._body_limit_responder"


@dataclass(slots=True, eq=False)
class BodyLimit:
    """The limit that one request is held to; what is further in may raise or lower it."""

    max_body_size: int  # the most bytes
    source: Receive  # where the body comes from
    conventions: Conventions  # which exception a body over the limit raises
    content_length: int | None  # what the client declares
    total_size: int = 0  # what has been read
    raised: Exception | None = None

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
        """Whether an exception is there because of this limit; a task group may hold several of one limit."""
        if isinstance(error, BaseExceptionGroup):
            return all(self.is_cause(inner) for inner in error.exceptions)
        return error is self.raised or isinstance(error, Refused)


def exceeded(limit: Any, conventions: Conventions) -> Exception:
    """The exception that says that a limit is exceeded: 413 (RFC 9110 section 15.5.14)."""
    error = http_error(conventions, 413)
    if isinstance(limit, BodyLimit):
        error = limit.raised = limit.raised or error
    return error


def is_over(limit: Any, size: int | None) -> bool:
    most: int = limit.max_body_size
    return size is not None and size > most


def declared_length(scope: Scope) -> int | None:
    """The first Content-Length of a request; None if there is none, or no number."""
    declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    try:
        return int(declared)
    except ValueError:
        return None


def limit_body(exchange: Exchange, most: int, conventions: Conventions) -> None:
    """Hold a request that is served by a plan to a size before anything of its endpoint runs.

    Where the conventions want the endpoint to run first, a LimitedApp around all does what there is to do.
    """
    if not conventions.limits_before_endpoint:
        return
    scope = exchange.scope
    if ACTIVE not in scope:
        limit = scope[ACTIVE] = BodyLimit(most, exchange.receive, conventions, declared_length(scope))
        exchange.receive = limit.receive
    change_limit(scope, most, conventions)
    refuse_declared(scope, conventions)


def change_limit(scope: Scope, most: int, conventions: Conventions) -> None:
    """Hold a request that has a limit to another one."""
    limit = scope[ACTIVE]
    scope[SHOWN] = limit.max_body_size = most
    if is_over(limit, limit.total_size):
        raise exceeded(limit, conventions)


def refuse_declared(scope: Scope, conventions: Conventions) -> None:
    """Refuse a request that declares too large a body for the limit that it is held to, if any."""
    limit = scope.get(ACTIVE)
    if limit is not None and conventions.limits_before_endpoint and is_over(limit, limit.content_length):
        raise exceeded(limit, conventions)


class Refused(Exception):  # it never leaves this module
    """The answer has been replaced by a 413."""


@dataclass(slots=True, eq=False)
class LimitedApp:
    """An ASGI application that holds every request for another one to a body size.

    No answer but 413 leaves it for a request that declares too large a body, even if nobody reads that.
    """

    app: ASGIApp
    max_body_size: int  # the most bytes, unless what is further in says otherwise
    conventions: Conventions  # whether the answer is JSON, given by the application's handlers, or plain text
    catches: bool = True  # whether a body that turned out too large while it was read is answered here, not further out
    cors: Sequence[Any] = ()  # the CORS middleware further in, the innermost first: its headers are the refusal's too

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
            # Where the plan has refused already, its answer is kept with what middleware has added to it.
            is_answered = is_start and message["status"] == 413 and self.conventions.limits_before_endpoint
            if is_start and not is_answered and is_over(limit, limit.content_length):
                is_refused = True
                # Streams watch for a disconnect meanwhile; that this raises must not cut the answer short.
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
