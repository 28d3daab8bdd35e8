"""Tell which conditions do not hold in a place of a function, in one form for all spellings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Final

from typeway.evidence.subject import Subject
from typeway.source.facts import LEAVES, is_in
from typeway.source.index import last_name
from typeway.source.program import Function, before
from typeway.source.reach import Edge
from typeway.source.words import words_of

ABOUT_ABSENCE: Final = re.compile(r"not_?found|missing|unknown|exist", re.IGNORECASE)
ABOUT_PRESENCE: Final = re.compile(r"already|exists|duplicate|conflict|taken", re.IGNORECASE)
# What is called, without its "s", that asks whether something is there.
LOOKED_UP: Final = frozenset({"already", "exist", "find", "get", "taken", "is", "has", "count", "load", "fetch"})
# What the names of errors say beside what is not there.
ABSENT: Final = frozenset({"error", "exception", "not", "found", "missing", "unknown", "doe", "no", "such"})
# Each comparison, and the one that holds where it does not.
OPPOSITE: Final[Mapping[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.LtE: ast.Gt, ast.Gt: ast.LtE,
}  # fmt: skip


def false_at(place: ast.AST | None, function: Function) -> Iterator[ast.expr]:
    """The conditions that do not hold in a place, or at the end."""
    if place is not None:
        inside = place
        for part in function.around(place):
            yield from false_inside(inside, part)
            inside = part
    yield from (test for each in statements_before(place, function) for test in false_after(each))


def statements_before(place: ast.AST | None, function: Function) -> Iterator[ast.AST]:
    """The statements that have been run before a place, or the end, is reached."""
    if place is None:
        yield from function.node.body
        return
    inside = place
    for part in [*function.around(place), function.node]:
        yield from before(inside, part)
        inside = part


def calls_before(place: ast.AST | None, function: Function) -> Iterator[ast.Call]:
    """The calls that have come back before a place, or the end, is reached."""
    waiting = [*statements_before(place, function)]
    while waiting:
        match waiting.pop():
            case ast.Try(body=body, handlers=handlers, orelse=other) if all(map(is_left_by, handlers)):
                waiting += [*body, *other]
            case ast.Expr(value=value) | ast.Assign(value=value) | ast.AnnAssign(value=value):
                held = value.value if isinstance(value, ast.Await) else value
                if isinstance(held, ast.Call):
                    yield held


def is_left_by(handler: ast.ExceptHandler) -> bool:
    return isinstance(handler.body[-1], LEAVES)


def is_about_keys(handler: ast.ExceptHandler) -> bool:
    return handler.type is not None and ast.unparse(handler.type) in ("KeyError", "LookupError")


def looked_up(part: ast.AST | None, operator: ast.cmpop) -> Iterator[ast.expr]:
    """A look-up in a table as a condition that compares the key with the table."""
    match part:
        case ast.Subscript(value=table, slice=key, ctx=ast.Load()):
            yield ast.Compare(key, [operator], [table])


def false_inside(inside: ast.AST, part: ast.AST) -> Iterator[ast.expr]:
    """The conditions that do not hold in a part of a statement or expression."""
    match part:
        case ast.If(test=test, body=body) | ast.IfExp(test=test, body=body) | ast.While(test=test, body=body):
            yield from () if inside is test else false_where(test, is_in(inside, body))
        case ast.BoolOp(op=operator, values=values):
            for value in values[: values.index(inside)] if isinstance(inside, ast.expr) else ():
                yield from false_where(value, isinstance(operator, ast.And))
        case ast.Try(body=[only]) if isinstance(inside, ast.ExceptHandler) and is_about_keys(inside):
            failed = [test for each in ast.walk(only) for test in looked_up(each, ast.In())]
            yield from failed if len(failed) == 1 else ()
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp() if inside not in part.generators:
            for test in (test for each in part.generators for test in each.ifs):
                yield from false_where(test, True)


def false_after(statement: ast.AST) -> Iterator[ast.expr]:
    """The conditions that do not hold after a statement, which leaves where they do."""
    match statement:
        case ast.Assert(test=test):
            yield from false_where(test, True)
        case ast.If(test=test, body=body, orelse=other):
            yield from false_where(test, False) if isinstance(body[-1], LEAVES) else ()
            yield from false_where(test, True) if other and isinstance(other[-1], LEAVES) else ()
        case ast.Try(body=body, handlers=handlers, orelse=other) if all(map(is_left_by, handlers)):
            yield from (test for each in [*body, *other] for test in false_after(each))
        case ast.Expr(value=value) | ast.Assign(value=value) | ast.AnnAssign(value=value) | ast.Return(value=value):
            yield from looked_up(value, ast.NotIn())
        case ast.While(test=test):
            ends = [part for part in ast.walk(statement) if isinstance(part, ast.Break)]
            tests = [part.test for part in ast.walk(statement) if isinstance(part, ast.If) and part.body[-1] in ends]
            if not ends:
                yield from false_where(test, False)
            elif len(ends) == len(tests) == 1 and isinstance(test, ast.Constant) and test.value:
                yield from false_where(tests[0], True)  # `while True`, which only this one ends


def false_where(test: ast.expr, holds: bool) -> Iterator[ast.expr]:
    """The conditions that do not hold where another does, or does not."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield from false_where(operand, not holds)
        case ast.BoolOp(op=operator, values=values) if isinstance(operator, ast.And) is holds:
            yield from (each for value in values for each in false_where(value, holds))
    yield opposite(test) if holds else test


