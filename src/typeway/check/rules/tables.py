"""Tell tables that grow with the use of an application from those of which it has a few rows to choose from."""

from __future__ import annotations

import ast
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from typeway.check.rules.audience import is_for_staff, needs_grant
from typeway.check.rules.loop import BEFORE_USE
from typeway.check.rules.protection import WRITES, is_guard, is_guarded_around, is_protected
from typeway.evidence.shapes import body_models
from typeway.evidence.subject import Endpoint, Subject, middleware_of
from typeway.source.asking import is_exactly, safely
from typeway.source.index import last_name
from typeway.source.program import Function
from typeway.source.reach import IN_THREADS, in_thread
from typeway.source.sql import table_filled, table_read
from typeway.source.statements import executions, read_text
from typeway.source.tables import additions
from typeway.source.values import Known, Value
from typeway.source.words import words_of

# The methods of a class, and what is called with one, that make a row: `User.model_validate(body)`, `insert(User)`.
MAKES: Final = frozenset({
    "create", "bulk_create", "get_or_create", "update_or_create", "insert", "insert_one", "insert_many", "model_validate",
    "validate", "parse_obj", "from_orm", "model_construct",
})  # fmt: skip
# What people make by hand, so that there are a few dozen of them; ...
FEW: Final = frozenset({
    "organization", "organisation", "company", "department", "provider", "tenant", "workspace", "project", "category", "tag",
    "label", "type", "role", "permission", "setting", "config", "template", "plan", "language", "country", "region", "group",
    "feed", "server", "source", "agent", "integration", "connection", "webhook",
})  # fmt: skip
# ... of what each makes many, or a machine does; and what only says of a class that it is a table.
MANY: Final = frozenset({
    "log", "event", "message", "notification", "visit", "click", "metric", "measurement", "reading", "sample", "result", "job",
    "task", "run", "request", "record", "entry", "history", "transaction", "payment", "order", "invoice", "booking", "ticket",
    "comment", "post", "article", "note", "todo", "item", "upload", "file", "image", "photo", "document", "detection", "alert",
})  # fmt: skip
SUFFIXES: Final = frozenset({"model", "models", "table", "orm", "db", "entity", "row"})
# What runs SQL that is given as text, and through how many names a list is followed to it.
RUNS_TEXT: Final = frozenset({
    "execute", "executemany", "executescript", "exec_driver_sql", "fetch", "fetchrow", "fetchval", "fetch_one", "fetch_val", "text",
})  # fmt: skip
MOST_NAMES: Final = 4
COLLECTIONS: Final = (list, dict, defaultdict, deque)


@dataclass(eq=False)
class Tables:
    """The tables of an application, as far as its endpoints say how many rows there will be.

    Parameters:
        subject: the application.
    """

    subject: Subject
    refusing: dict[Function, bool] = field(default_factory=dict)

    def stays_small(self, kind: Any) -> bool:
        """Whether a table has what other rows choose from.

        Rows of other tables refer to its rows, these to none, and not everybody may add some. Many users have one role: roles
        are few.
        """
        table = table_of(kind)
        if table is None or refers(table):
            return False
        others = [other for other in table.metadata.tables.values() if other is not table]
        is_chosen = any(key.column.table is table for other in others for key in other.foreign_keys)
        return is_chosen and kind not in self.made_by_strangers

    def is_made_by_hand(self, kind: Any) -> bool:
        """Whether people think of each row: it is called like what they have few of, or has a name that no other row has."""
        noun, table = noun_of(name_of(kind)), table_of(kind)
        if table is None or noun in FEW | MANY:
            return noun in FEW
        unique = [index.columns.keys() for index in table.indexes if index.unique]
        unique += [[column.name] for column in table.columns if column.unique]
        return any([name] in unique for name in ("name", "label", "code"))

    def grows(self, kind: Any, endpoint: Endpoint) -> bool:
        """Whether those who may send a request to an endpoint add rows to a table, and many of them.

        Where both ask for credentials, these have to be of a kind of which each makes many.
        """
        nouns = {noun_of(name_of(kind)), noun_of(endpoint.path)}
        is_busy = bool(MANY & nouns) or kind in self.made_by_strangers or not self.needs_credentials(endpoint)
        return is_busy and kind in self.made_by_users and not self.stays_small(kind) and not self.is_made_by_hand(kind)

    def needs_credentials(self, endpoint: Endpoint) -> bool:
        """Whether a dependency of an endpoint, or middleware, asks who somebody is."""
        asks = any(is_guard(node) for node in endpoint.tree.walk() if node.depends is not None)
        is_asked = asks or is_protected(self.subject, endpoint, self.refusing)
        return is_asked or is_guarded_around(self.subject, endpoint)

    def is_few(self, kind: Any) -> bool:
        """Whether a table stays small, people make its rows by hand, or only those add some who were given the right to.

        Where no request adds any, an import or a worker does, and nothing says how many these add.
        """
        is_added_by_staff = kind in self.made and kind not in self.made_by_users
        return self.stays_small(kind) or self.is_made_by_hand(kind) or is_added_by_staff

    def selected_by(self, node: ast.AST, function: Function, steps: int = MOST_NAMES) -> Any:
        """The table that a text of SQL behind an expression selects from: the class of its rows, or what stands for it."""
        for part in ast.walk(node):
            text = (
                read_text(self.subject.inference, part.args[0], function)
                if isinstance(part, ast.Call) and part.args
                else None
            )
            table = table_read(text) if text is not None else None
            if table is not None:
                named = (each for each in self.made if safely(getattr, each, "__tablename__") == table)
                return next(named, f"table {table}")
            waiting = [*function.assigned.get(getattr(part, "id", ""), ())]
            waiting += executions(part, function) if isinstance(part, ast.Call) else []
            for each in waiting if steps else ():
                if (found := self.selected_by(each, function, steps - 1)) is not None:
                    return found
        return None

    @cached_property
    def made(self) -> frozenset[Any]:
        """The classes of which requests make rows."""
        return self.made_in(self.subject.own)

    @cached_property
    def made_by_strangers(self) -> frozenset[Any]:
        """Those of which writes make rows that require no credentials, as where people register."""
        return self.made_in(
            endpoint
            for endpoint in self.subject.own
            if WRITES & {*endpoint.methods} and not is_for_setup(endpoint) and not self.needs_credentials(endpoint)
        )

    @cached_property
    def made_by_users(self) -> frozenset[Any]:
        """Those of which others make rows than who runs the application, and who was given the right to."""
        return self.made_in(
            endpoint
            for endpoint in self.subject.own
            if not is_for_setup(endpoint) and not needs_grant(endpoint) and not is_for_staff(self.subject, endpoint)
        )

    def made_in(self, endpoints: Iterable[Endpoint]) -> frozenset[Any]:
        """What some endpoints, their dependencies and middleware add to; of SQLModel a body may be a row."""
        chosen = [*endpoints]
        trees = [(self.subject.receiver(node), each.title) for each in chosen for node in each.tree.walk()]
        waiting = [(function, title) for function, title in trees if function is not None]
        for application in self.subject.applications:
            waiting += [(each, name) for name, each in middleware_of(self.subject.program, application.app)]
        reached = set[Function]()
        while waiting:
            new = {each.function for each in self.subject.graph.reach(waiting)} - reached
            reached |= new
            waiting = [(each, "a thread") for function in new for each in in_threads(self.subject, function)]
        made = {kind for function in reached for kind in made_by(self.subject, function)}
        return frozenset(made.union(*(body_models(each) for each in chosen if "POST" in each.methods)))


