"""Plan an operation again so that an observed request shows its parts: dependencies, endpoint, serialization, tasks."""

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
    """What an observed endpoint returned, on its way to being encoded."""

    observation: Observation
    result: Any


class Preparation:
    """Everything that comes before the endpoint, as one step: reading, dependencies, validation.

    It stands where a plan reads its body, because that is what runs first.

    Parameters:
        plan: the plan as it was built.
    """

    __slots__ = ("name", "passes_observation", "plan")

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.name = function_name(plan.operation.endpoint)
        self.passes_observation = plan.endpoint.kind is not Kind.STREAM

    async def read(self, exchange: Exchange) -> None:
        """Leave the endpoint's arguments in the exchange.

        Raises:
            RequestValidationError: the request does not fit the declaration.
            Exception: whatever the dependencies raise.
        """
        plan = self.plan
        observation: Observation | None = exchange.scope.get(OBSERVATION)
        data = None if observation is None else observation.data
        if observation is None or data is None:  # a request whose observation is over is not observed
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
        """Call the dependencies; None if anything is invalid."""
        plan = self.plan
        exchange.values = [None] * plan.size
        await call_dependencies(plan.dependencies, exchange)
        arguments = plan.endpoint.arguments(exchange)
        return None if exchange.errors is not None else arguments

    async def observe(self, exchange: Exchange, observation: Observation, data: TelemetryData) -> Arguments | None:
        plan = self.plan
        is_request = exchange.scope["type"] == "http"
        setattr(data, "request" if is_request else "websocket", exchange.connection)
        observation.place(exchange.scope)
        if plan.read is not None:
            try:
                await plan.read(exchange)
            except RequestValidationError as error:
                data.body, data.errors = error.body, error.errors()
                observation.refuse(len(data.errors))
                raise
        data.body = shown_body(exchange)
        with observation.step("dependencies", self.name):
            arguments = await self.resolve(exchange)
        data.errors = collected(plan, exchange)
        data.values = self.partial(exchange) if arguments is None else dict(arguments)
        if arguments is None:
            observation.refuse(len(data.errors))
        return arguments

    def partial(self, exchange: Exchange) -> Arguments:
        """The arguments that are there although others are invalid."""
        values = exchange.values
        endpoint = self.plan.endpoint
        return {
            **{name: values[slot] for name, slot in endpoint.needs if values[slot] is not FAILED},
            **{name: inject(exchange) for name, inject in endpoint.injected},
        }


def prepared(exchange: Exchange) -> Arguments | None:
    """The endpoint's arguments, which the preparation has left."""
    arguments: Arguments = exchange.values[0]
    return arguments


def observed_plan(plan: Plan) -> Plan:
    """The plan with an eye on every part of it; where a request is not observed, that costs a look-up."""
    if isinstance(plan.operation.route, Frontend):
        return plan  # nothing of it is the author's
    call = plan.endpoint
    function = call.function if call.kind is Kind.STREAM else observed_function(call)
    endpoint = replace(call, function=function, slot=0, arguments=prepared)
    return replace(plan, read=Preparation(plan).read, dependencies=(), endpoint=endpoint, size=1)


def observed_function(call: Call) -> Callable[..., Any]:
    """An endpoint's function in a span of its own, which begins in the thread in which it runs."""
    function, name = call.function, function_name(call.function)

    async def run_async(observation: Observation | None, arguments: Arguments) -> Any:
        if observation is None:
            return await function(**arguments)
        with observation.step("endpoint", name):
            return Measured(observation, await function(**arguments))

    def run(observation: Observation | None, arguments: Arguments) -> Any:
        if observation is None:
            return function(**arguments)
        with observation.step("endpoint", name):
            return Measured(observation, function(**arguments))

    return run_async if call.kind is Kind.ASYNC else run


class ObservedResponder(Responder):
    """A responder whose background tasks have spans of their own."""

    __slots__ = ()

    def reply(self, exchange: Exchange, encoded: bytes | Response) -> Reply:
        """The reply, with what the endpoint and its dependencies said through an injected Response."""
        if type(exchange.background) is BackgroundTasks:
            exchange.background = ObservedTasks(exchange.background)
        if isinstance(encoded, Response) and type(encoded.background) is BackgroundTasks:
            encoded.background = ObservedTasks(encoded.background)
        return Responder.reply(self, exchange, encoded)


def observed_responder(responder: Responder, operation: Operation) -> Responder:
    own = {entry.name: getattr(responder, entry.name) for entry in fields(responder)}
    name, is_plain = function_name(operation.endpoint), responder.is_plain
    if is_plain is not None:
        own["is_plain"] = lambda result: is_plain(result.result if isinstance(result, Measured) else result)
    return ObservedResponder(**{**own, "encode": observed_encode(responder.encode, name, streams(operation))})


def observed_encode(encode: Encode, name: str, is_stream: bool) -> Encode:
    """Encoding in a span of its own, where there is anything to encode."""

    def run(result: Any) -> bytes | Response:
        if not isinstance(result, Measured):
            return encode(result)
        observation, result = result
        if is_stream or isinstance(result, Response):
            return encode(result)
        with observation.step("serialization", name):
            return encode(result)

    return run


class ObservedTasks(BackgroundTasks):
    """Background tasks, each with a span of its own.

    Parameters:
        original: whose tasks they are; what is added to them later counts.
    """

    def __init__(self, original: BackgroundTasks) -> None:
        super().__init__()
        self.tasks = original.tasks

    async def __call__(self) -> None:
        observation = get_value(OBSERVATION)
        for task in self.tasks:
            await (task() if not isinstance(observation, Observation) else run_task(task, observation))


async def run_task(task: BackgroundTask, observation: Observation) -> None:
    run: Callable[[], Awaitable[None]] = task
    with observation.step("background_task", function_name(getattr(task, "func", task))):
        await run()
