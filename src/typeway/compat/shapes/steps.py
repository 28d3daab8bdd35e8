"""Serve a route in the steps that instrumentation may replace, and give handlers the exit stacks of FastAPI's scope."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from pydantic_core import PydanticUndefined
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from typeway.compat.shapes.dependant import Dependant, get_flat_body_params
from typeway.compat.shapes.facade import current
from typeway.compat.shapes.fields import ModelField, create_model_field, should_embed
from typeway.compat.shapes.solve import FUNCTION_STACK, INNER_STACK, keep_stack, solve_dependencies
from typeway.declare.operation import Operation
from typeway.encoders import jsonable_encoder
from typeway.exceptions import (
    EndpointContext,
    RequestValidationError,
    ResponseValidationError,
    WebSocketRequestValidationError,
)
from typeway.plan.build import Plan
from typeway.plan.calls import Kind, is_coroutine
from typeway.plan.exchange import Exchange
from typeway.plan.sources import MISSING
from typeway.serve.execute import shown_body
from typeway.serve.exits import UPLOADS
from typeway.serve.handle import (
    EXCHANGE,
    RouteHandler,
    as_response,
    exchange_of,
    handle_request,
    ready_in,
    serve_handler,
)
from typeway.serve.lifecycle import complete, with_exits
from typeway.serve.plans import PlanCache
from typeway.serve.respond import renderer
from typeway.types import ASGIApp, Receive, Scope, Send


async def run_endpoint_function(*, dependant: Dependant, values: dict[str, Any], is_coroutine: bool) -> Any:
    """Call an endpoint; one that is no coroutine function runs in the thread pool."""
    call: Any = dependant.call
    return await call(**values) if is_coroutine else await run_in_threadpool(call, **values)


async def serialize_response(
    *,
    field: ModelField | None = None,
    response_content: Any,
    is_coroutine: bool = True,
    endpoint_ctx: EndpointContext | None = None,
    dump_json: bool = False,
    **options: Any,
) -> Any:
    """Return what an endpoint returned as JSON values, or as JSON, checked against the field of its response.

    Parameters:
        field: the field; None if there is no response model.
        response_content: what the endpoint returned.
        is_coroutine: whether to validate it on the event loop instead of in a thread.
        endpoint_ctx: the endpoint, for the message of an error.
        dump_json: whether to return bytes.
        options: `include`, `exclude`, `by_alias`, `exclude_unset`, `exclude_defaults`, `exclude_none`.
    """
    if field is None:
        return jsonable_encoder(response_content)
    validate = partial(field.validate, response_content, {}, loc=("response",))
    value, errors = validate() if is_coroutine else await run_in_threadpool(validate)
    if errors:
        raise ResponseValidationError(errors, body=response_content, endpoint_ctx=endpoint_ctx)
    return field.serialize_json(value, **options) if dump_json else field.serialize(value, **options)


# The functions of `fastapi.routing` that instrumentation replaces, to be called for each request.
STEPS: Final[dict[str, Callable[..., Any]]] = {
    "solve_dependencies": solve_dependencies,
    "run_endpoint_function": run_endpoint_function,
    "serialize_response": serialize_response,
}


def step(name: str) -> Any:
    """Return the function that is under a name of `fastapi.routing` now."""
    return current("fastapi.routing", name, STEPS[name])


def are_replaced() -> bool:
    """Return whether instrumentation has replaced a step, so that every request must go through the steps."""
    return any(step(name) is not original for name, original in STEPS.items())


def steps_or_plan(plans: PlanCache, dependant: Callable[[], Dependant]) -> RouteHandler:
    """Return a handler that runs a plan, or the steps as long as one of them is replaced.

    Parameters:
        plans: the plans of the operation.
        dependant: returns the dependant of the operation.
    """
    planned, steps = handle_request(plans), Steps(plans, dependant)

    async def handler(request: Request) -> Response:
        return await (steps.handle(request) if are_replaced() else planned(request))

    return handler


@dataclass(eq=False)
class Steps:
    """Serves an operation as FastAPI's request handler does, with the functions that are in `fastapi.routing`."""

    plans: PlanCache
    dependant: Callable[[], Dependant]
    known: tuple[Operation, ModelField | None] | None = None

    async def handle(self, request: Request) -> Response:
        """Return the response to a request."""
        exchange = exchange_of(request)
        plan, responder = ready_in(self.plans, request.scope)
        if plan.read is not None:
            await plan.read(exchange)
        if exchange.form is not None:
            request.scope[UPLOADS] = exchange.form
        dependant = self.dependant()
        body = PydanticUndefined if plan.read is None or exchange.body is MISSING else exchange.body
        solved = await step("solve_dependencies")(
            request=request,
            dependant=dependant,
            body=body if exchange.form is None else exchange.form,
            dependency_overrides_provider=request.scope.get("app"),
            async_exit_stack=request.scope[INNER_STACK],
            embed_body_fields=should_embed(get_flat_body_params(dependant)),
        )
        if solved.errors:
            context = plan.operation.context
            raise RequestValidationError(solved.errors, body=shown_body(exchange), endpoint_ctx=context)
        encoded = await self.encoded(plan, responder.encode, dependant, solved.values)
        exchange.response, exchange.background = solved.response, solved.background_tasks
        return as_response(responder.reply(exchange, encoded), exchange)

    async def encoded(
        self, plan: Plan, encode: Callable[[Any], bytes | Response], dependant: Dependant, values: dict[str, Any]
    ) -> bytes | Response:
        """Call the endpoint, and return the body of the response, or the response."""
        call, operation = dependant.call, plan.operation
        if call is not None and plan.endpoint.kind is Kind.STREAM:
            return encode(call(**values))
        is_async = call is not None and is_coroutine(call)
        result = await step("run_endpoint_function")(dependant=dependant, values=values, is_coroutine=is_async)
        if isinstance(result, Response):
            return result
        field = self.response_field(operation)
        to_bytes = field is not None and operation.response_class is None
        content = await step("serialize_response")(
            field=field,
            response_content=result,
            include=operation.response_model_include,
            exclude=operation.response_model_exclude,
            by_alias=operation.response_model_by_alias,
            exclude_unset=operation.response_model_exclude_unset,
            exclude_defaults=operation.response_model_exclude_defaults,
            exclude_none=operation.response_model_exclude_none,
            is_coroutine=is_async,
            endpoint_ctx=operation.context,
            dump_json=to_bytes,
        )
        if to_bytes and isinstance(content, bytes):
            return content
        return renderer(operation)(content)

    def response_field(self, operation: Operation) -> ModelField | None:
        """Return the field of an operation's response, made once."""
        if self.known is None or self.known[0] is not operation:
            model = operation.returns.model
            name = f"Response_{operation.unique_id}"
            field = None if model is None else create_model_field(name, model, mode="serialization")
            self.known = operation, field
        return self.known[1]