def table_of(kind: Any) -> Any:
    """The table of a class; None also where a join or a query stands for one, which has no indexes."""
    table = safely(getattr, kind, "__table__")
    return table if safely(hasattr, table, "indexes") else None


def name_of(kind: Any) -> str:
    """What a class is called, or the table that a text stands for."""
    return kind if isinstance(kind, str) else getattr(kind, "__name__", "")


def noun_of(name: str) -> str:
    """What a class or path is about, without what says that it is a table: "file" of `OutputFileModel` and "/files"."""
    noun = next((word for word in reversed(words_of(name)) if word not in SUFFIXES), "")
    return f"{noun[:-3]}y" if noun.endswith("ies") else noun.removesuffix("s")


def collection(value: Value | None) -> str | None:
    """A name for a collection of the application, unless it drops old things itself."""
    held = value.thing if isinstance(value, Known) and is_exactly(value.thing, *COLLECTIONS) else None
    return f"collection {id(held)}" if held is not None and getattr(held, "maxlen", None) is None else None


def tables_of(subject: Subject) -> Tables:
    """The tables of an application. PERF: to find what requests make takes 1 s for 584 endpoints, and two rules ask."""
    tables: Tables = subject.memory.setdefault(Tables, Tables(subject))
    return tables


def is_for_setup(endpoint: Endpoint) -> bool:
    return bool(BEFORE_USE & {*words_of(endpoint.path)})


def refers(table: Any) -> bool:
    """Whether the rows of a table belong to others, by a foreign key to another table or a column that is called like one."""
    is_key = any(key.column.table is not table for key in table.foreign_keys)
    others = {name for name in table.metadata.tables if name != table.name}
    stems = {column.name.removesuffix("_id") for column in table.columns if column.name.endswith("_id")}
    return is_key or any({stem, f"{stem}s"} & others for stem in stems)


def in_threads(subject: Subject, function: Function) -> Iterator[Function]:
    """The own functions that a function has run in a thread, or after the response."""
    for call in subject.graph.calls_of(function):
        given = in_thread(call) or (call.args[0] if call.args and last_name(call.func) in IN_THREADS else None)
        yield from subject.graph.targets(subject.inference.value(given, function)) if given is not None else ()


def made_by(subject: Subject, function: Function) -> Iterator[Any]:
    """What a function adds to: the classes of which it makes rows, and collections of the application.

    It calls the class, a method of it that makes a row, or `insert()` with it.
    """
    for node in function.body:
        for table, _, _ in additions(node):
            # Under a key that is written in the code there is one thing.
            is_entry = isinstance(node, ast.Assign) and isinstance(getattr(node.targets[0], "slice", 0), ast.Constant)
            kept = collection(subject.inference.value(table, function)) if not is_entry else None
            yield from () if kept is None else (kept,)
        if not isinstance(node, ast.Call):
            continue
        if node.args and last_name(node.func) in RUNS_TEXT:
            filled = table_filled(read_text(subject.inference, node.args[0], function) or ast.unparse(node.args[0]))
            yield from () if filled is None else (f"table {filled}",)
        made = [node.func]
        if last_name(node.func) in MAKES:
            made += [node.func.value] if isinstance(node.func, ast.Attribute) else []
            made += node.args[:1]
        for each in made:
            value = subject.inference.value(each, function) if isinstance(each, ast.Name | ast.Attribute) else None
            # Rows have no class that is compared in a way of its own.
            if (
                isinstance(value, Known)
                and isinstance(value.thing, type)
                and type(value.thing).__hash__ is type.__hash__
            ):
                yield value.thing
