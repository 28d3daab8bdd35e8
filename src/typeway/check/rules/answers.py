"""Find answers that nobody declared, and lists that grow with the database."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel

from typeway.check.finding import Finding
from typeway.check.read.program import Function, executed
from typeway.check.read.results import is_orm
from typeway.check.read.values import Instance, Known, Record, short
from typeway.check.subject import Endpoint, Subject
from typeway.declare import shapes
from typeway.declare.classify import Input

# Names of parameters that limit how much a list holds.
BOUNDS: Final = frozenset({
    "limit", "size", "page", "page_size", "per_page", "pagesize", "offset", "skip", "cursor", "first", "last", "take",
    "top", "top_k", "count", "n", "max_results", "max_items", "number", "pagination", "params", "after", "before", "since",
})  # fmt: skip
GROWS: Final = frozenset({"append", "extend", "insert", "add", "update", "setdefault"})


def undeclared_answers(subject: Subject) -> Iterator[Finding]:
    """TW007: a row of the database as an answer, with whatever columns it has today and tomorrow."""
    for endpoint in subject.own:
        operation, function = endpoint.operation, endpoint.function
        is_declared = operation.returns.model is not None or operation.returns.streams or operation.response_class
        if function is None or is_declared or not endpoint.methods or function.yields:
            continue
        for node in returned(function):
            answer = subject.inference.instance(node, function)
            row = answer.of if answer is not None and answer.many else answer
            if row is not None and (row.kind is Record or is_orm(row.kind)):
                what = "rows of the database" if row.kind is Record else f"{short(row.kind)}, a class of the database"
                yield from endpoint.found(
                    "TW007",
                    f"{endpoint.title} answers with {what}, and no response model says which of it is meant to be seen.",
                    "declare what is answered: a return annotation with a model, or response_model=….",
                )
                break


def returned(function: Function) -> Iterator[ast.expr]:
    for node in function.body:
        if isinstance(node, ast.Return) and node.value is not None:
            yield node.value


def unbounded_lists(subject: Subject) -> Iterator[Finding]:
    """TW011: a list of everything there is, which is small only as long as nobody uses the application."""
    for endpoint in subject.own:
        function = endpoint.function
        if function is None or "GET" not in endpoint.methods or not is_list(endpoint) or has_bound(endpoint):
            continue
        for node in returned(function):
            if is_everything(subject, node, function):
                yield from endpoint.found(
                    "TW011",
                    f"{endpoint.title} answers with everything there is: the answer grows with the data.",
                    "add limit: Annotated[int, Query(ge=1, le=100)] = 20 and an offset or cursor, and obey them in the query.",
                )
                break


def is_list(endpoint: Endpoint) -> bool:
    """Whether an endpoint answers with a list of records, or does not say with what."""
    model = endpoint.operation.returns.model
    if model is None:
        return endpoint.operation.response_class is None and not endpoint.operation.returns.streams
    lists = [member for member in shapes.members(model) if get_origin(member) is list]
    items = [shapes.members(item) for each in lists for item in get_args(each)]
    return any(item in (Any, dict) or get_origin(item) is dict or is_model(item) for (item, *_) in items)


def is_model(kind: Any) -> bool:
    return (isinstance(kind, type) and (issubclass(kind, BaseModel) or hasattr(kind, "__annotations__"))) or bool(
        get_args(kind)
    )


def has_bound(endpoint: Endpoint) -> bool:
    """Whether a parameter of the endpoint or of a dependency limits the answer."""
    for node in endpoint.tree.walk():
        for source in node.sources:
            if isinstance(source, Input):
                fields = getattr(source.kind, "model_fields", {})
                if {source.name.lower(), source.wire.lower(), *fields} & BOUNDS:
                    return True
    return False


def is_everything(subject: Subject, node: ast.expr, function: Function) -> bool:
    """Whether an expression is a list of all that a query finds, or of a memory that grows."""
    answer = subject.inference.instance(node, function)
    if answer is not None and answer.many and not answer.bounded and is_row(answer.of):
        return True
    memory = memory_of(node)
    value = subject.inference.name(memory, function) if memory is not None else None
    is_kept = isinstance(value, Known) and isinstance(value.thing, list | dict) and memory in function.names
    return is_kept and memory is not None and any(grows(memory, entry) for entry in subject.program.found.values())


def is_row(held: Instance | None) -> bool:
    return held is not None and (held.kind is Record or is_orm(held.kind))


def memory_of(node: ast.expr) -> str | None:
    """The name of what a whole collection is answered with: `tasks`, `list(tasks)`, `list(tasks.values())`."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Call(func=ast.Name(id="list" | "sorted"), args=[argument]):
            return memory_of(argument)
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="values"), args=[]):
            return name
        case ast.ListComp(elt=ast.Name(), generators=[ast.comprehension(iter=source, ifs=[])]):
            return memory_of(source)
    return None


def grows(memory: str, function: Function) -> bool:
    """Whether a function adds to a collection of that name."""
    for statement in function.node.body:
        for node in executed(statement):
            match node:
                case ast.Subscript(value=held, ctx=ast.Store()) if named(held, memory):
                    return True
                case ast.Call(func=ast.Attribute(value=held, attr=name)) if name in GROWS and named(held, memory):
                    return True
    return False


def named(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
