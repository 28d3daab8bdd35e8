"""Find responses that nobody declared, and lists that grow with the database."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel

from typeway.check.rules.audience import is_for_staff
from typeway.check.rules.tables import collection, tables_of
from typeway.declare import shapes
from typeway.declare.annotation import is_union
from typeway.evidence.bounds import has_bound
from typeway.evidence.contents import (
    AS_DICT,
    AS_DICT_METHODS,
    made_contents,
    open_contents,
    open_fields,
)
from typeway.evidence.finding import Finding
from typeway.evidence.narrowing import is_narrowed
from typeway.evidence.subject import Endpoint, Subject, remembered
from typeway.source.index import last_name
from typeway.source.program import Function
from typeway.source.results import gone_over, is_orm
from typeway.source.values import Columns, Instance, Known, Record, as_instance, is_record, short

# What has the names of all columns of a table.
COLUMNS: Final = re.compile(r"__table__|__mapper__|\bcolumns\b|\bcolumn_attrs\b|\binspect\(|__dict__|\bvars\(|\bdir\(")
# What may leave out items of a loop, or repeats it.
LEAVES_OUT: Final = (ast.If, ast.Break, ast.Continue, ast.Try, ast.Return, ast.Match)
LOOPS: Final = (ast.For, ast.AsyncFor, ast.While)
# Through how many steps a value is followed to the query that finds it.
MOST_STEPS: Final = 8

PAST_MODEL: Final = (
    "return what the response model is made of, and set headers on a parameter `response: Response`: a response that is made "
    "by hand is sent as it is."
)


def undeclared_answers(subject: Subject) -> Iterator[Finding]:
    """TW007: a row of the database as a response, with all the columns that it has today and tomorrow."""
    models = [each for endpoint in subject.own for each in shapes.members(endpoint.operation.returns.model)]
    shown = {id(part) for each in models for inner in (each, *get_args(each)) for part in shapes.members(inner)}
    for endpoint in subject.own:
        operation, function = endpoint.operation, endpoint.function
        is_declared = says_something(operation.returns.model) or operation.returns.streams or operation.response_class
        if function is None or not endpoint.methods or function.yields:
            continue
        unsaid = open_fields(operation.returns.model)
        for node in function.returned:
            made = [*made_contents(subject, node, function)]
            parts = made or ([] if is_declared else [(node, function)])
            parts = parts or [*open_contents(subject, node, function, unsaid)]
            rows = [row for part in parts if (row := row_in(subject, *part)) is not None]
            row = next((each for each in rows if made or not is_declared or is_shown_whole(each)), None)
            if row is not None:
                what = "rows of the database" if row.kind is Record else f"{short(row.kind)}, a class of the database"
                missing = (
                    f"no type in {short(operation.returns.model)}" if is_declared and not made else "no response model"
                )
                is_past = made and says_something(operation.returns.model)
                yield from endpoint.found(
                    "TW007",
                    f"{endpoint.title} returns {what}, and {missing} says what of it clients may see.",
                    PAST_MODEL
                    if is_past
                    else "declare what is returned: a return annotation with a model, or `response_model=...`.",
                    # What other endpoints declare to return, clients see anyway.
                    confidence="low" if id(row.kind) in shown else "high",
                )
                break


def is_shown_whole(row: Instance) -> bool:
    """Whether a field that takes anything shows all of a row: of models and dicts it does, and it fails for other objects."""
    return row.kind is Record or (isinstance(row.kind, type) and issubclass(row.kind, BaseModel))


def says_something(model: Any) -> bool:
    """Whether a response model says which fields there are: a dict of models does, one of anything does not."""
    if get_origin(model) is dict:
        return any(is_model(part) and says_something(part) for part in shapes.members(get_args(model)[1]))
    if model is None or model is Any or model is dict:
        return False
    if get_origin(model) is list or is_union(model):
        return any(says_something(each) for each in get_args(model) if each is not type(None))
    return model is not list and model is not object


@remembered
def row_in(subject: Subject, node: ast.AST, function: Function, depth: int = MOST_STEPS) -> Instance | None:
    """The row that is returned, as it is, in a list, or as a dict with all that is in it, made here or in an own function."""
    if depth == 0:
        return None
    while isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        node = node.values[-1]  # the others are only asked whether they are there
    answer = as_instance(subject.inference.value(node, function))
    row = answer.of if answer is not None and answer.many else answer
    if is_row(row) and row is not None and row.kind is not Columns:
        return row
    match node:
        case ast.Call(func=ast.Name(id=name), args=[held, *_], keywords=given) if name in AS_DICT:
            is_chosen = any(entry.arg in ("include", "exclude") for entry in given)
            return None if is_chosen else row_in(subject, held, function, depth - 1)
        case ast.Dict() | ast.Call(func=ast.Name(id="dict"), args=[], keywords=[_, *_]):
            values = node.values if isinstance(node, ast.Dict) else [entry.value for entry in node.keywords]
            rows = (row_in(subject, value, function, depth - 1) for value in values)
            return next((each for each in rows if each is not None), None)
        case ast.Call():
            return row_of_call(subject, node, function, depth)
        case ast.Attribute(value=held, attr="__dict__" | "_mapping") | ast.Await(value=held):
            return row_in(subject, held, function, depth - 1)
        case ast.IfExp(body=one, orelse=other) | ast.BoolOp(values=[one, other]):
            return row_in(subject, one, function, depth - 1) or row_in(subject, other, function, depth - 1)
        case ast.ListComp(elt=element):
            return row_in(subject, element, function, depth - 1)
        case ast.DictComp():
            whole = comprehended(node, function)
            return row_in(subject, whole, function, depth - 1) if whole is not None else None
        case ast.Name(id=name):
            assigned = function.values.get(name, [])
            is_whole = len(assigned) == 1 and not leaves_out(name, function)
            found = row_in(subject, assigned[0], function, depth - 1) if is_whole else None
            return found if answer is None or answer.kind is dict else None
    return None


def comprehended(made: ast.DictComp, function: Function) -> ast.expr | None:
    """The object of which a comprehension makes a dict with all that it has, except what is private or None."""
    match made:
        case ast.DictComp(
            value=ast.Name(id=value),
            generators=[
                ast.comprehension(
                    target=ast.Tuple(elts=[_, ast.Name(id=item)]),
                    iter=ast.Call(func=ast.Attribute(value=held, attr="items")),
                    ifs=tests,
                )
            ],
        ) if value == item and all(map(drops_private, tests)):
            return held
        case ast.DictComp(
            value=ast.Call(func=ast.Name(id="getattr"), args=[held, *_]),
            generators=[ast.comprehension(iter=names, ifs=tests)],
        ) if all(map(drops_private, tests)) and names_all(names, function):
            return held
    return None


def row_of_call(subject: Subject, call: ast.Call, function: Function, depth: int) -> Instance | None:
    """The row that a call returns: what an own function returns, or the object of `row.to_dict()`."""
    targets = subject.graph.targets(subject.inference.value(call.func, function))
    given = [(value, target) for target in targets if target.node is not function.node for value in target.returned]
    rows = (row_in(subject, value, target, depth - 1) for value, target in given)
    found = next((row for row in rows if row is not None), None)
    names_all = any(not is_selection(subject, value, target) for value, target in given)
    match call:
        case ast.Call(func=ast.Attribute(value=held, attr=name), args=[], keywords=[]) if name in AS_DICT_METHODS:
            return found or (row_in(subject, held, function, depth - 1) if names_all or not given else None)
    return found


def is_selection(subject: Subject, node: ast.AST, function: Function, depth: int = MOST_STEPS) -> bool:
    """Whether a dict has only what somebody has named: where it is written, under a name, or in an own function."""
    given: list[tuple[ast.AST, Function]] = []
    match node:
        case ast.Dict(keys=keys, values=values):
            merged = [value for key, value in zip(keys, values, strict=True) if key is None]
            return depth > 0 and all(is_selection(subject, each, function, depth - 1) for each in merged)
        case ast.Call(func=ast.Name(id="dict"), args=[], keywords=keywords):
            return all(keyword.arg is not None for keyword in keywords)
        case ast.DictComp(generators=[ast.comprehension(iter=names, ifs=tests)]):
            return not all(map(drops_private, tests)) or not names_all(names, function)
        case ast.Name(id=name):
            given = [(value, function) for value in function.values.get(name, ())]
        case ast.Call(func=called):
            targets = subject.graph.targets(subject.inference.value(called, function))
            given = [(value, target) for target in targets for value in target.returned]
    return depth > 0 and bool(given) and all(is_selection(subject, *each, depth - 1) for each in given)


def drops_private(test: ast.expr) -> bool:
    """Whether a condition only leaves out names that begin with an underscore, and None: `not key.startswith("_")`."""
    match test:
        case ast.BoolOp(op=ast.And(), values=tests):
            return all(map(drops_private, tests))
        case ast.UnaryOp(
            op=ast.Not(), operand=ast.Call(func=ast.Attribute(attr="startswith"), args=[ast.Constant(value=str(text))])
        ):
            return text.startswith("_")
        case ast.Compare(ops=[ast.NotEq() | ast.IsNot()], comparators=[ast.Constant(value=left_out)]):
            return left_out is None or (isinstance(left_out, str) and left_out.startswith("_"))
    return False


def names_all(names: ast.expr, function: Function, depth: int = MOST_STEPS) -> bool:
    """Whether an expression has the names of all columns, or all entries of a dict: nobody has chosen them."""
    match names:
        case ast.Name(id=name):
            made = function.values.get(name, [])
            # A name may be made of itself: `names = [each for each in names if each]`.
            return depth > 0 and bool(made) and all(names_all(each, function, depth - 1) for each in made)
        case ast.ListComp(generators=[ast.comprehension(iter=inner, ifs=tests)]):
            return all(map(drops_private, tests)) and names_all(inner, function, depth)
        case ast.Call(func=ast.Attribute(attr="items" | "keys")):
            return True
    return COLUMNS.search(ast.unparse(names)) is not None


def leaves_out(name: str, function: Function) -> bool:
    """Whether a function takes something out of a dict: `data.pop("password")`, `del data["password"]`."""
    for node in function.body:
        match node:
            case (
                ast.Call(func=ast.Attribute(value=ast.Name(id=held), attr="pop" | "popitem"))
                | ast.Delete(targets=[ast.Subscript(value=ast.Name(id=held))])
            ) if held == name:
                return True
    return False


def unbounded_lists(subject: Subject) -> Iterator[Finding]:
    """TW011: a list of all records, which is small only as long as nobody uses the application."""
    tables = tables_of(subject)
    for endpoint in subject.own:
        function = endpoint.function
        if function is None or "GET" not in endpoint.methods or not is_list(endpoint) or has_bound(subject, endpoint):
            continue
        for node in [part for value in function.returned for part in wrapped(subject, value, function)]:
            found = all_rows(subject, node, function)
            if found is not None:
                # Who runs the application knows how much there is, and a day has no more than a day.
                is_small = is_for_staff(subject, endpoint) or is_narrowed(subject, node, function)
                yield from endpoint.found(
                    "TW011",
                    f"{endpoint.title} returns all records, so the response grows with the data.",
                    "add `limit: Annotated[int, Query(ge=1, le=100)] = 20` and an offset or cursor, and use them in the query.",
                    confidence="high" if tables.grows(found.kind, endpoint) and not is_small else "low",
                )
                break


def wrapped(subject: Subject, node: ast.expr, function: Function) -> list[ast.expr]:
    """An answer, and what it holds where it is a dict or a model around others: `{"items": rows}`, `Page(items=rows)`."""
    match node:
        case ast.Name(id=name) if len(assigned := function.values.get(name, [])) == 1:
            return [node, *wrapped(subject, assigned[0], function)[1:]]
        case ast.Dict(values=values):
            return [node, *values]
        case ast.Call(func=made, keywords=given):
            kind = subject.inference.value(made, function) if given else None
            is_model = isinstance(kind, Known) and isinstance(kind.thing, type) and issubclass(kind.thing, BaseModel)
            return [node, *(entry.value for entry in given if is_model)]
    return [node]


def is_list(endpoint: Endpoint) -> bool:
    """Whether an endpoint returns a list of records, or does not say what it returns."""
    model = endpoint.operation.returns.model
    # A dict of models may have a list of them under any of its names.
    if get_origin(model) is dict or not says_something(model):
        return endpoint.operation.response_class is None and not endpoint.operation.returns.streams
    members = [*shapes.members(model)]
    inside = [field.annotation for each in members for field in getattr(each, "model_fields", {}).values()]
    lists = [part for each in (*members, *inside) for part in shapes.members(each) if get_origin(part) is list]
    items = [shapes.members(item) for each in lists for item in get_args(each)]
    return any(item in (Any, dict) or get_origin(item) is dict or is_model(item) for (item, *_) in items)


def is_model(kind: Any) -> bool:
    return (isinstance(kind, type) and (issubclass(kind, BaseModel) or hasattr(kind, "__annotations__"))) or bool(
        get_args(kind)
    )


def all_rows(subject: Subject, node: ast.expr, function: Function, depth: int = MOST_STEPS) -> Instance | None:
    """What an expression is all of: the rows of a query without a limit, or a collection that requests add to, converted or not."""
    inner: ast.expr | None = None
    match node:
        case ast.Name(id=name):
            assigned = function.values.get(name, [])
            made = assigned[0] if len(assigned) == 1 else None
            inner = made if isinstance(made, ast.ListComp) else appended(name, function) if is_empty(made) else None
        case ast.ListComp(generators=[ast.comprehension(iter=source, ifs=[])]) | ast.Await(value=source):
            inner = source
        case (
            ast.Call(func=ast.Name(id="list" | "sorted") | ast.Attribute(attr="from_queryset"), args=[source, *_])
            | ast.Call(func=ast.Attribute(value=source, attr="values"), args=[])
        ):
            inner = source
    if inner is not None or depth == 0 or isinstance(node, ast.ListComp):
        return all_rows(subject, inner, function, depth - 1) if inner is not None and depth else None
    value = subject.inference.value(node, function)
    kept, answer = collection(value), gone_over(as_instance(value))
    if kept is not None:
        return Instance(kept) if kept in tables_of(subject).made else None
    if answer is None or not answer.many or answer.bounded:
        return None
    found = answer.of if is_row(answer.of) else None
    if found is not None and not is_record(found.kind):
        return found
    # Rows of a text have the table that it names, there or in the function that is called.
    table = tables_of(subject).selected_by(node, function) if found is not None else None
    return Instance(table) if table is not None else returned_rows(subject, node, function, depth) or found


def is_empty(made: ast.expr | None) -> bool:
    """Whether an expression is a list without items: `[]`."""
    return isinstance(made, ast.List) and not made.elts


def appended(name: str, function: Function) -> ast.expr | None:
    """What a loop goes over that appends something for each item to a list, and is all that changes the list."""
    around = [function.parents.get(node) for node in function.of(ast.Name) if node.id == name]
    held = [part for part in around if isinstance(part, ast.Attribute | ast.Subscript)]
    is_given = any(isinstance(part, ast.Call) and last_name(part.func) != "len" for part in around)
    call = function.parents.get(held[0]) if len(held) == 1 and not is_given else None
    loop = function.parents.get(function.parents.get(call, call)) if call is not None else None
    match call, loop:
        case ast.Call(func=ast.Attribute(attr="append")), ast.For(iter=rows) | ast.AsyncFor(iter=rows):
            is_plain = not any(isinstance(part, LEAVES_OUT) for part in ast.walk(loop))
            return rows if is_plain and not any(isinstance(part, LOOPS) for part in function.around(loop)) else None
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
        for value in target.returned
    )
    return next((row for row in found if row is not None), None)


def is_row(held: Instance | None) -> bool:
    return held is not None and (is_record(held.kind) or is_orm(held.kind))
