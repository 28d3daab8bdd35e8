"""Find defaults that requests share, and endpoints that do everything themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from typeway.check.finding import Finding
from typeway.check.read.program import Function, inner_of
from typeway.check.read.results import DATABASE, ROUND_TRIPS
from typeway.check.read.values import Method, is_a
from typeway.check.subject import Endpoint, Subject

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
    """TW018: a list, dict or set as a default, which is one object for all calls, and which the function changes."""
    entries = [(endpoint.function, endpoint.title) for endpoint in subject.own if endpoint.function is not None]
    entries += [(function, endpoint.title) for function, (_, endpoint) in subject.dependencies.items()]
    for reached in subject.graph.reach(entries):
        function = reached.function
        for name, (_, default) in function.parameters.items():
            # A name that begins with an underscore says that it is a memory of the function's own.
            if default is None or name.startswith("_") or not is_mutable(default):
                continue
            if not is_changed(name, function, default) or (
                reached.caller is None and is_copied(subject, name, function)
            ):
                continue
            path, line = subject.place(function, default)
            yield Finding(
                "TW018",
                path,
                line,
                f"{function.name}() changes {name}, whose default {ast.unparse(default)} is one object for all calls.",
                f"write `{name}=None` and create a new one inside the function, or copy it before changing it.",
                entry=reached.entry,
                chain=tuple(each.name for each in reached.chain),
            )


def is_mutable(default: ast.expr) -> bool:
    if isinstance(default, ast.Call):
        return isinstance(default.func, ast.Name) and default.func.id in MAKES_MUTABLE
    return isinstance(default, MUTABLE)


def is_copied(subject: Subject, name: str, function: Function) -> bool:
    """Whether only the framework passes a parameter, or leaves it out: it copies the default for each request."""
    calls = subject.inference.index.calls.get(function.node.name, ())
    return all(passes(call, name, function) for call, _ in calls)


def passes(call: ast.Call, name: str, function: Function) -> bool:
    return (
        any(keyword.arg in (name, None) for keyword in call.keywords) or name in function.positional[: len(call.args)]
    )


def is_changed(name: str, function: Function, default: ast.expr) -> bool:
    """Whether a function changes the default of a parameter, and has not put something else there."""
    is_empty = not any(getattr(default, part, ()) for part in ("elts", "keys", "args", "keywords"))
    changes = GROWS if is_empty else GROWS | SHRINKS
    for node in function.body:
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store):
            return False
    for node in function.body:
        match node:
            case ast.Call(func=ast.Attribute(value=held, attr=change)) if change in changes and named(held, name):
                return True
            case ast.Subscript(value=held, ctx=ast.Store()) if named(held, name):
                return True
            case ast.Subscript(value=held, ctx=ast.Del()) if named(held, name) and not is_empty:
                return True
    return False


def named(node: ast.expr, name: str) -> bool:
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
