"""Find the statement that a call of a database gets: SQL text, or a query that something keeps."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any, Final

from typeway.source.index import last_name
from typeway.source.program import Function
from typeway.source.results import COLUMNS, DBAPI_CURSOR, SELECT, selected
from typeway.source.values import Infers, Instance, Known, Method, is_a

# What a cursor gives of what it has executed, what makes a statement of a text, and through how many names a text is followed.
FETCHES: Final = frozenset({"fetchall", "fetchone", "fetchmany"})
TEXTS: Final = frozenset({"text", "SQL", "dedent", "cleandoc"})
MOST_STEPS: Final = 6


def statement_in(thing: Any) -> str | Instance | None:
    """What a statement that already exists selects: the text of SQL, or the class or columns of a query."""
    if type(thing) is str or is_a(type(thing), {"sqlalchemy.sql.elements.TextClause"}):
        return thing if type(thing) is str else str(vars(thing).get("text", ""))
    if not is_a(type(thing), SELECT):
        return None
    described = thing.column_descriptions
    kinds = [Instance(each["expr"]) for each in described if isinstance(each["expr"], type)]
    # How many rows it finds is not read from it.
    return Instance("select", of=selected(kinds) if len(kinds) == len(described) else COLUMNS, bounded=True)


def read_text(inference: Infers, node: ast.expr, function: Function, steps: int = MOST_STEPS) -> str | None:
    """The text of a statement as a call is given it: written there, under a name, or put together of such parts."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Call(func=made, args=[inner]) if last_name(made) in TEXTS and steps:
            return read_text(inference, inner, function, steps - 1)
        case ast.JoinedStr() | ast.BinOp(op=ast.Add()) if steps:
            parts = node.values if isinstance(node, ast.JoinedStr) else [node.left, node.right]
            texts = [read_text(inference, part, function, steps - 1) for part in parts]
            return "".join(text for text in texts if text is not None) if None not in texts else None
        case ast.FormattedValue(value=inner, conversion=-1, format_spec=None) if steps:
            return read_text(inference, inner, function, steps - 1)
        case ast.Name(id=name) if name in function.stores:
            # What is added to it later, `query += " WHERE …"`, is a second one.
            kept = function.assigned.get(name, []) if len(function.stores[name]) == 1 and steps else []
            texts = [read_text(inference, each, function, steps - 1) for each in kept if isinstance(each, ast.expr)]
            return texts[0] if len(texts) == 1 else None
        case ast.Name() | ast.Attribute():
            value = inference.value(node, function)
            found = statement_in(value.thing) if isinstance(value, Known) else None
            return found if isinstance(found, str) else None
    return None


def with_statement(
    inference: Infers, method: Method, arguments: list[Instance | None], node: ast.Call, function: Function
) -> tuple[Method, list[Instance | None], ast.Call]:
    """A method, the arguments of a call of it, and the call, where the first one is a statement that something keeps.

    The method of a cursor that has executed one statement in the function is that of its result.
    """
    first = node.args[0] if node.args else None
    text = read_text(inference, first, function) if first is not None else None
    if text is not None:
        node = ast.Call(func=node.func, args=[ast.Constant(value=text), *node.args[1:]], keywords=node.keywords)
    elif isinstance(first, ast.Name | ast.Attribute):
        value = inference.value(first, function)
        kept = statement_in(value.thing) if isinstance(value, Known) else None
        arguments = [kept, *arguments[1:]] if isinstance(kept, Instance) else arguments
    runs = executions(node, function) if is_a(method.owner.kind, DBAPI_CURSOR) and method.name in FETCHES else []
    result = inference.value(runs[0], function) if len(runs) == 1 else None
    return (replace(method, owner=result) if isinstance(result, Instance) else method), arguments, node


def executions(fetch: ast.Call, function: Function) -> list[ast.Call]:
    """What a function lets the cursor execute of which it fetches rows."""
    cursor = fetch.func.value if isinstance(fetch.func, ast.Attribute) else None
    return [
        call
        for call in function.of(ast.Call)
        if isinstance(call.func, ast.Attribute) and call.func.attr == "execute" and is_same(call.func.value, cursor)
    ]


def is_same(one: ast.expr, other: ast.expr | None) -> bool:
    return isinstance(one, ast.Name) and isinstance(other, ast.Name) and one.id == other.id
