"""Read what an endpoint returns: a model, the items of a stream, or a Response."""

import inspect
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Never, NoReturn, get_args, get_origin

from pydantic_core import PydanticUndefined
from starlette.responses import Response

from typeway.declare import shapes
from typeway.declare.annotation import is_type, missing_names, resolve
from typeway.declare.scope import Namespace, candidates, globals_of
from typeway.exceptions import declaration_error

# Return annotations that name no type of a result; an endpoint that always raises never returns.
NOTHING: Final = (PydanticUndefined, None, NoReturn, Never)
STREAMS: Final = (AsyncGenerator, AsyncIterable, AsyncIterator, Generator, Iterable, Iterator)


@dataclass(frozen=True, slots=True)
class Returns:
    """The types of an endpoint's responses."""

    model: Any = None  # the type that validates the result, or None
    item: Any = None  # the type of a stream's items, or None
    streams: bool = False  # whether the endpoint is a generator, whose items are streamed
    # The names in the type that are not defined, such as those that only a type checker imports. The endpoint must
    # then return a Response.
    missing: tuple[str, ...] = ()


def returning(function: Callable[..., Any], model: Any = None, item: Any = None, *, streams: bool = False) -> Returns:
    """Return the types of an endpoint's responses, with text in them resolved."""
    if is_type(model) and is_type(item):
        return Returns(model, item, streams)
    names = Namespace(globals_of(function), function)
    model, item = resolve(model, names), resolve(item, names)
    missing = (*missing_names(model), *missing_names(item))
    if missing:
        names.keep(calls=True)
    return Returns(model, item, streams, missing)


def read_returns(function: Callable[..., Any], annotation: Any, response_model: Any, where: str) -> Returns:
    """Return the types of an endpoint's responses: those of `response_model`, else of the return annotation."""
    if any(inspect.isgeneratorfunction(entry) or inspect.isasyncgenfunction(entry) for entry in candidates(function)):
        # A response_model describes whole responses: for a stream it only switches the annotation off.
        item = item_of(annotation) if response_model is PydanticUndefined else None
        return returning(function, item=item, streams=True)
    if response_model is not PydanticUndefined:
        return returning(function, response_model)
    if any(annotation is nothing for nothing in NOTHING):
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
    """Return the type of the items that a generator yields; None if the annotation does not say."""
    found = [member for member in shapes.members(annotation) if get_origin(member) in STREAMS]
    # `typing.Iterable` without brackets has an origin but no arguments.
    return next(iter(get_args(found[0])), Any) if len(found) == 1 else None
