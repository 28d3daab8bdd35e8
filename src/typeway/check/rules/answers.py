"""Find responses that nobody declared, and lists that grow with the database."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel

from typeway.check.finding import Finding
from typeway.check.read.index import last_name
from typeway.check.read.program import Function
from typeway.check.read.results import is_orm
from typeway.check.read.values import Columns, Instance, Known, Record, as_instance, is_record, short
from typeway.check.rules.audience import is_for_staff
from typeway.check.rules.tables import Tables
from typeway.check.subject import Endpoint, Subject
from typeway.declare import shapes
from typeway.declare.classify import Input

# Names of parameters that limit how much a list holds.
BOUNDS: Final = frozenset({
    "limit", "size", "page", "page_size", "per_page", "pagesize", "offset", "skip", "cursor", "first", "last", "take",
    "top", "top_k", "count", "n", "max_results", "max_items", "number", "pagination", "params", "after", "before", "since",
})  # fmt: skip
GROWS: Final = frozenset({"append", "extend", "insert", "add", "update", "setdefault"})
# What makes a dict of a row, whatever is in it.
AS_DICT: Final = frozenset({"vars", "jsonable_encoder", "dict"})
# Through how many steps a value is followed to the query that finds it.
MOST_STEPS: Final = 8
AS_DICT_METHODS: Final = frozenset({"_asdict", "to_dict", "as_dict", "model_dump", "dict"})


def undeclared_answers(subject: Subject) -> Iterator[Finding]:
    """TW007: a row of the database as a response, with all the columns that it has today and tomorrow."""
    for endpoint in subject.own:
        operation, function = endpoint.operation, endpoint.function
        is_declared = says_something(operation.returns.model) or operation.returns.streams or operation.response_class
        if function is None or is_declared or not endpoint.methods or function.yields:
            continue
        for node in returned(function):
            row = row_in(subject, node, function)
            if row is not None:
                what = "rows of the database" if row.kind is Record else f"{short(row.kind)}, a class of the database"
                yield from endpoint.found(
                    "TW007",
                    f"{endpoint.title} returns {what}, and no response model says what of it clients may see.",
                    "declare what is returned: a return annotation with a model, or `response_model=...`.",
                )
                break


def says_something(model: Any) -> bool:
    """Whether a response model says which fields there are: a dict of anything does not."""
    if model is None or model is Any or model is dict or get_origin(model) is dict:
        return False
    if get_origin(model) is list:
        return says_something(get_args(model)[0])
    return model is not list and model is not object


def row_in(subject: Subject, node: ast.expr, function: Function, depth: int = MOST_STEPS) -> Instance | None:
    """The row that is returned, as it is, in a list, or as a dict with all that is in it."""
    if depth == 0:
        return None
    answer = subject.inference.instance(node, function)
    row = answer.of if answer is not None and answer.many else answer
    if is_row(row) and row is not None and row.kind is not Columns:
        return row
    match node:
        case ast.Call(func=ast.Name(id=name), args=[held, *_], keywords=given) if name in AS_DICT:
            is_chosen = any(entry.arg in ("include", "exclude") for entry in given)
            return None if is_chosen else row_in(subject, held, function, depth - 1)
        case ast.Call(func=ast.Attribute(value=held, attr=name), args=[], keywords=[]) if name in AS_DICT_METHODS:
            return row_in(subject, held, function, depth - 1)
        case ast.Attribute(value=held, attr="__dict__" | "_mapping"):
            return row_in(subject, held, function, depth - 1)
        case ast.ListComp(elt=element):
            return row_in(subject, element, function, depth - 1)
        case ast.Dict(keys=[None], values=[held]):
            return row_in(subject, held, function, depth - 1)
        case ast.DictComp(value=ast.Call(func=ast.Name(id="getattr"), args=[held, *_])):
            return row_in(subject, held, function, depth - 1)
        case ast.Name(id=name):
            assigned = [*assigned_to(name, function)]
            found = row_in(subject, assigned[0], function, depth - 1) if len(assigned) == 1 else None
            return found if answer is None or answer.kind is dict else None
    return None


def assigned_to(name: str, function: Function) -> Iterator[ast.expr]:
    for node in function.body:
        if isinstance(node, ast.Assign) and any(getattr(target, "id", "") == name for target in node.targets):
            yield node.value


def returned(function: Function) -> Iterator[ast.expr]:
    for node in function.body:
        if isinstance(node, ast.Return) and node.value is not None:
            yield node.value


def unbounded_lists(subject: Subject) -> Iterator[Finding]:
    """TW011: a list of all records, which is small only as long as nobody uses the application."""
    tables = Tables(subject)
    for endpoint in subject.own:
        function = endpoint.function
        if function is None or "GET" not in endpoint.methods or not is_list(endpoint) or has_bound(endpoint):
            continue
        for node in returned(function):
            found = everything(subject, node, function)
            if found is not None:
                yield from endpoint.found(
                    "TW011",
                    f"{endpoint.title} returns all records, so the response grows with the data.",
                    "add `limit: Annotated[int, Query(ge=1, le=100)] = 20` and an offset or cursor, and use them in the query.",
                    confidence="high" if is_open_end(tables, found.kind, endpoint) else "low",
                )
                break


def is_open_end(tables: Tables, kind: Any, endpoint: Endpoint) -> bool:
    """Whether the code shows that a list grows and the users of the application may ask for it.

    A request of theirs adds to it: a collection of the module, or the rows of a table. What was imported, or only those add who
    run the application, may stay small, and these know how much they ask for.
    """
    return (kind is object or tables.grows(kind)) and not is_for_staff(tables.subject, endpoint)


def is_list(endpoint: Endpoint) -> bool:
    """Whether an endpoint returns a list of records, or does not say what it returns."""
    model = endpoint.operation.returns.model
    if not says_something(model):
        return endpoint.operation.response_class is None and not endpoint.operation.returns.streams
    lists = [member for member in shapes.members(model) if get_origin(member) is list]
    items = [shapes.members(item) for each in lists for item in get_args(each)]
    return any(item in (Any, dict) or get_origin(item) is dict or is_model(item) for (item, *_) in items)


def is_model(kind: Any) -> bool:
    return (isinstance(kind, type) and (issubclass(kind, BaseModel) or hasattr(kind, "__annotations__"))) or bool(
        get_args(kind)
    )


def has_bound(endpoint: Endpoint) -> bool:
    """Whether a parameter of the endpoint or of a dependency limits the response."""
    for node in endpoint.tree.walk():
        for source in node.sources:
            if isinstance(source, Input):
                fields = getattr(source.kind, "model_fields", {})
                if {source.name.lower(), source.wire.lower(), *fields} & BOUNDS:
                    return True
    return False


def everything(subject: Subject, node: ast.expr, function: Function) -> Instance | None:
    """What an expression is all of, if it is: the rows that a query finds, or a collection that grows."""
    row = all_rows(subject, node, function)
    if row is not None:
        return row
    name = collection_in(node)
    value = subject.inference.name(name, function) if name is not None else None
    is_kept = isinstance(value, Known) and isinstance(value.thing, list | dict) and name in function.names
    if is_kept and name is not None and any(grows(name, entry) for entry in subject.program.found.values()):
        return Instance(object)
    return None


def all_rows(subject: Subject, node: ast.expr, function: Function, depth: int = MOST_STEPS) -> Instance | None:
    """The row of which an expression is all that a query without a limit finds, each of them converted or not."""
    if depth == 0:
        return None
    if isinstance(node, ast.Name):
        assigned = [*assigned_to(node.id, function)]
        if len(assigned) == 1 and isinstance(assigned[0], ast.ListComp):
            return all_rows(subject, assigned[0], function, depth - 1)
    if isinstance(node, ast.ListComp) and len(node.generators) == 1:
        source = node.generators[0]
        return all_rows(subject, source.iter, function, depth - 1) if not source.ifs else None
    if isinstance(node, ast.Await):
        return all_rows(subject, node.value, function, depth - 1)
    if isinstance(node, ast.Call) and last_name(node.func) in ("list", "sorted") and node.args:
        return all_rows(subject, node.args[0], function, depth - 1)
    answer = as_instance(subject.inference.value(node, function))
    if answer is not None and answer.many and not answer.bounded:
        return answer.of if is_row(answer.of) else returned_rows(subject, node, function, depth)
    return None


def returned_rows(subject: Subject, node: ast.expr, function: Function, depth: int) -> Instance | None:
    """The row of which a call returns all, where it ends in an own function that converts them."""
    if not isinstance(node, ast.Call):
        return None
    targets = subject.graph.targets(subject.inference.value(node.func, function))
    found = (
        all_rows(subject, value, target, depth - 1)
        for target in targets
        if target.node is not function.node
        for value in returned(target)
    )
    return next((row for row in found if row is not None), None)


def is_row(held: Instance | None) -> bool:
    return held is not None and (is_record(held.kind) or is_orm(held.kind))


def collection_in(node: ast.expr) -> str | None:
    """The name of a collection of which an expression returns everything: `tasks`, `list(tasks.values())`."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Call(func=ast.Name(id="list" | "sorted"), args=[argument]):
            return collection_in(argument)
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="values"), args=[]):
            return name
        case ast.ListComp(elt=ast.Name(), generators=[ast.comprehension(iter=source, ifs=[])]):
            return collection_in(source)
    return None


def grows(collection: str, function: Function) -> bool:
    """Whether a function adds to a collection of that name."""
    for node in function.body:
        match node:
            case ast.Subscript(value=held, ctx=ast.Store()) if named(held, collection):
                return True
            case ast.Call(func=ast.Attribute(value=held, attr=name)) if name in GROWS and named(held, collection):
                return True
    return False


def named(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
