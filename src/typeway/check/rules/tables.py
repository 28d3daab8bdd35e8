"""Tell tables that grow with the use of an application from those of which it has a few rows to choose from."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from typeway.check.read.index import last_name
from typeway.check.read.program import Function
from typeway.check.read.values import Known
from typeway.check.rules.audience import is_for_staff
from typeway.check.rules.loop import BEFORE_USE
from typeway.check.rules.protection import WRITES, is_guard, is_protected
from typeway.check.rules.shapes import body_models
from typeway.check.subject import Endpoint, Subject
from typeway.check.words import words_of

# The methods of a class, and what is called with one, that make a row: `User.model_validate(body)`, `insert(User)`.
MAKES: Final = frozenset({
    "create", "bulk_create", "get_or_create", "update_or_create", "insert", "insert_one", "insert_many", "model_validate",
    "validate", "parse_obj", "from_orm", "model_construct",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Writes:
    """What some endpoints run, and the models of the bodies of those that create: of SQLModel a body may be a row."""

    functions: list[Function]
    bodies: frozenset[Any]


@dataclass(eq=False)
class Tables:
    """The tables of an application, as far as its endpoints say how many rows there will be.

    Parameters:
        subject: the application.
    """

    subject: Subject

    def stays_small(self, kind: Any) -> bool:
        """Whether a table has what other rows choose from.

        Rows of other tables refer to its rows, these to none, and not everybody may add some. Many users have one role: roles
        are few.
        """
        table = getattr(kind, "__table__", None)
        if table is None or refers(table):
            return False
        others = [other for other in table.metadata.tables.values() if other is not table]
        is_chosen = any(key.column.table is table for other in others for key in other.foreign_keys)
        return is_chosen and not self.is_filled(kind, self.open_writes)

    def grows(self, kind: Any) -> bool:
        """Whether those who use the application add rows to a table: its own code does for one of their requests."""
        return not self.stays_small(kind) and self.is_filled(kind, self.users_writes)

    def is_filled(self, kind: Any, writes: Writes) -> bool:
        return any(kind is body for body in writes.bodies) or any(
            makes(self.subject, function, kind) for function in writes.functions
        )

    @cached_property
    def writes(self) -> list[Endpoint]:
        """The endpoints that write, without those that set the application up."""
        return [
            endpoint
            for endpoint in self.subject.own
            if WRITES & {*endpoint.methods} and not BEFORE_USE & {*words_of(endpoint.path)}
        ]

    @cached_property
    def open_writes(self) -> Writes:
        """The writes that require no credentials, as where people register."""
        refusing: dict[Function, bool] = {}
        return self.running(
            [
                endpoint
                for endpoint in self.writes
                if not any(is_guard(node) for node in endpoint.tree.walk() if node.depends is not None)
                and not is_protected(self.subject, endpoint, refusing)
            ]
        )

    @cached_property
    def users_writes(self) -> Writes:
        """The writes of others than those who run the application."""
        return self.running([endpoint for endpoint in self.writes if not is_for_staff(self.subject, endpoint)])

    def running(self, endpoints: list[Endpoint]) -> Writes:
        entries = [(each.function, each.title) for each in endpoints if each.function is not None]
        functions = dict.fromkeys(reached.function for reached in self.subject.graph.reach(entries))
        bodies = {model for each in endpoints if "POST" in each.methods for model in body_models(each)}
        return Writes([*functions], frozenset(bodies))


def refers(table: Any) -> bool:
    """Whether the rows of a table belong to others, by a foreign key to another table or a column that is called like one."""
    is_key = any(key.column.table is not table for key in table.foreign_keys)
    others = {name for name in table.metadata.tables if name != table.name}
    stems = {column.name.removesuffix("_id") for column in table.columns if column.name.endswith("_id")}
    return is_key or any({stem, f"{stem}s"} & others for stem in stems)


def makes(subject: Subject, function: Function, kind: Any) -> bool:
    """Whether a function makes a row: it calls the class, a method of it that does, or `insert()` with it."""
    for node in function.body:
        if not isinstance(node, ast.Call):
            continue
        made = [node.func]
        if last_name(node.func) in MAKES:
            made += [node.func.value] if isinstance(node.func, ast.Attribute) else []
            made += node.args[:1]
        for each in made:
            value = subject.inference.value(each, function) if isinstance(each, ast.Name | ast.Attribute) else None
            if isinstance(value, Known) and value.thing is kind:
                return True
    return False
