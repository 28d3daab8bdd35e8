"""Turn an operation into its plan: ordered calls, one validator per callable, one way to read the body."""

from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any, Final

from starlette.background import BackgroundTasks
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from typeway.declare.annotation import missing_names
from typeway.declare.classify import Injected, Input
from typeway.declare.conventions import Conventions
from typeway.declare.depends import Lifetime, SecurityScopes
from typeway.declare.operation import Operation
from typeway.declare.scope import where
from typeway.declare.signature import name_of, undefined_name
from typeway.exceptions import (
    DeclarationError,
    RequestValidationError,
    WebSocketRequestValidationError,
    declaration_error,
)
from typeway.plan.adapt import Refusal, adapt
from typeway.plan.arguments import Arguments, build_arguments
from typeway.plan.body import Body, build_body
from typeway.plan.calls import Kind, awaits, is_async_generator, limited
from typeway.plan.checks import build_check, schemas_of
from typeway.plan.exchange import Exchange
from typeway.plan.nonblocking import returns_arguments
from typeway.plan.plain import is_plain_schema
from typeway.plan.sources import Reader
from typeway.plan.tree import Node, Overrides, grow_tree
from typeway.plan.verify import absent, exists

FAILED: Final = object()

# Errors are reported in this order within one callable.
ORDER: Final = {"path": 0, "query": 1, "header": 2, "cookie": 3, "body": 4, "form": 4, "file": 4}

