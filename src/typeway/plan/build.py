"""Turn an operation into its plan: ordered calls, one validator per callable, one way to read the body."""

from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
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
from typeway.declare.options import ParameterLimits
from typeway.declare.scope import where
from typeway.declare.signature import name_of, undefined_name
from typeway.decoders import AROUND
from typeway.exceptions import (
    DeclarationError,
    RequestValidationError,
    ValidationException,
    WebSocketRequestValidationError,
    declaration_error,
)
from typeway.plan.adapt import adapt
from typeway.plan.arguments import Arguments, build_arguments
from typeway.plan.body import Body, Bound, build_body
from typeway.plan.calls import Kind, awaits, is_async_generator, limited
from typeway.plan.checks import build_check, schemas_of
from typeway.plan.exchange import Exchange
from typeway.plan.inputs import Hide, hider
from typeway.plan.nonblocking import cannot_wait, returns_arguments
from typeway.plan.plain import is_plain_schema
from typeway.plan.sources import ParameterBounds, Reader
from typeway.plan.tree import Node, Overrides, grow_tree
from typeway.plan.verify import absent, exists
from typeway.types import Scope

FAILED: Final = object()

# Makes the exception for invalid input from the errors, and from the body as handlers see it.
Refuse = Callable[[list[dict[str, Any]], Any, Scope], ValidationException]

# Objects through which a function can read the body.
READERS: Final = frozenset({Request, HTTPConnection})

# An endpoint may still be at work for the last message of a client that has left at once, so it gets some seconds.
SOCKET_PATIENCE: Final = 10.0

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
    name: str  # the name of the author's function
    kind: Kind  # how to call it
    slot: int  # the index of its result in the results
    arguments: Arguments  # computes its keyword arguments
    needs: tuple[tuple[str, int], ...]  # parameters that receive results of other calls, with their slots
    injected: tuple[tuple[str, Callable[[Exchange], Any]], ...]  # parameters that receive objects of the request
    after: tuple[int, ...]  # the slots of its dependencies; it is not called if one of them has failed
    scope: Lifetime | None  # when a generator is resumed
    in_thread: bool  # whether a generator runs in threads, which cancellation does not interrupt
    concurrent: bool = False  # whether it may run at the same time as other such calls
    waits_for_thread: bool = False  # whether entering a generator waits for a thread of the pool, and for nothing else
    gives_plain: bool = False  # whether its result is known to be plain data
    group: "Group | None" = None  # the calls in its place, if it is the call for a group

    def __repr__(self) -> str:
        if self.group is not None:
            return repr(self.group)
        return f"{self.name} (yield)" if self.kind is Kind.CONTEXT else self.name


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Calls that run at the same time, and calls that run before them."""

    # Each with the members that are declared before it: these run even if it fails, because their errors come first.
    first: tuple[tuple[Call, tuple[Call, ...]], ...]
    branches: tuple[tuple[Call, ...], ...]  # the calls of one branch run one after the other

    def __repr__(self) -> str:
        return in_order([*(call for call, _ in self.first), f"({' | '.join(map(in_order, self.branches))})"])


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Everything that serves a request for one operation."""

    operation: Operation
    dependencies: tuple[Call, ...]  # the calls before the endpoint, in order
    endpoint: Call
    size: int  # the number of results
    read: Callable[[Exchange], Awaitable[None]] | None  # reads the body; None if it is not needed
    takes_body: bool  # whether a limit of the body is applied around the plan
    shields: bool  # whether clean-up may wait, and so must be shielded from cancellation
    has_function_exits: bool  # whether generators are resumed before the response is sent
    # Whether something is around the calls: generators to resume, policies, a watch for clients that leave.
    is_wrapped: bool
    keys: tuple[tuple[Any, int], ...]  # the policies that need the result of a dependency, with its slot
    occurrences: tuple[int, ...]  # the slots in the order of the tree, with repetitions
    refuse: Refuse  # makes the exception for invalid input
    patience: float | None = None  # how many seconds after its client has left a request is cancelled; None: never
    guard: Any = None  # what applies the policies around the calls, if there are some
    # Whether, once the body is there, it provably neither waits nor runs code that could ask for its task.
    is_prompt: bool = False

    @property
    def first(self) -> int:
        """How many calls come before the body is read, because policies need their results."""
        return 1 + max((slot for _, slot in self.keys), default=-1)

    @property
    def outline(self) -> str:
        """The calls in order, for example `get_db (yield) → (user | settings) → read_item`."""
        return in_order([*self.dependencies, self.endpoint])

    def __repr__(self) -> str:
        return f"{'/'.join(self.operation.methods) or 'WebSocket'} {self.operation.path}: {self.outline}"


