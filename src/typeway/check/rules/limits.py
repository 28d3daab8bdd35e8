"""Find parameters with which a client may ask for as much as it likes."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from typeway.check.finding import Confidence, Finding
from typeway.check.read.index import last_name
from typeway.check.read.program import Function
from typeway.check.read.values import Known, as_instance
from typeway.check.rules.audience import needs_key
from typeway.check.rules.tables import Tables
from typeway.check.subject import Subject
from typeway.declare import shapes
from typeway.declare.classify import Input

# Parameters that say how many items a client wants.
AMOUNTS: Final = frozenset({
    "limit", "size", "page_size", "per_page", "pagesize", "perpage", "take", "top", "top_k", "max_results", "max_items",
    "page_limit", "items_per_page", "batch_size", "num_results",
})  # fmt: skip
CEILINGS: Final = frozenset({"min", "clamp"})
# Through how many calls an amount is followed.
MOST_CALLS: Final = 4


def limits_without_ceiling(subject: Subject) -> Iterator[Finding]:
    """TW021: a limit that the client chooses and nothing bounds, so that one request may ask for everything."""
    tables = Tables(subject)
    for endpoint in subject.own:
        for node in endpoint.tree.walk():
            function = subject.receiver(node)
            if function is None:
                continue
            for source in node.sources:
                for name, default in open_amounts(source) if isinstance(source, Input) else ():
                    uses = [*uses_of(tables, function, name, MOST_CALLS)]
                    if source.name not in function.parameters or not uses or "bounded" in uses:
                        continue
                    path, line = subject.place(function, function.parameters[source.name][0])
                    # Where everything is the default, the author has decided it: that is for TW011 to judge.
                    is_meant = default is None or needs_key(subject, endpoint)
                    confidence: Confidence = "low" if is_meant else sureness(uses)
                    yield Finding(
                        "TW021",
                        path,
                        line,
                        f"{endpoint.title} lets clients choose {name} without a ceiling: one request may ask for everything.",
                        f"declare one, `{name}: Annotated[int, Query(ge=1, le=100)] = 20`.",
                        confidence,
                        endpoint.title,
                        (function.name,),
                    )


def sureness(uses: Collection[str]) -> Confidence:
    """How sure it is that an amount says how much is done."""
    if "limits" in uses:
        return "high"
    return "medium" if "returned" in uses else "low"


def open_amounts(source: Input) -> Iterator[tuple[str, Any]]:
    """The amounts without a ceiling in a parameter, with their defaults: itself, or fields of a model of parameters."""
    if source.location != "query":
        return
    if source.is_group:
        for name, field in getattr(source.kind, "model_fields", {}).items():
            if name in AMOUNTS and is_number(field.annotation) and not has_ceiling(field.metadata):
                yield name, field.default
        return
    constraints = [*source.metadata, *getattr(source.marker, "metadata", ())]
    if source.name in AMOUNTS and is_number(source.kind) and not has_ceiling(constraints):
        yield source.name, source.marker.default


def is_number(kind: Any) -> bool:
    return int in shapes.members(kind)


def has_ceiling(metadata: Iterable[Any]) -> bool:
    """Whether constraints say how large a number may be."""
    for entry in metadata:
        if isinstance(entry, FieldInfo):
            if has_ceiling(entry.metadata):
                return True
        elif getattr(entry, "le", None) is not None or getattr(entry, "lt", None) is not None:
            return True
        elif callable(getattr(entry, "func", None)):
            return True  # a validator of the author's own
    return False


def uses_of(tables: Tables, function: Function, name: str, depth: int) -> Iterator[str]:
    """How a function uses an amount.

    It "limits" a query, is "bounded" by a comparison, `min()` or a model, is "returned", or only "passed" on or shown. What
    limits a query of a small table is passed on.
    """
    names = {name, *names_for(name, function)}
    for node in function.body:
        if not any(is_amount(node, each, function) for each in names):
            continue
        yield "passed"
        parent = function.parents.get(node)
        if isinstance(parent, ast.Compare | ast.Slice):
            yield "limits" if isinstance(parent, ast.Slice) else compared(parent)
        if isinstance(parent, ast.Return):
            yield "returned"
        if isinstance(parent, ast.Assign) and is_bounded_later(tables.subject, parent, function):
            yield "bounded"
        if any(isinstance(part, ast.Call) and last_name(part.func) in CEILINGS for part in function.around(node)):
            yield "bounded"
        keyword = parent.arg if isinstance(parent, ast.keyword) else None
        if isinstance(parent, ast.keyword):
            parent = function.parents.get(parent)
        if isinstance(parent, ast.Call):
            if last_name(parent.func) in ("limit", "fetchmany", "to_list", "islice"):
                yield "passed" if limits_few(tables, parent, function) else "limits"
            if is_checked(tables.subject, parent, keyword, function):
                yield "bounded"
            yield from passed_on(tables, parent, node, function, depth)


def names_for(name: str, function: Function) -> Iterator[str]:
    """The names to which a function assigns an amount, as it is or converted: `size = int(limit or 10)`."""
    for node in function.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if is_converted(value, name):
                yield target


def is_converted(value: ast.expr, name: str) -> bool:
    match value:
        case ast.Name(id=found):
            return found == name
        case ast.Call(func=ast.Name(id="int" | "max" | "abs"), args=parts) | ast.BoolOp(values=parts):
            return any(is_converted(part, name) for part in parts)
        case ast.IfExp(body=body, orelse=other):
            return is_converted(body, name) or is_converted(other, name)
    return False


def limits_few(tables: Tables, call: ast.Call, function: Function) -> bool:
    """Whether what is limited is a query of a table that stays small."""
    query = call.func.value if isinstance(call.func, ast.Attribute) else None
    # A query is often built step by step, under one name.
    steps = [query, *function.assigned.get(getattr(query, "id", ""), ())]
    values = [tables.subject.inference.value(step, function) for step in steps if isinstance(step, ast.expr)]
    held = [as_instance(value) for value in values]
    kinds = {each.of.kind for each in held if each is not None and each.of is not None}
    return len(kinds) == 1 and all(tables.stays_small(kind) for kind in kinds)


def is_checked(subject: Subject, call: ast.Call, keyword: str | None, function: Function) -> bool:
    """Whether an amount is given to a model that checks it."""
    value = subject.inference.value(call.func, function)
    kind = value.thing if isinstance(value, Known) else None
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return False
    field = kind.model_fields.get(keyword or "")
    validated = {name for entry in kind.__pydantic_decorators__.field_validators.values() for name in entry.info.fields}
    return field is not None and (has_ceiling(field.metadata) or keyword in validated)


def is_amount(node: ast.AST, name: str, function: Function) -> bool:
    """Whether an expression is a parameter or local name, or the attribute of a parameter."""
    match node:
        case ast.Name(id=found, ctx=ast.Load()):
            return found == name and (name in function.parameters or name in function.stores)
        case ast.Attribute(value=ast.Name(id=holder), attr=found, ctx=ast.Load()):
            return found == name and holder in function.parameters
    return False


def compared(comparison: ast.Compare) -> str:
    """Whether a comparison asks if an amount is too large, or one of those that are allowed."""
    asks = ast.Gt | ast.GtE | ast.Lt | ast.LtE | ast.In | ast.NotIn
    return "bounded" if isinstance(comparison.ops[0], asks) else "passed"


def is_bounded_later(subject: Subject, statement: ast.Assign, function: Function) -> bool:
    """Whether a method of the class compares the attribute in which its constructor keeps an amount."""
    kept = {target.attr for target in statement.targets if isinstance(target, ast.Attribute)}
    if function.owner is None or not kept:
        return False
    names = {name for parent in function.owner.__mro__ for name in vars(parent)}
    methods = [subject.program.method(function.owner, name) for name in names]
    return any(
        isinstance(node, ast.Compare)
        and compared(node) == "bounded"
        and any(isinstance(part, ast.Attribute) and part.attr in kept for part in ast.walk(node))
        for method in methods
        for node in (method.body if method is not None else ())
    )


def passed_on(tables: Tables, call: ast.Call, node: ast.AST, function: Function, depth: int) -> Iterator[str]:
    """How the own functions that are called use an amount."""
    if depth == 0:
        return
    for edge in tables.subject.graph.edges(function):
        if edge.call is not call:
            continue
        given = dict(zip(edge.function.positional, call.args, strict=False))
        given |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg is not None}
        for name, argument in given.items():
            if argument is node:
                yield from uses_of(tables, edge.function, name, depth - 1)
