"""List the models that clients send to endpoints, and those that endpoints return."""

from __future__ import annotations

import ast
import dataclasses
import inspect
from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel

from typeway.declare.annotation import entered, unaliased
from typeway.declare.classify import Input
from typeway.derive.models import Recipe, is_derivable
from typeway.evidence.subject import Endpoint, Subject
from typeway.source.asking import is_exactly
from typeway.source.program import Function
from typeway.source.values import Known


def body_models(endpoint: Endpoint) -> Iterator[type[BaseModel]]:
    for node in endpoint.tree.walk():
        for source in node.sources:
            if isinstance(source, Input) and source.location == "body":
                yield from models_in(source.kind)


def body_dataclasses(endpoint: Endpoint) -> Iterator[type[Any]]:
    for node in endpoint.tree.walk():
        for source in node.sources:
            kind: Any = source.kind if isinstance(source, Input) and source.location == "body" else None
            if isinstance(kind, type) and dataclasses.is_dataclass(kind):
                yield kind


def models_in(annotation: Any, within: tuple[Any, ...] = ()) -> Iterator[type[BaseModel]]:
    """The models that an annotation names, in lists and unions too; where it derives one, the derived one."""
    around = entered(annotation, within)
    if around is None:
        return
    annotation = unaliased(annotation)
    if get_origin(annotation) is Annotated:
        annotation, *metadata = get_args(annotation)
        for entry in metadata:
            annotation = entry.derived_type(annotation) if recipe_applies(entry, annotation) else annotation
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        if argument is not annotation:
            yield from models_in(argument, around)


def recipe_applies(entry: Any, annotation: Any) -> bool:
    return isinstance(entry, Recipe) and is_derivable(annotation)


def response_models(endpoint: Endpoint) -> Iterator[type[BaseModel]]:
    returns = endpoint.operation.returns
    yield from models_in(returns.model)
    yield from models_in(returns.item)


def texts_in(subject: Subject, node: ast.AST | None, function: Function) -> set[str]:
    """The texts that are written out in one place, or in a collection that a module or class has under a name."""
    if isinstance(node, ast.Name | ast.Attribute):
        value = subject.inference.value(node, function)
        held: Any = value.thing if isinstance(value, Known) else None
        return {part for part in held if type(part) is str} if is_exactly(held, set, frozenset, tuple, list) else set()
    parts = node.elts if isinstance(node, ast.Set | ast.List | ast.Tuple) else [node]
    return {part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)}
