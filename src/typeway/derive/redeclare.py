"""Declare a model's validators and serializers again, for a class with other fields."""

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


def declared_again(
    root: type[BaseModel], fields: Collection[str], computed: Collection[str], *, removes: bool
) -> dict[str, Any]:
    """What a class needs in its namespace to validate and serialize like another one.

    A validator that reads a field which is not there has nothing to say of the rest, and is passed over.

    Parameters:
        fields: the names of the new class's fields.
        computed: those of its computed fields.
        removes: whether null takes a field away, so that its validators do not see it.

    Raises:
        DeclarationError: a validator is of Pydantic's version 1.
    """
    known = root.__pydantic_decorators__
    if known.validators or known.root_validators:
        raise declaration_error(
            f"{root.__qualname__} has validators in the way of Pydantic 1, which cannot be carried over.",
            hint="Write @field_validator and @model_validator.",
            where=root.__module__,
        )
    found: dict[str, Any] = {}
    for name, each in known.field_validators.items():
        validated = kept(each.info.fields, fields)
        if validated:
            info: Any = each.info
            declare: Any = field_validator(
                *validated, mode=info.mode, check_fields=False, json_schema_input_type=info.json_schema_input_type
            )
            found[name] = declare(field_gate(raw(root, name), info.mode, removes=removes))
    for name, serializer in known.field_serializers.items():
        serialized = kept(serializer.info.fields, fields)
        if serialized:
            info = serializer.info
            declare = field_serializer(
                *serialized, mode=info.mode, return_type=info.return_type, when_used=info.when_used, check_fields=False
            )
            found[name] = declare(raw(root, name))
    for name, model_check in known.model_validators.items():
        gate = MODEL_GATES.get(model_check.info.mode)
        function = raw(root, name)
        found[name] = model_validator(mode=model_check.info.mode)(gate(function) if gate else function)
    for name, whole in known.model_serializers.items():
        info = whole.info
        declare_whole: Any = model_serializer
        options = {"mode": info.mode, "return_type": info.return_type, "when_used": info.when_used}
        found[name] = declare_whole(**options)(raw(root, name))
    found.update(computed_again(root, computed))
    return found


def kept(names: Collection[str], fields: Collection[str]) -> list[str]:
    return [name for name in names if name == "*" or name in fields]


def raw(root: type[BaseModel], name: str) -> Any:
    """A member of a class as it was written."""
    return inspect.getattr_static(root, name)


def called(function: Any, owner: type[Any]) -> Callable[..., Any]:
    """A class method, static method or function, as it is called for a class."""
    bind = getattr(function, "__get__", None)
    bound: Callable[..., Any] = function if bind is None else bind(None, owner)
    return bound


def takes(function: Any, count: int) -> bool:
    """Whether a function takes so many positional arguments, the class aside."""
    inner = function.__func__ if isinstance(function, (classmethod, staticmethod)) else function
    try:
        parameters = list(inspect.signature(inner).parameters.values())
    except (TypeError, ValueError):  # made in C
        return False
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    required = [p for p in positional if p.default is p.empty]
    return len(required) - isinstance(function, classmethod) >= count


def field_gate(function: Any, mode: str, *, removes: bool) -> Any:
    """A field's validator that lets pass what it cannot judge."""
    wants_info = takes(function, 3 if mode == "wrap" else 2)

    def is_removed(value: Any) -> bool:
        return removes and (value is REMOVED or (value is None and mode != "after"))

    def validate(cls: type[Any], value: Any, info: Any) -> Any:
        if is_removed(value):
            return REMOVED if mode == "plain" else value
        try:
            return called(function, cls)(value, SentInfo(info)) if wants_info else called(function, cls)(value)
        except NotSentError:
            return value

    def validate_around(cls: type[Any], value: Any, handler: Any, info: Any) -> Any:
        if is_removed(value):
            return handler(value)
        try:
            rest = (SentInfo(info),) if wants_info else ()
            return called(function, cls)(value, handler, *rest)
        except NotSentError:
            return handler(value)

    return classmethod(validate_around) if mode == "wrap" else classmethod(validate)


def after_gate(function: Any) -> Any:
    """A validator of a whole model that is passed over if it reads what is not there."""
    wants_info = takes(function, 2)

    def validate(self: Any, info: Any) -> Any:
        try:
            check = called(function, type(self))
            return check(self, info) if wants_info else check(self)
        except NotSentError:
            return self

    return validate


def wrap_gate(function: Any) -> Any:
    """A validator around a whole model that is passed over if it reads what is not there."""
    wants_info = takes(function, 3)

    def validate(cls: type[Any], value: Any, handler: Any, info: Any) -> Any:
        try:
            check = called(function, cls)
            return check(value, handler, info) if wants_info else check(value, handler)
        except NotSentError:
            return handler(value)

    return classmethod(validate)


# One that runs before sees what was sent, whatever that is, in the original model as well.
MODEL_GATES: Final[dict[str, Callable[[Any], Any]]] = {"after": after_gate, "wrap": wrap_gate}


def computed_again(root: type[BaseModel], names: Collection[str]) -> Iterator[tuple[str, Any]]:
    """The computed fields, each absent where it is computed from something absent."""
    for name, info in root.model_computed_fields.items():
        if name in names:
            getter = (
                info.wrapped_property.func if hasattr(info.wrapped_property, "func") else info.wrapped_property.fget
            )
            options: Any = {option: getattr(info, option) for option in COMPUTED if getattr(info, option) is not None}
            yield name, computed_field(return_type=info.return_type, **options)(property(computed_gate(getter)))


def computed_gate(getter: Any) -> Callable[[Any], Any]:
    def compute(self: Any) -> Any:
        try:
            return getter(self)
        except NotSentError:
            return MISSING

    return compute