@dataclass(frozen=True, slots=True)
class Kept:
    """An exit stack among the generators that a request resumes."""

    name: str
    in_thread: bool = False


async def put_stacks(exchange: Exchange) -> None:
    """Put the exit stacks into the scope on which handlers of plugins enter what the request has to leave.

    That of the middleware closes after the response as well, but before errors are answered.
    """
    stacks = (
        ("fastapi_middleware_astack", exchange.request_exits),
        (INNER_STACK, exchange.request_exits),
        (FUNCTION_STACK, exchange.function_exits),
    )
    for name, exits in stacks:
        generator = keep_stack(exchange.scope, name)
        await anext(generator)
        exits.append((generator, Kept(name)))


class AsyncExitStackMiddleware:
    """Middleware that puts an exit stack into the scope, closed when the application has answered."""

    def __init__(self, app: ASGIApp, context_name: str = "fastapi_middleware_astack") -> None:
        self.app = app
        self.context_name = context_name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as stack:
            scope[self.context_name] = stack
            await self.app(scope, receive, send)


async def serve_with_stacks(handler: RouteHandler, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a request through a handler that may solve dependencies by itself."""

    async def handle(request: Request) -> Response:
        await put_stacks(scope[EXCHANGE])
        return await handler(request)

    await serve_handler(handle, None, scope, receive, send)


def get_websocket_app(
    dependant: Dependant, dependency_overrides_provider: Any = None, embed_body_fields: bool = False
) -> Callable[[WebSocket], Coroutine[Any, Any, Any]]:
    """Return the function that serves a WebSocket by a dependant: the dependencies, then its call."""

    async def app(websocket: WebSocket) -> None:
        scope = websocket.scope
        solved = await step("solve_dependencies")(
            request=websocket,
            dependant=dependant,
            dependency_overrides_provider=dependency_overrides_provider or scope.get("app"),
            async_exit_stack=scope[INNER_STACK],
            embed_body_fields=embed_body_fields,
        )
        call: Any = dependant.call
        if solved.errors:
            context: EndpointContext = {"function": getattr(call, "__name__", repr(call))}
            raise WebSocketRequestValidationError(solved.errors, endpoint_ctx=context)
        await call(**solved.values)

    return app


def websocket_session(func: Callable[[WebSocket], Coroutine[Any, Any, Any]]) -> ASGIApp:
    """Return an ASGI application that calls a function with the WebSocket."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(scope, receive, send, scope.get("path_params", {}))

        async def session() -> None:
            await put_stacks(exchange)
            await func(WebSocket(scope, receive, send))

        async def whole() -> None:
            await with_exits(session(), exchange, "function")

        await complete(whole(), exchange, shields=True)

    return app
