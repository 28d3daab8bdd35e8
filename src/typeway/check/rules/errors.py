"""Find exceptions that leave an endpoint although no handler answers them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import BaseModel

from typeway.check.finding import Confidence, Finding
from typeway.check.read.program import Function
from typeway.check.rules.escapes import ABOUT_CALLERS, Escape, Escapes, catches, is_caught
from typeway.check.rules.protection import statuses_of
from typeway.check.rules.shapes import models_in
from typeway.check.subject import Endpoint, Subject, middleware_of
from typeway.declare.classify import Input
from typeway.exceptions import HTTPException

# What says of a value more than its type does.
NARROWS: Final = ("ge", "gt", "le", "lt", "multiple_of", "pattern", "func")
# What catches HTTPException with all other errors.
BROAD: Final = frozenset({"Exception", "BaseException"})
# Types of which Pydantic lets through only what is expected.
CLOSED: Final = (Enum, bool)


def unhandled_exceptions(subject: Subject) -> Iterator[Finding]:
    """TW017: an error of the application's own that ends as a 500, because no handler answers it."""
    found: dict[ast.AST, Finding] = {}
    escapes = Escapes(subject)
    for endpoint in subject.own:
        if endpoint.function is None or not endpoint.methods or is_caught_outside(subject, endpoint):
            continue
        functions = [endpoint.function]
        functions += [
            function
            for node in endpoint.tree.walk()
            if node.depends is not None and (function := subject.program.function(node.function)) is not None
        ]
        passed = validating(subject, endpoint)
        for escape in [escape for entry in functions for escape in escapes.of(entry)]:
            kind, statement = escape.kind, escape.statement
            if issubclass(kind, ValueError) and escape.function in passed:
                continue  # what it is raised about has been refused before, with a 422
            is_known = statement in found and found[statement].confidence != "low"
            if is_known or is_answered(subject, kind, endpoint) or not is_from_client(escape, endpoint):
                continue
            sure = sureness(escape, endpoint)
            if sure != "low" and is_answered_elsewhere(subject, escape, functions):
                sure = "low"
            if sure == "low" and (statement in found or not isinstance(statement, ast.Raise)):
                continue
            path, line = subject.place(escape.function, statement)
            found[statement] = Finding(
                "TW017",
                path,
                line,
                f"{kind.__name__} leaves {endpoint.title}, and no exception handler answers it: "
                "the client gets a 500 without an explanation.",
                fix_of(escape),
                sure,
                endpoint.title,
                (endpoint.function.name, escape.function.name),
            )
    yield from found.values()
    yield from swallowed(subject)


def swallowed(subject: Subject) -> Iterator[Finding]:
    """Errors of endpoints, HTTPException too, that a dependency catches at its `yield` and does not raise again."""
    for function in subject.dependencies:
        for place in function.yields:
            handler = swallows(subject, place, function)
            endpoint = answering(subject, function) if handler is not None else None
            if endpoint is not None:
                path, line = subject.place(function, handler)
                yield Finding(
                    "TW017",
                    path,
                    line,
                    f"{function.name}() catches every error of {endpoint.title} and raises none again: the client gets a 500 "
                    "where the endpoint answers with an HTTPException.",
                    "end the `except` block with `raise`.",
                    entry=endpoint.title,
                )


def answering(subject: Subject, dependency: Function) -> Endpoint | None:
    """An endpoint below a dependency that answers with an HTTPException, by itself or in a function that it calls."""
    for endpoint in subject.own:
        below = any(subject.program.function(node.function) is dependency for node in endpoint.tree.walk())
        if endpoint.function is None or not endpoint.methods or not below:
            continue
        for reached in subject.graph.reach([(endpoint.function, endpoint.title)]):
            if any(status is not None for status in statuses_of(subject, reached.function)):
                return endpoint
    return None


def swallows(subject: Subject, place: ast.AST, function: Function) -> ast.AST | None:
    """What keeps every error that is raised at a `yield` from going on."""
    inside = place
    for part in function.around(place):
        handlers = part.handlers if isinstance(part, ast.Try) and inside in part.body else []
        for handler in handlers:
            if catches(subject, handler, HTTPException, function):
                return handler if is_broad(handler) and not raises_in(subject, handler, function) else None
        if isinstance(part, ast.Try) and raises_in(subject, ast.Module(part.finalbody, []), function):
            return None
        inside = part
    return None


