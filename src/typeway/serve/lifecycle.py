"""Complete a request: produce the reply, send it, run the background tasks, resume the generators."""

from asyncio import current_task
from collections.abc import Awaitable
from sys import modules
from typing import Any, Final

from anyio import CancelScope
from starlette.responses import Response, StreamingResponse

from typeway.background import TasksBeside
from typeway.concurrency import Guarded
from typeway.declare.depends import Lifetime
from typeway.plan.exchange import Exchange
from typeway.serve.answer import answer_of
from typeway.serve.exits import resume, running_task
from typeway.serve.reply import Reply, is_dropped, task_of
from typeway.types import ASGIApp, Message, Receive, Scope, Send

# The method of streams that are not guarded yet.
WHOLE_STREAM: Final = StreamingResponse.stream_response


def complete(work: Awaitable[Reply | None], exchange: Exchange, *, shields: bool) -> Awaitable[Any]:
    """Do the work of a request, send the reply if there is one, and resume the generators of the request.

    Parameters:
        shields: whether clean-up may wait, and so must be shielded from the cancellation of the request.
    """
    exchange.function_exits, exchange.request_exits = [], []
    whole = with_exits(work, exchange, "request")
    return shielded(whole, exchange) if shields and is_in_scope() else whole


async def shielded(work: Awaitable[Any], exchange: Exchange) -> None:
    """Do the work of a request in a cancel scope of its own, which shields clean-up.

    It is the outermost scope, because generators may open scopes and scopes must nest.
    """
    with CancelScope() as exchange.cancellation:
        await work


def is_in_scope() -> bool:
    """Whether the running task is inside a cancel scope, which may cancel what the task awaits.

    PERF: servers run requests in tasks without a scope, and a scope of our own with its shield costs 4 of 16 us.
    """
    try:
        task: Any = current_task()
    except RuntimeError:
        return True
    # anyio keeps the scopes of asyncio tasks here. If that changes, and on other event loops, True is a safe answer.
    backend = modules.get("anyio._backends._asyncio")
    if backend is None:
        return False
    states = getattr(backend, "_task_states", None)
    if states is None:
        return True
    state = states.get(task)
    return state is not None and getattr(state, "cancel_scope", task) is not None


async def with_exits(work: Awaitable[Any], exchange: Exchange, lifetime: Lifetime) -> Any:
    """Await the work inside the generators of one lifetime, and resume these; the reply of a request is sent before.

    Raises:
        BaseException: the exception of the work as the last generator passed it on, or the one that a generator raised.
    """
    task = running_task()
    outcome: Any = None  # it stays None if a generator of a WebSocket swallows the exception
    failure: BaseException | None = None
    try:
        outcome = await work
        if outcome is not None and lifetime == "request":
            await send_reply(outcome, exchange)
    except BaseException as error:  # generators see cancellation too
        failure = error
    exits = exchange.request_exits if lifetime == "request" else exchange.function_exits
    if exits:
        failure = await resume(exits, failure, exchange, task)
    if failure is not None:
        try:
            raise failure
        finally:
            failure = None  # breaks the reference cycle between this frame and the traceback
    return outcome


async def send_reply(reply: Reply, exchange: Exchange) -> None:
    """Send a reply and run its background tasks."""
    scope, send = exchange.scope, exchange.send
    is_head = scope["type"] == "http" and scope["method"] == "HEAD"
    status, headers, body, response = reply
    if response is None:
        if exchange.write is not None and not is_head:
            exchange.write(status, headers, body)  # it refuses unsafe headers
            exchange.started = True
        else:
            await exchange.pass_on({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": b"" if is_head else body})
    elif is_head:
        await without_body(response, scope, exchange.receive)(scope, exchange.receive, exchange.pass_on)
    else:
        if isinstance(response, StreamingResponse) and type(response).stream_response is WHOLE_STREAM:
            response.body_iterator = Guarded(response.body_iterator, sends_first=False)
        try:
            await response(scope, exchange.receive, exchange.pass_on)
        except Exception as error:
            if not is_dropped(error):
                raise
    if exchange.background is not None:
        # The author may send the same response again, so the tasks of this request are not added to it.
        await TasksBeside(exchange.background, task_of(response))()


def without_body(response: Response, scope: Scope, receive: Receive) -> ASGIApp:
    """Return an application that sends only status and headers (RFC 9110 section 9.3.2); a stream is not started."""
    answer = answer_of(response, scope, receive)
    if answer is not None:
        answer.background = response.background
        return answer

    async def send_without_body(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_empty(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await response(scope, receive, send_empty)

    return send_without_body
