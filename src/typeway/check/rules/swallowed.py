"""Find HTTP errors that a handler for all errors catches, so that clients get another status."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from typeway.check.rules.protection import REFUSALS
from typeway.describe.syntax import executed
from typeway.evidence.asked import Frame
from typeway.evidence.catching import handler_of, is_broad, is_in_with, manager_of, may_catch, names
from typeway.evidence.escapes import Escape, Escapes
from typeway.evidence.excluded import is_left
from typeway.evidence.finding import CONFIDENCES, Finding
from typeway.evidence.guards import Given
from typeway.evidence.subject import Endpoint, Subject
from typeway.source.facts import LEAVES, UNKNOWN, Truth
from typeway.source.program import Function
from typeway.source.reach import Edge, Reached
from typeway.source.statuses import made, raised_in
from typeway.source.values import Known
from typeway.source.words import has_phrase, phrases, words_of

# What a body has in it that says that something failed, and what an endpoint is called that answers whether it did.
FAILURES: Final = "error|errors|detail|exception|failed|failure|(success|ok)': False"
# How many parts an expression may have that a name stands for.
MOST_NODES: Final = 200
HEALTH: Final = phrases("health,healthz,healthcheck,ready,readiness,readyz,live,liveness,livez,ping,status,test,check")


def swallowed_errors(subject: Subject) -> Iterator[Finding]:
    """TW030: an HTTPException that a handler for all errors catches and answers with another status."""
    found: dict[ast.AST, Finding] = {}
    escapes = Escapes(subject, http_errors)
    endpoints = {each.function: each for each in subject.own if each.methods}
    for caught in (*caught_on_the_way(subject, escapes), *caught_at_yields(subject, escapes)):
        escape, handler, holder, reached = caught.escape, caught.handler, caught.holder, caught.reached
        is_known = handler in found and found[handler].confidence == "high"
        if is_known or not is_broad(subject, handler, holder):
            continue
        edge, place, is_here = caught.edge, caught.place, holder is reached.function
        facts = subject.graph.passes(edge, reached.truth) if edge is not None else UNKNOWN
        frame = escapes.asked.into(edge, Frame(reached.function)) if edge is not None else None
        truth = reached.truth if edge is None else escapes.arrives(escape, frame, facts) if frame is not None else None
        inside = place if is_here else next(iter(holder.yields))
        if truth is None or not reached.is_run(place) or lets_through(subject, handler, escape, inside, holder):
            continue
        raised = made(subject.graph, getattr(escape.statement, "exc", None), truth)
        before = next((status for kind, status, _ in raised if kind is escape.kind), None)
        endpoint = endpoints.get(holder) if reached.caller is None and is_here else None
        told = reached.truth if is_here else subject.graph.truth(holder, UNKNOWN)
        statuses = [*answered(subject, handler, told, endpoint)]
        after = statuses[-1] if statuses else None
        if after is None or (before is not None and before in statuses) or (before or 0) >= 500 <= after:
            continue
        places = ((reached.truth, place), (truth, escape.statement))
        if any(Given(subject, known).is_dead(each) for known, each in places):
            continue
        is_unusual = any(Given(subject, known, is_usual=True).is_dead(each) for known, each in places)
        # Credentials are refused with one status, whatever is wrong with them.
        is_near = is_here and edge is None
        sure = CONFIDENCES[2 if is_unusual or after in REFUSALS else (not is_near) + (before is None)]
        if handler in found and CONFIDENCES.index(found[handler].confidence) <= CONFIDENCES.index(sure):
            continue
        head = f"except {ast.unparse(handler.type)}" if handler.type is not None else "except"
        _, line = subject.place(escape.function, escape.statement)
        source = (
            f"the {escape.kind.__name__} of {escape.function.name}() in line {line} of {escape.function.file.path.name}"
        )
        message = f"`{head}:` catches {source}: the client gets {after} instead of {before or 'its status'}."
        where, fix = subject.place(holder, handler), fix_of(subject, escape.kind, handler, holder)
        chain = tuple(each.name for each in dict.fromkeys((*reached.chain, escape.function)))
        found[handler] = Finding("TW030", *where, message, fix, sure, reached.entry, chain)
    yield from found.values()


@dataclass(frozen=True, slots=True, eq=False)
class Caught:
    """An error that a handler catches.

    Parameters:
        escape: the error.
        edge: the call that it comes from; None where the function raises it itself.
        reached: the function that the error leaves, or in which it is caught.
        handler: what catches it.
        holder: the function of the handler: the same, or a generator around it that catches it at its `yield`.
    """

    escape: Escape
    edge: Edge | None
    reached: Reached
    handler: ast.ExceptHandler
    holder: Function

    @property
    def place(self) -> ast.AST:
        """Where the error is raised in the function, or comes from."""
        return self.escape.statement if self.edge is None else self.edge.node


def caught_on_the_way(subject: Subject, escapes: Escapes) -> Iterator[Caught]:
    """Errors that a handler around them catches, or one of a context manager around them."""
    for reached in (each for each in subject.served if "WebSocket " not in each.entry):
        function = reached.function
        escapes.of(function)
        for escape, edge in [*escapes.caught.get(function, ())]:
            place = escape.statement if edge is None else edge.node
            handler, holder = handler_around(subject, escape, place, function)
            if handler is not None:
                yield Caught(escape, edge, reached, handler, holder)


def handler_around(
    subject: Subject, escape: Escape, place: ast.AST, function: Function
) -> tuple[ast.ExceptHandler | None, Function]:
    """The handler that catches an error first, and the function in which it stands: the same, or an own context manager."""
    handler = handler_of(subject, escape.kind, place, function)
    block = function.parents.get(handler) if handler is not None else None
    for part in takewhile(lambda each: each is not block, function.around(place)):
        for item in reversed(part.items) if isinstance(part, ast.With | ast.AsyncWith) else ():
            if not may_catch(subject, item, escape.kind, function):
                continue
            manager = manager_of(subject, item, function)
            if manager is not None:
                return handler_of(subject, escape.kind, manager.yields[0], manager), manager
            return handler, function
    return handler, function


def caught_at_yields(subject: Subject, escapes: Escapes) -> Iterator[Caught]:
    """Errors that leave an endpoint and that a dependency of it catches at its `yield`."""
    entered = {each.function: each for each in subject.served if each.caller is None}
    for endpoint in (each for each in subject.own if each.methods):
        function = endpoint.function
        # What an endpoint raises that streams its answer comes after the status.
        if function is None or function.yields or function not in entered or may_answer(subject, endpoint):
            continue
        nodes = (node for node in endpoint.tree.walk() if node.depends is not None)
        given = [each for node in nodes if (each := subject.program.function(node.function)) and len(each.yields) == 1]
        for escape in escapes.of(function):
            around = {each: handler_of(subject, escape.kind, each.yields[0], each) for each in given}
            # One that is meant for the error may stand before the others, and make something else of it.
            if any(each is not None and not is_broad(subject, each, holder) for holder, each in around.items()):
                continue
            for holder, handler in around.items():
                if handler is None:
                    continue
                edges = [None] if escape.function is function else [*ways(escapes, escape, function)]
                yield from (Caught(escape, edge, entered[function], handler, holder) for edge in edges)


def may_answer(subject: Subject, endpoint: Endpoint) -> bool:
    """Whether the own class of a route may answer errors of its endpoint, before these arrive at a `yield`."""
    made = subject.program.method(type(endpoint.route), "get_route_handler")
    return made is not None and any(isinstance(each, ast.Try) for each in ast.walk(made.node))


def ways(escapes: Escapes, escape: Escape, function: Function) -> Iterator[Edge]:
    """The calls by which an error comes out of a function that does not raise it itself."""
    for edge in escapes.subject.graph.edges(function):
        same = [each for each in escapes.found.get(edge.function, ()) if each.statement is escape.statement]
        if any(next(escapes.onward(each, edge, function), None) for each in same):
            yield edge


def fix_of(subject: Subject, kind: type[BaseException], handler: ast.ExceptHandler, function: Function) -> str:
    """What to write before a handler: the widest class that has a name here, of a module too, and the one raised below it."""
    local = {*function.stores, *function.parameters}
    # By identity: what a module has may be a proxy, which raises when it is asked for its class.
    named = {id(each): name for name, each in function.names.items() if name not in local}
    for node in function.of(ast.Attribute):
        value, name = subject.inference.value(node, function), ast.unparse(node)
        if isinstance(value, Known) and name.partition(".")[0] in function.names.keys() - local:
            named.setdefault(id(value.thing), name)
    known = [named[id(each)] for each in type.mro(kind) if id(each) in named and issubclass(each, HTTPException)]
    advice = f"write `except {known[-1] if known else 'HTTPException'}: raise` before it."
    if is_left(handler.body):
        # `--fix` leaves this to people: what stands after the `try` does not run any more then.
        advice = f"let it pass: {advice}"
    return advice if known else f"import HTTPException, and {advice}"


def http_errors(subject: Subject, function: Function) -> Iterator[Escape]:
    """The HTTPExceptions that a function raises itself."""
    for kind, _, statement in raised_in(subject.graph, function):
        if issubclass(kind, HTTPException):
            yield Escape(kind, function, statement)


def answered(
    subject: Subject, handler: ast.ExceptHandler, truth: Truth, endpoint: Endpoint | None
) -> Iterator[int | None]:
    """The statuses with which a handler answers, None where one is not known; only endpoints answer with what they return."""
    is_asked = endpoint is None or has_phrase(words_of(f"{endpoint.path} {endpoint.operation.name}"), HEALTH)
    nodes = [node for node in executed(handler.body) if not truth.is_dead(node)]
    for node in [*nodes, *answers_after(handler, truth.function)]:
        if isinstance(node, ast.Raise):
            yield from (status for _, status, _ in made(subject.graph, node.exc, truth))
        if not isinstance(node, ast.Return) or endpoint is None or is_asked:
            continue
        for kind, status, part in made(subject.graph, node.value, truth):
            is_body = isinstance(part, ast.Dict) or issubclass(kind, JSONResponse)
            if issubclass(kind, Response) and (status or 0) >= 400:
                yield status
            elif is_body and re.search(rf"\b({FAILURES}|{handler.name or 'error'})\b", ast.unparse(part)):
                yield status if issubclass(kind, Response) else endpoint.operation.status_code or 200


def answers_after(handler: ast.ExceptHandler, function: Function) -> Iterator[ast.stmt]:
    """The statement after a `try` that answers once a handler has run, with what the handler has put into its names."""
    kept: dict[str, ast.expr] = {}
    for statement in handler.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                kept[name] = Filled(kept).visit(deepcopy(value))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                kept[name] = Filled(kept).visit(deepcopy(value))
            case _:
                forget(statement, kept)
                continue
        # A name that is put into itself again and again grows without an end.
        if len([*islice(ast.walk(kept[name]), MOST_NODES)]) == MOST_NODES:
            del kept[name]
    waiting = behind(function.parents[handler], function) if kept and is_left(handler.body) else []
    while waiting:
        statement = waiting.pop(0)
        is_true = holds(statement.test, kept) if isinstance(statement, ast.If) else None
        if isinstance(statement, ast.Return | ast.Raise):
            yield Filled(kept).visit(deepcopy(statement))
            return
        if isinstance(statement, ast.If) and is_true is not None:
            waiting = (statement.body if is_true else statement.orelse) + waiting
        elif any(isinstance(each, LEAVES) for each in ast.walk(statement)):
            return  # whether it leaves here is not known
        else:
            forget(statement, kept)


def forget(statement: ast.stmt, kept: dict[str, ast.expr]) -> None:
    """Forget the names that a statement sets, wherever in it, because whether it does is not known."""
    for each in ast.walk(statement):
        if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load):
            kept.pop(each.id, None)


def behind(inside: ast.AST, function: Function) -> list[ast.stmt]:
    """The statements that follow a `try`; none where a loop or another `try` decides what does."""
    found: list[ast.stmt] = []
    for part in (*function.around(inside), function.node):
        if not isinstance(part, ast.If | ast.With | ast.AsyncWith | ast.FunctionDef | ast.AsyncFunctionDef):
            return []
        block: list[Any] = part.orelse if isinstance(part, ast.If) and inside in part.orelse else part.body
        found += block[block.index(inside) + 1 :]
        inside = part
    return found


class Filled(ast.NodeTransformer):
    """Puts expressions in the place of the names that hold them."""

    def __init__(self, kept: Mapping[str, ast.expr]) -> None:
        self.kept = kept

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.kept.get(node.id, node) if isinstance(node.ctx, ast.Load) else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        """The same: not every expression can be written inside of an f-string."""
        return node


def holds(test: ast.expr, kept: Mapping[str, ast.expr]) -> bool | None:
    """Whether a condition about a name that a handler has set is true; None where that is not known."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=asked):
            found = holds(asked, kept)
            return None if found is None else not found
        case ast.Compare(
            left=ast.Name(id=name), ops=[ast.IsNot() | ast.Is() as asks], comparators=[ast.Constant(None)]
        ):
            held = kept.get(name)
            if isinstance(held, ast.Constant):
                return (held.value is None) is isinstance(asks, ast.Is)
            return isinstance(asks, ast.IsNot) if is_something(held) else None
        case ast.Name(id=name):
            held = kept.get(name)
            return bool(held.value) if isinstance(held, ast.Constant) else is_something(held) or None
    return None


