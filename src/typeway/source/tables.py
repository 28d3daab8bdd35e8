"""Know what is in collections of functions and objects: as they are when the application is loaded, and as code fills them."""

from __future__ import annotations

import ast
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from typeway.source.values import (
    PENDING,
    Held,
    Instance,
    Known,
    Plain,
    Value,
    as_instance,
    either,
    known,
    plain_values,
)
from typeway.watch.catalogue import module_and_name

# What holds functions and objects; asked for by the identity of the class, so that no code of the application runs.
MAPPINGS: Final = frozenset(map(id, (dict, defaultdict, OrderedDict, MappingProxyType)))
TABLES: Final = MAPPINGS | frozenset(map(id, (list, tuple, set, frozenset, deque)))
# A larger one is no table that somebody wrote.
MOST_ENTRIES: Final = 40
DATA: Final = frozenset({"builtins", "datetime", "decimal"})
# What gives the same things again, in another order or another collection.
COPIES: Final = {id(each) for each in (list, tuple, set, frozenset, deque, sorted, reversed, iter)}
# What gives one of the things in a collection.
TAKES: Final = frozenset({"get", "pop", "setdefault", "popleft"})
# What adds to a collection, with the position of what is added; and of these, what adds all of another one.
ADDS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("append", "add", "appendleft", "extend", "update"), 0), "insert": 1, "setdefault": 1,
}  # fmt: skip
ADDS_MANY: Final = frozenset({"extend", "update"})


def held_in(value: Value | None) -> Held | None:
    """What is in a collection, or in any of several."""
    found = [table for each in plain_values(value) if (table := held_in_one(each)) is not None]
    if len(found) <= 1 or len(found) < len(plain_values(value)):
        return found[0] if len(found) == 1 and len(plain_values(value)) == 1 else None
    return Held(found[0].kind, tuple(dict.fromkeys(each for table in found for each in table.values)))


def held_in_one(value: Plain) -> Held | None:
    if not isinstance(value, Known) or id(type(value.thing)) not in TABLES or len(value.thing) > MOST_ENTRIES:
        return value if isinstance(value, Held) else None
    is_mapping = id(type(value.thing)) in MAPPINGS
    return Held(dict if is_mapping else list, tuple(map(known, value.thing.values() if is_mapping else value.thing)))


def is_code(value: Value | None) -> bool:
    """Whether something is a function, a class, an object of the application, or a collection, and no data."""
    if isinstance(value, Known) and id(type(value.thing)) not in TABLES:
        return callable(value.thing) or module_and_name(type(value.thing))[0] not in DATA
    return not isinstance(value, Instance) or isinstance(value.kind, str) or module_and_name(value.kind)[0] not in DATA


def entries_of(table: Held) -> Value | None:
    """One of the functions, classes and objects of the application that a collection holds."""
    values = [each for entry in table.values for each in plain_values(entry)]
    if not values:
        return PENDING if PENDING in table.values else None
    return either(values, MOST_ENTRIES) if all(map(is_code, values)) else None


def item_of(value: Value | None, place: int | None = None) -> Value | None:
    """What a loop over a collection gives; of pairs what is in one place."""
    table = held_in(value)
    found = entries_of(table) if table is not None and table.kind is not dict else None
    if place is not None:
        rows = [held_in_one(each) for each in plain_values(found)]
        values = [row.values[place] for row in rows if row is not None and place < len(row.values)]
        return either(values, MOST_ENTRIES) if len(values) == len(rows) and all(map(is_code, values)) else None
    held = as_instance(value)
    return found if found is not None or held is None or not held.many else held.of


def part(value: Value | None, place: int) -> Value | None:
    """What is in one place of a tuple, or of any of several."""
    if value is PENDING:
        return value
    rows = [each for each in plain_values(value) if isinstance(each, Held) and each.kind is tuple]
    is_each = len(rows) == len(plain_values(value)) and all(-len(row.values) <= place < len(row.values) for row in rows)
    return either(row.values[place] for row in rows) if is_each else None


def slots(values: list[Value | None]) -> list[tuple[Value | None, ...]]:
    """What is in each place of several tuples of the same length; nothing where there are others too."""
    rows = [value.values for value in values if isinstance(value, Held) and value.kind is tuple]
    is_each = len(rows) == len(values) and len({len(row) for row in rows}) == 1
    return [*zip(*rows, strict=True)] if is_each else []


def entry_at(value: Value | None, place: ast.expr) -> Value | None:
    """What a collection has under some index or key: in one place of a tuple just that, else any of all that it holds."""
    match place:
        case ast.Constant(value=int(number)) if (found := part(value, number)) is not None:
            return found
    table = held_in(value)
    if table is None or None in table.values:
        return None
    return value if isinstance(place, ast.Slice) else entries_of(table)


def taken(table: Held, method: str, default: Value | None) -> Value | None:
    """What a method of a collection gives: one of the things in it, all of them, or pairs."""
    if method in TAKES:
        return either([entries_of(table), default if is_code(default) else None], MOST_ENTRIES)
    if method == "items":
        return paired(table)
    return Held(list, table.values) if method in ("values", "copy") and table.kind is dict else None


def paired(table: Held) -> Held:
    return Held(list, tuple(Held(tuple, (None, each)) for each in table.values))


def copied(function: Any, value: Value | None) -> Value | None:
    """What a function makes of a collection that gives the same things again; None where it does anything else."""
    table = held_in(value) if id(function) in COPIES or function is enumerate else None
    if table is None or table.kind is dict or entries_of(table) is None:
        return None
    return paired(table) if function is enumerate else value


def additions(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr, bool]]:
    """What a statement or call adds to a collection: the collection, what is added, and whether it is all of another one."""
    match node:
        case ast.Call(func=ast.Attribute(attr=name, value=table), args=args) if len(args) > ADDS.get(name, len(args)):
            yield table, args[ADDS[name]], name in ADDS_MANY
        case ast.Assign(targets=[ast.Subscript(value=table)], value=value):
            yield table, value, False
        case ast.AugAssign(target=table, op=ast.BitOr() | ast.Add(), value=value):
            yield table, value, True


def root_of(table: ast.expr) -> tuple[ast.expr, int]:
    """The collection that holds a collection, and how deep it is in there: `kept` and 1 of `kept[kind]`."""
    depth = 0
    while True:
        match table:
            case ast.Subscript(value=inner) | ast.Call(func=ast.Attribute(attr="setdefault" | "get", value=inner)):
                table, depth = inner, depth + 1
            case _:
                return table, depth


def held_as(kind: type, values: list[Value | None]) -> Value | None:
    """A collection, with what is in it where that may be called; of data it is enough what kind they are."""
    held = Held(kind, tuple(values))
    is_table = len(values) <= MOST_ENTRIES and any(value is not None and is_code(value) for value in values)
    return held if is_table else as_instance(held)
