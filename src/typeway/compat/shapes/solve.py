"""Run dependants as FastAPI's functions do: read and validate values, call dependencies, enter generators on stacks."""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from types import TracebackType
from typing import Any, Final, TypeAlias

from pydantic_core import PydanticUndefined
from starlette.background import BackgroundTasks
from starlette.datastructures import FormData
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.routing import Route
from starlette.websockets import WebSocket

from typeway.compat.shapes.conventions import FASTAPI
from typeway.compat.shapes.dependant import Dependant, are_same, parts_of
from typeway.compat.shapes.fields import ModelField, input_of
from typeway.compat.shapes.trees import node_of
from typeway.declare.operation import Operation
from typeway.declare.returns import Returns
from typeway.declare.signature import Declaration
from typeway.plan.arguments import build_arguments
from typeway.plan.body import Body, Collect, build_body, collect_members, collect_whole
from typeway.plan.build import FAILED, Plan, build_plan, number
from typeway.plan.checks import build_check, schemas_of
from typeway.plan.exchange import Exchange, Exit
from typeway.plan.late import Rest
from typeway.plan.sources import MISSING, ParameterBounds, Reader
from typeway.plan.tree import Node
from typeway.serve.execute import call_dependencies
from typeway.serve.exits import leave
from typeway.serve.late import are_same as are_overridden_alike
from typeway.serve.late import overrides_in

INNER_STACK: Final = "fastapi_inner_astack"
FUNCTION_STACK: Final = "fastapi_function_astack"

DependencyCacheKey: TypeAlias = tuple[Callable[..., Any] | None, tuple[str, ...], str]


@dataclass
class SolvedDependency:
    """What a dependant needs in order to be called, or what is wrong with the request."""

    values: dict[str, Any]  # the keyword arguments
    errors: list[Any]
    background_tasks: BackgroundTasks | None
    response: Response  # whose status and headers the response takes over
    dependency_cache: dict[DependencyCacheKey, Any]  # the results of dependencies, for another call


@dataclass(frozen=True, slots=True, eq=False)
class Solver:
    """The plan of a dependant, and what it was made for."""

    made_for: list[Any]  # the dependant, the overrides and the kind of connection, to be compared by identity
    plan: Plan
    body: Body | None
    keys: tuple[DependencyCacheKey | None, ...]  # of each call, if its result may be shared


async def solve_dependencies(
    *,
    request: HTTPConnection[Any],
    dependant: Dependant,
    body: Any = PydanticUndefined,
    background_tasks: BackgroundTasks | None = None,
    response: Response | None = None,
    dependency_overrides_provider: Any = None,
    dependency_cache: dict[DependencyCacheKey, Any] | None = None,
    async_exit_stack: AsyncExitStack,
    embed_body_fields: bool,
    _uses_scopes_cache: Any = None,
) -> SolvedDependency:
    """Run the dependencies of a dependant and collect the values of its parameters; the dependant itself is not called.

    Parameters:
        request: the request or WebSocket. Outside of a request, one that is made of a scope with `headers`.
        body: the parsed body.
        background_tasks: collects what parameters of that type add.
        response: collects what parameters of that type set.
        dependency_overrides_provider: the application whose overrides apply.
        dependency_cache: results of earlier calls; those of this one are added.
        async_exit_stack: cleans generators up, unless the scope of the request has `fastapi_inner_astack`.
        embed_body_fields: not used, because the parameters themselves say it.
    """
    app = {"app": dependency_overrides_provider}
    overrides = dict(overrides_in(app).items())
    solver = solver_of(dependant, overrides, is_request=not isinstance(request, WebSocket))
    cache = {} if dependency_cache is None else dependency_cache
    exchange = exchange_of(request, async_exit_stack)
    exchange.response, exchange.background = response, background_tasks
    await put_body(exchange, solver.body, body)
    rest, keys = Rest(solver.plan, 0, overrides), solver.keys
    values = exchange.values = [None] * solver.plan.size
    for place in itertools.count():
        current = dict(overrides_in(app).items())
        if place and not are_overridden_alike(current, rest.overrides):
            rest = rest.planned_again(place, current)
            keys = keys_of(rest.tree)
            values = exchange.values = [*values[:place], *[None] * (rest.plan.size - place)]
            await put_body(exchange, getattr(rest.plan.read, "__self__", None), body)
        if place == len(rest.plan.dependencies):
            break
        key = keys[place]
        if key is not None and key in cache:
            values[place] = cache[key]
            continue
        await call_dependencies((rest.plan.dependencies[place],), exchange)
        if key is not None and values[place] is not FAILED:
            cache[key] = values[place]
    plan = rest.plan
    results = {name: values[slot] for name, slot in plan.endpoint.needs}
    arguments = plan.endpoint.arguments(exchange)
    if arguments is None:
        arguments = await valid_values(dependant, request, body, embed_body_fields=embed_body_fields)
    found = exchange.errors or {}
    return SolvedDependency(
        # The results of dependencies first, as in FastAPI: instrumentation shows the values in their order.
        values={name: value for name, value in {**results, **arguments}.items() if value is not FAILED},
        errors=[error for slot in plan.occurrences for error in found.get(slot, ())],
        background_tasks=exchange.background,
        response=exchange.injected_response,
        dependency_cache=cache,
    )


