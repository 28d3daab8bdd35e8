"""Tell tables that grow with the use of an application from those of which it has a few rows to choose from."""

from __future__ import annotations

import ast
from typing import Any

from typeway.check.read.program import Function
from typeway.check.read.values import Known
from typeway.check.rules.loop import BEFORE_USE
from typeway.check.rules.protection import WRITES, is_guard, is_protected
from typeway.check.subject import Endpoint, Subject
from typeway.check.words import words_of


def stays_small(subject: Subject, kind: Any) -> bool:
    """Whether a table has what other rows choose from.

    Rows of other tables refer to its rows, these to none, and not everybody may add some. Many users have one role: roles are few.
    """
    table = getattr(kind, "__table__", None)
    if table is None or refers(table):
        return False
    others = [other for other in table.metadata.tables.values() if other is not table]
    is_chosen = any(key.column.table is table for other in others for key in other.foreign_keys)
    return is_chosen and not is_filled_by_all(subject, kind)


def refers(table: Any) -> bool:
    """Whether the rows of a table belong to others, by a foreign key to another table or a column that is called like one."""
    is_key = any(key.column.table is not table for key in table.foreign_keys)
    others = {name for name in table.metadata.tables if name != table.name}
    stems = {column.name.removesuffix("_id") for column in table.columns if column.name.endswith("_id")}
    return is_key or any({stem, f"{stem}s"} & others for stem in stems)


def is_filled_by_all(subject: Subject, kind: Any) -> bool:
    """Whether a write that requires no credentials makes rows, as where people register."""
    refusing: dict[Function, bool] = {}
    entries = [
        (endpoint.function, endpoint.title)
        for endpoint in subject.own
        if endpoint.function is not None and WRITES & {*endpoint.methods} and is_for_all(subject, endpoint, refusing)
    ]
    return any(makes(subject, reached.function, kind) for reached in subject.graph.reach(entries))


def is_for_all(subject: Subject, endpoint: Endpoint, refusing: dict[Function, bool]) -> bool:
    """Whether anybody may use an endpoint, and not only who sets the application up."""
    is_guarded = any(is_guard(node) for node in endpoint.tree.walk() if node.depends is not None)
    return not (is_guarded or BEFORE_USE & {*words_of(endpoint.path)} or is_protected(subject, endpoint, refusing))


def makes(subject: Subject, function: Function, kind: Any) -> bool:
    """Whether a function calls a class, or a method of it."""
    for node in function.body:
        made = node.func if isinstance(node, ast.Call) else None
        made = made.value if isinstance(made, ast.Attribute) else made
        value = subject.inference.value(made, function) if isinstance(made, ast.Name | ast.Attribute) else None
        if isinstance(value, Known) and value.thing is kind:
            return True
    return False
