"""Follow the application's exceptions from where they are raised to the callers that they leave."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final
from uuid import UUID

from starlette.exceptions import HTTPException, WebSocketException

from typeway.check.reach import Edge
from typeway.check.read.facts import UNKNOWN
from typeway.check.read.index import last_name
from typeway.check.read.program import Function
from typeway.check.read.values import Known
from typeway.check.subject import Subject
from typeway.check.words import words_of
from typeway.describe.raised import raises_of, read_raise

# Errors about a client's request. Others may be meant to end as a 500, because the client can do nothing about them.
ABOUT_REQUEST: Final = re.compile(
    r"not_?found|missing|unknown|exist|duplicate|conflict|taken|forbidden|denied|permission|unauthori|authentic|credential"
    r"|invalid|validation|expired|exceeded|too_?(many|large)|limit|quota|bad_?request|not_?allowed|rejected|unsupported",
    re.IGNORECASE,
)
# Errors about the server itself, whatever else they are called.
ABOUT_SERVER: Final = re.compile(r"config|setting|internal|server|unexpected|environment", re.IGNORECASE)
ABOUT_ABSENCE: Final = re.compile(r"not_?found|missing|unknown|exist", re.IGNORECASE)
ABOUT_PRESENCE: Final = re.compile(r"already|exists|duplicate|conflict|taken", re.IGNORECASE)
# What is called, without its "s", that asks whether something is there.
LOOKED_UP: Final = frozenset({"already", "exist", "find", "get", "taken", "is", "has", "count"})
# An error of Python itself that own code raises about who asks.
ABOUT_CALLERS: Final = (PermissionError,)
# Errors of Python itself that say that a value is wrong.
ABOUT_VALUES: Final = (ValueError, KeyError, LookupError)
# What makes something of a text, and raises ValueError where that is not possible.
CONVERTS: Final = frozenset(map(id, (
    int, float, UUID, json.loads, inspect.getattr_static(datetime, "strptime"),
    *(inspect.getattr_static(kind, "fromisoformat") for kind in (date, datetime, time)),
)))  # fmt: skip
# Methods that change a table.
CHANGES: Final = frozenset({"update", "setdefault", "pop", "popitem", "clear"})


@dataclass(frozen=True, slots=True)
class Escape:
    """An exception that can leave a function.

    Parameters:
        kind: its class.
        function: the function that raises it.
        statement: the statement that does, or the conversion or look-up.
        asked: the parameters, of the function that it leaves, on whose values it depends whether it is raised; None
            where that does not matter, because the class says that the exception is about a request.
        sent: the parameters, of the function that it leaves, from which the condition or the look-up before it is made and
            which callers pass on as they are; None where nothing is asked before it.
    """

    kind: type[BaseException]
    function: Function
    statement: ast.AST
    asked: frozenset[str] | None = None
    sent: frozenset[str] | None = None


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
        self.callers: dict[Function, list[tuple[Edge, Function]]] = {}

    def of(self, function: Function) -> list[Escape]:
        """The exceptions that can leave a function."""
        if function not in self.found:
            leaving = self.read(function)
            while leaving:
                left, escape = leaving.pop()
                if escape not in self.found[left]:
                    self.found[left][escape] = None
                    for edge, caller in self.callers.get(left, ()):
                        leaving += [(caller, onward) for onward in self.onward(escape, edge, caller)]
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
            for edge in self.subject.graph.edges(function):
                called = edge.function
                if function.yields or called.yields or (called.is_async and not function.is_awaited(edge.node)):
                    continue
                self.callers.setdefault(called, []).append((edge, function))
                for known in self.found.get(called, ()):
                    leaving += [(function, onward) for onward in self.onward(known, edge, function)]
                waiting.append(called)
        return leaving

    def onward(self, escape: Escape, edge: Edge, caller: Function) -> Iterator[Escape]:
        """What an exception that leaves a called function is for its caller: nothing if it does not get there."""
        subject = self.subject
        if is_caught(subject, escape.kind, edge.node, caller):
            return
        if escape.function is edge.function:
            facts = subject.graph.passes(edge, caller, UNKNOWN)
            if subject.graph.truth(edge.function, facts).is_dead(escape.statement) or is_in_doubt(escape, edge):
                return
        if ABOUT_ABSENCE.search(escape.kind.__name__) and is_loaded_already(subject, edge.call, caller):
            return
        if ABOUT_PRESENCE.search(escape.kind.__name__) and is_looked_up_before(escape.kind, edge.node, caller):
            return
        sent = decided_by(edge.node, caller) if escape.sent is None else passed_as_sent(escape.sent, edge, caller)
        asked = None if escape.asked is None else passed_for(escape.asked, edge, caller)
        if asked and is_asked_here(asked, edge.node, caller):
            sent = frozenset()
        if asked is None or asked:
            yield Escape(escape.kind, escape.function, escape.statement, asked, sent)


def is_looked_up_before(kind: type[BaseException], node: ast.AST, caller: Function) -> bool:
    """Whether a caller has asked before for what an error says is there already, and goes no further where it is."""
    about = {word.rstrip("s") for word in words_of(kind.__name__)} - LOOKED_UP - {"error"}
    for part in caller.statements:
        if (
            not isinstance(part, ast.If)
            or part.lineno >= getattr(node, "lineno", 0)
            or not isinstance(part.body[-1], ast.Raise)
        ):
            continue
        names = {each.id for each in ast.walk(part.test) if isinstance(each, ast.Name)}
        made = [part.test, *(value for name in names for value in caller.assigned.get(name, ()))]
        calls = [node for each in made for node in ast.walk(each) if isinstance(node, ast.Call)]
        words = [{word.rstrip("s") for word in words_of(last_name(call.func))} for call in calls]
        # `if not user: raise` lets through what is there.
        if any(each & about and each & LOOKED_UP for each in words) and not isinstance(part.test, ast.UnaryOp):
            return True
    return False


def is_in_doubt(escape: Escape, edge: Edge) -> bool:
    """Whether an exception is raised about an argument with a default that only a mapping may have: `update(**fields)`."""
    if edge.call is None or all(keyword.arg is not None for keyword in edge.call.keywords):
        return False
    function = escape.function
    given = {*function.positional[: len(edge.call.args)], *(keyword.arg for keyword in edge.call.keywords)}
    open_ones = {
        name for name, (_, default) in function.parameters.items() if default is not None and name not in given
    }
    tests = [part.test for part in function.around(escape.statement) if isinstance(part, ast.If)]
    return any(name in open_ones for test in tests for name in names_of(test))


def is_loaded_already(subject: Subject, call: ast.Call | None, caller: Function) -> bool:
    """Whether a call looks up again what a dependency of the same request has loaded: `get(task.id)`."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)] if call is not None else []
    is_loaded = False
    for argument in given:
        holder = argument.value if isinstance(argument, ast.Attribute) else argument
        if not isinstance(holder, ast.Name) or (caller, holder.id) not in subject.arrivals:
            return False
        is_loaded |= isinstance(argument, ast.Attribute)
    return is_loaded


