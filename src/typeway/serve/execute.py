"""Run a plan: read the body, call the dependencies, call the endpoint, and encode its result."""

from collections.abc import Awaitable, Sequence
from typing import Any

from starlette.responses import Response

from typeway.concurrency import call_in_thread, count_call, take_thread
from typeway.declare.conventions import TYPEWAY, Conventions
from typeway.exceptions import ValidationException
from typeway.plan.build import FAILED, Call, Plan
from typeway.plan.calls import ASYNC, CHECKED, INLINE, THREAD
from typeway.plan.exchange import Exchange
from typeway.plan.yields import NO_YIELD, reason
from typeway.serve.attend import attended
from typeway.serve.lifecycle import with_exits
from typeway.serve.reply import Reply
from typeway.serve.respond import Responder


def execute(plan: Plan, responder: Responder, exchange: Exchange) -> Awaitable[Reply]:
    """Run a plan and return the reply; generators with the scope "request" are not resumed yet."""
    work = run_attended(plan, responder, exchange)
    return with_exits(work, exchange, "function") if plan.has_function_exits else work


def run_attended(plan: Plan, responder: Responder, exchange: Exchange) -> Awaitable[Reply]:
    """Run a plan; the request is cancelled after its client has left, if the operation says so."""
    work = run(plan, responder, exchange)
    return work if plan.patience is None else attended(work, exchange, plan.patience)


async def run(plan: Plan, responder: Responder, exchange: Exchange) -> Reply:
    if plan.read is not None:
        await plan.read(exchange)
    if plan.dependencies:
        exchange.values = [None] * plan.size
        await call_dependencies(plan.dependencies, exchange)
    endpoint = plan.endpoint
    arguments = endpoint.arguments(exchange)
    if arguments is None or exchange.errors is not None:
        raise refusal(plan, exchange)
    kind = endpoint.kind
    if kind is ASYNC:
        encoded = responder.encode(await endpoint.function(**arguments))
    elif kind is THREAD:
        encoded = await in_pool(call_in_thread(call_and_encode, endpoint, responder, arguments), exchange)
    elif kind is CHECKED:
        result = endpoint.function(**arguments)
        if responder.is_plain is not None and responder.is_plain(result):
            encoded = responder.encode(result)
        else:
            encoded = await call_in_thread(responder.encode, result)
    else:
        # Calling a generator function runs none of its code; a stream begins when it is sent.
        encoded = responder.encode(endpoint.function(**arguments))
    return responder.reply(exchange, encoded)


def call_and_encode(endpoint: Call, responder: Responder, arguments: dict[str, Any]) -> bytes | Response:
    """Call an endpoint and encode its result, in one thread: validating a large result would block the loop too."""
    return responder.encode(endpoint.function(**arguments))


async def call_dependencies(calls: Sequence[Call], exchange: Exchange) -> None:
    """Call the dependencies in order; one whose values are invalid is skipped, the others still run."""
    values = exchange.values
    for call in calls:
        arguments = call.arguments(exchange)
        if arguments is None or (exchange.errors is not None and any(values[slot] is FAILED for slot in call.after)):
            values[call.slot] = FAILED
            continue
        kind = call.kind
        if kind is ASYNC:
            values[call.slot] = await call.function(**arguments)
        elif kind is INLINE:
            values[call.slot] = call.function(**arguments)
        elif kind is THREAD:
            values[call.slot] = await in_pool(call_in_thread(call.function, **arguments), exchange)
        else:
            generator = call.function(**arguments)
            try:
                first = anext(generator)
                values[call.slot] = await (in_pool(first, exchange) if call.waits_for_thread else first)
            except StopAsyncIteration:
                raise reason(NO_YIELD, call.function, "dependency") from None
            exits = exchange.function_exits if call.scope == "function" else exchange.request_exits
            exits.append((generator, call))


async def in_pool(work: Awaitable[Any], exchange: Exchange) -> Any:
    """Await a call in a thread of the pool.

    If all are busy, an endpoint that has none gets one beside the pool, so that slow requests to one endpoint cannot keep
    all others waiting. A request that has to wait is cancelled if its client leaves, because nobody would get the response.

    Raises:
        ClientDisconnect: the client has left.
    """
    key = id(exchange.scope.get("endpoint"))
    give_back = take_thread(key)
    if give_back is None:
        conventions: Conventions = getattr(exchange.scope.get("app"), "conventions", TYPEWAY)
        if conventions.own_threads:
            give_back = take_thread(key, of_its_own=True)
        if give_back is None:
            give_back = count_call(key)
            if conventions.cancels_abandoned:
                work = attended(work, exchange, 0, 0)
    try:
        return await work
    finally:
        give_back()


def refusal(plan: Plan, exchange: Exchange) -> ValidationException:
    """Return the exception with all errors of a request."""
    return plan.refuse(collected(plan, exchange), shown_body(exchange), exchange.scope)


def collected(plan: Plan, exchange: Exchange) -> list[dict[str, Any]]:
    """Return all errors of a request, in the order of calls."""
    errors = exchange.errors or {}
    if not plan.operation.conventions.errors_once:
        return [error for slot in plan.occurrences for error in errors.get(slot, ())]
    return [error for slot in sorted(errors) for error in errors[slot]]


def shown_body(exchange: Exchange) -> Any:
    """Return the body for handlers that log or repeat it."""
    if exchange.form is not None:
        return exchange.form
    body = exchange.body
    return body if isinstance(body, (dict, list, str, int, float, bool, bytes)) else None
