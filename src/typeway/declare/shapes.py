"""Decide what kind of type an annotation is: a scalar, a list of scalars, a model or a file."""

import dataclasses
import functools
import types
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar, get_args, get_origin

from pydantic import BaseModel
from starlette.datastructures import UploadFile
from typing_extensions import is_typeddict

from typeway.declare.annotation import members_of, plain

SEQUENCES = (list, tuple, set, frozenset, deque, Sequence)

Result = TypeVar("Result")

# Functions that clear the caches of this module; the decorator below adds them at import.
CLEAR_CACHE: Final[list[Callable[[], None]]] = []


def clear_caches() -> None:
    """Clear all caches: a type alias may have been read while a name in it was not defined."""
    for clear in CLEAR_CACHE:
        clear()


def cached(question: Callable[[Any], Result]) -> Callable[[Any], Result]:
    """Cache a function of a type: an application uses `int` and `str | None` a thousand times.

    PERF: a third of the cost of declaring a thousand routes. Unions with the same members in another order are equal,
    and no function here depends on that order.
    """
    remembered = functools.lru_cache(maxsize=1024)(question)
    CLEAR_CACHE.append(remembered.cache_clear)

    @functools.wraps(question)
    def answer(annotation: Any) -> Result:
        if isinstance(annotation, type) and annotation.__module__ != "builtins":
            return question(annotation)  # a cache would keep the application's class alive
        try:
            return remembered(annotation)
        except TypeError:  # the annotation is not hashable
            return question(annotation)

    return answer


@cached
def members(annotation: Any) -> tuple[Any, ...]:
    """Return the members of a union, or the one type, without `Annotated` and aliases."""
    return tuple(members_of(annotation))


def is_subclass(annotation: Any, classes: type[Any] | tuple[type[Any], ...]) -> bool:
    return isinstance(annotation, type) and not get_args(annotation) and issubclass(annotation, classes)


@cached
def is_model(annotation: Any) -> bool:
    """Whether the annotation is a single Pydantic model."""
    annotation = plain(annotation)
    return is_subclass(annotation, BaseModel) or is_subclass(get_origin(annotation), BaseModel)


@cached
def is_sequence(annotation: Any) -> bool:
    """Whether a member of the annotation is a list, tuple, set or similar; strings and bytes are not."""
    return any(
        is_subclass(get_origin(member) or member, SEQUENCES) and not is_subclass(member, (str, bytes, BaseModel))
        for member in members(annotation)
    )


@cached
def is_complex(annotation: Any) -> bool:
    """Whether the value needs more than one string: a model, mapping, dataclass, file or sequence."""
    return any(
        is_subclass(kind := get_origin(member) or member, (BaseModel, Mapping, UploadFile))
        or is_typeddict(kind)
        or dataclasses.is_dataclass(kind)
        or is_sequence(member)
        for member in members(annotation)
    )


@cached
def is_scalar_sequence(annotation: Any) -> bool:
    """Whether the annotation is a list (or similar) of scalars, or such a list or None."""
    sequences = [member for member in members(annotation) if is_sequence(member)]
    others = [member for member in members(annotation) if member not in sequences]
    items = [item for member in sequences for item in get_args(member) if item is not ...]
    return bool(sequences) and not any(is_complex(kind) for kind in (*others, *items))


def is_one_or_several(annotation: Any, classes: type[Any] | tuple[type[Any], ...]) -> bool:
    """Whether the annotation is one of the classes, or a list (or similar) of one."""
    return any(
        is_subclass(kind, classes)
        for member in members(annotation)
        for kind in (member, *(item for part in get_args(member) for item in members(part) if is_sequence(member)))
    )


def media_type(annotation: Any) -> str | None:
    """Return the media type that a type declares for a body; None if it declares none."""
    found = (vars(member).get("__media_type__") for member in members(annotation) if isinstance(member, type))
    return next((declared for declared in found if isinstance(declared, str)), None)


@cached
def is_model_group(annotation: Any) -> bool:
    """Whether the annotation is a model or a union of models (and None); their fields are separate parameters."""
    kinds = [member for member in members(annotation) if member not in (None, types.NoneType)]
    return bool(kinds) and all(is_model(member) for member in kinds)