async def valid_values(
    dependant: Dependant, request: HTTPConnection[Any], body: Any, *, embed_body_fields: bool
) -> dict[str, Any]:
    """Return the values of the parameters that are valid where others are not, for instrumentation that shows them."""
    received = (
        (dependant.path_params, request.path_params),
        (dependant.query_params, request.query_params),
        (dependant.header_params, request.headers),
        (dependant.cookie_params, request.cookies),
    )
    values: dict[str, Any] = {}
    for fields, mapping in received:
        values |= request_params_to_args(fields, mapping)[0]
    if dependant.body_params:
        values |= (await request_body_to_args(dependant.body_params, body, embed_body_fields))[0]
    return values


def exchange_of(request: Any, stack: AsyncExitStack) -> Exchange:
    """Return an exchange for a request, in which generators are entered on the stacks of its scope, or on a given one."""
    receive, send = getattr(request, "_receive", no_body), getattr(request, "_send", no_response)
    exchange = Exchange(request.scope, receive, send, request.path_params)
    if "headers" not in request.scope:
        # The message of a broker, as FastStream makes it: a Request whose attributes say what its scope does not.
        exchange.scope = {"type": "http", **request.scope, "headers": raw_of(request.headers)}
        exchange._pairs, exchange._query = pairs_of(request.query_params), dict(request.query_params)
        exchange._cookies = dict(request.cookies)
    exchange.held = request
    inner = request.scope.get(INNER_STACK) or stack
    exchange.request_exits = OnStack(inner)
    exchange.function_exits = OnStack(request.scope.get(FUNCTION_STACK) or inner)
    return exchange


class OnStack(list[Exit]):
    """A list of generators to resume that leaves them to an exit stack."""

    def __init__(self, stack: AsyncExitStack) -> None:
        super().__init__()
        self.stack = stack

    def append(self, entered: Exit, /) -> None:
        """Let the stack resume a generator."""
        generator, _ = entered

        async def resume(
            kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> bool | None:
            return await leave(generator, error)

        self.stack.push_async_exit(resume)


def solver_of(dependant: Dependant, overrides: dict[Any, Any], *, is_request: bool) -> Solver:
    """Return the plan of a dependant, built again when the dependant has been changed."""
    made_for = [*parts_of(dependant), *(part for pair in overrides.items() for part in pair), is_request]
    kept: Solver | None = vars(dependant).get("_solver")
    if kept is None or not are_same(kept.made_for, made_for):
        tree = node_of(dependant, overrides)
        operation = operation_of(tree, dependant.path or "/", is_request=is_request)
        body = build_body([entry for node in number(tree)[0] for entry in node.inputs], operation)
        plan = build_plan(operation)
        # The body is read by this tree; where the overrides change meanwhile, another one grows.
        plan = replace(plan, operation=replace(operation, own_tree=partial(node_of, dependant)))
        kept = Solver(made_for, plan, body if is_request else None, keys_of(tree))
        vars(dependant)["_solver"] = kept
    return kept


def operation_of(tree: Node | None, path: str = "/", *, is_request: bool = True) -> Operation:
    """Return an operation that stands for a dependant."""
    call: Any = tree.function if tree is not None else operation_of
    return Operation(
        path=path, path_format=path, path_names=frozenset(), methods=("GET",) if is_request else (), name="",
        declaration=tree.declaration if tree is not None else Declaration(call, (), PydanticUndefined, ""),
        returns=Returns(), route=Route("/", endpoint=call), conventions=FASTAPI,
        own_tree=lambda overrides: tree,
    )  # fmt: skip


def keys_of(tree: Node) -> tuple[DependencyCacheKey | None, ...]:
    """Return the keys of the results of a tree's calls, in their order."""
    return tuple(map(key_of, number(tree)[0]))


def key_of(node: Node) -> DependencyCacheKey | None:
    """Return the key of a dependency's result in a cache; None if the result is not shared."""
    key: Any = node.cache_key
    is_shared = node.depends is not None and node.depends.use_cache
    return (key[0], key[1], key[2] or "") if is_shared else None


async def put_body(exchange: Exchange, body: Body | None, received: Any) -> None:
    """Put a body that has been read and parsed into an exchange."""
    exchange.body = MISSING if received is PydanticUndefined else received
    if body is not None and isinstance(received, FormData):
        exchange.form = received
        read = {key: await reader(received) for key, reader in body.readers.items()}
        exchange.body = {key: value for key, value in read.items() if value is not MISSING}


def request_params_to_args(
    fields: Sequence[ModelField], received_params: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Any]]:
    """Return the values of path, query, header or cookie parameters, and what is wrong with the others.

    Parameters:
        fields: the parameters.
        received_params: where they come from: `request.query_params`, `request.headers`, or a dict.
    """
    return values_of(fields, exchange_with(received_params), lambda entry: None, named_members=False)


