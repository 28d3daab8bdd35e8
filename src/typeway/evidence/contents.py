"""Say what is in an answer: in a response that a function makes by hand, and in fields whose type says nothing."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Final, TypeVar, get_args

from pydantic import BaseModel
from starlette.responses import JSONResponse

from typeway.declare import shapes
from typeway.declare.annotation import entered
from typeway.evidence.subject import Subject
from typeway.source.index import last_name
from typeway.source.program import Function
from typeway.source.values import Known, plain_values

# Responses that are sent as they are made, so that no model has a say in what is in them.
MADE: Final = frozenset({"JSONResponse", "ORJSONResponse", "UJSONResponse", "Response"})
# What makes a dict of a row, whatever is in it.
AS_DICT: Final = frozenset({"vars", "jsonable_encoder", "dict"})
AS_DICT_METHODS: Final = frozenset({"_asdict", "to_dict", "as_dict", "model_dump", "model_dump_json", "dict"})
# Through how many functions an answer is followed.
MOST_CALLS: Final = 4

Part = tuple[ast.expr, Function]


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """What is answered in the end, behind names and own functions.

    Parameters:
        node: the answer.
        function: the function that has it.
        ways: the calls that lead to that function, each with the function that calls, the last one last.
    """

    node: ast.expr
    function: Function
    ways: tuple[tuple[ast.Call, Function], ...] = ()


def made_contents(subject: Subject, node: ast.expr, function: Function) -> Iterator[Part]:
    """What is in a response that an endpoint returns and that it, or an own function, makes itself."""
    for end in ends(subject, node, function):
        content = content_of(subject, end)
        if content is not None:
            yield from sources(content, end)


def open_contents(subject: Subject, node: ast.expr, function: Function, names: Collection[str]) -> Iterator[Part]:
    """What is in some fields of the model or dict that an endpoint returns."""
    for end in ends(subject, node, function):
        match end.node:
            case ast.Dict(keys=keys, values=values):
                entries = [(getattr(key, "value", None), value) for key, value in zip(keys, values, strict=True)]
            case ast.Call(keywords=keywords):
                entries = [(keyword.arg, keyword.value) for keyword in keywords]
            case _:
                continue
        for name, value in entries:
            if name in names:
                yield from sources(value, end)


def ends(subject: Subject, node: ast.expr, function: Function) -> Iterator[End]:
    """What an answer may be in the end, each once: functions that return each other's results have many ways to the same one."""
    waiting, seen = [End(node, function)], set[ast.AST]()
    while waiting:
        end = waiting.pop()
        if end.node not in seen:
            seen.add(end.node)
            inside = [*inside_of(subject, end)]
            waiting += inside
            yield from () if inside else (end,)


def inside_of(subject: Subject, end: End) -> Iterator[End]:
    """What an answer stands for: what has been given its name, or what the own function returns that it calls."""
    match end.node:
        case ast.Await(value=value):
            yield replace(end, node=value)
        case ast.IfExp(body=one, orelse=other):
            yield from (replace(end, node=each) for each in (one, other))
        case ast.Name(id=name) if not is_changed(name, end.function):
            made = end.function.values.get(name, [])
            yield from (replace(end, node=each) for each in made if len(made) == 1)
        case ast.Call(func=called) if len(end.ways) < MOST_CALLS:
            callee = subject.inference.value(called, end.function)
            is_class = any(isinstance(each, Known) and isinstance(each.thing, type) for each in plain_values(callee))
            for target in () if is_class else subject.graph.targets(callee):
                yield from (End(each, target, (*end.ways, (end.node, end.function))) for each in target.returned)


def is_changed(name: str, function: Function) -> bool:
    """Whether a function puts something else into what has a name: `page["items"] = shown`."""
    return any(
        isinstance(target, ast.Subscript) and getattr(target.value, "id", "") == name
        for node in function.of(ast.Assign)
        for target in node.targets
    )


def content_of(subject: Subject, end: End) -> ast.expr | None:
    """What is in a response that is made."""
    if not isinstance(end.node, ast.Call):
        return None
    if last_name(end.node.func) not in MADE:
        value = subject.inference.value(end.node.func, end.function)
        kind: Any = value.thing if isinstance(value, Known) and isinstance(value.thing, type) else object
        own = [vars(parent) for parent in type.mro(kind) if subject.program.owns(parent)]
        if not issubclass(kind, JSONResponse) or any({"__init__", "render"} & {*names} for names in own):
            return None
    named = (entry.value for entry in end.node.keywords if entry.arg == "content")
    return next(chain(end.node.args[:1], named), None)


def sources(node: ast.expr, end: End) -> Iterator[Part]:
    """A part of an answer, and what has been passed for it to the function that makes the answer."""
    yield node, end.function
    if end.ways:
        call, caller = end.ways[-1]
        given = end.function.given(call)
        for name in {*passed_on(node)} & {*given} - {*end.function.stores}:
            yield from sources(given[name], End(given[name], caller, end.ways[:-1]))


def passed_on(node: ast.expr) -> Iterator[str]:
    """The names of what an expression has as a whole: as it is, as a dict, in a dict."""
    match node:
        case ast.Name(id=name):
            yield name
        case ast.Call(func=ast.Name(id=made), args=[held], keywords=given) if made in AS_DICT:
            if not {"include", "exclude"} & {entry.arg for entry in given}:
                yield from passed_on(held)
        case ast.Call(func=ast.Attribute(value=held, attr=made), args=[], keywords=[]) if made in AS_DICT_METHODS:
            yield from passed_on(held)
        case ast.Dict(values=values):
            yield from (name for value in values for name in passed_on(value))


def open_fields(model: Any) -> frozenset[str]:
    """The names of the fields of a response model that take anything: a type variable that nobody has filled, Any, a list of these."""
    kinds = [each for each in shapes.members(model) if shapes.is_subclass(each, BaseModel)]
    fields = [entry for each in kinds for entry in each.model_fields.items() if takes_anything(entry[1].annotation)]
    aliases = [field.validation_alias or field.alias for _, field in fields]
    return frozenset({name for name, _ in fields} | {alias for alias in aliases if isinstance(alias, str)})


def takes_anything(annotation: Any, within: tuple[Any, ...] = ()) -> bool:
    around = entered(annotation, within)
    for member in shapes.members(annotation) if around is not None else ():
        parts = get_args(member)
        if isinstance(member, TypeVar):
            is_said = member.__bound__ is not None or member.__constraints__ or getattr(member, "has_default", bool)()
            if not is_said:
                return True
        elif any(member is each for each in (Any, list, dict)) or (parts and takes_anything(parts[-1], around or ())):
            return True
    return False
