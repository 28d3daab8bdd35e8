"""Tell what catches an exception: a handler around it, or a context manager."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from contextlib import suppress

from typeway.describe.syntax import executed
from typeway.evidence.subject import Subject
from typeway.source.asking import safely
from typeway.source.program import Function
from typeway.source.reach import is_entered
from typeway.source.values import Known


def is_caught(subject: Subject, kind: type[BaseException], node: ast.AST, function: Function) -> bool:
    """Whether an exception that is raised at some place is caught around it in the same function."""
    around = function.around(node)
    return handler_of(subject, kind, node, function) is not None or is_in_with(subject, kind, around, function)


def handler_of(
    subject: Subject, kind: type[BaseException], node: ast.AST, function: Function
) -> ast.ExceptHandler | None:
    """The handler in the same function that catches an exception that is raised at some place, and keeps it."""
    inside: ast.AST = node
    for part in function.around(node):
        handlers = part.handlers if isinstance(part, ast.Try) and inside in part.body else []
        first = next((each for each in handlers if catches(subject, each, kind, function)), None)
        if first is not None and not hands_on(first):
            return first
        inside = part
    return None


def hands_on(handler: ast.ExceptHandler) -> bool:
    """Whether a handler raises what it has caught again in any case; it may log that, or undo something, before."""
    *before, last = handler.body
    if not isinstance(last, ast.Raise) or (last.exc is not None and getattr(last.exc, "id", "") != handler.name):
        return False
    for node in executed(before):
        match node:
            case ast.Return() | ast.Raise() | ast.Break() | ast.Continue():
                return False
            case ast.Name(id=name, ctx=ast.Store()) if name == handler.name:
                return False
            case ast.Call(func=ast.Name(id=called)) if called != "print":
                return False  # a function that may raise another error in its place
    return True


def is_in_with(subject: Subject, kind: type[BaseException], around: Iterable[ast.AST], function: Function) -> bool:
    """Whether one of some statements is a `with` that may suppress an exception."""
    items = [item for part in around if isinstance(part, ast.With | ast.AsyncWith) for item in part.items]
    return any(may_catch(subject, item, kind, function) for item in items)


def may_catch(subject: Subject, item: ast.withitem, kind: type[BaseException], function: Function) -> bool:
    """Whether a context manager may suppress an exception: one of which nothing is known, or the application's own."""
    manager = manager_of(subject, item, function)
    if manager is not None and handler_of(subject, kind, manager.yields[0], manager) is not None:
        return True
    # Of a generator with a decorator this is what it yields.
    held = subject.inference.instance(item.context_expr, function)
    if held is None or held.kind is object:
        return True
    if held.kind is suppress and isinstance(item.context_expr, ast.Call):
        return any(names(subject, part, kind, function) for part in item.context_expr.args)
    return isinstance(held.kind, type) and subject.program.method(held.kind, "__exit__") is not None


def manager_of(subject: Subject, item: ast.withitem, function: Function) -> Function | None:
    """The own generator with one `yield` that a `with` statement enters."""
    called = item.context_expr.func if isinstance(item.context_expr, ast.Call) else None
    targets = subject.graph.targets(subject.inference.value(called, function)) if called is not None else []
    is_one = len(targets) == 1 and is_entered(targets[0]) and len(targets[0].yields) == 1
    return targets[0] if is_one else None


def catches(subject: Subject, handler: ast.ExceptHandler, kind: type[BaseException], function: Function) -> bool:
    return handler.type is None or names(subject, handler.type, kind, function)


def is_broad(subject: Subject, handler: ast.ExceptHandler, function: Function) -> bool:
    """Whether a handler plainly catches every error, whatever it is."""
    return handler.type is None or names(subject, handler.type, Exception, function, unknown=False)


def names(
    subject: Subject, part: ast.expr, kind: type[BaseException], function: Function, unknown: bool = True
) -> bool:
    """Whether an expression is a class of an exception, or has one in it; `unknown` says it where nothing is known."""
    if isinstance(part, ast.Tuple):
        return any(names(subject, each, kind, function, unknown) for each in part.elts)
    value = subject.inference.value(part, function)
    caught = value.thing if isinstance(value, Known) else None
    if caught is None:
        return unknown
    several = caught if type(caught) is tuple else (caught,)
    return any(safely(issubclass, kind, each) for each in several)
