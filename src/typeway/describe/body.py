"""Describe what a request carries: one value, an object of several, or form models laid over each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic_core import PydanticUndefined

from typeway.declare import shapes
from typeway.declare.classify import Input
from typeway.describe.inputs import Placed, is_nullable
from typeway.describe.parameters import examples_of
from typeway.describe.schemas import COMPONENT, Described, JsonSchema, Schemas, title_of
from typeway.plan.body import Body, is_body
from typeway.plan.sources import fields_of, wants_extras

JSON: Final = "application/json"
URLENCODED: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Carried:
    """What a request carries, as far as it is known before schemas are.

    Parameters:
        media_type: how it is encoded.
        is_required: whether a request must carry something.
        schema: the number of its schema.
        single: the input if there is but one, whose examples are the body's.
        parts: what a form must fulfil beside its own fields, with the numbers of their schemas.
    """

    media_type: str
    is_required: bool
    schema: int
    single: Input | None
    parts: tuple[tuple[Input, int], ...] = ()


def outline_body(inputs: Sequence[Placed], body: Body | None, title: str, schemas: Schemas) -> Carried | None:
    """Ask for the schemas of a body; None if there is none.

    Parameters:
        inputs: the operation's inputs, the endpoint's first.
        body: how the body is read.
        title: the name of the component, where one is needed.
    """
    if body is None:
        return None
    inputs = [placed for placed in inputs if is_body(placed.entry)]
    entries = [placed.entry for placed in inputs]
    first = inputs[0]
    has_groups = any(entry.is_group for entry in entries)
    is_alone = len({(entry.name, entry.kind) for entry in entries}) == 1
    parts: tuple[tuple[Input, int], ...] = ()
    if has_groups and (not is_alone or is_nullable(first.entry)):
        number, parts = want_form(inputs, title, schemas)
    elif body.embedded or (body.is_form and not has_groups):
        members = {placed.entry.name: placed.member(None, is_required=placed.entry.is_required) for placed in inputs}
        number = schemas.want_object(title, members)
        is_alone = False
    else:
        shown = title_of_whole(first.entry)
        number = schemas.want(first.schema_with_default, "validation", shown)
        is_alone = True
    return Carried(
        media_type=media_type_of(entries, is_whole=is_alone),
        is_required=any(entry.is_required for entry in entries),
        schema=number,
        single=first.entry if is_alone else None,
        parts=parts,
    )


def title_of_whole(entry: Input) -> str:
    """The title of a body that is one value: nothing on the wire is called like it, so one name of several says little."""
    name = entry.wire if len(entry.wires) == 1 else entry.marker.alias or entry.name
    return entry.marker.title or title_of(name)


def want_form(inputs: Sequence[Placed], title: str, schemas: Schemas) -> tuple[int, tuple[tuple[Input, int], ...]]:
    """Ask for the schemas of a form of models, and of fields beside them: its own number, and those of its parts.

    A field whose name another field has already taken is a part as well, for it must fulfil both.
    """
    members: dict[str, Placed] = {}
    parts: list[Placed] = []
    required = set()
    for placed in inputs:
        entry = placed.entry
        if not entry.is_group and entry.is_required:
            required.add(entry.wire)
        if entry.is_group or entry.wire in members:
            parts.append(placed)
        else:
            members[entry.wire] = placed
    default = inputs[0].entry.marker.default if len(inputs) == 1 else PydanticUndefined
    number = schemas.want_object(
        title,
        {
            wire: placed.member(title_of(placed.entry.name), is_required=wire in required)
            for wire, placed in members.items()
        },
        default,
    )
    return number, tuple((placed.entry, want_part(placed, schemas)) for placed in parts)


def want_part(placed: Placed, schemas: Schemas) -> int:
    """Ask for the schema of one part of a form: a model without its default, or a field as the member that it is."""
    entry = placed.entry
    title = title_of(entry.name)
    if entry.is_group:
        return schemas.want(placed.schema, "validation", entry.marker.title or title)
    return schemas.want_member(placed.member(title, is_required=False))


def media_type_of(entries: Sequence[Input], *, is_whole: bool) -> str:
    """How a body of these inputs is encoded: as they say if they agree, else as they must be."""
    if any(entry.location == "file" for entry in entries):
        return MULTIPART
    forms = [entry for entry in entries if entry.location == "form"]
    declared = {entry.marker.media_type for entry in ([entries[0]] if is_whole else forms or entries)}
    if len(declared) == 1:
        return declared.pop()
    if not forms:
        return JSON
    return MULTIPART if MULTIPART in declared else URLENCODED


def describe_body(carried: Carried, described: Described) -> dict[str, Any]:
    """The Request Body Object (OpenAPI 3.1, section 4.8.13)."""
    content: dict[str, Any] = {"schema": described[carried.schema]}
    if carried.single is not None:
        content.update(examples_of(carried.single.marker))
    body: dict[str, Any] = {"content": {carried.media_type: content}}
    if carried.is_required:
        body["required"] = True
    return body


def compose_form(carried: Carried, described: Described) -> None:
    """Add to the component of a form what its parts demand: the fields of all of them lie side by side on the wire."""
    conditions: list[JsonSchema] = []
    for entry, number in carried.parts:
        if entry.is_group:
            conditions.extend(conditions_of(entry, described[number], described))
        else:
            conditions.append({"properties": described[number]["properties"]})
    name = described.component_of(carried.schema)
    fields = {key: value for key, value in described.components[name].items() if value != {}}
    described.components[name] = {"allOf": conditions, **fields}


def conditions_of(entry: Input, schema: JsonSchema, described: Described) -> list[JsonSchema]:
    """What a form must fulfil for the sake of one model.

    An optional model is absent if the form has none of its fields, and else must be whole.
    """
    kinds = [member for member in shapes.members(entry.kind) if shapes.is_model(member)]
    if not is_nullable(entry):
        return [with_choices(entry, schema, described) if len(kinds) == 1 else schema]
    present = {**schema, "anyOf": [member for member in schema.get("anyOf", ()) if member != {"type": "null"}]}
    if len(kinds) == 1:
        present["anyOf"] = [with_choices(entry, member, described) for member in present["anyOf"]]
    present.pop("default", None)
    absent = absence_of(entry)
    return [{"not": absent}, present] if entry.is_required else [{"anyOf": [absent, present]}]


def absence_of(entry: Input) -> JsonSchema:
    """What a form looks like in which an optional model is absent."""
    if wants_extras(entry.kind):
        return {"maxProperties": 0}
    names = sorted({str(name) for part in fields_of(entry) for name, *_ in part.wires})
    return {"not": {"anyOf": [{"required": [name]} for name in names]}} if names else {}


def with_choices(entry: Input, schema: JsonSchema, described: Described) -> JsonSchema:
    """The schema of a model, written out if one of several names will do for a required field of it."""
    choices = {
        str(part.wires[0][0]): [str(name) for name, *_ in part.wires]
        for part in fields_of(entry)
        if part.field.is_required() and len(part.wires) > 1
    }
    if not choices or "$ref" not in schema:
        return schema
    component: Mapping[str, Any] = described.components[schema["$ref"].removeprefix(COMPONENT)]
    siblings = {key: value for key, value in schema.items() if key != "$ref"}
    return {
        **component,
        **siblings,
        "required": [name for name in component.get("required", ()) if name not in choices],
        "allOf": [{"anyOf": [{"required": [name]} for name in names]} for names in choices.values()],
    }
