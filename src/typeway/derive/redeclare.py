"""Declare the validators and serializers of a model again, for a class with other fields."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator
from typing import Any, Final

from pydantic import (
    BaseModel,
    computed_field,
    field_serializer,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic_core import MISSING

from typeway.derive.absence import REMOVED, NotSentError, SentInfo
from typeway.exceptions import declaration_error

COMPUTED: Final = (
    "alias", "alias_priority", "title", "field_title_generator", "description", "deprecated", "examples",
    "json_schema_extra", "repr",
)  # fmt: skip


def redeclare(
    root: type[BaseModel], fields: Collection[str], computed: Collection[str], *, removes: bool
) -> dict[str, Any]:
    """Return the validators, serializers and computed fields of a model, for the namespace of another class.

    A validator that reads a field which is absent is skipped: it cannot judge the rest.

    Parameters:
        root: the model that declares them.
        fields: the names of the fields of the new class.
        computed: the names of its computed fields.
        removes: whether null removes a field, in which case its validators do not run.

    Raises:
        DeclarationError: a validator is written for Pydantic 1.
    """
    known = root.__pydantic_decorators__
    if known.validators or known.root_validators:
        raise declaration_error(
            f"{root.__qualname__} has Pydantic 1 validators, which a derived model cannot take over.",
            hint="Use @field_validator and @model_validator.",
            where=root.__module__,
        )
    found: dict[str, Any] = {}
    for name, each in known.field_validators.items():
        validated = kept_names(each.info.fields, fields)
        if validated:
            info: Any = each.info
            declare: Any = field_validator(
                *validated, mode=info.mode, check_fields=False, json_schema_input_type=info.json_schema_input_type
            )
            found[name] = declare(skippable_field_validator(raw(root, name), info.mode, removes=removes))
    for name, serializer in known.field_serializers.items():
        serialized = kept_names(serializer.info.fields, fields)
        if serialized:
            info = serializer.info
            declare = field_serializer(
                *serialized, mode=info.mode, return_type=info.return_type, when_used=info.when_used, check_fields=False
            )
            found[name] = declare(raw(root, name))
    for name, model_check in known.model_validators.items():
        skippable = SKIPPABLE.get(model_check.info.mode)
        function = raw(root, name)
        found[name] = model_validator(mode=model_check.info.mode)(skippable(function) if skippable else function)
    for name, whole in known.model_serializers.items():
        info = whole.info
        declare_whole: Any = model_serializer
        options = {"mode": info.mode, "return_type": info.return_type, "when_used": info.when_used}
        found[name] = declare_whole(**options)(raw(root, name))
    found.update(redeclare_computed(root, computed))
    return found


def kept_names(names: Collection[str], fields: Collection[str]) -> list[str]:
    return [name for name in names if name == "*" or name in fields]


def raw(root: type[BaseModel], name: str) -> Any:
    """Return a member of a class as it was written, without binding it."""
    return inspect.getattr_static(root, name)


def bind(function: Any, owner: type[Any]) -> Callable[..., Any]:
    """Return a class method, static method or function as it is called on a class."""
    descriptor = getattr(function, "__get__", None)
    bound: Callable[..., Any] = function if descriptor is None else descriptor(None, owner)
    return bound


def requires_arguments(function: Any, count: int) -> bool:
    """Whether a function requires at least this many positional arguments, not counting the class."""
    inner = function.__func__ if isinstance(function, (classmethod, staticmethod)) else function
    try:
        parameters = list(inspect.signature(inner).parameters.values())
    except (TypeError, ValueError):  # a function written in C
        return False
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    required = [p for p in positional if p.default is p.empty]
    return len(required) - isinstance(function, classmethod) >= count


def skippable_field_validator(function: Any, mode: str, *, removes: bool) -> Any:
    """Return a field validator that passes the value on where the original reads an absent field."""
    wants_info = requires_arguments(function, 3 if mode == "wrap" else 2)

    def is_removed(value: Any) -> bool:
        return removes and (value is REMOVED or (value is None and mode != "after"))

    def validate(cls: type[Any], value: Any, info: Any) -> Any:
        if is_removed(value):
            return REMOVED if mode == "plain" else value
        try:
            return bind(function, cls)(value, SentInfo(info)) if wants_info else bind(function, cls)(value)
        except NotSentError:
            return value

    def validate_around(cls: type[Any], value: Any, handler: Any, info: Any) -> Any:
        if is_removed(value):
            return handler(value)
        try:
            rest = (SentInfo(info),) if wants_info else ()
            return bind(function, cls)(value, handler, *rest)
        except NotSentError:
            return handler(value)

    return classmethod(validate_around) if mode == "wrap" else classmethod(validate)


def skippable_after_validator(function: Any) -> Any:
    """Return an after-validator of a model that does nothing where the original reads an absent field."""
    wants_info = requires_arguments(function, 2)

    def validate(self: Any, info: Any) -> Any:
        try:
            check = bind(function, type(self))
            return check(self, info) if wants_info else check(self)
        except NotSentError:
            return self

    return validate


def skippable_wrap_validator(function: Any) -> Any:
    """Return a wrap-validator of a model that only calls its handler where the original reads an absent field."""
    wants_info = requires_arguments(function, 3)

    def validate(cls: type[Any], value: Any, handler: Any, info: Any) -> Any:
        try:
            check = bind(function, cls)
            return check(value, handler, info) if wants_info else check(value, handler)
        except NotSentError:
            return handler(value)

    return classmethod(validate)


# A before-validator receives the raw input, in the original model as well, so it can stay as it is.
SKIPPABLE: Final[dict[str, Callable[[Any], Any]]] = {
    "after": skippable_after_validator,
    "wrap": skippable_wrap_validator,
}


def redeclare_computed(root: type[BaseModel], names: Collection[str]) -> Iterator[tuple[str, Any]]:
    """Yield the computed fields; each is absent where a field that it is computed from is absent."""
    for name, info in root.model_computed_fields.items():
        if name in names:
            getter = (
                info.wrapped_property.func if hasattr(info.wrapped_property, "func") else info.wrapped_property.fget
            )
            options: Any = {option: getattr(info, option) for option in COMPUTED if getattr(info, option) is not None}
            yield name, computed_field(return_type=info.return_type, **options)(property(skippable_getter(getter)))


def skippable_getter(getter: Any) -> Callable[[Any], Any]:
    def compute(self: Any) -> Any:
        try:
            return getter(self)
        except NotSentError:
            return MISSING

    return compute