INJECT: Final[Mapping[type[Any], Callable[[Exchange], Any]]] = {
    **dict.fromkeys((Request, WebSocket, HTTPConnection), attrgetter("connection")),
    Response: attrgetter("injected_response"),
    BackgroundTasks: attrgetter("tasks"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One function to run, with everything needed to run it."""

    function: Callable[..., Any]  # the function; for a generator, an asynchronous one
    name: str  # what the author calls it
    kind: Kind  # how to call it
    slot: int  # where its result goes
    arguments: Arguments  # computes its keyword arguments
    needs: tuple[tuple[str, int], ...]  # parameters that receive results, with the results' slots
    injected: tuple[tuple[str, Callable[[Exchange], Any]], ...]  # parameters that receive objects of the request
    after: tuple[int, ...]  # the slots of the dependencies, without whose results it is not called
    scope: Lifetime | None  # when a generator is resumed
    in_thread: bool  # whether a generator runs in threads, where no cancellation reaches it
    concurrent: bool = False  # whether it may run at the same time as others of which this is said
    gives_plain: bool = False  # whether its result is known to be plain data
    group: "Group | None" = None  # the calls that it stands for, if it stands for several

    def __repr__(self) -> str:
        if self.group is not None:
            return repr(self.group)
        return f"{self.name} (yield)" if self.kind is Kind.CONTEXT else self.name


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Calls that run at the same time, and calls that must come before them."""

    # Each with the members that are declared before it: where it fails they run nonetheless, because an error of theirs
    # comes first.
    first: tuple[tuple[Call, tuple[Call, ...]], ...]
    branches: tuple[tuple[Call, ...], ...]  # the calls of a branch run one after the other

    def __repr__(self) -> str:
        return in_order([*(call for call, _ in self.first), f"({' | '.join(map(in_order, self.branches))})"])


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What will happen when a request for one operation arrives."""

    operation: Operation
    dependencies: tuple[Call, ...]  # the calls before the endpoint's, in order
    endpoint: Call
    size: int  # how many results the calls leave
    # What to do before any call, which is to read the body; None if nothing of it is needed.
    read: Callable[[Exchange], Awaitable[None]] | None
    shields: bool  # whether clean-up may wait and so must be shielded from cancellation
    has_exits: bool  # whether there are generators to resume
    has_function_exits: bool  # whether there are some to resume before the answer is sent
    occurrences: tuple[int, ...]  # the slots in the order in which the tree names them, repetitions included

    @property
    def outline(self) -> str:
        """The calls in order: `get_db (yield) → (user | settings) → read_item`."""
        return in_order([*self.dependencies, self.endpoint])

    def __repr__(self) -> str:
        return f"{'/'.join(self.operation.methods) or 'WebSocket'} {self.operation.path}: {self.outline}"


def in_order(calls: Iterable[Call | str]) -> str:
    """Calls as text, in the order in which they run."""
    return " → ".join(map(str, calls))


def build_tree(operation: Operation, overrides: Overrides | None = None) -> Node:
    """The tree of an operation's callables: what describing needs, and the first half of planning."""
    if overrides:
        verify_overrides(overrides, operation.conventions)
    return grow_tree(
        operation.declaration, operation.dependencies, operation.path_names, operation.conventions, overrides
    )


def verify_overrides(overrides: Overrides, conventions: Conventions) -> None:
    """Refuse overrides that cannot be called, and those of what nothing can depend on."""
    pairs: Any = overrides.items()  # an author may have put anything there
    for original, replacement in pairs:
        if not callable(original):
            if conventions.checks_parameters:
                raise declaration_error(
                    f"the key {original!r} is no dependency, so nothing is overridden.",
                    hint="The keys are the functions that Depends() is given, not their names.",
                    chain=("dependency_overrides",),
                )
        elif not callable(replacement):
            name = name_of(original)
            raise declaration_error(
                f"the override of {name}() must be a function, not {replacement!r}.",
                hint=f"Give the function without calling it: app.dependency_overrides[{name}] = function.",
                where=where(original),
                chain=("dependency_overrides",),
                also=TypeError,
            )


def build_plan(operation: Operation, overrides: Overrides | None = None) -> Plan:
    """The plan of an operation, in which overrides run in the place of the dependencies that are their keys."""
    try:
        return plan_calls(operation, overrides)
    except DeclarationError as error:
        error.add_step(operation.context.get("path", operation.path))
        raise


def plan_calls(operation: Operation, overrides: Overrides | None) -> Plan:
    tree = build_tree(operation, overrides)
    nodes, slot_of = number(tree)
    refuse_undefined(nodes)
    body = build_body([entry for node in nodes for entry in node.inputs], operation)
    # A WebSocket has no body to read: what is declared of one is missing, and its default counts.
    has_body = bool(operation.methods)
    kind = RequestValidationError if has_body else WebSocketRequestValidationError
    refusal = partial(kind, endpoint_ctx=operation.context)
    calls: list[Call] = []
    for node in nodes:
        calls.append(build_call(node, slot_of, body, calls, refusal, collects=has_body))
    contexts = [node.function for node in nodes if node.kind is Kind.CONTEXT]
    return Plan(
        operation=operation,
        dependencies=tuple(calls[:-1]),
        endpoint=calls[-1],
        size=len(calls),
        read=body.read if body is not None and has_body else None,
        shields=any(map(awaits, contexts)),
        has_exits=bool(contexts),
        has_function_exits=any(call.kind is Kind.CONTEXT and call.scope == "function" for call in calls),
        occurrences=tuple(slot_of[id(node)] for node in tree.walk()),
    )


def refuse_undefined(nodes: Sequence[Node]) -> None:
    """Refuse inputs whose types are still not known: nobody can tell where their values come from."""
    for node in nodes:
        for entry in node.inputs if node.declaration.missing else ():
            for name in missing_names(entry.annotation):
                raise undefined_name(name, f"the type of parameter {entry.name!r}", node.declaration.where)


def number(tree: Node) -> tuple[list[Node], dict[int, int]]:
    """The nodes that are really called, and for every node of the tree, by its id, the slot of its result.

    Nodes that share a cached result share a slot. They are told apart by identity: the same dependency may stand in
    several places of the tree. What a cached node asks for is visited again: a dependency that is not to be cached is
    called once for each who asks.
    """
    nodes: list[Node] = []
    slot_of: dict[int, int] = {}
    cached: dict[Hashable, int] = {}

    def visit(node: Node, name: str | None) -> None:
        for receiver, child in node.children:
            visit(child, receiver)
        # Nobody receives the result of what `dependencies=[...]` adds: to compute it twice would be for nothing.
        shares = node.depends is not None and (node.depends.use_cache or name is None)
        slot = cached.get(node.cache_key) if shares else None
        if slot is None:
            slot = len(nodes)
            nodes.append(node)
            cached.setdefault(node.cache_key, slot)
        slot_of[id(node)] = slot

    visit(tree, None)
    return nodes, slot_of


def build_call(
    node: Node,
    slot_of: dict[int, int],
    body: Body | None,
    earlier: Sequence[Call],
    refusal: Refusal,
    *,
    collects: bool,
) -> Call:
    """The call of a node; those of its dependencies are among the earlier ones, each at its slot.

    Parameters:
        refusal: what is raised where a model's own validators refuse its values.
        collects: whether it may take its share of a request's body.
    """
    inputs = sorted(node.inputs, key=lambda entry: ORDER[entry.location])
    beside_body = [entry for entry in inputs if not entry.in_body]
    collect = body.collector(inputs) if body is not None and collects else None
    in_members = body is not None and body.has_members(inputs)
    schemas = schemas_of(inputs, node.declaration.where)
    check = build_check(inputs, schemas, named_members=in_members) if inputs else None
    locations = {} if check is None else {name: place.location for name, place in check.places.items()}
    function, kind = adapt(node.declaration, node.kind, locations, refusal), node.kind
    if node.depends is not None and node.depends.capacity is not None:
        function, kind = limited(function, kind, node.depends.capacity)
    slot = slot_of[id(node)]
    reader = Reader(beside_body) if beside_body else None
    needs = tuple((name, slot_of[id(child)]) for name, child in node.children if name is not None)
    injected = tuple(
        (source.name, injector(source, node, is_request=collects))
        for source in node.sources
        # Of an object that this kind of connection has not, the parameter's own default counts.
        if isinstance(source, Injected) and (exists(source, is_request=collects) or not source.has_default)
    )
    # A function that runs inline returns its arguments and constants, and containers of them.
    gives_plain = (
        kind is Kind.INLINE
        and returns_arguments(node.function)
        and not injected
        and all(earlier[source].gives_plain for _, source in needs)
        and all(map(is_plain_schema, schemas.values()))
    )
    return Call(
        function=function,
        name=name_of(node.function),
        kind=kind,
        slot=slot,
        arguments=build_arguments(slot, reader, collect, check, needs, injected),
        needs=needs,
        injected=injected,
        after=tuple(slot_of[id(child)] for _, child in node.children),
        scope=node.scope,
        in_thread=not is_async_generator(node.function),
        concurrent=node.depends is not None and node.depends.concurrent,
        gives_plain=gives_plain,
    )


def injector(source: Injected, node: Node, *, is_request: bool) -> Callable[[Exchange], Any]:
    """What supplies an injected parameter; scopes are known when the plan is built."""
    if not exists(source, is_request=is_request):
        if source.is_optional:
            return lambda exchange: None
        raise absent(source, node, is_request=is_request)
    if source.kind is SecurityScopes:
        scopes = list(node.scopes)
        return lambda exchange: SecurityScopes(scopes=list(scopes))
    return INJECT[source.kind]


def inputs_of(tree: Node) -> Sequence[Input]:
    """Every input of an operation, in the order of calls, each callable once."""
    return [entry for node in number(tree)[0] for entry in node.inputs]