def passed_for(asked: frozenset[str], edge: Edge, caller: Function) -> frozenset[str]:
    """The parameters of a caller from which it makes what it passes for some parameters of a function."""
    if edge.call is None:
        return frozenset()
    given: dict[str, ast.expr] = dict(zip(edge.function.positional, edge.call.args, strict=False))
    given |= {keyword.arg: keyword.value for keyword in edge.call.keywords if keyword.arg is not None}
    names = {name for parameter in asked if parameter in given for name in names_in(given[parameter], caller)}
    return frozenset(names & caller.parameters.keys())


def is_asked_here(asked: frozenset[str], node: ast.AST, caller: Function) -> bool:
    """Whether a caller asks something about what it passes itself: around the call, or before it so that it goes no further."""
    around = {*caller.around(node)}
    return any(
        asked & names_in(part.test, caller)
        and (
            part in around
            or (part.lineno < getattr(node, "lineno", 0) and isinstance(part.body[-1], ast.Raise | ast.Return))
        )
        for part in caller.body
        if isinstance(part, ast.If)
    )


def passed_as_sent(sent: frozenset[str], edge: Edge, caller: Function) -> frozenset[str]:
    """The parameters of a caller that it passes on as they are, or a field of them, for some parameters of a function."""
    given: dict[str, ast.expr] = dict(zip(edge.function.positional, edge.call.args if edge.call else (), strict=False))
    given |= {
        keyword.arg: keyword.value for keyword in (edge.call.keywords if edge.call else ()) if keyword.arg is not None
    }
    found = {part_of(given[name], caller) for name in sent if name in given}
    return frozenset(found & caller.parameters.keys())


