"""Serve plans through functions that route classes may wrap: from request to response, and for WebSockets."""

from collections.abc import Callable, Coroutine
from copy import copy
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from typeway.background import BackgroundTasks, TasksBeside
from typeway.plan.build import Plan
from typeway.plan.exchange import Exchange
from typeway.policies.guard import visit_of
from typeway.serve.execute import execute, run_attended
from typeway.serve.exits import UPLOADS, close_uploads
from typeway.serve.late import overrides_in
from typeway.serve.lifecycle import complete, with_exits
from typeway.serve.plans import PlanCache
from typeway.serve.reply import Reply, from_response, task_of
from typeway.serve.respond import Responder
from typeway.types import Receive, Scope, Send

RouteHandler = Callable[[Request], Coroutine[Any, Any, Response]]

# The scope key of the exchange of a route; its handler finds it even if it is called with another Request.
EXCHANGE: Final = "typeway.exchange"

# The scope key of the WebSocket of an endpoint that has failed: it knows whether the connection has been accepted.
SOCKET: Final = "typeway.socket"

# The result of a WebSocket endpoint is not sent.
UNANSWERED: Final = Responder(encode=lambda result: b"", status=200, keeps_type=False)


def handle_request(plans: PlanCache) -> RouteHandler:
    """Return a function from request to response that runs the plan of an operation."""

    async def handler(request: Request) -> Response:
        exchange = exchange_of(request)
        plan, responder = ready_in(plans, request.scope)
        try:
            reply = await run_attended(plan, responder, exchange)
        finally:
            if exchange.form is not None:
                request.scope[UPLOADS] = exchange.form
        return as_response(reply, exchange)

    return handler


def as_response(reply: Reply, exchange: Exchange) -> Response:
    """The Response of a reply, which sends the background tasks of the request along."""
    status, headers, body, response = reply
    if response is None:
        response = Response(body, status)
        response.raw_headers = headers
    if exchange.background is not None:
        own, tasks = task_of(response), exchange.background
        response = copy(response)  # the author may return the same instance again
        response.background = tasks if own is None else BackgroundTasks([own, TasksBeside(tasks, own)])
    return response


def exchange_of(request: Request) -> Exchange:
    """Return a new exchange for a call: a route class may call its handler twice, or with a Request of its own."""
    whole: Exchange | None = request.scope.get(EXCHANGE)
    if whole is None:
        raise RuntimeError(
            "A route's handler needs the request that was passed to its route, because the dependencies are cleaned up "
            "after the response. Call the route or the application instead."
        )
    exchange = Exchange(request.scope, request.receive, request._send, request.path_params)
    exchange.held = request
    exchange.function_exits, exchange.request_exits = whole.function_exits, whole.request_exits
    return exchange


def ready_in(plans: PlanCache, scope: Scope) -> tuple[Plan, Responder]:
    """Return the plan and the responder of a route, with the overrides and the instrument of the application."""
    return plans.ready(overrides_in(scope), getattr(scope.get("app"), "_instrument", None))


async def serve_handler(
    handler: RouteHandler, plans: PlanCache | None, scope: Scope, receive: Receive, send: Send
) -> None:
    """Serve one request through the handler of a route, and resume its generators afterwards."""
    exchange = Exchange(scope, receive, send, scope.get("path_params", {}))
    scope[EXCHANGE] = exchange
    plan = None if plans is None else ready_in(plans, scope)[0]
    shields = plan is None or plan.shields
    if plan is not None and plan.guard is not None:
        visit_of(scope)

    async def respond() -> Reply:
        return from_response(await with_exits(handler(Request(scope, receive, send)), exchange, "function"))

    await complete(respond(), exchange, shields=shields)
    # After an error the uploads are closed by the code that answers it: an exception handler may read them.
    if UPLOADS in scope:
        await close_uploads(scope[UPLOADS])


async def handle_socket(plans: PlanCache, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one WebSocket connection."""
    plan, _ = ready_in(plans, scope)
    if plan.guard is not None:
        visit_of(scope)
    exchange = Exchange(scope, receive, send, scope.get("path_params", {}))

    async def session() -> None:
        await execute(plan, UNANSWERED, exchange)

    try:
        await complete(session(), exchange, shields=plan.shields)
    except Exception:
        if exchange.held is not None:
            scope[SOCKET] = exchange.held
        raise
