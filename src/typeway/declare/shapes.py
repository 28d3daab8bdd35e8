"""Answer what kind of type an annotation is: scalar, list of scalars, model, file."""

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

Answer = TypeVar("Answer")

# What forgets the answers to each question; filled while this package is imported, by the decorator below.
REMEMBERED: Final[list[Callable[[], None]]] = []


def forget() -> None:
    """Forget all answers: a type alias may have been asked while a name in it was not defined."""
    for clear in REMEMBERED:
        clear()


def remembered(question: Callable[[Any], Answer]) -> Callable[[Any], Answer]:
    """Ask a question about a type once: an application says `int` and `str | None` a thousand times.

    PERF: a third of what declaring a thousand routes costs. Types that differ in the order of a union only are equal,
    which no question here minds.
    """
    ask = functools.lru_cache(maxsize=1024)(question)
    REMEMBERED.append(ask.cache_clear)

    @functools.wraps(question)
    def answer(annotation: Any) -> Answer:
        if isinstance(annotation, type) and annotation.__module__ != "builtins":
            return question(annotation)  # to remember an author's class would keep it alive
        try:
            return ask(annotation)
        except TypeError:  # some metadata cannot be a key
            return question(annotation)

    return answer


@remembered
def members(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, or the annotation alone: plain types, whatever stands around them."""
    return tuple(members_of(annotation))


def is_subclass(annotation: Any, classes: type[Any] | tuple[type[Any], ...]) -> bool:
    return isinstance(annotation, type) and not get_args(annotation) and issubclass(annotation, classes)


@remembered
def is_model(annotation: Any) -> bool:
    """Whether the annotation is one Pydantic model, generic or not."""
    annotation = plain(annotation)
    return is_subclass(annotation, BaseModel) or is_subclass(get_origin(annotation), BaseModel)


@remembered
def is_sequence(annotation: Any) -> bool:
    """Whether one member of the annotation is a list, tuple, set or the like; strings and bytes are not."""
    return any(
        is_subclass(get_origin(member) or member, SEQUENCES) and not is_subclass(member, (str, bytes, BaseModel))
        for member in members(annotation)
    )


@remembered
def is_complex(annotation: Any) -> bool:
    """Whether a single string could not hold the value: a model, mapping, dataclass, file or sequence."""
    return any(
        is_subclass(kind := get_origin(member) or member, (BaseModel, Mapping, UploadFile))
        or is_typeddict(kind)
        or dataclasses.is_dataclass(kind)
        or is_sequence(member)
        for member in members(annotation)
    )


@remembered
def is_scalar_sequence(annotation: Any) -> bool:
    """Whether the annotation is a list (or the like) of scalars, perhaps beside None."""
    sequences = [member for member in members(annotation) if is_sequence(member)]
    others = [member for member in members(annotation) if member not in sequences]
    items = [item for member in sequences for item in get_args(member) if item is not ...]
    return bool(sequences) and not any(is_complex(kind) for kind in (*others, *items))


def is_one_or_several(annotation: Any, classes: type[Any] | tuple[type[Any], ...]) -> bool:
    """Whether the annotation is of one of the classes, or a list (or the like) of them."""
    return any(
        is_subclass(kind, classes)
        for member in members(annotation)
        for kind in (member, *(item for part in get_args(member) for item in members(part) if is_sequence(member)))
    )


def media_type(annotation: Any) -> str | None:
    """The media type that a type says it is sent as, if it says one."""
    found = (vars(member).get("__media_type__") for member in members(annotation) if isinstance(member, type))
    return next((said for said in found if isinstance(said, str)), None)


@remembered
def is_model_group(annotation: Any) -> bool:
    """Whether the annotation is a model, or a union of models (and None), whose fields are parameters."""
    kinds = [member for member in members(annotation) if member not in (None, types.NoneType)]
    return bool(kinds) and all(is_model(member) for member in kinds)