def part_of(value: ast.expr, function: Function, steps: int = 5) -> str:
    """The name of which a value is a field, or is converted from; nothing where it is made in another way."""
    match value:
        case ast.Name(id=name):
            assigned = function.assigned.get(name, []) if steps else []
            one = assigned[0] if len(assigned) == 1 else None
            return part_of(one, function, steps - 1) if isinstance(one, ast.expr) else name
        case ast.Attribute(value=held) | ast.Subscript(value=held):
            return part_of(held, function, steps)
        case ast.Call(func=ast.Name(id="str" | "int" | "float" | "UUID"), args=[held]):
            return part_of(held, function, steps)
        case ast.Call(func=ast.Attribute(value=held, attr="strip" | "lower" | "upper"), args=[]):
            return part_of(held, function, steps)
    return ""


def decided_by(node: ast.AST, function: Function) -> frozenset[str] | None:
    """The parameters that decide whether a function comes to a place in it; None where it always does."""
    inside, is_asked = node, False
    for part in function.around(node):
        if isinstance(part, ast.If | ast.For | ast.While | ast.Try | ast.Match):
            is_asked = True
            asked: ast.AST = part.test if isinstance(part, ast.If | ast.While) else part
            if isinstance(part, ast.Try) and inside in part.body:
                continue
            found = function.behind(asked)
            if found:
                return found
        inside = part
    before = [
        part for part in function.body if isinstance(part, ast.Return) and part.lineno < getattr(node, "lineno", 0)
    ]
    every = function.behind(function.node)
    return every if is_asked or (before and every) else None


def names_in(expression: ast.AST, function: Function) -> set[str]:
    """The names of which an expression is made, and those from which these were assigned."""
    names = {*names_of(expression)}
    for node in reversed(function.body):
        if isinstance(node, ast.Assign) and any(
            getattr(part, "id", "") in names for target in node.targets for part in ast.walk(target)
        ):
            names |= {*names_of(node.value)}
    return names


def names_of(expression: ast.AST) -> Iterator[str]:
    """The names in an expression, but those of keys: what a table has under a key is not what the client sent."""
    match expression:
        case ast.Name(id=name):
            yield name
        case ast.Subscript(value=table) | ast.Call(func=ast.Attribute(value=table, attr="get")):
            yield from names_of(table)
        case _:
            for part in ast.iter_child_nodes(expression):
                yield from names_of(part)


def raised_by(subject: Subject, function: Function) -> Iterator[Escape]:
    """The exceptions that a function raises itself and does not catch, if nothing answers them by itself."""

    def value_of(expression: ast.expr) -> Any:
        value = subject.inference.value(expression, function)
        return value.thing if isinstance(value, Known) else None

    for statement in raises_of(function.node):
        raised = read_raise(statement, value_of)
        if raised is None or is_caught(subject, raised.kind, statement, function):
            continue
        if is_about_request(subject, raised.kind):
            is_broken = bool(ABOUT_PRESENCE.search(raised.kind.__name__)) and asks_for_several(statement, function)
            sent = frozenset[str]() if is_broken else decided_by(statement, function)
            yield Escape(raised.kind, function, statement, None, sent)
        elif is_about_value(subject, raised.kind):
            asked = asked_before(statement, function)
            if asked:
                yield Escape(raised.kind, function, statement, asked, asked)
    for kind, node, name in unchecked(subject, function):
        if not is_caught(subject, kind, node, function):
            yield Escape(kind, function, node, frozenset({name}), frozenset({name}))


def unchecked(subject: Subject, function: Function) -> Iterator[tuple[type[BaseException], ast.AST, str]]:
    """The conversions and look-ups of a text that a function is given and asks nothing about, with what they raise."""
    kind: type[BaseException]
    for node in function.body:
        match node:
            case ast.Call(func=called, args=[given, *_]):
                value, kind = subject.inference.value(called, function), ValueError
                raises = isinstance(value, Known) and id(value.thing) in CONVERTS
            case ast.Subscript(value=ast.Name(id=table) as held, slice=given, ctx=ast.Load()):
                value, kind = subject.inference.value(held, function), KeyError
                raises = isinstance(value, Known) and type(value.thing) is dict and bool(value.thing)
                raises = raises and not any(changes(table, each) for each in subject.inference.index.functions)
            case _:
                continue
        name = part_of(given, function) if raises else ""
        text = subject.inference.instance(given, function) if name in function.parameters else None
        if text is not None and text.kind is str and not any(asks_about(name, part) for part in function.body):
            yield kind, node, name


