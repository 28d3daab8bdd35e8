"""Follow the application's exceptions from where they are raised to the callers that they leave."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import Enum
from typing import Any, Final
from uuid import UUID

from starlette.exceptions import HTTPException, WebSocketException

from typeway.evidence.asked import Asked, Frame, is_passed_whole
from typeway.evidence.catching import is_caught
from typeway.evidence.excluded import ABOUT_ABSENCE, ABOUT_PRESENCE, is_looked_up_before
from typeway.evidence.subject import Subject, remembered
from typeway.source.facts import LEAVES, MOST_CONTEXTS, UNKNOWN, Contexts, Facts, Truth
from typeway.source.index import last_name
from typeway.source.program import Function, tests_of
from typeway.source.reach import Edge
from typeway.source.statuses import raised_in
from typeway.source.values import Known
from typeway.source.words import JUDGES, words_of

# Errors about a client's request. Others may be meant to end as a 500, because the client can do nothing about them.
ABOUT_REQUEST: Final = re.compile(
    r"not_?found|missing|unknown|exist|duplicate|conflict|taken|forbidden|denied|permission|unauthori|authentic|credential"
    r"|invalid|validation|expired|exceeded|too_?(many|large)|limit|quota|bad_?request|not_?allowed|rejected|unsupported",
    re.IGNORECASE,
)
# Errors about the server itself, whatever else they are called.
ABOUT_SERVER: Final = re.compile(r"config|setting|internal|server|unexpected|environment", re.IGNORECASE)
# An error of Python itself that own code raises about who asks.
ABOUT_CALLERS: Final = (PermissionError,)
# Errors of Python itself that say that a value is wrong.
ABOUT_VALUES: Final = (ValueError, KeyError, LookupError)
# What makes something of a text, and raises ValueError where that is not possible.
CONVERTS: Final = frozenset(map(id, (
    int, float, UUID, json.loads, inspect.getattr_static(datetime, "strptime"),
    *(inspect.getattr_static(kind, "fromisoformat") for kind in (date, datetime, time)),
)))  # fmt: skip
# On how many ways to an error it is looked for what was asked.
MOST_WAYS: Final = 30
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
        raised: yields the exceptions that a function raises itself, those too that it catches.
    """

    def __init__(self, subject: Subject, raised: Callable[[Subject, Function], Iterator[Escape]]) -> None:
        self.subject = subject
        self.raised = raised
        self.asked: Asked = Asked(subject)
        self.found: dict[Function, dict[Escape, None]] = {}
        self.caught: dict[Function, dict[tuple[Escape, Edge | None], None]] = {}
        self.callers: dict[Function, list[tuple[Edge, Function]]] = {}
        self.forms: Counter[tuple[Function, ast.AST]] = Counter()

    def of(self, function: Function) -> list[Escape]:
        """The exceptions that can leave a function."""
        if function not in self.found:
            leaving = self.read(function)
            while leaving:
                left, escape = leaving.pop()
                place = (left, escape.statement)
                # There are as many forms of an error as choices of parameters; a few say what can be said.
                if escape not in self.found[left] and self.forms[place] < MOST_CONTEXTS:
                    self.found[left][escape] = None
                    self.forms[place] += 1
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
            raised = self.raised(self.subject, function)
            leaving += [(function, left) for escape in raised for left in self.uncaught(escape, None, function)]
            for edge in self.subject.graph.edges(function):
                called = edge.function
                if function.yields or called.yields or (called.is_async and not function.is_awaited(edge.node)):
                    continue
                self.callers.setdefault(called, []).append((edge, function))
                for known in self.found.get(called, ()):
                    leaving += [(function, onward) for onward in self.onward(known, edge, function)]
                waiting.append(called)
        return leaving

    def arrives(self, escape: Escape, start: Frame, facts: Facts = UNKNOWN) -> Truth | None:
        """What is known where an exception is raised that can leave a function; None if no way to it passes what it takes."""
        waiting, contexts = deque[tuple[Truth, Frame, Edge | None]](), Contexts()
        waiting.append((self.subject.graph.truth(start.function, facts), start, None))
        while waiting:
            known, caller, way = waiting.popleft()  # short ways first: most errors are near
            frame, key = self.enter(way, caller, len(contexts.seen)) if way is not None else (caller, caller)
            truth = contexts.fresh(known, key) if frame is not None else None
            if truth is None or frame is None:
                continue
            function = truth.function
            is_here = function is escape.function and not truth.is_dead(escape.statement)
            if is_here and not self.asked.is_excluded(escape.statement, frame):
                return truth
            for edge in self.subject.graph.edges(function):
                same = [each for each in self.found.get(edge.function, ()) if each.statement is escape.statement]
                if any(next(self.onward(each, edge, function), None) for each in same) and not truth.is_dead(edge.node):
                    passes = self.subject.graph.passes(edge, truth)
                    waiting.append((self.subject.graph.truth(edge.function, passes), frame, edge))
        return None

    def enter(self, way: Edge, caller: Frame, count: int) -> tuple[Frame | None, object]:
        """What is known where a call leads to, and what tells this way from others."""
        # What all callers ask takes time to find out: of the many ways in a large application only a few are followed.
        if count < MOST_WAYS and way.function not in caller.above:
            frame = self.asked.into(way, caller)
            return frame, frame
        return self.asked.into_alone(way, caller.function), way.node

    def onward(self, escape: Escape, edge: Edge, caller: Function) -> Iterator[Escape]:
        """What an exception that leaves a called function is for its caller: nothing if it does not get there."""
        subject = self.subject
        if escape.function is edge.function and is_in_doubt(escape, edge):
            return
        if ABOUT_ABSENCE.search(escape.kind.__name__) and is_loaded_already(subject, edge.call, caller):
            return
        if is_looked_up_before(subject, escape.kind, edge, caller):
            return
        sent = decided_by(edge.node, caller) if escape.sent is None else passed_as_sent(escape.sent, edge, caller)
        asked = None if escape.asked is None else passed_for(subject, escape.asked, edge, caller)
        if asked and any(is_asked_before(subject, name, edge.node, caller) for name in asked):
            sent = frozenset()
        if asked is None or asked:
            yield from self.uncaught(Escape(escape.kind, escape.function, escape.statement, asked, sent), edge, caller)

    def uncaught(self, escape: Escape, edge: Edge | None, function: Function) -> Iterator[Escape]:
        """An exception that a function raises, or that comes from a call, if it leaves the function; else this is noted."""
        node = escape.statement if edge is None else edge.node
        if not is_caught(self.subject, escape.kind, node, function):
            yield escape
        else:
            self.caught.setdefault(function, {})[escape, edge] = None


