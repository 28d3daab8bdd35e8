"""Read what an endpoint returns: a model to answer with, the items of a stream, or a response of its own."""

import inspect
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, get_args, get_origin

from pydantic_core import PydanticUndefined
from starlette.responses import Response

from typeway.declare import shapes
from typeway.declare.annotation import is_type, missing_names, resolve
from typeway.declare.scope import Names, candidates, globals_of
from typeway.exceptions import declaration_error

STREAMS: Final = (AsyncGenerator, AsyncIterable, AsyncIterator, Generator, Iterable, Iterator)


@dataclass(frozen=True, slots=True)
class Returns:
    """What an endpoint answers with."""

    model: Any = None  # the type that results are validated against, or None
    item: Any = None  # the type of a stream's items, or None
    streams: bool = False  # whether the endpoint is a generator, whose items are the answer
    # The names in the type that are not defined, such as those that only a type checker imports: then a Response can
    # be returned, and nothing else.
    missing: tuple[str, ...] = ()


def returning(function: Callable[..., Any], model: Any = None, item: Any = None, *, streams: bool = False) -> Returns:
    """What an endpoint answers with, given types in which names may still stand as text."""
    if is_type(model) and is_type(item):
        return Returns(model, item, streams)
    names = Names(globals_of(function), function)
    model, item = resolve(model, names), resolve(item, names)
    missing = (*missing_names(model), *missing_names(item))
    if missing:
        names.keep(calls=True)
    return Returns(model, item, streams, missing)


def read_returns(function: Callable[..., Any], annotation: Any, response_model: Any, where: str) -> Returns:
    """Choose the model of an endpoint's answers: an explicit `response_model`, else the return annotation."""
    if any(inspect.isgeneratorfunction(entry) or inspect.isasyncgenfunction(entry) for entry in candidates(function)):
        # A model given by hand is said of whole answers: it switches the annotation off and takes nothing's place.
        item = item_of(annotation) if response_model is PydanticUndefined else None
        return returning(function, item=item, streams=True)
    if response_model is not PydanticUndefined:
        return returning(function, response_model)
    if annotation is PydanticUndefined or annotation is None:
        return Returns()
    are_responses = [shapes.is_subclass(part, Response) for part in shapes.members(annotation)]
    if all(are_responses):
        return Returns()
    if any(are_responses):
        raise declaration_error(
            f"Invalid args for response field! {annotation} is no valid Pydantic field type. "
            "The path operation decorator's parameter response_model=None switches the model off.",
            hint="Annotate the model alone, or pass response_model=None to the decorator.",
            where=where,
        )
    return returning(function, annotation)


def item_of(annotation: Any) -> Any:
    """The type of what a generator yields, or None where its annotation does not say."""
    found = [member for member in shapes.members(annotation) if get_origin(member) in STREAMS]
    # `typing.Iterable` without brackets has an origin and no arguments: anything may come.
    return next(iter(get_args(found[0])), Any) if len(found) == 1 else None
