"""Tell whether a query only finds what belongs to one parent, or what happened in a span of time."""

from __future__ import annotations

import ast
import re
from typing import Final

from typeway.evidence.subject import Subject, remembered
from typeway.source.index import last_name
from typeway.source.program import Function
from typeway.source.results import is_fixed, is_link, narrows
from typeway.source.sql import is_particular
from typeway.source.words import words_of

# What a query is told which rows it is about, and what runs one that it is given.
ASKS: Final = frozenset({"where", "filter", "filter_by", "find", "find_all", "join", "objects"})
RUNS: Final = frozenset({"execute", "scalars", "exec", "stream", "stream_scalars", "text", "list", "sorted", "tuple"})
# What columns of a time are called, what a span that ends now is made of, and a text that asks for the key of one thing.
TIMES: Final = frozenset({"at", "on", "date", "day", "time", "timestamp", "datetime", "created", "updated", "started"})
NOW: Final = re.compile(r"\b(timedelta|relativedelta|now|utcnow|today)\b")
ONE_KEY: Final = re.compile(
    r"\bWHERE\b.*\b(?:(?:\w*_)?(?:id|key|uuid)|(?-i:\w+(?:Id|Key)))\s*=\s*'?[:%$?{]", re.IGNORECASE | re.DOTALL
)
# What is in another query may be everything.
OTHER_QUERY: Final = re.compile(r"\bin_\((\w+\.)?select\(")
# What looks for a text in a column.
SEARCHES: Final = frozenset({"like", "ilike", "contains", "icontains", "startswith", "istartswith", "match"})
# Through how many names and functions a query is followed to where it is made.
MOST_STEPS: Final = 6
BRANCHES: Final = (ast.If, ast.ExceptHandler, ast.match_case)


@remembered
def is_narrowed(subject: Subject, query: ast.AST | None, function: Function, steps: int = MOST_STEPS) -> bool:
    """Whether a query asks in any case for the rows of one parent, such as a user, or of a span of time."""
    places: list[tuple[ast.AST | None, Function]] = []
    match query:
        case ast.Constant() | ast.JoinedStr():
            return ONE_KEY.search(ast.unparse(query)) is not None
        case ast.Await(value=inner) | ast.Subscript(value=inner, slice=ast.Slice()):
            return is_narrowed(subject, inner, function, steps)
        case ast.Tuple(elts=parts):
            return any(is_narrowed(subject, part, function, steps) for part in parts)
        case ast.Name(id=name) if name in function.parameters and name not in function.assigned and steps:
            calls = subject.inference.index.calls.get(function.node.name, ())
            given = [(function.given(call).get(name), caller) for call, caller in calls]
            return bool(given) and all(is_narrowed(subject, each, caller, steps - 1) for each, caller in given)
        case ast.Name():
            places = [(each, function) for each in made_of(query, function)]
        case ast.Call(func=called, args=args):
            targets = subject.graph.targets(subject.inference.value(called, function)) if steps else []
            asked = args[0] if args and last_name(called) in RUNS else getattr(called, "value", None)
            if not targets and last_name(called) in ASKS and leaves_few(subject, query, function):
                return True
            if is_narrowed(subject, asked, function, steps):
                return True
            places = [(value, target) for target in targets for value in target.returned]
    return steps > 0 and any(is_narrowed(subject, each, place, steps - 1) for each, place in places)


def made_of(name: ast.Name, function: Function) -> list[ast.AST]:
    """What a name is made of wherever it is used: a step in a branch may be left out."""
    around = {*function.around(name)}
    return [
        each
        for each in function.assigned.get(name.id, ())
        if not any(isinstance(part, BRANCHES) and part not in around for part in function.around(each))
    ]


def leaves_few(subject: Subject, call: ast.Call, function: Function) -> bool:
    """Whether what a call asks for is true of few rows."""
    given: list[ast.AST] = []
    for entry in call.args[1:] if last_name(call.func) == "join" else call.args:
        held = entry.value if isinstance(entry, ast.Starred) else entry
        made = made_of(held, function) if isinstance(held, ast.Name) else [held]
        given += [part for each in made for part in (each.elts if isinstance(each, ast.List | ast.Tuple) else [each])]
    named = [(entry.arg or "$", entry.value) for entry in call.keywords]
    for each in given:
        if isinstance(each, ast.Dict):
            named += [
                (str(getattr(key, "value", "$")), value) for key, value in zip(each.keys, each.values, strict=True)
            ]
    tests = [each for each in given if isinstance(each, ast.expr) and not is_link(each)]
    return any(
        is_particular(name) and "$" not in name and not is_fixed(value) and not isinstance(value, ast.Dict)
        for name, value in named
    ) or any(
        is_of_span(subject, each, function) or (narrows(each) and not OTHER_QUERY.search(ast.unparse(each)))
        for each in tests
    )


def is_of_span(subject: Subject, condition: ast.expr, function: Function) -> bool:
    """Whether a condition is about a day, a span between two times, what is newer than some time ago, or a text that has to be given."""
    match condition:
        case ast.BinOp(left=left, op=ast.BitAnd(), right=right):
            return is_of_span(subject, left, function) or is_of_span(subject, right, function)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return is_of_span(subject, left, function) and is_of_span(subject, right, function)
        case ast.Call(func=called, args=[_, *_] as parts) if last_name(called) == "or_":
            return all(is_of_span(subject, part, function) for part in parts)
        case ast.Call(func=ast.Attribute(attr=name), args=[text, *_]) if name in SEARCHES:
            return is_required(subject, text, function)
        case (
            ast.Call(func=ast.Attribute(value=column, attr="between"))
            | ast.Compare(left=ast.Call() as column, ops=[ast.Eq()])
        ):
            return is_time(column)
        case (
            ast.Compare(left=column, ops=[ast.Gt() | ast.GtE()], comparators=[start])
            | ast.Compare(left=start, ops=[ast.Lt() | ast.LtE()], comparators=[column])
        ):  # fmt: skip
            made = function.assigned.get(getattr(start, "id", ""), [start])
            return is_time(column) and any(NOW.search(ast.unparse(each)) for each in made)
    return False


@remembered
def is_required(subject: Subject, text: ast.AST | None, function: Function, steps: int = MOST_STEPS) -> bool:
    """Whether a text is made of a parameter that has to be given, by clients and by callers."""
    for name in {part.id for part in ast.walk(text) if isinstance(part, ast.Name)} if text and steps else ():
        places: list[tuple[ast.AST | None, Function]] = [(made, function) for made in function.assigned.get(name, ())]
        is_given = not places and name in function.parameters and function.parameters[name][1] is None
        for call, caller in subject.inference.index.calls.get(function.node.name, ()) if is_given else ():
            places.append((function.given(call).get(name), caller))
        if (is_given or places) and all(is_required(subject, made, place, steps - 1) for made, place in places):
            return True
    return False


def is_time(column: ast.expr) -> bool:
    """Whether a column, or what a function of the database makes of one, is called like a time."""
    named = column.func if isinstance(column, ast.Call) else column
    return isinstance(named, ast.Attribute) and bool(TIMES & {*words_of(named.attr)})