def is_in_doubt(escape: Escape, edge: Edge) -> bool:
    """Whether an exception is raised about an argument with a default that only a mapping may have: `update(**fields)`."""
    if edge.call is None or all(keyword.arg is not None for keyword in edge.call.keywords):
        return False
    function = escape.function
    given = function.given(edge.call)
    open_ones = {name for name, (_, default) in function.parameters.items() if default is not None} - given.keys()
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


@remembered
def passed_for(subject: Subject, asked: frozenset[str], edge: Edge, caller: Function) -> frozenset[str]:
    """The parameters of a caller from which it makes what it passes for some parameters of a function."""
    given = edge.function.given(edge.call)
    passed = [given[name] for name in asked if name in given and not is_composed(subject, given[name], caller)]
    made = {name for value in passed for name in names_in(value, caller)} & caller.parameters.keys()
    return frozenset(made) | (asked if is_passed_whole(edge, caller) else frozenset())


@remembered
def is_composed(subject: Subject, value: ast.AST | None, function: Function, steps: int = 4) -> bool:
    """Whether the application itself gives a text its form, here or in own functions: `f"s3://{bucket}/{key}"`."""
    match value:
        case (
            ast.JoinedStr(values=[ast.Constant(), *_])
            | ast.Call(func=ast.Attribute(value=ast.Constant(), attr="format"))
        ):
            return True
        case ast.BinOp(left=ast.Constant(value=str()), op=ast.Add() | ast.Mod()):
            return True
        case ast.Name(id=name):
            made = function.assigned.get(name, [])
            return steps > 0 and len(made) == 1 and is_composed(subject, made[0], function, steps - 1)
        case ast.Await(value=inner):
            return is_composed(subject, inner, function, steps)
        case ast.Call(func=called) if steps:
            targets = subject.graph.targets(subject.inference.value(called, function))
            results = [(part, each) for each in targets for part in each.body if isinstance(part, ast.Return)]
            return bool(results) and all(is_composed(subject, part.value, each, steps - 1) for part, each in results)
    return False


