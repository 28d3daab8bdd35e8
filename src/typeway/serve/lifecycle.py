"""See a request through to its end: produce the reply, send it, run its tasks, resume its generators."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final

from anyio import CancelScope
from starlette.responses import Response, StreamingResponse

from typeway.plan.exchange import Exchange
from typeway.serve.exits import resume
from typeway.serve.reply import Reply
from typeway.types import Message, Send


@dataclass(slots=True, eq=False)
class Sent:
    """A send function that notes in an exchange that a response has started."""

    exchange: Exchange

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.exchange.started = True
        await self.exchange.send(message)


NO_SCOPE: Final = nullcontext()


async def see_through(produce: Callable[[], Awaitable[Reply | None]], exchange: Exchange, *, shields: bool) -> None:
    """Produce a reply, send it, and resume the generators of the request.

    Success: the answer is sent, background tasks run, then the generators are resumed. Failure: they are resumed with
    the error, and what comes out of the last one is raised.

    Parameters:
        produce: runs the plan; None if there is nothing to send.
        shields: whether resuming may wait, so that a cancelled request must not cancel it.
    """
    failure: BaseException | None = None
    # Outermost, because generators may open scopes of their own, and scopes must nest. Until something is resumed it
    # changes nothing.
    with CancelScope() if shields else NO_SCOPE as shield:
        exchange.cancellation = shield
        try:
            reply = await produce()
            if reply is not None:
                await send_reply(reply, exchange)
        except BaseException as error:  # generators see cancellation as well
            failure = error
        if exchange.request_exits:
            failure = await resume(exchange.request_exits, failure, exchange)
    if failure is not None:
        try:
            raise failure
        finally:
            failure = None  # else this frame and the traceback would keep each other alive


async def send_reply(reply: Reply, exchange: Exchange) -> None:
    """Send a reply and run its background tasks."""
    scope, send = exchange.scope, exchange.send
    is_head = scope["type"] == "http" and scope["method"] == "HEAD"
    status, headers, body, response = reply
    if response is None:
        exchange.started = True
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if is_head else body})
        if exchange.background is not None:
            await exchange.background()
    elif is_head:
        await send_head(response, exchange)
    else:
        await response(scope, exchange.receive, Sent(exchange))


async def send_head(response: Response, exchange: Exchange) -> None:
    """Send a response's status and headers only (RFC 9110 section 9.3.2); a stream is not even begun."""
    scope, send = exchange.scope, exchange.send
    if type(response).__call__ not in (Response.__call__, StreamingResponse.__call__):
        await response(scope, exchange.receive, without_body(Sent(exchange)))
        return
    exchange.started = True
    await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
    await send({"type": "http.response.body", "body": b""})
    if response.background is not None:
        await response.background()


def without_body(send: Send) -> Send:
    """The same messages with empty bodies."""

    async def send_empty(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return send_empty
