"""Find where a function takes the fields of a model one after the other, by the names that a model or a table has."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from typeway.evidence.shapes import texts_in
from typeway.evidence.subject import Subject
from typeway.source.asking import safely
from typeway.source.index import last_name
from typeway.source.program import Function
from typeway.source.values import Instance, Known

# What has the names of all fields of a model, and what has the columns of a table.
FIELDS: Final = frozenset({"model_fields", "__fields__", "__annotations__", "__dataclass_fields__"})
COLUMNS: Final = frozenset({"columns", "c", "column_attrs", "attrs"})
# Through how many calls the names are followed.
MOST_STEPS: Final = 4
DECIDES: Final = (ast.If, ast.IfExp, ast.BoolOp, ast.Compare, ast.Continue, ast.Try)


@dataclass(frozen=True, slots=True)
class Taken:
    """The fields of something, taken by their names.

    Parameters:
        held: what has the fields.
        names: what has the names.
        target: what each name is called.
        tests: the conditions about the names.
        has_default: whether a name for which there is no field gives something.
    """

    held: ast.expr
    names: ast.expr
    target: ast.expr
    tests: list[ast.expr]
    has_default: bool


def taken_by_name(node: ast.AST) -> Taken | None:
    """`{name: getattr(change, name) for name in names}`, or the loop that does the same."""
    match node:
        case (
            ast.DictComp(value=value, generators=[ast.comprehension() as loop])
            | ast.Call(
                func=ast.Name(id="dict"),
                args=[
                    ast.GeneratorExp(elt=ast.Tuple(elts=[_, value]), generators=[ast.comprehension() as loop])
                    | ast.ListComp(elt=ast.Tuple(elts=[_, value]), generators=[ast.comprehension() as loop])
                ],
                keywords=[],
            )
        ):
            return taken(value, loop.iter, loop.target, loop.ifs)
        case ast.For(iter=names, target=target, body=body):
            parts = [part for statement in body for part in ast.walk(statement)]
            is_kept = any(
                (isinstance(part, ast.Call) and last_name(part.func) == "setattr")
                or (isinstance(part, ast.Subscript) and isinstance(part.ctx, ast.Store))
                for part in parts
            )
            if is_kept and not any(isinstance(part, DECIDES) for part in parts):
                found = (taken(part, names, target, []) for part in parts if isinstance(part, ast.expr))
                return next((each for each in found if each is not None), None)
    return None


def taken(value: ast.expr, names: ast.expr, target: ast.expr, tests: list[ast.expr]) -> Taken | None:
    match value:
        case ast.Call(func=ast.Name(id="getattr"), args=[held, name, *rest]) if names_in(name) & names_in(target):
            if all(isinstance(default, ast.Constant) for default in rest):
                return Taken(held, names, target, tests, bool(rest))
    return None


def names_in(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def excluded_by(subject: Subject, taken: Taken, function: Function) -> set[str] | None:
    """The names that the conditions leave out; None where they ask anything else, as for what was sent."""
    found: set[str] = set()
    for test in taken.tests:
        match test:
            case ast.Call(func=ast.Name(id="hasattr")):
                pass
            case ast.UnaryOp(op=ast.Not(), operand=ast.Attribute(value=ast.Name() as held, attr="primary_key")):
                if not names_in(held) <= names_in(taken.target):
                    return None
            case ast.Compare(left=left, ops=[ast.NotEq() | ast.NotIn()], comparators=[other]):
                texts = texts_in(subject, other, function)
                if not texts or not names_in(left) <= names_in(taken.target):
                    return None
                found |= texts
            case _:
                return None
    return found


def is_of_all(subject: Subject, names: ast.expr, function: Function, wanted: set[str], steps: int = MOST_STEPS) -> bool:
    """Whether an expression has the names of all fields of a model or all columns of a table, or at least all that are wanted."""
    names = bound(names, function)
    match names:
        case ast.Call(func=ast.Name(id="fields") | ast.Attribute(attr="fields")):
            return True
        # A name may be made of itself: `names = sorted(names)`.
        case (
            ast.Call(func=ast.Name(id="list" | "sorted" | "tuple" | "set" | "iter" | "reversed"), args=[inner])
            | ast.Call(func=ast.Attribute(value=inner, attr="keys" | "items" | "values"), args=[])
        ):
            return steps > 0 and is_of_all(subject, inner, function, wanted, steps - 1)
        case ast.Attribute(attr=name) if name in FIELDS or table_of(names) is not None:
            return True
    return bool(wanted) and wanted <= texts_in(subject, names, function)


def bound(names: ast.expr, function: Function) -> ast.expr:
    """What a local name is made of, in one place; anything else as it is."""
    made = function.assigned.get(names.id, []) if isinstance(names, ast.Name) else []
    return made[0] if len(made) == 1 and isinstance(made[0], ast.expr) else names


def table_of(names: ast.expr) -> ast.expr | None:
    """The class, or its row, of whose columns an expression has the names: `User.__table__.columns`, `inspect(User).attrs`."""
    match names:
        case ast.Attribute(value=ast.Attribute(value=held, attr="__table__" | "__mapper__"), attr=name) if (
            name in COLUMNS
        ):
            return held
        case ast.Attribute(value=ast.Call(func=made, args=[held]), attr=name) if name in COLUMNS:
            return held if last_name(made) in ("inspect", "class_mapper") else None
        case ast.Call(func=ast.Attribute(value=inner, attr="keys" | "values"), args=[]):
            return table_of(inner)
    return None


def emptied_columns(
    subject: Subject, taken: Taken, function: Function, fields: frozenset[str]
) -> Iterator[tuple[str, str]]:
    """The columns that may be empty, and get None because no field is called like them, each with the name of its class."""
    held = table_of(bound(taken.names, function))
    excluded = excluded_by(subject, taken, function)
    is_asked = any(isinstance(test, ast.Call) for test in taken.tests)
    if held is None or excluded is None or not taken.has_default or is_asked:
        return
    value = subject.inference.value(held, function)
    kind: Any = value.thing if isinstance(value, Known) else value.kind if isinstance(value, Instance) else None
    table = safely(getattr, kind, "__table__") if isinstance(kind, type) else None
    for column in safely(list, safely(getattr, table, "columns")) or ():
        if column.nullable and not column.primary_key and column.key not in fields | excluded:
            yield kind.__name__, column.key
