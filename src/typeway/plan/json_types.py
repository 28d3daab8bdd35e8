"""Refuse values of a JSON body that have another JSON type than the document says: `1` for a boolean, `"3"` for an integer.

Pydantic converts such values, in what it calls the lax mode. Its strict mode is not the opposite that is needed here: it
also refuses the texts by which JSON carries a datetime or a UUID, and the `2.0` that is an integer in JSON Schema.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, Final

from pydantic_core import CoreSchema, PydanticKnownError, SchemaValidator, ValidationError, core_schema

from typeway.plan.plain import INNER

# The keys of a core schema whose values are schemas that a Python value is validated by; the keys of a JSON object are
# always texts, so that their schemas convert them.
WALKED: Final = (INNER - {"keys_schema"}) | {
    "python_schema", "lax_schema", "steps", "arguments_schema", "extras_schema", "var_args_schema",
}  # fmt: skip

# Functions with these get the value before it has been validated; they may make any other value of it.
READS_FIRST: Final = frozenset({"function-before", "function-wrap"})

# Their schemas are told by `config={"strict": …}` what to do, or by what else the author has decided.
CONFIGURED: Final = frozenset({"model", "dataclass", "typed-dict"})
DECIDED: Final = frozenset({"strict", "ser_json_timedelta", "ser_json_temporal", "val_temporal_unit"})

# Apart from the other schemas of the same types, which may be in the same validator.
SUFFIX: Final = ":json"

TEXTUAL: Final[Mapping[str, tuple[type[Any], Any]]] = {
    "datetime": (datetime, "datetime_type"),
    "date": (date, "date_type"),
    "time": (time, "time_type"),
    "timedelta": (timedelta, "time_delta_type"),
    "complex": (complex, "complex_type"),
}

NUMBERS: Final = (bool, int, float)
SCALARS: Final = (*NUMBERS, str)


def exact_schema(schema: CoreSchema) -> CoreSchema:
    """Return a schema that accepts what its JSON Schema accepts, instead of what can be converted.

    Where the author has decided, it stays: `strict` in a field or in a model's configuration, and whatever is below a
    validator of the author that reads the value first.
    """
    exact: CoreSchema = walk(schema, True)
    return exact


def walk(part: Any, gates: bool) -> Any:
    """Return a copy of a part of a core schema, with new names for what it refers to."""
    if isinstance(part, list):
        return [walk(item, gates) for item in part]
    if isinstance(part, tuple):  # a member of a union, with its label
        return (walk(part[0], gates), *part[1:])
    if not isinstance(part, dict):
        return part
    kind = part.get("type")
    inside = gates and not (kind in READS_FIRST and is_authors(part["function"]["function"]))
    if kind in CONFIGURED and not DECIDED.isdisjoint(part.get("config") or ()):
        inside = False
    copied: dict[str, Any] = {}
    for key, value in part.items():
        if key in ("ref", "schema_ref"):
            copied[key] = value + SUFFIX
        elif key not in WALKED:
            copied[key] = value
        elif isinstance(value, dict) and not isinstance(value.get("type"), str):  # fields by name; one may be "type"
            copied[key] = {name: walk(item, inside) for name, item in value.items()}
        else:
            copied[key] = walk(value, inside)
    gate = GATES.get(kind) if isinstance(kind, str) else None
    return copied if gate is None or not gates or "strict" in part else gate(copied)


def is_authors(function: Any) -> bool:
    """Whether a validator is neither Pydantic's nor Typeway's, which keep the meaning of a value."""
    return not str(getattr(function, "__module__", "")).startswith(("pydantic.", "typeway."))


def after(first: Any, schema: dict[str, Any]) -> Any:
    """Return the schema behind another schema, or a function, that the value has to pass first."""
    named = {"ref": schema.pop("ref")} if "ref" in schema else {}
    inner: Any = schema
    if callable(first):
        return {**core_schema.no_info_before_validator_function(first, inner), **named}
    return {**core_schema.chain_schema([first, inner]), **named}


def in_pydantics_words(error: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an error of a gate as Pydantic says it: as a lax validator does that refuses the value too, else as a strict."""
    if error["type"] not in REFUSED:
        return error
    for validator in REFUSED[error["type"]]:
        try:
            validator.validate_python(error["input"])
        except ValidationError as refusal:
            said = refusal.errors(include_url=False)[0]
            return {**error, "type": said["type"], "msg": said["msg"]}
    return error


def gate_of(kind: str, schema: CoreSchema) -> CoreSchema:
    """Return a schema with one error for everything that it refuses, which `in_pydantics_words` replaces."""
    return core_schema.custom_error_schema(
        schema, custom_error_type=GATED + kind, custom_error_message="refused by its type"
    )


# What an int or a float may have to satisfy beside its type.
BOUNDS: Final = frozenset({"le", "ge", "lt", "gt", "multiple_of", "allow_inf_nan"})

# The beginning of the types of errors that `in_pydantics_words` replaces.
GATED: Final = "json type is not "