def in_order(calls: Iterable[Call | str]) -> str:
    """Return calls as text, in the order in which they run."""
    return " → ".join(map(str, calls))


def build_tree(operation: Operation, overrides: Overrides | None = None) -> Node:
    """Return the tree of an operation's callables, from which plans and descriptions are made."""
    if overrides:
        verify_overrides(overrides, operation.conventions)
    if operation.own_tree is not None:
        changed: Node = operation.own_tree(overrides)
        return changed
    return grow_tree(
        operation.declaration, operation.dependencies, operation.path_names, operation.conventions, overrides
    )


def verify_overrides(overrides: Overrides, conventions: Conventions) -> None:
    """Raise an error for overrides that cannot be called, and for keys that cannot be dependencies."""
    pairs: Any = overrides.items()  # the mapping may contain anything
    for original, replacement in pairs:
        if not callable(original):
            if conventions.checks_parameters:
                raise declaration_error(
                    f"the key {original!r} is not a dependency, so nothing is overridden.",
                    hint="The keys are the functions that are given to Depends(), not their names.",
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


def build_plan(operation: Operation, overrides: Overrides | None = None, bound: Bound | None = None) -> Plan:
    """Return the plan of an operation.

    Parameters:
        overrides: replace the dependencies that are their keys.
        bound: applies the default limit of a body to what the plan reads, so that no layer around the plan has to do it.
    """
    try:
        return plan_calls(operation, overrides, bound)
    except DeclarationError as error:
        error.add_step(operation.context.get("path", operation.path))
        raise


def plan_calls(operation: Operation, overrides: Overrides | None, bound: Bound | None) -> Plan:
    tree = build_tree(operation, overrides)
    nodes, slot_of = number(tree)
    refuse_undefined(nodes)
    # A WebSocket has no body: inputs of a body are missing, and get their defaults.
    has_body = bool(operation.methods)
    inputs = [entry for node in nodes for entry in node.inputs]
    body = build_body(inputs, operation, bound if bounds_itself(operation, nodes) else None)
    refuse = build_refuse(operation, inputs)
    default = operation.conventions.limits.under({}, *ParameterLimits.__annotations__)
    bounds = ParameterBounds(operation.parameter_limits, default)
    calls: list[Call] = []
    strict = operation.conventions.checks_parameters
    for node in nodes:
        calls.append(build_call(node, slot_of, body, calls, refuse, bounds, collects=has_body, strict=strict))
    contexts = [node.function for node in nodes if node.kind is Kind.CONTEXT]
    patience = patience_of(operation)
    keys = keys_of(operation, tree, slot_of)
    refuse_bodies(nodes[: 1 + max((slot for _, slot in keys), default=-1)])
    return Plan(
        operation=operation,
        dependencies=tuple(calls[:-1]),
        endpoint=calls[-1],
        size=len(calls),
        read=None if body is None or not has_body else body.read_form if body.is_form else body.read,
        takes_body=has_body and is_limited_around(operation, nodes, body),
        shields=any(map(awaits, contexts)),
        is_wrapped=bool(contexts) or patience is not None,
        keys=keys,
        has_function_exits=any(call.kind is Kind.CONTEXT and call.scope == "function" for call in calls),
        occurrences=tuple(slot_of[id(node)] for node in tree.walk()),
        refuse=refuse,
        patience=patience,
    )


def bounds_itself(operation: Operation, nodes: Sequence[Node]) -> bool:
    """Whether only the plan reads the body, before its endpoint runs, so that it can apply the default limit."""
    conventions = operation.conventions
    if operation.max_body_size is not None or conventions.limits.max_body_size is None:
        return False
    reads_first = bool(operation.policies) or patience_of(operation) is not None
    return conventions.limits_before_endpoint and not reads_first and not injects_reader(nodes)


def injects_reader(nodes: Sequence[Node]) -> bool:
    """Whether a function gets an object through which it can read the body."""
    return any(isinstance(source, Injected) and source.kind in READERS for node in nodes for source in node.sources)


def is_limited_around(operation: Operation, nodes: Sequence[Node], body: Body | None) -> bool:
    """Whether a limit of the body is applied around the plan: it was set, or the default counts for a form or a Request."""
    if operation.max_body_size is not None:
        return True
    if operation.conventions.limits.max_body_size is None:
        return False
    return injects_reader(nodes) or (body is not None and (body.is_form or body.bound is None))


def keys_of(operation: Operation, tree: Node, slot_of: dict[int, int]) -> tuple[tuple[Any, int], ...]:
    """Return the policies that need the result of a dependency, each with its slot."""
    by_original = {id(child.original): slot_of[id(child)] for receiver, child in tree.children if receiver is None}
    asking = [policy for policy in operation.policies if policy.key_dependency is not None]
    return tuple((policy, by_original[id(policy.key_dependency.dependency)]) for policy in asking)


def refuse_bodies(nodes: Sequence[Node]) -> None:
    """Raise an error for a dependency on which a policy depends and that reads the body, which is not there yet."""
    for node in nodes:
        if any(entry.in_body for entry in node.inputs):
            raise declaration_error(
                f"{name_of(node.function)}() reads the body, and a policy needs its result before the body is read.",
                hint="Give the policy a key that is in the path, the query or the headers.",
                where=node.declaration.where,
            )


def build_refuse(operation: Operation, inputs: Sequence[Input]) -> Refuse:
    """Return the function that makes the exception for invalid input, within the limits of errors."""
    kind = RequestValidationError if operation.methods else WebSocketRequestValidationError
    conventions, context = operation.conventions, operation.context
    hide: Hide = hider(inputs) if conventions.hides_inputs else list
    default = conventions.limits.under({}, "max_errors")

    def refuse(errors: list[dict[str, Any]], body: Any, scope: Scope) -> ValidationException:
        around = scope.get(AROUND, {}).get("error_limits", {})
        limits = {**default, **around, **operation.error_limits}
        most = limits.get("max_errors")
        omitted = 0 if most is None else max(len(errors) - most, 0)
        listed = errors[:most] if omitted else errors
        return kind(
            hide(listed),
            body=body,
            endpoint_ctx=context,
            omitted=omitted,
            max_size=limits.get("max_size"),
        )

    return refuse


def patience_of(operation: Operation) -> float | None:
    """Return how many seconds after its client has left a request is cancelled; None if it is not."""
    given = operation.cancel_on_disconnect
    if given is None:
        is_socket = not operation.methods
        return SOCKET_PATIENCE if is_socket and operation.conventions.cancels_abandoned else None
    return None if given is False else 0 if given is True else given


def refuse_undefined(nodes: Sequence[Node]) -> None:
    """Raise an error for inputs with an undefined name in their type."""
    for node in nodes:
        for entry in node.inputs if node.declaration.missing else ():
            for name in missing_names(entry.annotation):
                raise undefined_name(name, f"the type of parameter {entry.name!r}", node.declaration)


def number(tree: Node) -> tuple[list[Node], dict[int, int]]:
    """Return the nodes that are called, and the slot of the result of every node, by the id of the node.

    Nodes that share a cached result share a slot. The same dependency may be several nodes of the tree, so they are
    identified by their ids. The children of a cached node are visited again, because dependencies without a cache are
    called once for each node that needs them.
    """
    nodes: list[Node] = []
    slot_of: dict[int, int] = {}
    cached: dict[Hashable, int] = {}

    def visit(node: Node, name: str | None) -> None:
        for receiver, child in node.children:
            visit(child, receiver)
        # The results of `dependencies=[...]` are not used, so they are never computed twice.
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
    refuse: Refuse,
    bounds: ParameterBounds,
    *,
    collects: bool,
    strict: bool,
) -> Call:
    """Return the call of a node.

    Parameters:
        earlier: the calls before it, each at the index of its slot.
        refuse: makes the exception for values that the validators of a model refuse.
        bounds: how many query parameters, headers and cookies may be read.
        collects: whether it may read values from the body of a request.
        strict: whether to refuse a parameter whose object does not exist for this kind of connection. FastAPI does not
            pass it: dishka's endpoints declare a Request and a WebSocket, and take what there is.
    """
    inputs = sorted(node.inputs, key=lambda entry: ORDER[entry.location])
    beside_body = [entry for entry in inputs if not entry.in_body]
    collect = body.collector(inputs) if body is not None and collects else None
    in_members = body is not None and body.has_members(inputs)
    schemas = schemas_of(inputs, node.declaration.where)
    exact = body is not None and body.exact
    is_bounded = bool(bounds.given or bounds.default)
    check = build_check(inputs, schemas, named_members=in_members, bounds=is_bounded, exact=exact) if inputs else None
    locations = {} if check is None else {name: place.location for name, place in check.places.items()}
    function, kind = adapt(node.declaration, node.kind, locations, lambda errors: refuse(errors, None, {})), node.kind
    if node.depends is not None and node.depends.capacity is not None:
        function, kind = limited(function, kind, node.depends.capacity)
    slot = slot_of[id(node)]
    reader = Reader(beside_body, bounds) if beside_body else None
    needs = tuple((name, slot_of[id(child)]) for name, child in node.children if name is not None)
    injected = tuple(
        (source.name, injector(source, node, is_request=collects))
        for source in node.sources
        # If this kind of connection does not have the object, the parameter keeps its default.
        if isinstance(source, Injected)
        and (exists(source, is_request=collects) or (not source.has_default and (strict or source.is_optional)))
    )
    # A function that provably does nothing else returns only its arguments, constants, and containers of them.
    gives_plain = (
        (kind is Kind.INLINE or (kind is Kind.ASYNC and function is node.function and cannot_wait(node.function)))
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
        # With a limit it may wait for others of its kind, and a thread that it held meanwhile would be missed there.
        waits_for_thread=kind is Kind.CONTEXT
        and not is_async_generator(node.function)
        and (node.depends is None or node.depends.capacity is None),
        concurrent=node.depends is not None and node.depends.concurrent,
        gives_plain=gives_plain,
    )


def injector(source: Injected, node: Node, *, is_request: bool) -> Callable[[Exchange], Any]:
    """Return the function that supplies an injected parameter; security scopes are known when the plan is built."""
    if not exists(source, is_request=is_request):
        if source.is_optional:
            return lambda exchange: None
        raise absent(source, node, is_request=is_request)
    if source.kind is SecurityScopes:
        scopes = list(node.scopes)
        return lambda exchange: SecurityScopes(scopes=list(scopes))
    return INJECT[source.kind]


def inputs_of(tree: Node) -> Sequence[Input]:
    """Return every input of an operation, in the order of calls, each callable once."""
    return [entry for node in number(tree)[0] for entry in node.inputs]