def is_broad(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or (isinstance(handler.type, ast.Name) and handler.type.id in BROAD)


def raises_in(subject: Subject, block: ast.AST, function: Function) -> bool:
    """Whether a block of a function, or an own function that it calls, may raise something."""
    parts = [*ast.walk(block)]
    called = [
        target
        for node in parts
        if isinstance(node, ast.Call)
        for target in subject.graph.targets(subject.inference.value(node.func, function))
    ]
    return any(isinstance(node, ast.Raise) for node in [*parts, *(node for each in called for node in each.body)])


def fix_of(escape: Escape) -> str:
    """What to do about an error: where the framework can refuse a value before, it has only to be declared."""
    if isinstance(escape.statement, ast.Call):
        return "declare the parameter as what it is converted to, so that the client gets a 422; or catch the error."
    if isinstance(escape.statement, ast.Subscript):
        return "declare the parameter as a `Literal` or an `Enum`, so that the client gets a 422; or ask before the look-up."
    return (
        f"add `@app.exception_handler({escape.kind.__name__})`, or raise an HTTPException with a status that "
        "`responses` documents."
    )


def is_answered_elsewhere(subject: Subject, escape: Escape, functions: Sequence[Function]) -> bool:
    """Whether the same request has the same function called where its error is caught, so that this may be the second look-up."""
    return any(
        edge.function is escape.function and is_caught(subject, escape.kind, edge.node, reached.function)
        for reached in subject.graph.reach((function, "") for function in functions)
        for edge in subject.graph.edges(reached.function)
    )


def sureness(escape: Escape, endpoint: Endpoint) -> Confidence:
    """How sure it is that a client can bring an error about: it is, if what is asked before is what the client sent."""
    senders = [source for source in inputs_of(endpoint) if escape.sent is None or source.name in escape.sent]
    if escape.sent is not None and not senders and not issubclass(escape.kind, ABOUT_CALLERS):
        return "low"
    if escape.asked is None or isinstance(escape.statement, ast.Raise):
        # What own code asks about a value has nearly always been excluded on the way: a segment of a path has no slash.
        return "high" if escape.asked is None else "low"
    return "medium" if any(not is_narrowed(source) for source in senders) else "low"


def is_narrowed(source: Input) -> bool:
    """Whether the declaration says more of an input, or of a field of it, than its type: a pattern, a range, a validator."""
    return any(getattr(entry, name, None) is not None for entry in declared(source) for name in NARROWS)


def validating(subject: Subject, endpoint: Endpoint) -> set[Function]:
    """The own functions that validate what clients send to an endpoint, and all that they call."""
    found = [getattr(entry, "func", None) for source in inputs_of(endpoint) for entry in declared(source)]
    functions = [subject.program.function(each) for each in found if each is not None]
    return subject.graph.closure(function for function in functions if function is not None)


def declared(source: Input) -> Iterator[Any]:
    """What is declared of an input beside its type, and of the fields of the models in it, those in lists and unions too."""
    yield from [*source.metadata, *getattr(source.marker, "metadata", ())]
    waiting, seen = [source.annotation], set[type[BaseModel]]()
    while waiting:
        annotation = waiting.pop()
        yield from metadata_in(annotation)
        for model in {*models_in(annotation)} - seen:
            seen.add(model)
            decorators = model.__pydantic_decorators__
            yield from [
                *decorators.field_validators.values(),
                *decorators.model_validators.values(),
                *decorators.validators.values(),
            ]
            for field in model.model_fields.values():
                yield from field.metadata
                waiting.append(field.annotation)


def metadata_in(annotation: Any) -> Iterator[Any]:
    """What `Annotated` says anywhere in an annotation."""
    yield from getattr(annotation, "__metadata__", ())
    for part in get_args(annotation):
        yield from metadata_in(part)


def inputs_of(endpoint: Endpoint) -> list[Input]:
    return [source for node in endpoint.tree.walk() for source in node.sources if isinstance(source, Input)]


def is_from_client(escape: Escape, endpoint: Endpoint) -> bool:
    """Whether what is asked before an error is raised is something that a client sends, in whatever form it likes."""
    if escape.asked is None:
        return True
    return any(source.name in escape.asked and not is_closed(source.kind) for source in inputs_of(endpoint))


def is_closed(kind: Any) -> bool:
    return get_origin(kind) is Literal or (isinstance(kind, type) and issubclass(kind, CLOSED))


def is_caught_outside(subject: Subject, endpoint: Endpoint) -> bool:
    """Whether something around the endpoint answers any exception: a handler, middleware, a route class, a decorator."""
    app = endpoint.application.app
    handlers = getattr(app, "exception_handlers", {})
    if Exception in handlers or 500 in handlers:
        return True
    if any(catches_all(function) for _, function in middleware_of(subject.program, app)):
        return True
    for name in ("get_route_handler", "handle"):
        method = subject.program.method(type(endpoint.route), name)
        if method is not None:
            return True
    # A wrapper of another package may do anything with what is raised inside it.
    function: Any = endpoint.operation.endpoint
    return hasattr(function, "__wrapped__")


def catches_all(function: Function) -> bool:
    return any(isinstance(node, ast.Try) and node.handlers for node in function.body)


def is_answered(subject: Subject, kind: type[BaseException], endpoint: Endpoint) -> bool:
    """Whether a handler of the application, or a dependency around the endpoint, answers an exception."""
    handlers = getattr(endpoint.application.app, "exception_handlers", {})
    if any(parent in handlers for parent in kind.__mro__):
        return True
    for node in endpoint.tree.walk():
        function = subject.program.function(node.function) if node.depends is not None else None
        if function is not None and any(yield_catches(subject, place, kind, function) for place in function.yields):
            return True
    return False


def yield_catches(subject: Subject, place: ast.AST, kind: type[BaseException], function: Function) -> bool:
    """Whether a dependency catches at its `yield` what is raised while the endpoint runs."""
    inside = place
    for part in function.around(place):
        handlers = part.handlers if isinstance(part, ast.Try) and inside in part.body else []
        if any(catches(subject, handler, kind, function) and answers(handler) for handler in handlers):
            return True
        inside = part
    return False


def answers(handler: ast.ExceptHandler) -> bool:
    """Whether a handler does not merely raise the same again."""
    return not (isinstance(handler.body[-1], ast.Raise) and handler.body[-1].exc is None)