def asks(test: ast.expr) -> tuple[ast.expr, bool]:
    """What a condition asks about that does not hold, and whether that is something: it is where `not user` does not hold."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=asked):
            return asked, True
        case ast.Compare(left=asked, ops=[ast.Is() | ast.IsNot() as operator], comparators=[ast.Constant(value=None)]):
            return asked, isinstance(operator, ast.Is)
    return test, False


def is_looked_up_before(subject: Subject, kind: type[BaseException], edge: Edge, caller: Function) -> bool:
    """Whether a caller has asked before for what an error says is there already, or is not, and goes no further then."""
    words = singular(kind.__name__)
    is_absent, about = not ABOUT_PRESENCE.search(kind.__name__) or "not" in words, words - LOOKED_UP - ABSENT
    if is_absent and not ABOUT_ABSENCE.search(kind.__name__):
        return False

    def sent(call: ast.Call | None) -> set[str]:
        given = [*call.args, *(each.value for each in call.keywords)] if call is not None else []
        return {name for each in given for name in caller.behind(each) if (caller, name) not in subject.arrivals}

    for part in caller.statements:
        leaves = isinstance(part, ast.If) and isinstance(part.body[-1], ast.Raise | ast.Return | ast.Continue)
        if not isinstance(part, ast.If) or part.lineno >= getattr(edge.node, "lineno", 0) or not leaves:
            continue
        # `if not user: raise` lets through what is there.
        is_none = isinstance(part.test, ast.Compare) and isinstance(part.test.ops[0], ast.Is | ast.Eq)
        if (isinstance(part.test, ast.UnaryOp) or is_none) is not is_absent:
            continue
        names = {each.id for each in ast.walk(part.test) if isinstance(each, ast.Name)}
        made = [part.test, *(value for name in names for value in caller.assigned.get(name, ()))]
        for call in (node for each in made for node in ast.walk(each) if isinstance(node, ast.Call)):
            asked = {*singular(last_name(call.func))}
            # Also `session.get(User, key)`.
            named = asked.union(*(singular(each.id) for each in call.args if isinstance(each, ast.Name)))
            if named & about and asked & LOOKED_UP and (not is_absent or sent(call) & sent(edge.call)):
                return True
    return False


def singular(name: str) -> set[str]:
    """The words of a name, without the "s" at their end; "is" and "has" are words without it."""
    return {word.rstrip("s") if len(word) > len("has") else word for word in words_of(name)}


def normal(test: ast.expr) -> str:
    """A condition as text, the same for `not a in b`, `a not in b` and `a not in b.keys()`."""
    found = opposite(opposite(test))
    match found:
        case ast.Compare(left=left, ops=[ast.In() | ast.NotIn()], comparators=[held]):
            found = ast.Compare(left, found.ops, [members(held)])
    asked, is_absence = asks(found)
    match asked:
        case ast.Call(func=ast.Attribute(value=held, attr="get"), args=[key], keywords=[]):
            found = ast.Compare(key, [ast.NotIn() if is_absence else ast.In()], [members(held)])
        case ast.Call():
            found = ast.UnaryOp(ast.Not(), asked) if is_absence else asked
    return ast.unparse(found)


def members(held: ast.expr) -> ast.expr:
    """What has the same members as something that is made of it."""
    match held:
        case (
            ast.Call(func=ast.Name(id="set" | "frozenset" | "list" | "tuple" | "sorted"), args=[inner])
            | ast.Call(func=ast.Attribute(value=inner, attr="keys"), args=[])
            | ast.Attribute(value=inner, attr="__members__")
        ):
            return members(inner)
    return held


def line_of(part: ast.AST) -> int:
    """The line in which a part begins, also of a condition that was made of parts."""
    return min(
        (each.lineno for each in ast.walk(part) if isinstance(each, ast.expr) and hasattr(each, "lineno")), default=0
    )


def is_left(block: list[ast.stmt]) -> bool:
    """Whether the end of a block may be reached."""
    match block[-1]:
        case ast.If(body=body, orelse=other) if other:
            return is_left(body) or is_left(other)
        case ast.With(body=body) | ast.AsyncWith(body=body):
            return is_left(body)
        case ast.Try(body=body, handlers=handlers, orelse=other):
            return is_left(other or body) or any(is_left(each.body) for each in handlers)
    return not isinstance(block[-1], LEAVES)


def opposite(test: ast.expr) -> ast.expr:
    """The condition that holds where another does not."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return operand
        case ast.Compare(left=left, ops=[operator], comparators=others) if type(operator) in OPPOSITE:
            return ast.Compare(left, [OPPOSITE[type(operator)]()], others)
    return ast.UnaryOp(ast.Not(), test)
