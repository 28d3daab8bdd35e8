"""Read annotations in every spelling that Python has for the same meaning."""

import typing
from typing import Any, Final, TypeVar, get_args, get_origin

import typing_extensions

# `type X = ...` makes Python's own class; below Python 3.15 the one of typing_extensions is another (PEP 695).
ALIASES: Final[tuple[Any, ...]] = (
    typing_extensions.TypeAliasType,
    getattr(typing, "TypeAliasType", typing_extensions.TypeAliasType),
)


def is_alias(annotation: Any) -> bool:
    """Whether an annotation is a type alias (PEP 695), or a generic one with its arguments."""
    return isinstance(annotation, ALIASES) or isinstance(get_origin(annotation), ALIASES)


def value_of(alias: Any) -> Any:
    """What a type alias stands for; of a generic one, with its arguments in the place of its parameters."""
    origin = get_origin(alias)
    if origin is None:
        return alias.__value__
    value = origin.__value__
    # The value lists its type variables in its own order: `type Swapped[A, B] = dict[B, A]`.
    given = dict(zip(origin.__type_params__, get_args(alias), strict=False))
    if isinstance(value, TypeVar):
        return given.get(value, value)
    arguments = tuple(given.get(parameter, parameter) for parameter in getattr(value, "__parameters__", ()))
    return value[arguments] if arguments else value
