"""Find exceptions that leave an endpoint although no handler answers them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from itertools import takewhile
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import BaseModel

from typeway.check.rules.protection import statuses_of
from typeway.declare import shapes
from typeway.declare.classify import Input
from typeway.evidence.asked import Frame
from typeway.evidence.catching import handler_of, hands_on, is_broad, is_caught
from typeway.evidence.escapes import ABOUT_CALLERS, Escape, Escapes, is_presence, raised_by, refuses
from typeway.evidence.excluded import ABOUT_ABSENCE
from typeway.evidence.finding import Confidence, Finding, Place
from typeway.evidence.shapes import models_in
from typeway.evidence.subject import Endpoint, Subject, answered_by, layers_of, middleware_of
from typeway.exceptions import HTTPException
from typeway.source.asking import safely
from typeway.source.index import last_name
from typeway.source.program import Function, wrapped_in
from typeway.source.reach import Edge
from typeway.source.words import words_of

# What says of a value more than its type does.
NARROWS: Final = ("ge", "gt", "le", "lt", "multiple_of", "pattern", "func")
# The first word of what makes something of a text.
PARSES: Final = (["parse"], ["decode"], ["from"])
# Types of which Pydantic lets through only what is expected.
CLOSED: Final = (Enum, bool)


def unhandled_exceptions(subject: Subject) -> Iterator[Finding]:
    """TW017: an error of the application's own that ends as a 500, because no handler answers it."""
    found: dict[ast.AST, Finding] = {}
    escapes = Escapes(subject, raised_by)
    for endpoint in subject.own:
        if endpoint.function is None or not endpoint.methods or is_caught_outside(subject, endpoint):
            continue
        functions = [endpoint.function]
        functions += [
            function
            for node in endpoint.tree.walk()
            if node.depends is not None and (function := subject.program.function(node.function)) is not None
        ]
        passed, frames = validating(subject, endpoint), escapes.asked.request(endpoint)
        for start, escape in [(each, escape) for each in functions for escape in escapes.of(each)]:
            kind, statement = escape.kind, escape.statement
            if issubclass(kind, ValueError) and escape.function in passed:
                continue  # what it is raised about has been refused before, with a 422
            is_known = statement in found and found[statement].confidence != "low"
            if is_known or is_answered(subject, kind, endpoint) or not is_from_client(escape, endpoint):
                continue
            sure = sureness(escape, endpoint, start)
            if sure != "low" and (
                is_answered_elsewhere(subject, escape, functions)
                or is_asked_for_before(subject, escapes, escape, start)
            ):
                sure = "low"
            if sure == "low" and (statement in found or not isinstance(statement, ast.Raise)):
                continue
            frame = frames.get(start) or Frame(start)
            if is_converted_after(subject, escape, frame, frames) or not escapes.arrives(escape, frame):
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
                function=escape.function.place,
            )
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for each in found.values():
        groups.setdefault((each.function, each.message, each.fix, each.confidence == "low"), []).append(each)
    yield from map(as_one, groups.values())
    yield from swallowed(subject)


def as_one(group: list[Finding]) -> Finding:
    """Errors of one class that one function raises in one request, at the one that is surest: one change repairs them."""
    first, *others = sorted(group, key=lambda each: (each.confidence != "high", each.line))
    also = tuple(Place(each.path, each.line, each.entry) for each in others)
    more = f" {len(also)} more in {first.chain[-1]}() do{'es' * (len(also) == 1)} the same." if also else ""
    return replace(first, message=first.message + more, also=also)


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
    handler = handler_of(subject, HTTPException, place, function)
    if handler is None or not is_broad(subject, handler, function) or raises_in(subject, handler, function):
        return None
    return handler


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


def is_asked_for_before(subject: Subject, escapes: Escapes, escape: Escape, start: Function) -> bool:
    """Whether a function has looked for the same before, and answers where it is not there: then only a race brings the error about."""
    ways = [
        edge
        for edge in subject.graph.edges(start)
        if any(each.statement is escape.statement for each in escapes.found.get(edge.function, ()))
    ]
    earlier = [edge for each, edge in escapes.caught.get(start, ()) if edge is not None and each.kind is escape.kind]
    return bool(ways and escape.sent and ABOUT_ABSENCE.search(escape.kind.__name__)) and all(
        any(
            getattr(one.node, "lineno", 0) < getattr(way.node, "lineno", 0) and asks_for(one, escape) for one in earlier
        )
        for way in ways
    )


def is_converted_after(subject: Subject, escape: Escape, start: Frame, frames: Mapping[Function, Frame]) -> bool:
    """Whether a dependency of the same request has refused texts that cannot be converted."""
    sent = {ast.unparse(start.given[name]) for name in escape.sent or () if name in start.given}
    if not isinstance(escape.statement, ast.Call):
        return False
    earlier = takewhile(lambda frame: frame is not start, frames.values())
    return any(
        refuses_texts(subject, name, frame.function)
        for frame in earlier
        for name, word in frame.given.items()
        if ast.unparse(word) in sent
    )


def refuses_texts(subject: Subject, name: str, function: Function) -> bool:
    """Whether a function raises an error because of what a parameter is like, or a function that it gives it to may."""
    asked: list[ast.AST] = []
    for part in function.body:
        match part:
            case ast.Call(args=args, keywords=keywords) if refuses(subject, part, function):
                asked += [*args, *(each.value for each in keywords)]
            case ast.Raise():
                around = [*function.around(part)]
                asked += [each for each in around if isinstance(each, ast.Try)]
                asked += [
                    each.test
                    for each in around
                    if isinstance(each, ast.If) and not is_presence(each.test, name, function)
                ]
    # What one text is says nothing about the others: `if text == "me"`, `if text in blocked`.
    one = [part for part in asked if isinstance(part, ast.Compare) and isinstance(part.ops[0], ast.Eq | ast.In)]
    return any(name in function.behind(part) for part in asked if part not in one)


