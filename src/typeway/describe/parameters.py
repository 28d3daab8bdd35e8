"""Describe the path, query, header and cookie parameters of an operation, one object per wire name."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from types import NoneType
from typing import Any, Final

from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticUndefined
from pydantic_core.core_schema import TypedDictField, typed_dict_field

from typeway.declare import shapes
from typeway.declare.classify import Input
from typeway.describe.schemas import Components, JsonSchema, title_of, with_default
from typeway.plan.fields import described_schema, field_schema_of, schema_of, texts_of
from typeway.plan.sources import fields_of

# The document lists parameters by location, in this order.
LOCATIONS: Final = ("path", "query", "header", "cookie")


@dataclass(frozen=True, slots=True)
class Placed:
    """An input, and the file and line of the callable that declares it."""

    entry: Input
    where: str

    @property
    def schema(self) -> CoreSchema:
        """Return the schema of the input's type with its constraints and metadata."""
        return described_schema(schema_of(self.entry.annotation, self.where), self.entry.marker)

    def member(self, title: str | None, *, is_required: bool) -> TypedDictField:
        """Return the input as a member of an object, described by its marker, because not every type can be described.

        The title is used if the marker has none; with None, the type or the member's name decides.
        """
        marker = self.entry.marker
        schema = with_default(schema_of(self.entry.annotation, self.where), marker.default)
        texts = texts_of(marker, title)
        return typed_dict_field(schema, required=is_required, validation_alias=self.entry.wire, metadata=texts)


def describe_parameters(
    inputs: Sequence[Placed], path_names: frozenset[str], components: Components, *, as_sent: bool
) -> list[dict[str, Any]]:
    """Return the Parameter Objects (OpenAPI 3.1, section 4.8.12), one per name and location.

    The types of hidden parameters are described too, because others may refer to them.

    Parameters:
        as_sent: whether schemas leave out values that cannot be sent; see `restrict_to_sendable`.
    """
    shown: dict[tuple[str, str], dict[str, Any]] = {}
    for placed in (placed for location in LOCATIONS for placed in inputs if placed.entry.location == location):
        for name, field, schema, is_required in parameters_of(placed, path_names, components):
            key = placed.entry.location, name
            # The last parameter of a name is shown, unless only an earlier one is required.
            is_stronger = key not in shown or is_required or not shown[key]["required"]
            if as_sent:
                components.afterwards.append(partial(restrict_to_sendable, schema, is_required))
            if placed.entry.marker.include_in_schema and is_stronger:
                shown[key] = {
                    "name": name,
                    "in": placed.entry.location,
                    "required": is_required,
                    "schema": schema,
                    "description": field.description or None,
                    **examples_of(field),
                    "deprecated": bool(field.deprecated) or None,
                }
    return list(shown.values())


def parameters_of(
    placed: Placed, path_names: frozenset[str], components: Components
) -> Iterator[tuple[str, FieldInfo, JsonSchema, bool]]:
    """Yield name, options, schema and whether it is required for each parameter of an input: itself, or a model's fields."""
    entry = placed.entry
    if not entry.is_group:
        name = name_of(entry, path_names)
        schema = with_default(placed.schema, entry.marker.default)
        title = entry.marker.title or title_of(name)
        yield name, entry.marker, components.want(schema, "validation", title), entry.is_required
        return
    # No field of an optional model is required.
    is_optional = not entry.is_required and is_nullable(entry)
    for part in fields_of(entry):
        name = str(part.wires[0][0])
        title = part.field.title or title_of(part.keys.get(name) or name)
        schema = components.want(field_schema_of(part.field, placed.where), "validation", title)
        yield name, part.field, schema, part.field.is_required() and not is_optional


NULL: Final = {"type": "null"}

# Keys of the schema of a string that is a file, or that has its values listed.
NOT_TEXT: Final = frozenset({"enum", "const", "format", "contentMediaType"})


def restrict_to_sendable(schema: JsonSchema, is_required: bool, is_form: bool = False) -> None:
    """Take out of a schema what a client cannot send in a parameter or a form field.

    There is no null in texts, and a list without items is not there. Of a form, an empty field counts as missing too.
    """
    choices = [choice for choice in schema.get("anyOf", ()) if choice != NULL]
    if len(choices) == 1 and len(schema["anyOf"]) > 1:
        del schema["anyOf"]
        schema.update({**choices[0], **schema})
    elif choices:
        schema["anyOf"] = choices
    if is_required and schema.get("type") == "array":
        schema["minItems"] = max(schema.get("minItems", 0), 1)
    if is_required and is_form and schema.get("type") == "string" and NOT_TEXT.isdisjoint(schema):
        schema["minLength"] = max(schema.get("minLength", 0), 1)


def is_nullable(entry: Input) -> bool:
    """Return whether None is a value of the input's type."""
    return any(member is None or member is NoneType for member in shapes.members(entry.kind))


def name_of(entry: Input, path_names: frozenset[str]) -> str:
    """Return the name of an input; of several aliases, the one that the path has. A whole body has none."""
    if entry.location in ("query", "header", "cookie") or len(entry.wires) == 1:
        return entry.wire
    return next((name for name in entry.wires if name in path_names), entry.marker.alias or entry.name)


def examples_of(field: FieldInfo) -> dict[str, Any]:
    """Return the examples of a marker in OpenAPI's own form, beside those in the schema."""
    named = getattr(field, "openapi_examples", None)
    if named:
        return {"examples": named}
    example = getattr(field, "example", PydanticUndefined)
    return {} if example is PydanticUndefined else {"example": example}
