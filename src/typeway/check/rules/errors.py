"""Find exceptions that leave an endpoint although no handler answers them."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from starlette.exceptions import HTTPException, WebSocketException

from typeway.check.finding import Finding
from typeway.check.read.program import Function
from typeway.check.read.values import Known
from typeway.check.subject import Endpoint, Subject, middleware_of
from typeway.describe.raised import raises_of, read_raise

# Errors about a client's request. Others may be meant to end as a 500, because the client can do nothing about them.
ABOUT_REQUEST: Final = re.compile(
    r"not_?found|missing|unknown|exist|duplicate|conflict|taken|forbidden|denied|permission|unauthori|authentic|credential"
    r"|invalid|validation|expired|exceeded|too_?(many|large)|limit|quota|bad_?request|not_?allowed|rejected|unsupported",
    re.IGNORECASE,
)

# Errors about the server itself, whatever else they are called.
ABOUT_SERVER: Final = re.compile(r"config|setting|internal|server|unexpected|environment", re.IGNORECASE)


class Escape(NamedTuple):
    """An exception of the application's own that can leave a function.

    Parameters:
        kind: its class.
        function: the function that raises it.
        statement: the statement that does.
    """

    kind: type[BaseException]
    function: Function
    statement: ast.Raise


def unhandled_exceptions(subject: Subject) -> Iterator[Finding]:
    """TW017: an error of the application's own that ends as a 500, because no handler answers it."""
    seen: set[ast.AST] = set()
    escapes = Escapes(subject)
    for endpoint in subject.own:
        if endpoint.function is None or not endpoint.methods or is_caught_outside(subject, endpoint):
            continue
        functions = [endpoint.function]
        functions += [
            found
            for node in endpoint.tree.walk()
            if node.depends is not None and (found := subject.program.function(node.function)) is not None
        ]
        for kind, function, statement in (escape for entry in functions for escape in escapes.of(entry)):
            if statement in seen or is_answered(kind, endpoint):
                continue
            seen.add(statement)
            path, line = subject.place(function, statement)
            yield Finding(
                "TW017",
                path,
                line,
                f"{kind.__name__} leaves {endpoint.title}, and no exception handler answers it: "
                "the client gets a 500 without an explanation.",
                f"add `@app.exception_handler({kind.__name__})`, or raise an HTTPException with a status that "
                "`responses` documents.",
            )


def is_caught_outside(subject: Subject, endpoint: Endpoint) -> bool:
    """Whether something around the endpoint answers any exception: a handler, middleware, or a decorator."""
    app = endpoint.application.app
    handlers = getattr(app, "exception_handlers", {})
    if Exception in handlers or 500 in handlers:
        return True
    if any(catches_all(function) for _, function in middleware_of(subject.program, app)):
        return True
    # A wrapper of another package may do anything with what is raised inside it.
    function: Any = endpoint.operation.endpoint
    return hasattr(function, "__wrapped__")


def catches_all(function: Function) -> bool:
    return any(isinstance(node, ast.Try) and node.handlers for node in function.body)


def is_answered(kind: type[BaseException], endpoint: Endpoint) -> bool:
    handlers = getattr(endpoint.application.app, "exception_handlers", {})
    return any(parent in handlers for parent in kind.__mro__)


class Escapes:
    """Which exceptions can leave the application's functions.

    Each goes from the function that raises it to the callers of that function, to theirs, and so on until it is caught.
    Functions may call each other in circles.

    Parameters:
        subject: the application.
    """

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.found: dict[Function, dict[Escape, None]] = {}
        self.callers: dict[Function, list[tuple[ast.Call, Function]]] = {}

    def of(self, function: Function) -> list[Escape]:
        """The exceptions that can leave a function."""
        if function not in self.found:
            leaving = self.read(function)
            while leaving:
                left, escape = leaving.pop()
                if escape not in self.found[left]:
                    self.found[left][escape] = None
                    leaving += [
                        (caller, escape)
                        for call, caller in self.callers.get(left, ())
                        if not is_caught(self.subject, escape.kind, call, caller)
                    ]
        return [*self.found[function]]

    def read(self, start: Function) -> list[tuple[Function, Escape]]:
        """Read a function, and all functions that it calls, unless they have been read.

        Returns:
            The exceptions that leave the functions that were read, as far as they are raised there, or leave functions
            that had been read before.
        """
        leaving: list[tuple[Function, Escape]] = []
        waiting = [start]
        while waiting:
            function = waiting.pop()
            if function in self.found:
                continue
            self.found[function] = {}
            leaving += [(function, escape) for escape in raised_by(self.subject, function)]
            for call, called in self.subject.graph.called_by(function):
                if function.yields or called.yields or (called.is_async and not function.is_awaited(call)):
                    continue
                self.callers.setdefault(called, []).append((call, function))
                known = self.found.get(called, ())
                leaving += [
                    (function, each) for each in known if not is_caught(self.subject, each.kind, call, function)
                ]
                waiting.append(called)
        return leaving


def raised_by(subject: Subject, function: Function) -> Iterator[Escape]:
    """The exceptions that a function raises itself and does not catch, if nothing answers them by itself."""

    def value_of(expression: ast.expr) -> Any:
        value = subject.inference.value(expression, function)
        return value.thing if isinstance(value, Known) else None

    for statement in raises_of(function.node):
        raised = read_raise(statement, value_of)
        if raised is None or not is_about_request(subject, raised.kind):
            continue
        if not is_caught(subject, raised.kind, statement, function):
            yield Escape(raised.kind, function, statement)


def is_about_request(subject: Subject, kind: type[BaseException]) -> bool:
    """Whether an exception is one of the application's own, and about a client's request."""
    if not issubclass(kind, Exception) or issubclass(kind, HTTPException | WebSocketException):
        return False
    if not ABOUT_REQUEST.search(kind.__name__) or ABOUT_SERVER.search(kind.__name__):
        return False
    module = getattr(sys.modules.get(kind.__module__), "__file__", None)
    return module is not None and subject.program.files.file(module) is not None


def is_caught(subject: Subject, kind: type[BaseException], node: ast.AST, function: Function) -> bool:
    """Whether an exception that is raised at some place is caught around it in the same function."""
    inside: ast.AST = node
    for part in function.around(node):
        if isinstance(part, ast.With | ast.AsyncWith) and any(
            may_catch(subject, item, function) for item in part.items
        ):
            return True
        if (
            isinstance(part, ast.Try)
            and inside in part.body
            and any(catches(subject, handler, kind, function) for handler in part.handlers)
        ):
            return True
        inside = part
    return False


def may_catch(subject: Subject, item: ast.withitem, function: Function) -> bool:
    """Whether a context manager may suppress an exception: one of which nothing is known, or the application's own."""
    held = subject.inference.instance(item.context_expr, function)
    if held is None or held.kind is object:
        return True
    return isinstance(held.kind, type) and subject.program.method(held.kind, "__exit__") is not None


def catches(subject: Subject, handler: ast.ExceptHandler, kind: type[BaseException], function: Function) -> bool:
    if handler.type is None:
        return True
    parts = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    for part in parts:
        value = subject.inference.value(part, function)
        caught = value.thing if isinstance(value, Known) else None
        if caught is None or (isinstance(caught, type) and issubclass(kind, caught)):
            return True
    return False
