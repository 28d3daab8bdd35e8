"""Find answers whose status reaches no client: one in a tuple beside the body, or that of an exception that is returned."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final, get_origin

from starlette.responses import JSONResponse, Response

from typeway.declare import shapes
from typeway.evidence.finding import Confidence, Finding
from typeway.evidence.subject import Endpoint, Subject, handlers_of, middleware_of
from typeway.source.asking import safely
from typeway.source.bindings import Binding, reaching
from typeway.source.facts import Contexts
from typeway.source.index import last_name
from typeway.source.program import Function
from typeway.source.reach import MOST_STEPS, Edge, Reached, in_thread
from typeway.source.values import Known, as_instance, short

RAISE: Final = "write `raise` instead of `return`."
RESPOND: Final = "return a `JSONResponse(body, status_code=...)`."
ANSWER: Final = (
    "raise an HTTPException where this is an error; an endpoint may return a `JSONResponse(body, status_code=...)`."
)
NO_RESPONSE: Final = "that is no response, so the client gets a 500"
RUNS_ON: Final = "the endpoint runs all the same, with the {} as a value"
# What a number may mean that nothing calls a status; informational ones are no answer.
STATUSES: Final = frozenset(int(status) for status in HTTPStatus if status >= HTTPStatus.OK)
# The number beside one of these may be another one, such as the height beside the width.
NUMBERS: Final = (int, float, complex)


def returned_statuses(subject: Subject) -> Iterator[Finding]:
    """TW029: a status in a tuple beside the body, or an exception that is returned and not raised."""
    for entry, title, of_tuple, of_exception in entries(subject):
        start = Reached(entry, title, subject.graph.truth(entry, {}))
        for node, statement, reached in answers(subject, start, Contexts()):
            kind = exception_in(subject, node, reached.function)
            sure: Confidence | None = "high" if kind else sureness(subject, node, reached)
            if sure is None or not (kind or of_tuple) or is_expected(subject, entry):
                continue
            what = f"{kind} instead of raising it: {of_exception}" if kind else f"a tuple with a status: {of_tuple}"
            fix = RESPOND if of_tuple == NO_RESPONSE else RAISE if kind else ANSWER
            path, line = subject.place(reached.function, statement)
            chain, cause = tuple(each.name for each in reached.chain), f"{reached.function.place} {fix}"
            yield Finding("TW029", path, line, f"{title} returns {what}.", fix, sure, title, chain, cause=cause)


def entries(subject: Subject) -> Iterator[tuple[Function, str, str, str]]:
    """What answers requests, or decides whether they are answered: its title, and what comes of a tuple and of an exception."""
    for endpoint in subject.own:
        if endpoint.function is not None and endpoint.methods:
            yield endpoint.function, endpoint.title, of_tuples(subject, endpoint), of_exceptions(endpoint)
    for function, (_, endpoint) in subject.dependencies.items():
        title = f"{function.name}(), on which {endpoint.title} depends,"
        yield function, title, "" if says_tuple(function) else RUNS_ON.format("tuple"), RUNS_ON.format("exception")
    for app in (application.app for application in subject.applications):
        for name, function in (*middleware_of(subject.program, app), *handlers_of(subject.program, app)):
            yield function, name, NO_RESPONSE, NO_RESPONSE


def of_exceptions(endpoint: Endpoint) -> str:
    """What the client of an endpoint gets for an exception that is returned."""
    is_open = endpoint.operation.returns.model is None and endpoint.operation.response_class in (None, JSONResponse)
    return f"the client gets a 500{', and from FastAPI a 200 with the fields of the exception' if is_open else ''}"


def of_tuples(subject: Subject, endpoint: Endpoint) -> str:
    """What the client of an endpoint gets for a tuple; empty where a tuple, or a response class of the author's, may be meant."""
    model, kind = endpoint.operation.returns.model, endpoint.operation.response_class or JSONResponse
    is_declared = any(each is tuple or get_origin(each) is tuple for each in shapes.members(model))
    if is_declared or subject.program.owns(kind) or (model is None and says_tuple(endpoint.function)):
        return ""
    if issubclass(kind, JSONResponse) and model in (None, Any, list):
        return f"the client gets a {endpoint.operation.status_code or 200} with the whole tuple as a JSON list"
    return "that is not what is declared, so the client gets a 500"


def says_tuple(function: Function | None) -> bool:
    """Whether a function says that it returns a tuple."""
    returns = function.node.returns if function is not None else None
    return returns is not None and "tuple" in ast.unparse(returns).lower()


def is_expected(subject: Subject, dependency: Function) -> bool:
    """Whether what takes the value of a dependency asks what it is: it raises the exception, or takes the tuple apart."""
    return dependency in subject.dependencies and any(
        subject.program.function(provider) is dependency and looks_into(*taker)
        for taker, provider in subject.arrivals.items()
    )


def looks_into(function: Function, name: str) -> bool:
    """Whether a function asks what a name is, raises it, or takes it apart."""
    for node in function.body:
        match node:
            case (
                ast.Call(func=ast.Name(id="isinstance" | "type"), args=[ast.Name(id=asked), *_])
                | ast.Subscript(value=ast.Name(id=asked))
                | ast.Raise(exc=ast.Name(id=asked))
                | ast.Assign(targets=[ast.Tuple()], value=ast.Name(id=asked))
            ) if asked == name:
                return True
    return False


