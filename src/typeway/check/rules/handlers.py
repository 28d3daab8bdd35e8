"""Find defaults that requests share, and endpoints that do everything themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from typeway.check.rules.shared import is_empty, shared_attributes
from typeway.evidence.finding import Finding
from typeway.evidence.subject import Endpoint, Subject
from typeway.source.arrivals import leads_to
from typeway.source.asking import is_exactly
from typeway.source.empty import NOTHING, WhileEmpty
from typeway.source.program import Function, inner_of
from typeway.source.reach import Reached
from typeway.source.results import DATABASE, ROUND_TRIPS
from typeway.source.values import Known, Method, is_a, short

MUTABLE: Final = (ast.List, ast.Dict, ast.Set)
MAKES_MUTABLE: Final = frozenset({"list", "dict", "set", "defaultdict", "deque", "Counter", "OrderedDict"})
GROWS: Final = frozenset({"append", "extend", "insert", "add", "update", "setdefault", "appendleft", "extendleft"})
# What leaves a default alone that is empty.
SHRINKS: Final = frozenset({"pop", "popitem", "remove", "discard", "clear", "sort", "reverse"})

# From here on an endpoint is long, has many branches, and works with the database itself.
MOST_LINES: Final = 40
MOST_BRANCHES: Final = 4
MOST_ROUND_TRIPS: Final = 3
BRANCHES: Final = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.match_case, ast.IfExp)


def mutable_defaults(subject: Subject) -> Iterator[Finding]:
    """TW018: a list, dict or set as a default, of a parameter or in a class, which is one object for all calls that change it."""
    yield from shared_attributes(subject)
    entries = [(endpoint.function, endpoint.title) for endpoint in subject.own if endpoint.function is not None]
    entries += [(function, endpoint.title) for function, (_, endpoint) in subject.dependencies.items()]
    for reached in subject.graph.reach(entries):
        function = reached.function
        for name, (_, default) in function.parameters.items():
            # A name that begins with an underscore says that it is a memory of the function's own.
            if (
                default is None
                or name.startswith("_")
                or not (is_mutable(default) or is_constant(subject, default, function))
            ):
                continue
            is_here = may_change(subject, name, function, default)
            if not (is_here or is_changed_later(subject, name, function, default)) or not is_left_out(
                subject, name, reached
            ):
                continue
            path, line = subject.place(function, default)
            yield Finding(
                "TW018",
                path,
                line,
                f"{function.name if is_here else short(function.owner or object)}() changes {name}, whose default {ast.unparse(default)} is one object for all calls.",
                f"write `{name}=None` and create a new one inside the function, or copy it before changing it.",
                entry=reached.entry,
                chain=tuple(each.name for each in reached.chain),
            )


def is_mutable(default: ast.expr) -> bool:
    if isinstance(default, ast.Call):
        return isinstance(default.func, ast.Name) and default.func.id in MAKES_MUTABLE
    return isinstance(default, MUTABLE)


def is_constant(subject: Subject, default: ast.expr, function: Function) -> bool:
    """Whether a default is a list, dict or set that a module keeps for defaults and nothing else.

    What is empty, or is read by its name too, is there to be filled; so is what has a private name.
    """
    value = subject.inference.value(default, function) if isinstance(default, ast.Name) else None
    if not isinstance(value, Known) or not is_exactly(value.thing, list, dict, set) or not value.thing:
        return False
    name = default.id if isinstance(default, ast.Name) else ""
    others = subject.inference.index.functions
    return not name.startswith("_") and not any(named(node, name) for each in others for node in each.body)


def is_changed_later(subject: Subject, name: str, function: Function, default: ast.expr) -> bool:
    """Whether a constructor keeps the default in its object, of which another method changes it."""
    owner, own = function.owner, function.first
    if owner is None or function.node.name != "__init__":
        return False
    kept = [target.attr for node in function.body if isinstance(node, ast.Assign) and named(node.value, name)
            for target in node.targets if isinstance(target, ast.Attribute) and named(target.value, own)]  # fmt: skip
    methods = [subject.program.method(owner, each) for parent in type.mro(owner)[:-1] for each in vars(parent)]
    return any(
        may_change(subject, f"{method.first}.{attribute}", method, default)
        for method in methods
        if method is not None
        for attribute in kept
    )


def is_left_out(subject: Subject, name: str, reached: Reached) -> bool:
    """Whether a caller leaves a parameter out; the framework may too, but copies the default for each request."""
    function, inference = reached.function, subject.inference
    is_made = function.owner is not None and function.node.name == "__init__"
    calls = inference.index.calls_of(function.owner.__name__ if is_made and function.owner else function.node.name)
    if reached.caller is not None and isinstance(reached.node, ast.Call):
        calls = [*calls, (reached.node, reached.caller.function)]
    found = [call for call, caller in calls if leads_to(inference, call, caller, function)]
    is_passed_on = reached.caller is not None and not found
    return is_passed_on or not all(passes(call, name, function) for call in found)


def passes(call: ast.Call, name: str, function: Function) -> bool:
    return (
        any(keyword.arg in (name, None) for keyword in call.keywords) or name in function.positional[: len(call.args)]
    )


def may_change(subject: Subject, name: str, function: Function, default: ast.expr) -> bool:
    """Whether a function changes a default; of one that is empty only what it does with an empty one counts, as it stays so."""
    changed = changes_of(name, function, default)
    truth = WhileEmpty(subject.inference, function, {name: NOTHING}) if changed and is_empty(default) else None
    return any(truth is None or not truth.is_dead(node) for node in changed)


def changes_of(name: str, function: Function, default: ast.expr) -> list[ast.AST]:
    """Where a function changes a default, which it has under a name or in an attribute, unless it puts something else there."""
    is_own = function.node.name == "__init__" and "." in name  # where the attribute got the default
    for node in function.body:
        if named(node, name) and isinstance(getattr(node, "ctx", None), ast.Store) and not is_own:
            return []
    empty = default if is_empty(default) else None
    return [node for node in function.body if changes(node, name, function, empty)]


def changes(node: ast.AST, name: str, function: Function, empty: ast.expr | None) -> bool:
    """Whether a part of a function changes what has a name, which may be an empty list, dict or set."""
    match node:
        case ast.Call(func=ast.Attribute(value=held, attr=change)) if named(held, name):
            return change in GROWS or (empty is None and change in SHRINKS)
        case ast.Subscript(value=held, slice=item, ctx=ast.Store()) if named(held, name):
            # An item has to be there to be replaced in a list, or to be added to.
            kind = {ast.List: "list", ast.Dict: "dict"}.get(type(empty)) or getattr(
                getattr(empty, "func", None), "id", ""
            )
            needs_one = kind == "list" or (kind == "dict" and isinstance(function.parents.get(node), ast.AugAssign))
            return not needs_one or isinstance(item, ast.Slice)
        case ast.Subscript(value=held, ctx=ast.Del()) if named(held, name):
            return empty is None
    return False


def named(node: ast.AST, name: str) -> bool:
    """Whether an expression is a name, or an attribute of one: `self.found`."""
    if isinstance(node, ast.Attribute):
        return "." in name and isinstance(node.value, ast.Name) and f"{node.value.id}.{node.attr}" == name
    return isinstance(node, ast.Name) and node.id == name


def fat_handlers(subject: Subject) -> Iterator[Finding]:
    """TW019: an endpoint that decides much and works with the database itself, so that only requests can test it."""
    seen: set[ast.AST] = set()
    for endpoint in subject.own:
        function = inside_of(subject, endpoint)
        if function is None or function.node in seen or function.length <= MOST_LINES:
            continue
        seen.add(function.node)
        branches = sum(isinstance(node, BRANCHES) for node in function.body)
        trips = round_trips(subject, function)
        if branches >= MOST_BRANCHES and trips >= MOST_ROUND_TRIPS:
            yield from endpoint.found(
                "TW019",
                f"{function.name}() has {function.length} lines, {branches} branches and {trips} calls of the database: "
                "only requests can test its rules.",
                "move the rules into a function or class that knows nothing of HTTP, and call that.",
                function.node.lineno,
                "medium",
            )


def inside_of(subject: Subject, endpoint: Endpoint) -> Function | None:
    """The endpoint's own code, inside of its decorators."""
    inner = inner_of(endpoint.operation.endpoint)
    return subject.program.source(inner, None) or endpoint.function


def round_trips(subject: Subject, function: Function) -> int:
    """How often a function's own code calls the database."""
    count = 0
    for node in function.body:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ROUND_TRIPS:
            callee = subject.inference.value(node.func, function)
            count += isinstance(callee, Method) and is_a(callee.owner.kind, DATABASE)
    return count