def passed_as_sent(sent: frozenset[str], edge: Edge, caller: Function) -> frozenset[str]:
    """The parameters of a caller that it passes on as they are, or a field of them, for some parameters of a function."""
    given = edge.function.given(edge.call)
    found = {part_of(given[name], caller) for name in sent if name in given}
    return frozenset(found & caller.parameters.keys()) | (sent if is_passed_whole(edge, caller) else frozenset())


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
    """The exceptions that a function raises itself, if nothing answers them by itself."""
    for kind, _, statement in raised_in(subject.graph, function):
        init = subject.program.method(kind, "__init__")
        if init is not None and any(isinstance(part, ast.Raise) for part in init.node.body):
            continue  # making one raises another: an HTTPException with its status
        if is_about_request(subject, kind):
            is_broken = bool(ABOUT_PRESENCE.search(kind.__name__)) and asks_for_several(statement, function)
            sent = frozenset[str]() if is_broken else decided_by(statement, function)
            yield Escape(kind, function, statement, None, sent)
        elif is_about_value(subject, kind):
            asked = asked_before(statement, function)
            if asked:
                yield Escape(kind, function, statement, asked, asked)
    for kind, node, name in unchecked(subject, function):
        yield Escape(kind, function, node, frozenset({name}), frozenset({name}))


def unchecked(subject: Subject, function: Function) -> Iterator[tuple[type[BaseException], ast.AST, str]]:
    """The conversions and look-ups of a text that a function is given and asks nothing about, with what they raise."""
    kind: type[BaseException]
    for node in function.body:
        match node:
            case ast.Call(func=called, args=[given, *_]):
                value = subject.inference.value(called, function)
                kind = json.JSONDecodeError if value == Known(json.loads) else ValueError
                fails = isinstance(value, Known) and (id(value.thing) in CONVERTS or is_enumeration(value.thing))
            case ast.Subscript(value=ast.Name(id=table) as held, slice=given, ctx=ast.Load()):
                value, kind = subject.inference.value(held, function), KeyError
                is_table = isinstance(value, Known) and type(value.thing) is dict and bool(value.thing)
                fails = is_table and not any(changes(table, each) for each in subject.inference.index.functions)
                fails = fails or (isinstance(value, Known) and is_enumeration(value.thing))
            case _:
                continue
        name = part_of(given, function) if fails else ""
        text = subject.inference.instance(given, function) if name in function.parameters else None
        kinds = (str, int) if isinstance(value, Known) and is_enumeration(value.thing) else (str,)
        if text is not None and text.kind in kinds and not is_asked_before(subject, name, node, function):
            yield kind, node, name


def is_enumeration(thing: Any) -> bool:
    """Whether something is an enumeration that has no member for other values."""
    found = (
        inspect.getattr_static(thing, "_missing_", None)
        if isinstance(thing, type) and issubclass(thing, Enum)
        else None
    )
    return found is vars(Enum)["_missing_"]


def changes(table: str, function: Function) -> bool:
    for node in function.body:
        match node:
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()) if name == table:
                return True
            case ast.Attribute(value=ast.Name(id=name), attr=method) if name == table and method in CHANGES:
                return True
    return False


@remembered
def is_asked_before(subject: Subject, name: str, place: ast.AST, function: Function) -> bool:
    """Whether a function asks something about a parameter before a place or around it, other than whether it is there at all.

    A function that it gives the parameter may ask too, and raise.
    """
    line = getattr(place, "lineno", 0)
    for part in function.body:
        if isinstance(part, ast.Try) and part.lineno < line and is_tried(part, place):
            return True
        asked = [part.test] if isinstance(part, ast.Assert) else [*tests_of(part)]
        if isinstance(part, ast.Call) and part is not place and refuses(subject, part, function):
            asked = [*part.args, *(keyword.value for keyword in part.keywords)]
        is_sure = isinstance(part, ast.Match | ast.Call)
        for test in asked:
            is_earlier = test.lineno <= line and place not in ast.walk(test) and name in function.behind(test)
            if is_earlier and (is_sure or not is_presence(test, name, function)):
                return True
    return False


def is_tried(part: ast.Try, place: ast.AST) -> bool:
    """Whether a `try` before has done the same as a place does, and goes no further where that fails."""
    leaves = bool(part.handlers) and all(isinstance(each.body[-1], LEAVES) for each in part.handlers)
    done = [node for each in part.body for node in ast.walk(each)]
    text = ast.unparse(place)
    return leaves and place not in done and any(ast.unparse(node) == text for node in done if type(node) is type(place))


def refuses(subject: Subject, call: ast.Call, function: Function) -> bool:
    """Whether a call may raise an error about what it is given, by its name or in an own function."""
    targets = subject.graph.targets(subject.inference.value(call.func, function))
    is_own = any(isinstance(node, ast.Raise) for each in targets for node in each.body)
    return is_own or bool(JUDGES & {*words_of(last_name(call.func))[:1]})


def is_presence(test: ast.expr, name: str, function: Function) -> bool:
    """Whether a condition only asks whether a parameter is there at all."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=asked) | ast.Compare(left=asked, ops=[ast.Is() | ast.IsNot()]):
            return part_of(asked, function) == name
    return part_of(test, function) == name


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
