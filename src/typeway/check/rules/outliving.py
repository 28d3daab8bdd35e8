"""Find what outlives the dependencies that it was made with."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from starlette.applications import Starlette

from typeway.check.rules.closing import read_after_a_with, streams
from typeway.check.rules.sessions import endings, held_endings
from typeway.evidence.finding import Finding
from typeway.evidence.holders import arguments_of, carried, kept
from typeway.evidence.subject import Subject
from typeway.source.program import Function
from typeway.source.values import Held, Known, as_instance, is_a


def outliving_dependencies(subject: Subject) -> Iterator[Finding]:
    """TW014: what is kept or read when the dependency that it needs has cleaned up."""
    yield from kept_for_later_requests(subject)
    yield from read_after_the_end(subject)
    yield from read_after_a_with(subject)


def kept_for_later_requests(subject: Subject) -> Iterator[Finding]:
    for function, (node, endpoint) in subject.dependencies.items():
        given = endings(node)
        for statement in function.body if given else ():
            if not isinstance(statement, ast.Assign) or is_reset(statement, function):
                continue
            lasting = next((each for each in statement.targets if lasts(subject, each, function)), None)
            name = next((each for each in taken(subject, statement.value, function) if each in given), None)
            if lasting is not None and name is not None:
                path, line = subject.place(function, statement)
                yield Finding(
                    "TW014",
                    path,
                    line,
                    f"{function.name}() keeps {name} of the first request in {ast.unparse(lasting)}: when that request ends, its "
                    f"dependency cleans up, and the next ones work with what is closed; {endpoint.title} depends on it.",
                    "make a new object for each request, or make it in the lifespan from what lives as long as the application.",
                    "high",
                    endpoint.title,
                    (function.name,),
                )


def lasts(subject: Subject, target: ast.expr, function: Function) -> bool:
    """Whether what is assigned lives on after the request: in a global, a class, a module's object, the application's state."""
    match target:
        case ast.Name(id=name):
            return name in function.foreign
        case ast.Attribute(value=ast.Attribute(attr="state", value=app)):
            held = as_instance(subject.inference.value(app, function))
            is_app = held is not None and isinstance(held.kind, type) and issubclass(held.kind, Starlette)
            return is_app or getattr(app, "attr", "") == "app"
        case ast.Attribute(value=base) | ast.Subscript(value=base, slice=ast.Constant()):
            value = subject.inference.value(base, function)
            if isinstance(value, Held):
                return isinstance(base, ast.Name) and not {base.id} & {*function.stores, *function.parameters}
            return isinstance(value, Known) and not is_a(type(value.thing), {"_thread._local"})
    return False


def taken(subject: Subject, node: ast.expr, function: Function) -> Iterator[str]:
    """The parameters of a function that an expression is, or that an object keeps which it makes."""
    match node:
        case ast.Name(id=name) if name in function.parameters:
            yield name
        case ast.BoolOp(values=values):
            for each in values:
                yield from taken(subject, each, function)
        case ast.Name(id=name):
            for made in function.assigned.get(name, ()):
                if isinstance(made, ast.Call):
                    yield from taken(subject, made, function)
        case ast.Call(func=called):
            value = subject.inference.value(called, function)
            if isinstance(value, Known) and isinstance(value.thing, type):
                passed, kind = arguments_of(subject, node, value.thing), value.thing
                for parameter in {*kept(subject, kind).values(), *stored(subject, kind)} & passed.keys():
                    yield from taken(subject, passed[parameter], function)


def stored(subject: Subject, kind: type[Any]) -> Iterator[str]:
    """The parameters that a constructor keeps as they are."""
    constructor = subject.program.method(kind, "__init__")
    for node in constructor.body if constructor is not None else ():
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Attribute)
            and isinstance(node.value, ast.Name)
        ):
            yield node.value.id


def is_reset(statement: ast.Assign, function: Function) -> bool:
    """Whether the same function takes away again what it has assigned."""
    targets = {ast.unparse(target) for target in statement.targets}
    return any(
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and targets & {ast.unparse(target) for target in node.targets}
        for node in function.body
    )


def read_after_the_end(subject: Subject) -> Iterator[Finding]:
    """What a streamed response reads when a dependency of `scope="function"` has ended."""
    for endpoint in subject.own:
        ended = {
            name
            for name, child in endpoint.tree.children
            if name is not None
            and any(each.kind.name == "CONTEXT" and each.scope == "function" for each in child.walk())
        }
        function = endpoint.function
        ended &= {*held_endings(subject, endpoint.tree, function)} if function is not None else set()
        if function is None or not ended:
            continue
        for call, content in streams(subject, function):
            for name in [*carried(subject, content, function, ended)][:1]:
                yield from endpoint.found(
                    "TW014",
                    f"the response of {endpoint.title} is read from {name} after the endpoint has returned, when the "
                    'dependency with scope="function" has already cleaned up.',
                    'leave out `scope="function"`, so that it lives as long as the response, or open it in the generator.',
                    call.lineno,
                )