STRICT: Final[Mapping[str, CoreSchema]] = {
    "int": core_schema.int_schema(strict=True),
    "float": core_schema.float_schema(strict=True),  # it accepts an int, and no bool
    "bool": core_schema.bool_schema(strict=True),
}
# PERF: each is one validator of pydantic-core more than none; a function of Python would take 0.3 us.
SCALAR_GATES: Final[Mapping[str, CoreSchema]] = {
    **{kind: gate_of(kind, STRICT[kind]) for kind in ("float", "bool")},
    # An int is nearly always sent as one; 2.0 is an integer in JSON as well.
    "int": gate_of(
        "int",
        core_schema.union_schema(
            [STRICT["int"], core_schema.chain_schema([STRICT["float"], core_schema.int_schema()])], mode="left_to_right"
        ),
    ),
}
# A lax validator and a strict one, by the type of the error that they replace.
REFUSED: Final[Mapping[str, tuple[SchemaValidator, SchemaValidator]]] = {
    GATED + "int": (SchemaValidator(core_schema.int_schema()), SchemaValidator(STRICT["int"])),
    GATED + "float": (SchemaValidator(core_schema.float_schema()), SchemaValidator(STRICT["float"])),
    GATED + "bool": (SchemaValidator(core_schema.bool_schema()), SchemaValidator(STRICT["bool"])),
}


def scalar(schema: dict[str, Any]) -> Any:
    """Let only the type of JSON pass; then the schema looks at the bounds, if it has some."""
    gate = SCALAR_GATES[schema["type"]]
    # PERF: a chain of two would cost 0.05 us.
    return after(gate, schema) if BOUNDS.intersection(schema) else {**gate, **kept_of(schema)}


def kept_of(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a schema says beside how it validates."""
    return {key: schema[key] for key in ("ref", "metadata", "serialization") if key in schema}


def textual(schema: dict[str, Any]) -> Any:
    """Let texts pass, and instances, which a default may be."""
    kind, error = TEXTUAL[schema["type"]]
    is_text = core_schema.is_instance_schema((str, kind))
    return after(core_schema.custom_error_schema(is_text, custom_error_type=error), schema)


def lax_or_strict(schema: dict[str, Any]) -> Any:
    """Let no number pass to a type that JSON carries as text, such as an IP address."""
    strictest = schema["strict_schema"]
    while isinstance(strictest, dict) and strictest["type"] != "str":
        strictest = strictest.get("json_schema") or strictest.get("schema")
    return schema if strictest is None else after(refuse_numbers, schema)


def unless_authors(schema: dict[str, Any]) -> Any:
    """Let no number pass to a function of Pydantic's that reads the text of a value."""
    return schema if is_authors(schema["function"]["function"]) else after(refuse_numbers, schema)


def refuse_numbers(value: Any) -> Any:
    if type(value) in NUMBERS:
        raise PydanticKnownError("string_type")
    return value


def refuse_booleans(value: Any) -> Any:
    if type(value) is bool:
        raise PydanticKnownError("fraction_type")
    return value


def refuse_objects(value: Any) -> Any:
    if type(value) is dict:
        raise PydanticKnownError("tuple_type")
    return value


def refuse_what_is_no_array(value: Any) -> Any:
    if type(value) in (dict, str):
        raise PydanticKnownError("iterable_type")
    return value


def members_only(schema: dict[str, Any]) -> Any:
    """Let only values pass that are members in JSON, where 1 is neither true nor "1"."""
    values = [getattr(member, "value", member) for member in schema.get("members") or schema.get("expected", ())]
    if "missing" in schema or not any(isinstance(value, NUMBERS) for value in values):
        return schema
    allowed = {(type(value) is bool, value) for value in values if isinstance(value, SCALARS)}
    kind, context = refusal_of(schema)

    def gate(value: Any) -> Any:
        if type(value) in SCALARS and (type(value) is bool, value) not in allowed:
            raise PydanticKnownError(kind, context)
        return value

    return after(gate, schema)


def refusal_of(schema: dict[str, Any]) -> tuple[Any, dict[str, Any] | None]:
    """Return the type and the context of the error for a value that is not a member."""
    alone: Any = {key: value for key, value in schema.items() if key != "ref"}
    try:
        SchemaValidator(alone).validate_python(object())
    except ValidationError as refusal:
        found = refusal.errors(include_url=False)[0]
        return found["type"], found.get("ctx")
    raise AssertionError("unreachable: no member is equal to a new object")


GATES: Final[Mapping[str, Callable[[dict[str, Any]], Any]]] = {
    **dict.fromkeys(SCALAR_GATES, scalar),
    **dict.fromkeys(TEXTUAL, textual),
    "lax-or-strict": lax_or_strict,
    "function-plain": unless_authors,
    "fraction": partial(after, refuse_booleans),
    "named-tuple": partial(after, refuse_objects),
    "generator": partial(after, refuse_what_is_no_array),
    "literal": members_only,
    "enum": members_only,
}