def changes(table: str, function: Function) -> bool:
    for node in function.body:
        match node:
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()) if name == table:
                return True
            case ast.Attribute(value=ast.Name(id=name), attr=method) if name == table and method in CHANGES:
                return True
    return False


def asks_about(name: str, node: ast.AST) -> bool:
    """Whether a part of a function asks something about a value, other than whether it is there at all."""
    match node:
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test) | ast.Assert(test=test):
            is_presence = isinstance(test, ast.Name) or (
                isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is | ast.IsNot)
            )
            return not is_presence and name in names_of(test)
        case ast.Match(subject=asked):
            return name in names_of(asked)
        case ast.comprehension(ifs=tests) | ast.BoolOp(values=tests):
            return any(name in names_of(test) for test in tests if not isinstance(test, ast.Name))
    return False


def asks_for_several(statement: ast.Raise, function: Function) -> bool:
    """Whether something is raised because there are several where one is expected: what the server has stored is wrong."""
    part = function.parents.get(statement)
    match part.test if isinstance(part, ast.If) else None:
        case ast.Compare(left=ast.Call(func=ast.Name(id="len")), ops=[ast.Gt()], comparators=[ast.Constant(value=1)]):
            return True
    return False


def asked_before(statement: ast.Raise, function: Function) -> frozenset[str]:
    """The parameters that the innermost condition around a statement mentions."""
    for part in function.around(statement):
        if isinstance(part, ast.If):
            return frozenset(names_in(part.test, function) & function.parameters.keys())
    return frozenset()


def is_about_request(subject: Subject, kind: type[BaseException]) -> bool:
    """Whether an exception is one of the application's own, and about a client's request."""
    if not ABOUT_REQUEST.search(kind.__name__) or ABOUT_SERVER.search(kind.__name__):
        return False
    return kind in ABOUT_CALLERS or (is_unanswered(kind) and subject.program.owns(kind))


def is_about_value(subject: Subject, kind: type[BaseException]) -> bool:
    """Whether an exception says that a value is wrong: an error of Python itself, or of the application's own below it."""
    if kind in ABOUT_VALUES:
        return True
    is_below = issubclass(kind, ABOUT_VALUES) and not ABOUT_SERVER.search(kind.__name__)
    return is_below and is_unanswered(kind) and subject.program.owns(kind)


def is_unanswered(kind: type[BaseException]) -> bool:
    return issubclass(kind, Exception) and not issubclass(kind, HTTPException | WebSocketException)


def is_caught(subject: Subject, kind: type[BaseException], node: ast.AST, function: Function) -> bool:
    """Whether an exception that is raised at some place is caught around it in the same function."""
    inside: ast.AST = node
    for part in function.around(node):
        if isinstance(part, ast.With | ast.AsyncWith) and any(
            may_catch(subject, item, kind, function) for item in part.items
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


def may_catch(subject: Subject, item: ast.withitem, kind: type[BaseException], function: Function) -> bool:
    """Whether a context manager may suppress an exception: one of which nothing is known, or the application's own."""
    held = subject.inference.instance(item.context_expr, function)
    if held is None or held.kind is object:
        return True
    if held.kind is suppress and isinstance(item.context_expr, ast.Call):
        return any(names(subject, part, kind, function) for part in item.context_expr.args)
    return isinstance(held.kind, type) and subject.program.method(held.kind, "__exit__") is not None


def catches(subject: Subject, handler: ast.ExceptHandler, kind: type[BaseException], function: Function) -> bool:
    if handler.type is None:
        return True
    parts = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(names(subject, part, kind, function) for part in parts)


def names(subject: Subject, part: ast.expr, kind: type[BaseException], function: Function) -> bool:
    """Whether an expression is a class of an exception; also if nothing is known of it."""
    value = subject.inference.value(part, function)
    caught = value.thing if isinstance(value, Known) else None
    return caught is None or (isinstance(caught, type) and issubclass(kind, caught))
