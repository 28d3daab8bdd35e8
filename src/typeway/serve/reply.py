"""Define the reply to a request: a status, raw headers and bytes, or a response that sends itself."""

from collections.abc import Callable
from typing import Any, TypeAlias

from starlette.background import BackgroundTask
from starlette.responses import Response

from typeway.declare.scope import where
from typeway.declare.signature import name_of
from typeway.errors.handlers import Handler, Handlers
from typeway.plan.exchange import Exchange

RawHeaders = list[tuple[bytes, bytes]]

# A status, raw headers with content-length, and the whole body; or a response that sends itself, and then the other
# three are not used.
# PERF: created for every request; an object with four attributes takes 0.3 of 6 us, a tuple too little to measure.
Reply: TypeAlias = tuple[int, RawHeaders, bytes, Response | None]


def from_response(response: Response) -> Reply:
    """Return the reply that a response sends.

    Handlers, middleware and route classes may return any ASGI application, and subclasses of Response may skip its
    constructor: what such a response lacks is not needed to send it.
    """
    return getattr(response, "status_code", 200), [], b"", response


def task_of(response: Response | None) -> BackgroundTask | None:
    """Return the background task of a response, if it has one."""
    return getattr(response, "background", None)


async def error_reply(handlers: Handlers, handler: Handler, error: Exception, exchange: Exchange) -> Reply | None:
    """Return the reply of a handler to an exception; None if the handler returns no response."""
    response: Response | None = await handlers.answer(error, handler, exchange.connection)
    if response is not None and not callable(response):
        raise no_response(response, handler.function, "exception handler")
    return None if response is None else from_response(response)


def no_response(result: Any, function: Callable[..., Any], kind: str) -> TypeError:
    """Return the error for a function that should have returned a response, which names it."""
    function_and_place = f"{name_of(function)}() ({where(function)})"
    return TypeError(f"the {kind} {function_and_place} returned {result!r}, which is no response. Return a Response.")


class Dropped(OSError):
    """Middleware has answered with another response, so this one is dropped."""


def is_dropped(error: BaseException | None) -> bool:
    """Whether a response has failed only because it was dropped; Starlette then raises ClientDisconnect."""
    return error is not None and (isinstance(error, Dropped) or is_dropped(error.__context__))
