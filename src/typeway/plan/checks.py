"""Validate all raw values of a callable in one call, and give errors the location of the value in the request."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic_core import CoreSchema, SchemaValidator, ValidationError

from typeway.declare.classify import Input
from typeway.plan.body import is_json
from typeway.plan.bounded import Bounded, build_validator
from typeway.plan.exchange import Exchange
from typeway.plan.fields import mapping_schema, schema_of, shaped_union, validator_of, with_default
from typeway.plan.json_types import exact_schema, in_pydantics_words
from typeway.plan.sources import MISSING, VALUES, choice_of, pick, shapes_of
from typeway.texts import MISSING as MISSING_TEXT


@dataclass(frozen=True, slots=True)
class Place:
    """The place of an input in the request."""

    location: tuple[str | int, ...]  # the beginning of its errors' locations
    members: Mapping[str, str] | None = None  # of a group, the names on the wire by those that its model uses
    present: Callable[[Exchange], str] | None = None  # of an input with several names, the one that a request uses


@dataclass(frozen=True, slots=True)
class Check:
    """One validator for all inputs of a callable, and their places in the request for its errors."""

    validator: SchemaValidator  # validates a flat mapping keyed by parameter name
    places: Mapping[str, Place]  # where each of them stands on the wire
    alone: tuple[str, SchemaValidator] | None  # of one input with nothing around it its name, and its own validator
    bounded: Bounded | None  # validates large bodies, where errors are limited

    def errors(self, error: ValidationError, exchange: Exchange, *name: str) -> list[dict[str, Any]]:
        """Return errors with locations in the request; `name` is given if only that input was validated."""
        return self.placed_all(error.errors(include_url=False), exchange, *name)

    def placed_all(self, found: Sequence[Any], exchange: Exchange, *name: str) -> list[dict[str, Any]]:
        said = map(in_pydantics_words, found)
        return [self.placed({**entry, "loc": (*name, *entry["loc"])}, exchange) for entry in said]

    def errors_without_object(self, raw: dict[str, Any], exchange: Exchange) -> list[dict[str, Any]]:
        """Return the errors of a body that is not an object: every member of it is missing."""
        found = []
        try:
            self.validator.validate_python(raw, from_attributes=True)
        except ValidationError as error:
            found = [entry for entry in self.errors(error, exchange) if entry["loc"][0] != "body"]
        kind, message = MISSING_TEXT
        places = [place for place in self.places.values() if place.location[0] == "body"]
        return found + [{"type": kind, "loc": place.location, "msg": message, "input": None} for place in places]

    def placed(self, entry: dict[str, Any], exchange: Exchange) -> dict[str, Any]:
        name, *rest = entry["loc"]
        place = self.places[name]
        if place.members is not None and rest:
            # For a union, the first part is the name of the model and the second its field.
            rest[:2] = [place.members.get(part, part) for part in rest[:2]]
        elif entry["type"] == MISSING_TEXT[0] and not rest:
            entry["input"] = None
        location = place.location if place.present is None else (place.location[0], place.present(exchange))
        return {**entry, "loc": (*location, *rest)}


def schemas_of(inputs: Sequence[Input], where: str) -> dict[str, CoreSchema]:
    """Return the core schema of each input, with its default."""
    return {entry.name: with_default(input_schema(entry, where), entry.marker) for entry in inputs}


def build_check(
    inputs: Sequence[Input],
    schemas: Mapping[str, CoreSchema],
    *,
    named_members: bool,
    bounds: bool = False,
    exact: bool = False,
) -> Check:
    """Return the check of the inputs of a callable; error locations of members of a body contain their name.

    Parameters:
        bounds: whether the work and the errors of one body are limited, however it is made.
        exact: whether values of a JSON body must have the JSON types of their schemas; see `typeway.plan.json_types`.
    """
    if exact:
        of_json = {entry.name for entry in inputs if entry.location == "body" and is_json(entry.marker.media_type)}
        schemas = {name: exact_schema(schema) if name in of_json else schema for name, schema in schemas.items()}
        exact = bool(of_json)
    fields = {entry.name: (schemas[entry.name], entry.is_required) for entry in inputs}
    first = inputs[0]
    # A member of a body or form must be read from it first.
    is_alone = len(inputs) == 1 and not (named_members and first.in_body)
    schema, build = mapping_schema(fields), build_validator if bounds else validator_of
    return Check(
        validator=build(schema, prebuilt=not exact),
        places={entry.name: place_of(entry, named_members) for entry in inputs},
        alone=(first.name, build(fields[first.name][0], prebuilt=not exact)) if is_alone else None,
        bounded=Bounded(schema) if bounds and any(entry.in_body for entry in inputs) else None,
    )


def input_schema(entry: Input, where: str) -> CoreSchema:
    """Return the core schema of one input; each model of a union gets the values in the form that it expects."""
    schema = schema_of(entry.annotation, where)
    shapes = shapes_of(entry) if entry.is_group else {}
    if len(shapes) < 2:
        return schema
    return shaped_union(schema, {model: shape.reshape for model, shape in shapes.items()})


def place_of(entry: Input, named_members: bool) -> Place:
    beginning = "body" if entry.in_body else entry.location
    if entry.is_group:
        shapes = [
            shape for kind, shape in shapes_of(entry).items() if kind.model_config.get("loc_by_alias") is not False
        ]
        parts = [part for shape in shapes for part in shape.fields]
        return Place((beginning,), {key: wire for part in parts for wire, key in part.keys.items()})
    if entry.in_body and not named_members:
        return Place((beginning,))
    return Place((beginning, entry.wire), present=partial(present_name, entry) if len(entry.wires) > 1 else None)


def present_name(entry: Input, exchange: Exchange) -> str:
    """Return the name under which the request contains an input that has several names."""
    values = partial(VALUES[entry.location], exchange)
    name, value = pick(values, entry.wires, choice_of(entry))
    return name if value is not MISSING or values(name) else entry.wire
