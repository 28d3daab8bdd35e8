"""See a request through to its end: produce the reply, send it, run its tasks, resume its generators."""

from asyncio import current_task
from collections.abc import Awaitable
from sys import modules
from typing import Any

from anyio import CancelScope
from starlette.responses import Response

from typeway.background import TasksBeside
from typeway.declare.depends import Lifetime
from typeway.plan.exchange import Exchange
from typeway.serve.answer import answer_of
from typeway.serve.exits import resume
from typeway.serve.reply import Reply, is_dropped
from typeway.types import ASGIApp, Message, Receive, Scope, Send


def see_through(work: Awaitable[Reply | None], exchange: Exchange, *, shields: bool) -> Awaitable[Any]:
    """Do all the work of a request, send the reply that it produces, if any, and resume the request's generators.

    Parameters:
        shields: whether resuming may wait, so that a cancelled request must not cancel it.
    """
    exchange.function_exits, exchange.request_exits = [], []
    whole = surrounded(work, exchange, "request")
    return shielded(whole, exchange) if shields and is_in_scope() else whole


async def shielded(work: Awaitable[Any], exchange: Exchange) -> None:
    """See a request through in a scope of its own.

    Outermost, because generators may open scopes of their own, and scopes must nest. Until something is resumed it
    changes nothing.
    """
    with CancelScope() as exchange.cancellation:
        await work


def is_in_scope() -> bool:
    """Whether a cancel scope is around the running task, so that somebody outside may cancel what it awaits.

    PERF: servers run requests in tasks without one, and a scope of our own with its shield costs 4 of 16 us.
    """
    try:
        task: Any = current_task()
    except RuntimeError:
        return True
    # Where anyio keeps the scopes of asyncio's tasks; without them, and on other loops, every task is taken to be in one.
    backend = modules.get("anyio._backends._asyncio")
    if backend is None:
        return False
    states = getattr(backend, "_task_states", None)
    if states is None:
        return True
    state = states.get(task)
    return state is not None and getattr(state, "cancel_scope", task) is not None


async def surrounded(work: Awaitable[Any], exchange: Exchange, lifetime: Lifetime) -> Any:
    """Await the work that generators of one scope surround, and resume them; the reply of a request is sent before.

    Raises:
        BaseException: what the work raised, as it came out of the last of them; or what one of them raised instead.
    """
    outcome: Any = None  # it stays None where a WebSocket's generator swallows a failure
    failure: BaseException | None = None
    try:
        outcome = await work
        if outcome is not None and lifetime == "request":
            await send_reply(outcome, exchange)
    except BaseException as error:  # generators see cancellation as well
        failure = error
    exits = exchange.request_exits if lifetime == "request" else exchange.function_exits
    if exits:
        failure = await resume(exits, failure, exchange)
    if failure is not None:
        try:
            raise failure
        finally:
            failure = None  # else this frame and the traceback would keep each other alive
    return outcome


async def send_reply(reply: Reply, exchange: Exchange) -> None:
    """Send a reply and run its background tasks."""
    scope, send = exchange.scope, exchange.send
    is_head = scope["type"] == "http" and scope["method"] == "HEAD"
    status, headers, body, response = reply
    if response is None:
        exchange.started = True
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if is_head else body})
    elif is_head:
        await bodiless(response, scope, exchange.receive)(scope, exchange.receive, exchange.pass_on)
    else:
        try:
            await response(scope, exchange.receive, exchange.pass_on)
        except Exception as error:
            if not is_dropped(error):
                raise
    if exchange.background is not None:
        # A response may belong to the author, and be sent again: the request's tasks are not put into it.
        await TasksBeside(exchange.background, None if response is None else response.background)()


def bodiless(response: Response, scope: Scope, receive: Receive) -> ASGIApp:
    """What sends a response's status and headers only (RFC 9110 section 9.3.2); a stream is not even begun."""
    answer = answer_of(response, scope, receive)
    if answer is not None:
        answer.background = response.background
        return answer

    async def send_without_body(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_empty(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await response(scope, receive, send_empty)

    return send_without_body