def asks_for(edge: Edge, escape: Escape) -> bool:
    """Whether a call is given all that an error depends on."""
    given = [*edge.call.args, *(each.value for each in edge.call.keywords)] if edge.call is not None else []
    names = {part.id for each in given for part in ast.walk(each) if isinstance(part, ast.Name)}
    return escape.sent is not None and escape.sent <= names


def sureness(escape: Escape, endpoint: Endpoint, start: Function) -> Confidence:
    """How sure it is that a client can bring an error about: it is, if what is asked before is what the client sent."""
    senders = [source for source in inputs_of(endpoint) if escape.sent is None or source.name in escape.sent]
    if escape.sent is not None and not senders and not issubclass(escape.kind, ABOUT_CALLERS):
        return "low"
    if escape.asked is None:
        return "high"
    is_sure = (escape.function is start and is_about(escape, senders)) or is_of_parser(escape, senders)
    if isinstance(escape.statement, ast.Raise) and not is_sure:
        # What own code asks about a value has nearly always been excluded on the way.
        return "low"
    return "medium" if any(not is_narrowed(source) for source in senders) else "low"


def is_about(escape: Escape, senders: Sequence[Input]) -> bool:
    """Whether the condition before an error is about nothing but what the client sent, which no way excludes.

    What is not a parameter was made or found: nobody knows for which values it is as it should be. A segment of a path has no slash.
    """
    function = escape.function
    tests = [part.test for part in function.around(escape.statement) if isinstance(part, ast.If)]
    names = {part.id for test in tests for part in ast.walk(test) if isinstance(part, ast.Name)}
    texts = {part.value for test in tests for part in ast.walk(test) if isinstance(part, ast.Constant)}
    sent = {source.name for source in senders if source.location != "path" or "/" not in texts}
    return bool(names & sent) and not names & function.stores.keys() and not (names & function.parameters.keys()) - sent


def is_of_parser(escape: Escape, senders: Sequence[Input]) -> bool:
    """Whether a function that makes something of a text refuses any text that a client may send: a query is not excluded."""
    is_text = all(str in shapes.members(source.kind) and source.location != "path" for source in senders)
    return is_text and words_of(escape.function.node.name)[:1] in PARSES


def is_narrowed(source: Input) -> bool:
    """Whether the declaration says more of an input, or of a field of it, than its type: a pattern, a range, a validator."""
    return any(safely(getattr, entry, name) is not None for entry in declared(source) for name in NARROWS)


def validating(subject: Subject, endpoint: Endpoint) -> set[Function]:
    """The own functions that validate what clients send to an endpoint, and all that they call."""
    found = [safely(getattr, entry, "func") for source in inputs_of(endpoint) for entry in declared(source)]
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
    handlers = answered_by(app)
    if Exception in handlers or 500 in handlers:
        return True
    for name in ("get_route_handler", "handle"):
        method = subject.program.method(type(endpoint.route), name)
        if method is not None and any(
            isinstance(part, ast.Try) and swallows_any(part) for part in ast.walk(method.node)
        ):
            return True
    # A wrapper of another package may do anything with what is raised inside it.
    outermost: Any = endpoint.operation.endpoint
    wrappers = wrapped_in(getattr(outermost, "__func__", outermost))[:-1]
    return any(subject.program.source(each, None) is None for each in wrappers)


def answers_around(subject: Subject, kind: type[BaseException], middleware: Function) -> bool:
    """Whether middleware answers an exception that is raised behind it: a `try` around the call of what comes next."""
    # What comes next is the last argument of `dispatch(request, call_next)`; ASGI middleware passes on all of its own.
    given = middleware.positional
    following = {"app", "call_next", *(given[-1:] if len(given) < 3 else ())}
    for call in middleware.of(ast.Call):
        passed = {getattr(each, "id", "") for each in call.args}
        is_next = last_name(call.func) in following or len(passed & {*given}) > 1
        if is_next and handler_of(subject, kind, call, middleware) is not None:
            return True
    return False


def swallows_any(part: ast.Try) -> bool:
    """Whether a handler of a `try` does not end by raising again what it has caught."""
    return not all(map(hands_on, part.handlers))


def is_answered(subject: Subject, kind: type[BaseException], endpoint: Endpoint) -> bool:
    """Whether a handler of the application, or a dependency around the endpoint, answers an exception."""
    handlers = answered_by(endpoint.application.app)
    if any(parent in handlers for parent in kind.__mro__):
        return True
    around = [function for _, function in middleware_of(subject.program, endpoint.application.app)]
    # What is put around a whole application by hand comes too late: the application has sent a 500 by then.
    around += [*layers_of(subject.program, endpoint.application)]
    if any(answers_around(subject, kind, function) for function in around):
        return True
    for node in endpoint.tree.walk():
        function = subject.program.function(node.function) if node.depends is not None else None
        if function is not None and any(yield_catches(subject, place, kind, function) for place in function.yields):
            return True
    return False


def yield_catches(subject: Subject, place: ast.AST, kind: type[BaseException], function: Function) -> bool:
    """Whether a dependency catches at its `yield` what is raised while the endpoint runs."""
    handler = handler_of(subject, kind, place, function)
    return handler is not None and (answers(handler) or yield_catches(subject, handler, kind, function))


def answers(handler: ast.ExceptHandler) -> bool:
    """Whether a handler does not merely raise the same again."""
    return not (isinstance(handler.body[-1], ast.Raise) and handler.body[-1].exc is None)