def answers(subject: Subject, reached: Reached, seen: Contexts) -> Iterator[tuple[ast.expr, ast.AST, Reached]]:
    """What a function returns, with the statement and the function in which it stands: its own, or one that it calls."""
    function, truth = reached.function, seen.fresh(reached.truth)
    if truth is None or function.yields:
        return
    reached = replace(reached, truth=truth)
    statements = [node for node in function.body if isinstance(node, ast.Return) and reached.is_run(node)]
    for node, statement in [(node, each) for each in statements for node in parts(subject, each.value, reached)]:
        made = in_thread(node) or node.func if isinstance(node, ast.Call) else None
        if made is None or exception_in(subject, node, function):
            yield node, statement, reached
            continue
        for target in subject.graph.targets(subject.inference.value(made, function)):
            edge = Edge(node, target, node if isinstance(node, ast.Call) and made is node.func else None)
            yield from answers(subject, subject.graph.follow(reached, edge, 0), seen)


def parts(subject: Subject, node: ast.expr | None, reached: Reached, steps: int = MOST_STEPS) -> Iterator[ast.expr]:
    """What an expression may be in the end: the branches of a choice, what is assigned to a name."""
    inside: list[ast.expr] = []
    match node:
        case ast.Await(value=inner):
            inside = [inner]
        case ast.IfExp(body=one, orelse=other):
            inside = [each for each in (one, other) if reached.is_run(each)]
        case ast.BoolOp(values=values):
            inside = values
        case ast.Name() if steps and not exception_in(subject, node, reached.function):
            inside, steps = assigned_to(subject, node, reached.function), steps - 1
        case ast.expr():
            yield node
    for each in inside:
        yield from parts(subject, each, reached, steps)


def bound_to(subject: Subject, node: ast.Name, function: Function) -> list[Binding]:
    """Where a name gets the values that it may have in one place; nowhere if the function looks into them."""
    bound = subject.inference.bindings(function).get(node.id, [])
    return reaching(node, bound, function) if bound and not looks_into(function, node.id) else []


def assigned_to(subject: Subject, node: ast.Name, function: Function) -> list[ast.expr]:
    """What may have been assigned to a name, as a whole."""
    bound = [entry for entry in bound_to(subject, node, function) if isinstance(entry.at, ast.Assign | ast.AnnAssign)]
    found = [entry.at.value if isinstance(entry.at, ast.AnnAssign) else entry.expression for entry in bound]
    return [made for made in found if made is not None]


def exception_in(subject: Subject, node: ast.expr, function: Function) -> str:
    """What to call the exception that an expression is; empty for anything else."""
    held = as_instance(subject.inference.value(node, function))
    if held is not None and shapes.is_subclass(held.kind, BaseException):
        return "" if shapes.is_subclass(held.kind, Response) else f"{short(held.kind)}()"
    bound = bound_to(subject, node, function) if isinstance(node, ast.Name) else []
    return "the exception that it has caught" if any(isinstance(each.at, ast.ExceptHandler) for each in bound) else ""


def sureness(subject: Subject, node: ast.expr, reached: Reached) -> Confidence | None:
    """How sure it is that a value is a body and its status, with or without headers; None where it is something else."""
    body, status, *rest = node.elts if isinstance(node, ast.Tuple) and len(node.elts) in (2, 3) else [node, node, node]
    is_named = status_in(subject, status, reached)
    held, *others = (as_instance(subject.inference.value(each, reached.function)) for each in (body, *rest))
    if is_named is None or any(each is None or each.kind is not dict for each in others):
        return None
    if held is None or held.kind is str:
        return "high" if is_named else None if isinstance(body, ast.UnaryOp | ast.BinOp) else "medium"
    return None if shapes.is_subclass(held.kind, NUMBERS) else "high"


def status_in(subject: Subject, node: ast.expr, reached: Reached) -> bool | None:
    """Whether an expression is called a status, or is only a number that may be one; None where it is neither."""
    function = reached.function
    match node:
        case ast.Constant(value=int(number)) if number in STATUSES:
            return False
        case ast.Attribute(attr="status_code"):
            return True
        case ast.Attribute(value=inner, attr="value"):
            return status_in(subject, inner, reached)
        case ast.IfExp(body=one, orelse=other):
            return status_in(subject, one, reached) or status_in(subject, other, reached)
        case ast.Name(id=name) if name in function.stores:
            return next((status_in(subject, each, reached) for each in assigned_to(subject, node, function)), None)
        case ast.Name(id=name) if name in function.parameters:
            call = reached.node if isinstance(reached.node, ast.Call) and in_thread(reached.node) is None else None
            given, default = function.given(call).get(name), function.parameters[name][1]
            if given is not None and reached.caller is not None:
                return status_in(subject, given, reached.caller)
            return status_in(subject, default, reached) if default is not None else None
    value, name = subject.inference.value(node, function), last_name(node)
    thing = value.thing if isinstance(value, Known) else None
    is_called_so = isinstance(thing, int) and name.startswith(f"HTTP_{safely(int, thing)}_")
    return True if is_called_so or (name in HTTPStatus.__members__ and thing == HTTPStatus[name]) else None
