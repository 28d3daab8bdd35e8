"""Find exceptions that leave an endpoint and that nobody answers."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.exceptions import HTTPException, WebSocketException

from typeway.check.finding import Finding
from typeway.check.reach import calls
from typeway.check.read.program import Function
from typeway.check.read.values import Known
from typeway.check.subject import Endpoint, Subject, middleware_of

# Errors about what a client asked for. Others may be meant to end as a 500: nobody but the server can help it.
ABOUT_REQUEST: Final = re.compile(
    r"not_?found|missing|unknown|exist|duplicate|conflict|taken|forbidden|denied|permission|unauthori|authentic|credential"
    r"|invalid|validation|expired|exceeded|too_?(many|large)|limit|quota|bad_?request|not_?allowed|rejected|unsupported",
    re.IGNORECASE,
)

# How many calls deep an exception is followed.
DEEPEST: Final = 12

# Errors about the server itself, whatever else they are called.
ABOUT_SERVER: Final = re.compile(r"config|setting|internal|server|unexpected|environment", re.IGNORECASE)

Raised = tuple[type[BaseException], Function, ast.Raise]


def unhandled_exceptions(subject: Subject) -> Iterator[Finding]:
    """TW017: an error of the application's own that ends as a 500, because nothing says how to answer it."""
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
        for function in functions:
            for kind, where, node in escapes.of(function):
                if node in seen or is_answered(kind, endpoint):
                    continue
                seen.add(node)
                path, line = subject.place(where, node)
                yield Finding(
                    "TW017",
                    path,
                    line,
                    f"{kind.__name__} leaves {endpoint.title}, and no exception handler answers it: the client gets a bare 500.",
                    f"add @app.exception_handler({kind.__name__}), or raise HTTPException with a status that `responses` documents.",
                )


def is_caught_outside(subject: Subject, endpoint: Endpoint) -> bool:
    """Whether something around the endpoint answers any exception: a handler, middleware, or a decorator."""
    app = endpoint.site.app
    handlers = getattr(app, "exception_handlers", {})
    if Exception in handlers or 500 in handlers:
        return True
    if any(catches_all(function) for _, function in middleware_of(subject.program, app)):
        return True
    # A wrapper of somebody's may do anything with what is raised inside it.
    function: Any = endpoint.operation.endpoint
    return hasattr(function, "__wrapped__")


def catches_all(function: Function) -> bool:
    return any(isinstance(node, ast.Try) and node.handlers for node in function.body)


def is_answered(kind: type[BaseException], endpoint: Endpoint) -> bool:
    handlers = getattr(endpoint.site.app, "exception_handlers", {})
    return any(parent in handlers for parent in kind.__mro__)


@dataclass(eq=False)
class Escapes:
    """Which of the application's own exceptions can leave its functions, each function looked at once.

    Parameters:
        subject: the application.
    """

    subject: Subject
    known: dict[Function, list[Raised]] = field(default_factory=dict)

    def of(self, function: Function, depth: int = 0) -> list[Raised]:
        """The exceptions that can leave a function, with the places where they are raised."""
        if function not in self.known:
            self.known[function] = []  # a function that calls itself adds nothing to what it raises
            self.known[function] = [*self.read(function, depth)]
        return self.known[function]

    def read(self, function: Function, depth: int) -> Iterator[Raised]:
        for node in function.body:
            if isinstance(node, ast.Raise) and node.exc is not None:
                kind = kind_of(self.subject, node.exc, function)
                if kind is not None and not is_caught(self.subject, kind, node, function):
                    yield kind, function, node
        if function.yields or depth == DEEPEST:
            return
        for call, called in calls(self.subject.inference, function):
            if called.yields or (called.is_async and not function.is_awaited(call)):
                continue
            for kind, where, node in self.of(called, depth + 1):
                if not is_caught(self.subject, kind, call, function):
                    yield kind, where, node


def kind_of(subject: Subject, node: ast.expr, function: Function) -> type[BaseException] | None:
    """The class of a raised exception, if the application defines it and nothing answers it by itself."""
    called = node.func if isinstance(node, ast.Call) else node
    value = subject.inference.value(called, function)
    kind = value.thing if isinstance(value, Known) else None
    if (
        not isinstance(kind, type)
        or not issubclass(kind, Exception)
        or issubclass(kind, HTTPException | WebSocketException)
    ):
        return None
    if not ABOUT_REQUEST.search(kind.__name__) or ABOUT_SERVER.search(kind.__name__):
        return None
    module = getattr(sys.modules.get(kind.__module__), "__file__", None)
    return kind if module is not None and subject.program.files.file(module) is not None else None


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
    """Whether a context manager may keep an exception: one of which nothing is known, or the application's own."""
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
