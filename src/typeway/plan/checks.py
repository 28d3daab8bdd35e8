"""Check one callable's raw values in one call, and word what is wrong with them by their place on the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import SchemaValidator, ValidationError

from typeway.declare.classify import Input
from typeway.plan.fields import mapping_validator, schema_of, with_default
from typeway.plan.sources import fields_of
from typeway.texts import MISSING as MISSING_TEXT


@dataclass(frozen=True, slots=True)
class Place:
    """Where an input stands on the wire: the beginning of its errors' locations, and a group's own names."""

    location: tuple[str | int, ...]
    members: Mapping[str, str]
    is_group: bool


@dataclass(frozen=True, slots=True)
class Check:
    """One validator for all of a callable's inputs, and the table that places its errors.

    Parameters:
        validator: validates a flat mapping keyed by parameter name.
        places: where each of them stands on the wire.
    """

    validator: SchemaValidator
    places: Mapping[str, Place]

    def errors(self, error: ValidationError) -> list[dict[str, Any]]:
        """What is wrong, with locations as the client knows them."""
        return [self.placed(dict(entry)) for entry in error.errors(include_url=False)]

    def errors_without_object(self, raw: dict[str, Any]) -> list[dict[str, Any]]:
        """What is wrong where the body should be an object and is none: every member of it is missing."""
        found = []
        try:
            self.validator.validate_python(raw, from_attributes=True)
        except ValidationError as error:
            found = [entry for entry in self.errors(error) if entry["loc"][0] != "body"]
        kind, message = MISSING_TEXT
        places = [place for place in self.places.values() if place.location[0] == "body"]
        return found + [{"type": kind, "loc": place.location, "msg": message, "input": None} for place in places]

    def placed(self, entry: dict[str, Any]) -> dict[str, Any]:
        name, *rest = entry["loc"]
        place = self.places[name]
        if place.is_group and rest:
            rest[0] = place.members.get(rest[0], rest[0])
        elif entry["type"] == MISSING_TEXT[0] and not rest:
            entry["input"] = None
        entry["loc"] = (*place.location, *rest)
        return entry


def build_check(inputs: Sequence[Input], where: str, *, named_members: bool) -> Check:
    """The check of a callable's inputs.

    Parameters:
        inputs: the inputs, ordered path, query, header, cookie, body: their errors are reported in this order.
        named_members: whether inputs of the body are members of it, whose names are part of their location.

    Raises:
        DeclarationError: Pydantic cannot validate one of the types.
    """
    fields = {}
    for entry in inputs:
        marker = entry.marker
        schema = with_default(
            schema_of(entry.annotation, where),
            marker.default,
            marker.default_factory,
            validates=bool(marker.validate_default),
        )
        fields[entry.name] = (schema, entry.is_required)
    return Check(mapping_validator(fields), {entry.name: place_of(entry, named_members) for entry in inputs})


def place_of(entry: Input, named_members: bool) -> Place:
    in_body = entry.location in ("body", "form", "file")
    members = {field.key: str(field.wires[0][0]) for field in fields_of(entry) if field.name} if entry.is_group else {}
    if entry.is_group or (in_body and not named_members):
        return Place(("body" if in_body else entry.location,), members, entry.is_group)
    return Place(("body" if in_body else entry.location, entry.wire), members, is_group=False)
