"""Turn an operation into its plan: ordered calls, one validator per callable, one way to read the body."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from pydantic_core import ValidationError
from starlette.background import BackgroundTasks
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from typeway.declare.classify import Injected, Input
from typeway.declare.depends import Lifetime, SecurityScopes
from typeway.operation import Operation
from typeway.plan.body import Body, Collect, build_body
from typeway.plan.calls import Kind, awaits, context_of, is_async_generator, limited
from typeway.plan.checks import Check, build_check
from typeway.plan.exchange import Exchange
from typeway.plan.sources import Reader
from typeway.plan.tree import Node, Overrides, grow_tree

FAILED: Final = object()

# Errors are reported in this order within one callable.
ORDER: Final[Mapping[str, int]] = {
    **{name: place for place, name in enumerate(("path", "query", "header", "cookie"))},
    **dict.fromkeys(("body", "form", "file"), 4),
}

INJECT: Final[Mapping[type[Any], Callable[[Exchange], Any]]] = {
    Request: lambda exchange: exchange.connection,
    WebSocket: lambda exchange: exchange.connection,
    HTTPConnection: lambda exchange: exchange.connection,
    Response: lambda exchange: exchange.injected_response,
    BackgroundTasks: lambda exchange: exchange.tasks,
}


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One function to run, with everything needed to run it.

    Parameters:
        function: the function, or the factory of context managers for a generator.
        kind: how to call it.
        slot: where its result goes.
        reader: collects the raw values of path, query, header and cookie parameters.
        collect: adds the body's.
        check: validates them all.
        needs: parameters that receive results, with the results' slots.
        injected: parameters that receive objects of the request.
        after: the slots of the dependencies, without whose results it is not called.
        scope: when a generator is resumed.
        in_thread: whether a generator runs in threads, where no cancellation reaches it.
        concurrent: whether it may run at the same time as others of which this is said.
    """

    function: Callable[..., Any]
    kind: Kind
    slot: int
    reader: Reader | None
    collect: Collect | None
    check: Check | None
    needs: tuple[tuple[str, int], ...]
    injected: tuple[tuple[str, Callable[[Exchange], Any]], ...]
    after: tuple[int, ...]
    scope: Lifetime | None
    in_thread: bool
    concurrent: bool = False

    def arguments(self, exchange: Exchange) -> dict[str, Any] | None:
        """The keyword arguments of the call; None if they are invalid, which the exchange then knows."""
        check = self.check
        if check is None:
            arguments: dict[str, Any] = {}
        else:
            raw = self.reader.read(exchange) if self.reader is not None else {}
            if self.collect is not None and not self.collect(exchange, raw):
                exchange.report(self.slot, check.errors_without_object(raw, exchange))
                return None
            try:
                arguments = check.validator.validate_python(raw, from_attributes=True)
            except ValidationError as error:
                exchange.report(self.slot, check.errors(error, exchange))
                return None
        for name, slot in self.needs:
            arguments[name] = exchange.values[slot]
        for name, inject in self.injected:
            arguments[name] = inject(exchange)
        return arguments


class Reads(Protocol):
    """Reads from a request what the calls of its plan need, and may do more before they begin."""

    @property
    def is_form(self) -> bool: ...  # whether it leaves uploads that somebody must close

    async def read(self, exchange: Exchange) -> None:
        """Read into the exchange."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What will happen when a request for one operation arrives.

    Parameters:
        operation: what is planned.
        dependencies: the calls before the endpoint's, in order.
        endpoint: the endpoint's call.
        size: how many results the calls leave.
        body: what to do before any call, which is to read the body; None if nothing of it is needed.
        shields: whether clean-up may wait and so must be shielded from cancellation.
        has_exits: whether there are generators to resume.
        has_function_exits: whether there are some to resume before the answer is sent.
        occurrences: the slots in the order in which the tree names them, repetitions included.
    """

    operation: Operation
    dependencies: tuple[Call, ...]
    endpoint: Call
    size: int
    body: Reads | None
    shields: bool
    has_exits: bool
    has_function_exits: bool
    occurrences: tuple[int, ...]


def build_tree(operation: Operation, overrides: Overrides | None = None) -> Node:
    """The tree of an operation's callables: what describing needs, and the first half of planning."""
    return grow_tree(
        operation.declaration, operation.dependencies, operation.path_names, operation.conventions, overrides
    )