def is_something(held: ast.expr | None) -> bool:
    """Whether an expression is the text of an error, or a body."""
    match held:
        case ast.Call(func=ast.Name(id="str" | "repr")) | ast.JoinedStr() | ast.Dict(keys=[_, *_]):
            return True
    return False


def lets_through(
    subject: Subject, handler: ast.ExceptHandler, escape: Escape, place: ast.AST, function: Function
) -> bool:
    """Whether a handler, or what it gives the error to, raises it again, asks what it is, or takes or sets a status."""
    parts = [(function, handler.name or "", node) for node in executed(handler.body)]
    calls = [node for _, _, node in parts if isinstance(node, ast.Call)]
    for call in calls:
        values = [*call.args, *(each.value for each in call.keywords)]
        is_given = handler.name in [getattr(each, "id", "") for each in values]
        for called in subject.graph.targets(subject.inference.value(call.func, function)) if is_given else ():
            taken = [name for name, given in called.given(call).items() if getattr(given, "id", "") == handler.name]
            parts += [(called, name, part) for name in taken or [""] for part in called.body]
    for holder, error, node in parts:
        match node:
            case ast.Raise(exc=None) | ast.Attribute(attr="status_code"):
                return True
            case ast.Raise(exc=ast.Name(id=name)) if name in (handler.name, *holder.parameters):
                return True
            case ast.Raise(exc=ast.Call(func=ast.Attribute(value=ast.Name(id=name)))) if name == error:
                return True
            case ast.Call(func=ast.Name(id="getattr" | "setattr"), args=[_, ast.Constant("status_code"), *_]):
                return True
            case ast.Call(func=ast.Name(id="isinstance"), args=[_, kind]) if names(subject, kind, escape.kind, holder):
                return True
        if any(error and asks(asked, error) for asked in decided_by(node)):
            return True
    after = [last_of(part) for part in function.around(handler)]
    if any(isinstance(each, LEAVES) for nodes in after if handler not in nodes for each in nodes):
        return True
    inside = takewhile(lambda part: part is not function.parents[handler], function.around(place))
    return is_in_with(subject, escape.kind, inside, function)


