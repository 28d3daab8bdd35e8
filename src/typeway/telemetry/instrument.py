"""Change plans so that an observed request has spans for its dependencies, endpoint, serialization and tasks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import fields, replace
from typing import Any, NamedTuple

from opentelemetry.context import get_value
from starlette.background import BackgroundTask
from starlette.responses import Response

from typeway.background import BackgroundTasks
from typeway.declare.operation import Operation
from typeway.exceptions import RequestValidationError
from typeway.plan.build import FAILED, Call, Plan
from typeway.plan.calls import Kind
from typeway.plan.exchange import Exchange
from typeway.serve.execute import call_dependencies, collected, refusal, shown_body
from typeway.serve.frontend import Frontend
from typeway.serve.reply import Reply
from typeway.serve.respond import Encode, Responder
from typeway.serve.stream import streams
from typeway.telemetry.attributes import function_name
from typeway.telemetry.data import OBSERVATION, TelemetryData
from typeway.telemetry.observation import Observation

Arguments = dict[str, Any]


class Measured(NamedTuple):
    """The result of an observed endpoint, until it is encoded."""

    observation: Observation
    result: Any


class Preparation:
    """Everything that runs before the endpoint, in one step: reading the body, dependencies, validation.

    It takes the place of the function that reads the body, because a plan calls that first.

    Parameters:
        plan: the original plan.
    """

    __slots__ = ("name", "passes_observation", "plan")

    def __init__(self, plan: Plan) -> None:
        self.plan: Plan = plan
        self.name: str = function_name(plan.operation.endpoint)
        self.passes_observation: bool = plan.endpoint.kind is not Kind.STREAM

    async def read(self, exchange: Exchange) -> None:
        """Store the arguments of the endpoint in the exchange.

        Raises:
            RequestValidationError: the request is not valid.
            Exception: any exception of a dependency.
        """
        plan = self.plan
        observation: Observation | None = exchange.scope.get(OBSERVATION)
        data = None if observation is None else observation.data
        if observation is None or data is None:  # not observed, or the observation has ended
            observation = None
            if plan.read is not None:
                await plan.read(exchange)
            arguments = await self.resolve(exchange)
        else:
            arguments = await self.observe(exchange, observation, data)
        if arguments is None:
            raise refusal(plan, exchange)
        if self.passes_observation:
            arguments = {"observation": observation, "arguments": arguments}
        exchange.values = [arguments]

    async def resolve(self, exchange: Exchange) -> Arguments | None:
        """Call the dependencies and return the arguments of the endpoint; None if anything is invalid."""
        plan = self.plan
        exchange.values = [None] * plan.size
        await call_dependencies(plan.dependencies, exchange)
        arguments = plan.endpoint.arguments(exchange)
        return None if exchange.errors is not None else arguments

    async def observe(self, exchange: Exchange, observation: Observation, data: TelemetryData) -> Arguments | None:
        plan = self.plan
        is_request = exchange.scope["type"] == "http"
        setattr(data, "request" if is_request else "websocket", exchange.connection)
        observation.set_route(exchange.scope)
        if plan.read is not None:
            try:
                await plan.read(exchange)
            except RequestValidationError as error:
                data.body, data.errors = error.body, error.errors()
                observation.report_invalid(len(data.errors))
                raise
        data.body = shown_body(exchange)
        with observation.child_span("dependencies", self.name):
            arguments = await self.resolve(exchange)
        data.errors = collected(plan, exchange)
        data.values = self.partial(exchange) if arguments is None else dict(arguments)
        if arguments is None:
            observation.report_invalid(len(data.errors))
        return arguments

    def partial(self, exchange: Exchange) -> Arguments:
        """Return the arguments that are valid although others are not."""
        values = exchange.values
        endpoint = self.plan.endpoint
        return {
            **{name: values[slot] for name, slot in endpoint.needs if values[slot] is not FAILED},
            **{name: inject(exchange) for name, inject in endpoint.injected},
        }


def prepared_arguments(exchange: Exchange) -> Arguments | None:
    """Return the arguments of the endpoint that the preparation has stored."""
    arguments: Arguments = exchange.values[0]
    return arguments


def observed_plan(plan: Plan) -> Plan:
    """Return a plan that records spans; for a request that is not observed it costs one look-up."""
    if isinstance(plan.operation.route, Frontend):
        return plan  # it runs no function of the application
    call = plan.endpoint
    function = call.function if call.kind is Kind.STREAM else observed_function(call)
    endpoint = replace(call, function=function, slot=0, arguments=prepared_arguments)
    return replace(plan, read=Preparation(plan).read, dependencies=(), endpoint=endpoint, size=1)


def observed_function(call: Call) -> Callable[..., Any]:
    """Return the function of an endpoint with a span around it, which starts in the thread that runs the function."""
    function, name = call.function, function_name(call.function)

    async def run_async(observation: Observation | None, arguments: Arguments) -> Any:
        if observation is None:
            return await function(**arguments)
        with observation.child_span("endpoint", name):
            return Measured(observation, await function(**arguments))

    def run(observation: Observation | None, arguments: Arguments) -> Any:
        if observation is None:
            return function(**arguments)
        with observation.child_span("endpoint", name):
            return Measured(observation, function(**arguments))

    return run_async if call.kind is Kind.ASYNC else run


class ObservedResponder(Responder):
    """A responder that records a span for each background task."""

    __slots__ = ()

    def reply(self, exchange: Exchange, encoded: bytes | Response) -> Reply:
        """Return the reply of the original responder, with observed background tasks."""
        if type(exchange.background) is BackgroundTasks:
            exchange.background = ObservedTasks(exchange.background)
        if isinstance(encoded, Response) and type(encoded.background) is BackgroundTasks:
            encoded.background = ObservedTasks(encoded.background)
        return Responder.reply(self, exchange, encoded)


def observed_responder(responder: Responder, operation: Operation) -> Responder:
    """Return a responder that records spans for serialization and background tasks."""
    own = {entry.name: getattr(responder, entry.name) for entry in fields(responder)}
    name, is_plain = function_name(operation.endpoint), responder.is_plain
    if is_plain is not None:
        own["is_plain"] = lambda result: is_plain(result.result if isinstance(result, Measured) else result)
    return ObservedResponder(**{**own, "encode": observed_encode(responder.encode, name, streams(operation))})


def observed_encode(encode: Encode, name: str, is_stream: bool) -> Encode:
    """Return an encoder with a span around it, where there is a value to encode."""

    def run(result: Any) -> bytes | Response:
        if not isinstance(result, Measured):
            return encode(result)
        observation, result = result
        if is_stream or isinstance(result, Response):
            return encode(result)
        with observation.child_span("serialization", name):
            return encode(result)

    return run


class ObservedTasks(BackgroundTasks):
    """Background tasks with a span for each.

    Parameters:
        original: the tasks; a task that is added to them later is observed too.
    """

    def __init__(self, original: BackgroundTasks) -> None:
        super().__init__()
        self.tasks: list[BackgroundTask] = original.tasks

    async def __call__(self) -> None:
        observation = get_value(OBSERVATION)
        for task in self.tasks:
            await (task() if not isinstance(observation, Observation) else run_task(task, observation))


async def run_task(task: BackgroundTask, observation: Observation) -> None:
    run: Callable[[], Awaitable[None]] = task
    with observation.child_span("background_task", function_name(getattr(task, "func", task))):
        await run()
