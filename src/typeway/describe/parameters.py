"""Describe the parameters beside the body: path, query, header and cookie, one object per name on the wire."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from typeway.declare.classify import Input
from typeway.describe.inputs import Placed, is_nullable
from typeway.describe.schemas import Described, Schemas, title_of
from typeway.plan.fields import field_schema_of
from typeway.plan.sources import fields_of

# The document lists parameters by where they stand, in this order.
LOCATIONS: Final = ("path", "query", "header", "cookie")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of the document.

    Parameters:
        location: where it stands: `"path"`, `"query"`, `"header"` or `"cookie"`.
        field: what is said about it.
        schema: the number of its schema.
    """

    name: str
    location: str
    is_required: bool
    field: FieldInfo
    schema: int


def outline_parameters(inputs: Sequence[Placed], path_names: frozenset[str], schemas: Schemas) -> tuple[Parameter, ...]:
    """Ask for the schemas of parameters.

    Parameters:
        inputs: the operation's inputs, the endpoint's first. The types of hidden ones are described too, for others
            may refer to them.
        path_names: the names of the path's parameters.
    """
    shown: list[Parameter] = []
    for location in LOCATIONS:
        for placed in inputs:
            if placed.entry.location == location:
                found = tuple(parameters_of(placed, path_names, schemas))
                shown.extend(found if placed.entry.marker.include_in_schema else ())
    return unique(shown)


def parameters_of(placed: Placed, path_names: frozenset[str], schemas: Schemas) -> Iterator[Parameter]:
    """The parameters that one input stands for: itself, or the fields of the model that it is."""
    entry = placed.entry
    if not entry.is_group:
        name = name_of(entry, path_names)
        title = entry.marker.title or title_of(name)
        number = schemas.want(placed.schema_with_default, "validation", title)
        yield Parameter(name, entry.location, entry.is_required, entry.marker, number)
        return
    # Of a model that may be absent nothing must be there.
    is_optional = not entry.is_required and is_nullable(entry)
    for part in fields_of(entry):
        wire = str(part.wires[0][0])
        title = part.field.title or title_of(part.key or wire)
        yield Parameter(
            name=wire,
            location=entry.location,
            is_required=part.field.is_required() and not is_optional,
            field=part.field,
            schema=schemas.want(field_schema_of(part.field, placed.where), "validation", title),
        )


def name_of(entry: Input, path_names: frozenset[str]) -> str:
    """The name of a parameter; of several that would do in a path, the one that the path has."""
    if entry.location != "path" or len(entry.wires) == 1:
        return entry.wire
    return next((name for name in entry.wires if name in path_names), entry.marker.alias or entry.name)


def unique(parameters: Iterable[Parameter]) -> tuple[Parameter, ...]:
    """One parameter per name and location (section 4.8.10): the last, unless only an earlier one is required."""
    found: dict[tuple[str, str], Parameter] = {}
    for parameter in parameters:
        key = parameter.location, parameter.name
        if key not in found or parameter.is_required or not found[key].is_required:
            found[key] = parameter
    return tuple(found.values())


def describe_parameter(parameter: Parameter, described: Described) -> dict[str, Any]:
    """The Parameter Object (OpenAPI 3.1, section 4.8.12)."""
    shown: dict[str, Any] = {
        "name": parameter.name,
        "in": parameter.location,
        "required": parameter.is_required,
        "schema": described[parameter.schema],
    }
    if parameter.field.description:
        shown["description"] = parameter.field.description
    shown.update(examples_of(parameter.field))
    if parameter.field.deprecated:
        shown["deprecated"] = True
    return shown


def examples_of(field: FieldInfo) -> dict[str, Any]:
    """The examples that a marker gives in OpenAPI's own way, beside those in the schema."""
    named = getattr(field, "openapi_examples", None)
    if named:
        return {"examples": named}
    example = getattr(field, "example", PydanticUndefined)
    if example is PydanticUndefined or example is None:
        return {}
    return {"example": example}