async def request_body_to_args(
    body_fields: Sequence[ModelField], received_body: Any, embed_body_fields: bool
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the values of body parameters, and what is wrong with the others.

    Parameters:
        body_fields: the parameters.
        received_body: the parsed body: a JSON value, bytes or a form.
        embed_body_fields: whether the body is an object whose members are the parameters.
    """
    given = [replace(field, source=input_of(field)) for field in body_fields]
    inputs = [input_of(field) for field in given]
    body = build_body(inputs, operation_of(None))
    if body is None:
        return {}, []
    exchange = exchange_with({})
    await put_body(exchange, body, received_body)
    is_form, has_members = body.is_form, embed_body_fields or body.is_form
    reads = {
        entry.name: collect_members([(entry.name, (id(entry),) if is_form else entry.wires)])
        if has_members
        else collect_whole(entry.name)
        for entry in inputs
    }
    values, errors = values_of(body_fields, exchange, lambda entry: reads[entry.name], named_members=has_members)
    # FastAPI has a value for a whole body that is invalid.
    return (values if has_members else {**dict.fromkeys(reads), **values}), errors


def values_of(
    fields: Sequence[ModelField], exchange: Exchange, collect: Callable[[Any], Collect | None], *, named_members: bool
) -> tuple[dict[str, Any], list[Any]]:
    """Return the values of fields in an exchange one by one, and the errors of those that are invalid."""
    values: dict[str, Any] = {}
    errors: list[Any] = []
    for place, entry in enumerate(map(input_of, fields)):
        reader = None if entry.in_body else Reader([entry], ParameterBounds({}, {}))
        check = build_check([entry], schemas_of([entry], entry.name), named_members=named_members)
        found = build_arguments(place, reader, collect(entry), check, (), ())(exchange)
        values.update(found or {})
        errors += (exchange.errors or {}).get(place, ())
    return values, errors


def exchange_with(received: Mapping[str, Any]) -> Exchange:
    """Return an exchange in which every kind of parameter is read from one mapping."""
    # Headers search all their entries for each name: dict(received) would take n² steps, and the client chooses n.
    pairs = pairs_of(received)
    values = dict(pairs)
    exchange = Exchange({"type": "http", "headers": raw_of(received)}, no_body, no_response, values)
    exchange._pairs, exchange._query, exchange._cookies = pairs, values, values
    return exchange


def pairs_of(received: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the names and values of a mapping; Starlette's may have several values of a name."""
    items: Any = getattr(received, "multi_items", received.items)
    return [*items()]


def raw_of(received: Mapping[str, Any]) -> list[tuple[bytes, bytes]]:
    """Return a mapping as the headers of a scope."""
    return getattr(received, "raw", None) or [
        (str(name).lower().encode("latin-1"), str(value).encode("latin-1", "replace"))
        for name, value in pairs_of(received)
    ]


async def no_body() -> Any:
    """Receive the end of a request that has no body."""
    return {"type": "http.disconnect"}


async def no_response(message: Any) -> None:
    """Drop a message: there is no connection."""


async def keep_stack(scope: Any, name: str) -> AsyncGenerator[None, None]:
    """Hold an exit stack in a scope, and close it when the generator is resumed."""
    async with AsyncExitStack() as stack:
        scope[name] = stack
        yield
