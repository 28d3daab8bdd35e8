"""Follow what does not hold on the way to a place, because somebody asked before: the function, a caller, a dependency."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

from typeway.evidence.excluded import (
    asks,
    calls_before,
    false_after,
    false_at,
    false_where,
    is_left,
    line_of,
    normal,
    opposite,
    statements_before,
)
from typeway.evidence.subject import Endpoint, Subject
from typeway.plan.tree import Node
from typeway.source.asking import attributes_of, is_exactly, safely
from typeway.source.facts import UNKNOWN
from typeway.source.index import last_name
from typeway.source.program import Function
from typeway.source.reach import MOST_STEPS, Edge

# Conditions that do not hold, by their normal form, in words that mean the same in every function.
Conditions = Mapping[str, ast.expr]
NOTHING: Final[Conditions] = {}
# Methods that make what was there be missing, and those that add to it.
REMOVES: Final = frozenset({"pop", "popitem", "clear", "remove", "discard", "delete", "difference_update"})
ADDS: Final = frozenset({"add", "append", "update", "setdefault", "insert", "extend"})
# What gives the same for the same text, so that a name may stand for it.
SAME: Final = frozenset({"get", "strip", "lower", "upper", "str", "int", "float", "UUID"})


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A function that runs, with what is known where it begins.

    Parameters:
        function: the function.
        given: its parameters, in words that mean the same in every function; those that are missing stand for themselves.
        excluded: what does not hold.
        above: the functions on the way to it.
    """

    function: Function
    given: Mapping[str, ast.expr] = field(default_factory=dict)
    excluded: Conditions = field(default_factory=dict)
    above: frozenset[Function] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What a function changes.

    Parameters:
        line: where it does.
        thing: what is changed.
        removes: whether something may not be there any more; else something may be there.
    """

    line: int
    thing: ast.expr
    removes: bool

    def ends(self, test: ast.expr, text: str, since: int) -> bool:
        """Whether a condition that did not hold since a line may hold now."""
        if since >= self.line or (is_absence(test) and not self.removes):
            return False
        return re.search(rf"(?<!\w){re.escape(ast.unparse(self.thing))}(?!\w)", text) is not None


class Asked:
    """Says what does not hold in a place of a function.

    Parameters:
        subject: the application.
    """

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.things: dict[str, Any] = {}
        self.left: dict[tuple[Function, bool | None], Conditions] = {}
        self.changed: dict[Function, list[Change]] = {}
        self.alone: dict[ast.AST, Frame | None] = {}
        self.depth: int = 0

    # --- ways ---------------------------------------------------------------------------------------------------

    def request(self, endpoint: Endpoint) -> dict[Function, Frame]:
        """What the framework calls for an endpoint, each function with what those before have excluded."""
        found: dict[Function, Frame] = {}
        excluded: Conditions = {}
        for node in endpoint.tree.walk():
            function = self.subject.receiver(node)
            if function is not None and function not in found:
                given = {**self.sent(node), **self.object_of(function)}
                found[function] = Frame(function, given, excluded)
                excluded = {**excluded, **self.renamed(self.leaving(function), given)}
        return found

    def sent(self, node: Node) -> dict[str, ast.expr]:
        """What the parameters of a node are: parts of the request, or what a dependency gives."""
        words = {name: f"<{id(child.function)}()>" for name, child in node.children if name is not None}
        for source in node.inputs:
            default = None if source.is_required else safely(repr, source.marker.default)
            words[source.name] = f"<{hash((source.location, source.wires[0], default))}>"
        return {name: ast.Name(word) for name, word in words.items()}

    def object_of(self, function: Function) -> dict[str, ast.expr]:
        return {function.first: self.live(function.held)} if function.held is not None else {}

    def into(self, edge: Edge, frame: Frame) -> Frame | None:
        """The function that a call leads to; None where something that is asked before excludes it."""
        known = self.at(edge.node, frame)
        if is_contradictory(known, frame.excluded):
            return None
        return Frame(edge.function, self.passed(edge, frame), known, frame.above | {frame.function})

    def into_alone(self, edge: Edge, caller: Function) -> Frame | None:
        """The same, by what the caller itself asks; what its own callers have asked is not known."""
        if edge.node not in self.alone:
            self.alone[edge.node] = self.into(edge, Frame(caller))
        return self.alone[edge.node]

    def is_excluded(self, statement: ast.AST, frame: Frame) -> bool:
        """Whether a statement of a function does not run, or a look-up does not fail."""
        found = dict(self.at(statement, frame))
        if isinstance(statement, ast.Subscript):
            inside = self.spelled(ast.Compare(statement.slice, [ast.In()], [statement.value]), frame)
            found[normal(inside)] = inside
        return is_contradictory(found, frame.excluded)

    def passed(self, edge: Edge, frame: Frame) -> dict[str, ast.expr]:
        """What a call passes for the parameters of a function."""
        function, call = edge.function, edge.call
        given: dict[str, ast.expr] = {name: ast.Name(f"{name}@{id(edge.node)}") for name in function.parameters}
        given |= {name: self.spelled(value, frame) for name, value in function.given(call).items()}
        holder = call.func if call is not None else edge.node
        if isinstance(holder, ast.Attribute) and function.owner is not None and function.node.name != "__init__":
            given[function.first] = self.spelled(holder.value, frame)
        return {**given, **(frame.given if is_passed_whole(edge, frame.function) else {}), **self.object_of(function)}

    # --- conditions ---------------------------------------------------------------------------------------------

    def at(self, place: ast.AST | None, frame: Frame, *, is_over: bool = False) -> Conditions:
        """What does not hold in a place of a function, or at its end; if it is over, after what the place itself changes."""
        function = frame.function
        is_over |= place is None
        until = getattr(place or function.node, "end_lineno" if is_over else "lineno", 0) + is_over
        known = [(0, text, test) for text, test in frame.excluded.items()]
        tests = [*false_at(place, function), *self.refused(place, function)]
        said = [each for test in tests for each in self.said(test, frame, line_of(test))]
        known += [(line, normal(test), test) for line, test in said]
        for call in calls_before(place, function):
            known += [(call.lineno, text, test) for text, test in self.after(call, frame).items()]
        changes = [*self.changes(frame, until)] if known else []
        return {text: test for since, text, test in known if not any(each.ends(test, text, since) for each in changes)}

    def refused(self, place: ast.AST | None, function: Function) -> Iterator[ast.expr]:
        """The conditions before a place in which a function is called that always raises: `if key not in known: abort(404)`."""
        for part in statements_before(place, function):
            match part:
                case ast.If(
                    test=test, body=[*_, ast.Expr(value=ast.Call(func=called) | ast.Await(ast.Call(func=called)))]
                ):
                    targets = self.subject.graph.targets(self.subject.inference.value(called, function))
                    ends = [each for each in targets if each.yields or each.of(ast.Return) or is_left(each.node.body)]
                    yield from false_where(test, False) if targets and not ends else ()

    def said(self, test: ast.expr, frame: Frame, since: int, steps: int = MOST_STEPS) -> Iterator[tuple[int, ast.expr]]:
        """A condition that does not hold, and what therefore does not hold either, each with the line from which on."""
        yield since, self.spelled(test, frame)
        asked, holds = asks(test)
        value: ast.expr = asked
        while isinstance(value, ast.Await | ast.NamedExpr):
            value = value.value
        made = self.made(value, frame.function) if isinstance(value, ast.Name) else None
        if isinstance(value, ast.Call):
            yield from ((since, each) for each in self.after(value, frame, holds).values())
        if made is not None and steps:
            for each in false_where(made, holds):
                yield from self.said(each, frame, min(since, made.lineno), steps - 1)

    def made(self, name: ast.Name, function: Function) -> ast.expr | None:
        """What a local name stands for, if it is assigned in one place, before."""
        made = self.subject.graph.truth(function, UNKNOWN).assigned(name.id) if name.id in function.stores else None
        return made if made is not None and made.lineno < name.lineno else None

    def after(self, call: ast.Call, frame: Frame, gives: bool | None = None) -> Conditions:
        """What does not hold after a call of an own function; also where it gives something that is true, or that is not."""
        targets = self.subject.graph.targets(self.subject.inference.value(call.func, frame.function))
        if len(targets) != 1 or targets[0].yields or (targets[0].is_async and not frame.function.is_awaited(call)):
            return NOTHING
        left = self.leaving(targets[0], gives)
        return self.renamed(left, self.passed(Edge(call, targets[0], call), frame)) if left else NOTHING

    def leaving(self, function: Function, gives: bool | None = None) -> Conditions:
        """What does not hold where a function has come to its end, or to its `yield`, in terms of its parameters."""
        key = (function, gives)
        if key not in self.left and self.depth < MOST_STEPS:
            self.left[key] = NOTHING  # functions call each other in circles
            self.depth += 1
            ends = [*self.ends(self.summary(function), gives)]
            self.depth -= 1
            first = ends[0] if ends else NOTHING
            self.left[key] = {
                text: first[text] for text in first if "@" not in text and all(text in end for end in ends)
            }
        return self.left.get(key, NOTHING)

    def ends(self, frame: Frame, gives: bool | None) -> Iterator[Conditions]:
        """What does not hold at each end of a function, if it may give there what it does."""
        function = frame.function
        places: list[ast.AST | None] = [*(function.yields or function.of(ast.Return))]
        if not function.yields and is_left(function.node.body):
            places.append(None)
        for place in places:
            value = place.value if isinstance(place, ast.Return) else None
            constant = value or ast.Constant(None)
            if gives is not None and isinstance(constant, ast.Constant) and bool(constant.value) is not gives:
                continue
            found = {**self.at(place, frame, is_over=True)}
            last = [] if place is None else [*false_after(place)]
            for test in [*last, *(false_where(constant, gives) if gives is not None else ())]:
                found |= {normal(each): each for _, each in self.said(test, frame, 0)}
            yield found

    def changes(self, frame: Frame, until: float = math.inf) -> Iterator[Change]:
        """What a function changes before a line, itself or in what it calls: where, and whether something is gone then."""
        for node in frame.function.body:
            if getattr(node, "lineno", until) >= until:
                continue
            match node:
                case ast.Subscript(value=held, ctx=ast.Store() | ast.Del()):
                    yield Change(node.lineno, self.spelled(held, frame), isinstance(node.ctx, ast.Del))
                case ast.Attribute(ctx=ast.Store() | ast.Del()):
                    yield Change(node.lineno, self.spelled(node, frame), True)
                case ast.Name(id=name, ctx=ast.Store()) if name in frame.function.foreign:
                    yield Change(node.lineno, self.spelled(node, frame), True)
                case ast.Call(func=called):
                    if isinstance(called, ast.Attribute) and called.attr in REMOVES | ADDS:
                        yield Change(node.lineno, self.spelled(called.value, frame), called.attr in REMOVES)
                    for function in self.subject.graph.targets(self.subject.inference.value(called, frame.function)):
                        changed = self.changed_by(function)
                        given = self.passed(Edge(node, function, node), frame) if changed else {}
                        for each in changed:
                            yield Change(node.lineno, Renamed(self, given).visit(deepcopy(each.thing)), each.removes)

    def changed_by(self, function: Function) -> list[Change]:
        """What a function changes, in terms of its parameters."""
        if function not in self.changed and self.depth < MOST_STEPS:
            self.changed[function] = []
            self.depth += 1
            made = {(ast.unparse(each.thing), each.removes): each for each in self.changes(self.summary(function))}
            self.changed[function] = [*made.values()]
            self.depth -= 1
        return self.changed.get(function, [])

    def renamed(self, conditions: Conditions, given: Mapping[str, ast.expr]) -> dict[str, ast.expr]:
        """Conditions about parameters as such about what is passed for them."""
        found = [Renamed(self, given).visit(deepcopy(test)) for test in conditions.values()]
        return {normal(test): test for test in found}

    # --- words --------------------------------------------------------------------------------------------------

    def summary(self, function: Function) -> Frame:
        """A function whose parameters stand for themselves."""
        return Frame(function, {name: ast.Name(name) for name in function.parameters} | self.object_of(function))

    def spelled(self, node: ast.expr, frame: Frame) -> ast.expr:
        """An expression of a function in words that mean the same in every function."""
        # PERF: most of what calls pass are names, and a copy takes longer than the look-up.
        found: ast.expr = Spelled(self, frame).visit(node if isinstance(node, ast.Name) else deepcopy(node))
        return found

    def live(self, thing: Any) -> ast.expr:
        """A word for an object of the program."""
        word = f"<{id(thing)}>"
        self.things[word] = thing
        return ast.Name(word)


class Renamed(ast.NodeTransformer):
    """Puts what is passed in the place of parameters."""

    def __init__(self, asked: Asked, given: Mapping[str, ast.expr]) -> None:
        self.asked = asked
        self.given = given

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.given.get(node.id, node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        held = self.visit(node.value)
        thing = attributes_of(self.asked.things.get(getattr(held, "id", ""))).get(node.attr)
        return ast.Attribute(held, node.attr) if is_plain(thing) else self.asked.live(thing)


class Spelled(Renamed):
    """Puts words that mean the same everywhere in the place of the names of a function."""

    def __init__(self, asked: Asked, frame: Frame) -> None:
        super().__init__(asked, frame.given)
        self.frame = frame

    def visit_Await(self, node: ast.Await) -> ast.expr:
        found: ast.expr = self.visit(node.value)
        return found

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.expr:
        found: ast.expr = self.visit(node.value)
        return found

    def visit_Name(self, node: ast.Name) -> ast.expr:
        function, name = self.frame.function, node.id
        # What an assignment reads is what was there before it: `key = find(key)`.
        own = [part.lineno for part in function.of(ast.Assign) if part.lineno <= node.lineno <= (part.end_lineno or 0)]
        lines = [line for line in function.stores.get(name, ()) if line <= node.lineno and line not in own]
        if name in function.parameters and name in self.given and not lines:
            return self.given[name]
        if name not in function.foreign and (name in function.stores or name in function.parameters):
            made = self.asked.made(node, function)
            if made is not None and is_same(made):
                return self.asked.spelled(made, self.frame)
            return ast.Name(f"{name}@{id(function.node)}:{max(lines, default=0)}")
        names = function.cells if name in function.cells else function.names
        if name not in names:
            return node
        # Two names of one number may have different ones later.
        return ast.Name(f"{name}<{id(names[name])}>") if is_plain(names[name]) else self.asked.live(names[name])


def is_passed_whole(edge: Edge, caller: Function) -> bool:
    """Whether a wrapper passes on what it is given by name, as it is: `inner(*args, **kwargs)`."""
    whole = caller.node.args.kwarg
    keywords = edge.call.keywords if edge.call is not None and whole is not None else []
    names = [getattr(each.value, "id", "") for each in keywords if each.arg is None]
    return whole is not None and names == [whole.arg]


def is_plain(thing: Any) -> bool:
    return thing is None or is_exactly(thing, bool, int, float, str)


def is_same(made: ast.expr) -> bool:
    """Whether something gives the same each time, so that a name may stand for it."""
    calls = [part for part in ast.walk(made) if isinstance(part, ast.Call)]
    return all(last_name(part.func) in SAME for part in calls) and not isinstance(made, ast.Dict | ast.List | ast.Set)


def is_absence(test: ast.expr) -> bool:
    """Whether a condition is that something is not there: it does not begin to hold where something is added."""
    return asks(test)[1] or (isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.NotIn))


def is_contradictory(known: Conditions, earlier: Conditions) -> bool:
    """Whether a condition does not hold, and what holds instead does not either: one of the two was not known earlier."""
    return any(is_refuted(opposite(test), known) for text, test in known.items() if text not in earlier)


def is_refuted(test: ast.expr, known: Conditions) -> bool:
    match test:
        case ast.BoolOp(op=ast.Or(), values=values):
            return all(is_refuted(value, known) for value in values)
        case ast.BoolOp(values=values) if any(is_refuted(value, known) for value in values):
            return True
    return normal(test) in known