def body_of(operation: Operation, tree: Node) -> Body | None:
    """What an operation makes of a request's body."""
    inputs = [entry for node in unique_nodes(tree) for entry in node.inputs]
    return build_body(
        inputs,
        strict=operation.strict_content_type,
        form_limits=operation.form_limits,
        conventions=operation.conventions,
    )


def build_plan(operation: Operation, overrides: Overrides | None = None) -> Plan:
    """The plan of an operation.

    Parameters:
        overrides: callables to run in the place of the dependencies that are their keys.

    Raises:
        DeclarationError: a type that no validator can be built for, or a name that is still not defined.
    """
    tree = build_tree(operation, overrides)
    numbered = number(tree)
    body = body_of(operation, tree)
    # A WebSocket has no body to read: what is declared of one is missing, and its default counts.
    has_body = bool(operation.methods)
    calls = [build_call(node, numbered, body, collects=has_body) for node in numbered.nodes]
    contexts = [node.function for node in numbered.nodes if node.kind is Kind.CONTEXT]
    return Plan(
        operation=operation,
        dependencies=tuple(calls[:-1]),
        endpoint=calls[-1],
        size=len(calls),
        body=body if has_body else None,
        shields=any(awaits(function) for function in contexts),
        has_exits=bool(contexts),
        has_function_exits=any(call.kind is Kind.CONTEXT and call.scope == "function" for call in calls),
        occurrences=tuple(numbered.slot_of[id(node)] for node in tree.walk()),
    )


@dataclass(frozen=True, slots=True)
class Numbered:
    """The nodes that are really called, and for every node of the tree the slot of its result."""

    nodes: list[Node]
    slot_of: dict[int, int]


def number(tree: Node) -> Numbered:
    """Give every call a slot; nodes that share a cached result share one.

    Nodes are told apart by identity: the same dependency may stand in several places of the tree. What a cached node
    asks for is visited again: a dependency that is not to be cached is called once for each who asks.
    """
    nodes: list[Node] = []
    slot_of: dict[int, int] = {}
    cached: dict[Hashable, int] = {}

    def visit(node: Node, name: str | None) -> None:
        for receiver, child in node.children:
            visit(child, receiver)
        # Nobody receives the result of what `dependencies=[...]` adds: to compute it twice would be for nothing.
        if node.depends is not None and (node.depends.use_cache or name is None) and node.cache_key in cached:
            slot_of[id(node)] = cached[node.cache_key]
            return
        slot = slot_of[id(node)] = len(nodes)
        nodes.append(node)
        if node.depends is not None:
            cached.setdefault(node.cache_key, slot)

    visit(tree, None)
    return Numbered(nodes, slot_of)


def unique_nodes(tree: Node) -> list[Node]:
    return number(tree).nodes


def build_call(node: Node, numbered: Numbered, body: Body | None, *, collects: bool) -> Call:
    inputs = sorted(node.inputs, key=lambda entry: ORDER[entry.location])
    beside_body = [entry for entry in inputs if entry.location in ("path", "query", "header", "cookie")]
    collect = body.collector(inputs) if body is not None and collects else None
    in_members = body is not None and body.has_members(inputs)
    function, kind = node.function, node.kind
    if kind is Kind.CONTEXT:
        function = context_of(function)
    if node.depends is not None and node.depends.capacity is not None:
        function, kind = limited(function, kind, node.depends.capacity)
    return Call(
        function=function,
        kind=kind,
        slot=numbered.slot_of[id(node)],
        reader=Reader(beside_body) if beside_body else None,
        collect=collect,
        check=build_check(inputs, node.declaration.where, named_members=in_members) if inputs else None,
        needs=tuple((name, numbered.slot_of[id(child)]) for name, child in node.children if name is not None),
        injected=tuple(
            (source.name, injector(source, node)) for source in node.sources if isinstance(source, Injected)
        ),
        after=tuple(numbered.slot_of[id(child)] for _, child in node.children),
        scope=node.scope,
        in_thread=not is_async_generator(node.function),
        concurrent=node.depends is not None and node.depends.concurrent,
    )


def injector(source: Injected, node: Node) -> Callable[[Exchange], Any]:
    """What supplies an injected parameter; scopes are known when the plan is built."""
    if source.kind is SecurityScopes:
        scopes = list(node.scopes)
        return lambda exchange: SecurityScopes(scopes=list(scopes))
    return INJECT[source.kind]


def inputs_of(tree: Node) -> Sequence[Input]:
    """Every input of an operation, in the order of calls, each callable once."""
    return [entry for node in unique_nodes(tree) for entry in node.inputs]
