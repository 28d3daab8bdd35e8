"""Prove that data is plain: its validation and encoding run only built-in code, which cannot block."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from types import FunctionType, NoneType
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel

# The allowed core schemas: all their validators and serializers are Pydantic's own. Dataclasses are not among them,
# because their attributes are read one by one, and any of them may be a descriptor.
PLAIN: Final = frozenset({
    "none", "bool", "int", "float", "str", "bytes", "date", "time", "datetime", "timedelta", "decimal", "uuid", "literal",
    "enum", "list", "tuple", "set", "frozenset", "dict", "typed-dict", "typed-dict-field", "model", "model-fields",
    "model-field", "nullable", "union", "tagged-union", "default", "definitions", "definition-ref",
})  # fmt: skip

# The keys of a core schema whose values are other schemas: a schema, a list, or a mapping.
INNER: Final = frozenset({
    "schema", "keys_schema", "values_schema", "items_schema", "fields", "choices", "definitions",
})  # fmt: skip

# The keys of a core schema whose values run code of the author.
AUTHORS: Final = frozenset({
    "computed_fields", "custom_init", "post_init", "serialization", "serialization_exclude_if", "extras_schema",
    "extras_keys_schema",
})  # fmt: skip

# The keys that do not concern values, or that are checked together with the class.
BESIDE: Final = frozenset({"metadata", "config", "cls", "generic_origin", "members", "default_factory"})

SCALARS: Final = frozenset({
    NoneType, bool, int, float, str, bytes, Decimal, date, time, datetime, timedelta, UUID,
})  # fmt: skip

# The methods that pydantic-core, the encoder or `from_attributes` would call if a class has them.
CALLED: Final = frozenset({"__getattr__", "__getattribute__", "__iter__", "model_dump", "model_dump_json"})


def is_plain_schema(schema: Any, *, anything: bool = False) -> bool:
    """Whether validating plain data by a core schema, and serializing the result, runs no code of the author.

    Parameters:
        anything: whether the schema may contain Any.
    """
    kind = schema["type"]
    if kind == "any":
        return anything
    if kind not in PLAIN or any(schema.get(key) for key in AUTHORS):
        return False
    if "allow" in (schema.get("extra_behavior"), schema.get("config", {}).get("extra_fields_behavior")):
        return False
    if kind == "model" and not is_plain_class(schema["cls"]):
        return False
    if kind == "enum" and not is_plain_enum(schema["cls"]):
        return False
    if not is_plain_factory(schema.get("default_factory", list)):
        return False
    if not all(is_plain_constant(value) for key, value in schema.items() if key not in INNER and key not in BESIDE):
        return False
    inner = (each for key in INNER if key in schema for each in schemas_in(schema[key]))
    return all(is_plain_schema(each, anything=anything) for each in inner)


def schemas_in(part: Any) -> Iterator[Any]:
    """Yield the core schemas in one part of another."""
    if isinstance(part, dict):
        if isinstance(part.get("type"), str):
            yield part
        else:
            yield from part.values()
    else:
        for each in part:
            yield each[0] if isinstance(each, tuple) else each  # choices may have a label


def is_plain_constant(value: Any) -> bool:
    """Whether a default, a bound or another value in a core schema is plain."""
    kind = type(value)
    if kind is list or kind is tuple:
        return all(map(is_plain_constant, value))
    if kind is dict:
        return all(map(is_plain_constant, (*value, *value.values())))
    if issubclass(kind, BaseModel):
        return is_plain_class(kind) and is_plain_constant(vars(value))
    # A metaclass of the author's own may have no hash.
    return (type(kind) is type and kind in SCALARS) or (issubclass(kind, Enum) and is_plain_enum(kind))


def is_plain_factory(factory: Any) -> bool:
    """Whether a default factory is a built-in container or a model without code of its author."""
    if isinstance(factory, type) and issubclass(factory, BaseModel):
        return is_plain_schema(factory.__pydantic_core_schema__)
    return factory in (list, dict, set, frozenset, tuple)


def is_plain_class(model: type[Any]) -> bool:
    """Whether reading the attributes of a model's instances, and dumping them, runs no code of its author."""
    for owner in model.__mro__:
        if owner.__module__.partition(".")[0] in ("pydantic", "builtins", "typing", "abc"):
            continue
        for name, value in vars(owner).items():
            is_special = name.startswith("__") and name.endswith("__")
            is_read = hasattr(type(value), "__get__") and type(value) not in (FunctionType, classmethod, staticmethod)
            if name in CALLED or (is_read and not is_special):
                return False
    return issubclass(model, BaseModel)


def is_plain_enum(kind: type[Enum]) -> bool:
    """Whether an enumeration looks up members and values in the same way as `Enum`."""
    own = [vars(owner) for owner in kind.__mro__ if owner.__module__ not in ("enum", "builtins")]
    is_own = any(name in names for names in own for name in ("value", "_missing_", "__getattribute__"))
    return not is_own and all(type(member.value) in SCALARS for member in kind)
