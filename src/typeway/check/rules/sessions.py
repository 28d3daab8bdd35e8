"""Find sessions that live longer than their request, that nobody closes, and that commit when it is too late."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from typing import Any, Final

from typeway.check.finding import Finding
from typeway.check.read.index import last_name
from typeway.check.read.program import Function
from typeway.check.read.results import CONNECTION, DBAPI_CONNECTION, SESSION
from typeway.check.read.values import Inner, Instance, Known, Method, as_instance, is_a, plain_values, short
from typeway.check.rules.dependencies import after
from typeway.check.subject import Endpoint, Subject
from typeway.plan.tree import Node

# What runs something after the endpoint has returned: in the request, and beside it.
IN_REQUEST: Final = frozenset({"add_task", "BackgroundTask"})
BESIDE: Final = frozenset({"create_task", "ensure_future", "start_soon", "run_coroutine_threadsafe"})
HELD: Final = SESSION | CONNECTION | DBAPI_CONNECTION
BEGINS: Final = frozenset({"begin"})


def sessions_in_background(subject: Subject) -> Iterator[Finding]:
    """TW023: a task that works with the session of the request after the request has ended with it."""
    for endpoint in subject.own:
        for node in endpoint.tree.walk():
            function = subject.receiver(node)
            if function is None:
                continue
            ending = endings(subject, node)
            for call in subject.graph.calls_of(function):
                name = last_name(call.func)
                if name not in IN_REQUEST | BESIDE:
                    continue
                shared = next((held for held in handed(subject, call, function) if held in ending), None)
                if shared is None:
                    continue
                is_beside = name in BESIDE or ending[shared] == "function"
                path, line = subject.place(function, call)
                why = (
                    "the request has closed it by then"
                    if is_beside
                    else "the request keeps its connection and its transaction until the task has ended, unless something "
                    "else closes the session first, such as middleware: then the task opens another transaction"
                )
                yield Finding(
                    "TW023",
                    path,
                    line,
                    f"a task that runs after {endpoint.title} has answered works with {shared}, the session of the request: "
                    f"{why}.",
                    "pass the ids that the task needs, and open a session of its own in the task.",
                    "high" if is_beside else "medium",
                    endpoint.title,
                    (function.name,),
                )


def endings(subject: Subject, node: Node) -> dict[str, str]:
    """The parameters of a function that dependencies fill which clean up, each with when they do."""
    return {
        name: child.scope or "request"
        for name, child in node.children
        if name is not None and any(each.kind.name == "CONTEXT" for each in child.walk())
    }


def handed(subject: Subject, call: ast.Call, function: Function) -> Iterator[str]:
    """The parameters of a function that hold a session and that a task is given, in whatever way."""
    for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
        for part in ast.walk(argument):
            if isinstance(part, ast.Name) and part.id in function.parameters:
                held = as_instance(subject.inference.value(part, function))
                if holds_session(subject, held):
                    yield part.id
        begun = argument.func if isinstance(argument, ast.Call) else argument
        for value in plain_values(subject.inference.value(begun, function)):
            if isinstance(value, Inner):
                used = {node.id for node in value.function.body if isinstance(node, ast.Name)}
                free = used - value.function.parameters.keys() - value.function.stores.keys()
                for name in sorted(free & function.parameters.keys()):
                    if holds_session(subject, as_instance(subject.inference.name(name, function))):
                        yield name


def holds_session(subject: Subject, held: Instance | None) -> bool:
    """Whether something is a session or connection, or an own object with one in an attribute."""
    if held is None or held.many:
        return False
    if is_a(held.kind, HELD):
        return True
    constructor = subject.program.method(held.kind, "__init__") if isinstance(held.kind, type) else None
    return constructor is not None and any(
        isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and (kept := as_instance(subject.inference.value(node, constructor))) is not None
        and is_a(kept.kind, HELD)
        for node in constructor.body
    )


def unclosed_sessions(subject: Subject) -> Iterator[Finding]:
    """TW026: a dependency that opens a session and returns it, so that nobody closes it."""
    seen: set[object] = set()
    for endpoint in subject.own:
        for node in endpoint.tree.walk():
            made: Any = node.function
            if node.depends is None or is_closed(subject, endpoint, node):
                continue
            function = subject.program.function(made)
            opened = opened_by(subject, function) if function is not None else None
            place = subject.place(function, opened) if function is not None and opened is not None else None
            if function is None and makes_session(made):
                place = (str(endpoint.function.file.path), endpoint.line) if endpoint.function is not None else None
            if place is None or place in seen:
                continue
            seen.add(place)
            name = getattr(made, "__name__", "") or short(type(made))
            yield Finding(
                "TW026",
                *place,
                f"{name}() opens a session for {endpoint.title} that nobody closes: its connection goes back to the pool "
                "only when the garbage collector finds it.",
                "yield it: `with make_session() as session: yield session`.",
                "high",
                endpoint.title,
            )


def makes_session(made: Any) -> bool:
    """Whether a dependency that is not own code is a session factory: `Depends(SessionLocal)`."""
    kind = inspect.getattr_static(made, "class_", None)
    return isinstance(kind, type) and is_a(kind, SESSION)


def opened_by(subject: Subject, function: Function) -> ast.AST | None:
    """The call that opens the session which a function returns."""
    if function.yields:
        return None
    for node in function.body:
        if not isinstance(node, ast.Return) or node.value is None:
            continue
        value = node.value.value if isinstance(node.value, ast.Await) else node.value
        if isinstance(value, ast.Name):
            value = next((given for name, given in assignments(function) if name == value.id), value)
        held = as_instance(subject.inference.value(value, function))
        if (
            isinstance(value, ast.Call)
            and held is not None
            and is_a(held.kind, HELD)
            and opens(subject, value, function)
        ):
            return value
    return None


def assignments(function: Function) -> Iterator[tuple[str, ast.expr]]:
    for node in function.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node.value


def opens(subject: Subject, call: ast.Call, function: Function) -> bool:
    """Whether a call makes a new session: it calls a class or a factory, and not a registry or another own function."""
    for value in plain_values(subject.inference.value(call.func, function)):
        match value:
            case Known(thing) if isinstance(thing, type) or makes_session(thing):
                return "scoped" not in type(thing).__name__
            case Method(_, name):
                return name in ("connect", "begin", "raw_connection")
            case Known(thing):
                return last_name(call.func) == "connect" and subject.program.function(thing) is None
    return False


def is_closed(subject: Subject, endpoint: Endpoint, opener: Node) -> bool:
    """Whether a function that receives a session closes it."""
    for node in endpoint.tree.walk():
        function = subject.receiver(node)
        for name, child in node.children:
            if (
                child.function is opener.function
                and name is not None
                and function is not None
                and closes(name, function)
            ):
                return True
    return False


def closes(name: str, function: Function) -> bool:
    for node in function.body:
        match node:
            case ast.withitem(context_expr=ast.Name(id=used)) if used == name:
                return True
            case ast.Attribute(value=ast.Name(id=used), attr="close" | "aclose") if used == name:
                return True
            case ast.Call(func=func, args=[ast.Name(id=used), *_]) if used == name and last_name(func) in (
                "closing",
                "aclosing",
            ):
                return True
    return False


def late_commits(subject: Subject) -> Iterator[Finding]:
    """TW027: a commit after the `yield` of a dependency, which runs when the client already has its answer."""
    for function, (node, endpoint) in subject.dependencies.items():
        if node.scope == "function":
            continue
        for place in function.yields:
            later = [*after(place, function), *after_success(place, function)]
            commit = next(filter(None, (commit_in(subject, statement, function) for statement in later)), None)
            begun = None if commit is not None else begins_around(subject, place, function)
            found = commit or begun
            if found is None:
                continue
            path, line = subject.place(function, found)
            yield Finding(
                "TW027",
                path,
                line,
                f"{function.name}() commits after the answer of {endpoint.title} has been sent: if the commit fails, the "
                "client has been told that it did not, and the next request may not see what was written.",
                'commit in the endpoint or its service, or declare `Depends(..., scope="function")`, which ends before the '
                "response is sent.",
                "high" if commit is not None else "medium",
                endpoint.title,
                (function.name,),
            )


def after_success(place: ast.AST, function: Function) -> Iterator[ast.stmt]:
    """The `else` blocks of the `try` statements around a yield."""
    inside = place
    for part in function.around(place):
        if isinstance(part, ast.Try) and inside in part.body:
            yield from part.orelse
        inside = part


def commit_in(subject: Subject, statement: ast.stmt, function: Function) -> ast.AST | None:
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit":
            held = as_instance(subject.inference.value(node.func.value, function))
            if held is not None and is_a(held.kind, HELD):
                return node
    return None


def begins_around(subject: Subject, place: ast.AST, function: Function) -> ast.AST | None:
    """The `with session.begin():` around a yield, which commits when it ends."""
    for part in function.around(place):
        if isinstance(part, ast.With | ast.AsyncWith):
            for item in part.items:
                call = item.context_expr
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in BEGINS:
                    held = as_instance(subject.inference.value(call.func.value, function))
                    if held is not None and (is_a(held.kind, HELD) or "sessionmaker" in short(held.kind)):
                        return call
    return None