def last_of(part: ast.AST) -> list[ast.AST]:
    """What runs in `finally`, after every handler: what leaves there is the answer."""
    return executed(part.finalbody) if isinstance(part, ast.Try) else []


def decided_by(node: ast.AST) -> list[ast.expr]:
    """The expressions that decide, in a node, what else is done."""
    match node:
        case ast.If(test=asked) | ast.IfExp(test=asked) | ast.While(test=asked) | ast.Assert(test=asked):
            return [asked]
        case ast.Match(subject=asked) | ast.Subscript(slice=asked):
            return [asked]
        case ast.Call(func=ast.Attribute(attr="get"), args=[asked, *_]):
            return [asked]
        case ast.Compare() | ast.Call(func=ast.Name(id="hasattr" | "issubclass")):
            return [node]
    return []


def asks(node: ast.AST, error: str) -> bool:
    """Whether an expression asks what an error is: for more than its text, or whether it is of some other class."""
    waiting = [node]
    while waiting:
        match waiting.pop():
            case ast.Name(id=name):
                if name == error:
                    return True
            case (
                ast.Call(func=ast.Name(id="str" | "repr" | "isinstance")) | ast.JoinedStr() | ast.Attribute(attr="args")
            ):
                pass
            case part:
                waiting += ast.iter_child_nodes(part)
    return False
