"""Describe request bodies: one value, an object of several, or several form models in one form."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from pydantic_core import PydanticUndefined, core_schema
from starlette.datastructures import UploadFile

from typeway.declare import shapes
from typeway.declare.classify import Input
from typeway.declare.conventions import Conventions
from typeway.describe.parameters import Placed, examples_of, is_nullable, name_of, restrict_to_sendable
from typeway.describe.schemas import JSON, Components, JsonSchema, title_of, with_default
from typeway.plan.body import Body
from typeway.plan.sources import fields_of, wants_extras

URLENCODED: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"


def describe_body(
    inputs: Sequence[Placed], body: Body | None, title: str, components: Components, conventions: Conventions
) -> dict[str, Any] | None:
    """Return the Request Body Object (OpenAPI 3.1, section 4.8.13); `title` names the component if there is one."""
    if body is None:
        return None
    inputs = [placed for placed in inputs if placed.entry.in_body]
    entries = [placed.entry for placed in inputs]
    first = inputs[0]
    has_groups = any(entry.is_group for entry in entries)
    is_alone = len({(entry.name, entry.kind) for entry in entries}) == 1
    if has_groups and (not is_alone or is_nullable(first.entry)):
        schema = want_form(inputs, title, components, as_sent=conventions.documents_wire)
    elif body.embedded or (body.is_form and not has_groups):
        members = {placed.entry.name: placed.member(None, is_required=placed.entry.is_required) for placed in inputs}
        schema = components.want_object(title, members)
        if body.is_form and conventions.documents_wire:
            required = {placed.entry.wire for placed in inputs if placed.entry.is_required}
            components.afterwards.append(lambda: restrict_form(components.referred(schema), required))
        is_alone = False
    else:
        title = first.entry.marker.title or title_of(name_of(first.entry, frozenset()))
        schema = components.want(with_default(first.schema, first.entry.marker.default), "validation", title)
        if first.entry.is_group and conventions.documents_wire:
            components.afterwards.append(lambda: restrict_model(schema, components))
        is_alone = True
    examples = examples_of(first.entry.marker) if is_alone else {}
    return {
        "content": {media_type_of(entries, conventions, is_whole=is_alone): {"schema": schema, **examples}},
        "required": any(entry.is_required for entry in entries) or None,
    }


def want_form(inputs: Sequence[Placed], title: str, components: Components, *, as_sent: bool) -> JsonSchema:
    """Ask for the schema of a form of models, and of fields beside them.

    A field that has the name of another field is a condition of its own, because a value must satisfy both.
    """
    members: dict[str, Placed] = {}
    parts: list[tuple[Input, JsonSchema]] = []
    required = {placed.entry.wire for placed in inputs if placed.entry.is_required and not placed.entry.is_group}
    for placed in inputs:
        entry = placed.entry
        if entry.is_group:
            shown_title = entry.marker.title or title_of(entry.name)
            parts.append((entry, components.want(placed.schema, "validation", shown_title)))
        elif entry.wire in members:
            member = core_schema.typed_dict_schema({"": placed.member(title_of(entry.name), is_required=False)})
            parts.append((entry, components.want(member, "validation", None)))
        else:
            members[entry.wire] = placed
    form = components.want_object(
        title,
        {
            wire: placed.member(title_of(placed.entry.name), is_required=wire in required)
            for wire, placed in members.items()
        },
        inputs[0].entry.marker.default if len(inputs) == 1 else PydanticUndefined,
    )

    def compose() -> None:
        component = components.referred(form)
        own = {}
        if as_sent:
            restrict_form(component, required)
            for entry, schema in parts:
                own.update(conditions_of_form(schema, components) if not is_nullable(entry) else {})
        if not component["properties"]:
            del component["properties"]
        # A form has the fields of all parts side by side.
        component["allOf"] = [demand for part in parts for demand in conditions_of(*part, components)]
        if own:
            component["allOf"].append({"properties": own})

    components.afterwards.append(compose)
    return form


def restrict_form(form: JsonSchema, required: Collection[str]) -> None:
    """Take out of the fields of a form what cannot be sent."""
    for name, schema in form["properties"].items():
        restrict_to_sendable(schema, name in required, is_form=True)


def restrict_model(form: JsonSchema, components: Components) -> None:
    """Take out of a form what cannot be sent; its model, which may be the schema of JSON too, stays as it is."""
    if conditions := conditions_of_form(form, components):
        form["allOf"] = [{"$ref": form.pop("$ref")}, {"properties": conditions}]


def conditions_of_form(schema: JsonSchema, components: Components) -> dict[str, JsonSchema]:
    """Return what a form demands of the fields of a model beside the model's own schema."""
    conditions: dict[str, JsonSchema] = {}
    if "$ref" not in schema:
        return conditions
    model = components.referred(schema)
    for name in model.get("required", ()):
        before = model["properties"].get(name, {})
        after = dict(before)
        restrict_to_sendable(after, is_required=True, is_form=True)
        if added := {key: after[key] for key in ("minLength", "minItems") if after.get(key) != before.get(key)}:
            conditions[name] = added
    return conditions


def media_type_of(entries: Sequence[Input], conventions: Conventions, *, is_whole: bool) -> str:
    """Return the media type of a body of these inputs: the declared one if they agree, else the one that can carry all."""
    if any(carries_files(entry, conventions) for entry in entries):
        return MULTIPART
    forms = [entry for entry in entries if entry.location == "form"]
    declared = {entry.marker.media_type for entry in ([entries[0]] if is_whole else forms or entries)}
    if len(declared) == 1:
        return declared.pop()
    if not forms:
        return JSON
    return MULTIPART if MULTIPART in declared else URLENCODED


def carries_files(entry: Input, conventions: Conventions) -> bool:
    """Return whether an input is a file, or a form model with one inside, which only multipart can carry."""
    if entry.location == "file":
        return True
    looks_inside = entry.is_group and conventions.multipart_models and "media_type" not in entry.marker.given
    return looks_inside and any(
        shapes.is_one_or_several(part.field.annotation, UploadFile) for part in fields_of(entry)
    )


def conditions_of(entry: Input, schema: JsonSchema, components: Components) -> list[JsonSchema]:
    """Return the conditions of one part: of an optional model a form has no field, or all required ones."""
    if not entry.is_group:
        return [{"properties": schema["properties"]}]
    kinds = [member for member in shapes.members(entry.kind) if shapes.is_model(member)]
    if not is_nullable(entry):
        return [with_choices(entry, schema, components) if len(kinds) == 1 else schema]
    present = {**schema, "anyOf": [member for member in schema.get("anyOf", ()) if member != {"type": "null"}]}
    if len(kinds) == 1:
        present["anyOf"] = [with_choices(entry, member, components) for member in present["anyOf"]]
    present.pop("default", None)
    # The condition of a form without the model.
    absent: JsonSchema = {}
    names = sorted({str(name) for part in fields_of(entry) for name, *_ in part.wires})
    if wants_extras(entry.kind):
        absent = {"maxProperties": 0}
    elif names:
        absent = {"not": {"anyOf": [{"required": [name]} for name in names]}}
    return [{"not": absent}, present] if entry.is_required else [{"anyOf": [absent, present]}]


def with_choices(entry: Input, schema: JsonSchema, components: Components) -> JsonSchema:
    """Return the schema of a model, written out if a required field may have one of several names."""
    choices = {
        str(part.wires[0][0]): [str(name) for name, *_ in part.wires]
        for part in fields_of(entry)
        if part.field.is_required() and len(part.wires) > 1
    }
    if not choices or "$ref" not in schema:
        return schema
    component = components.referred(schema)
    return {
        **component,
        **{key: value for key, value in schema.items() if key != "$ref"},
        "required": [name for name in component.get("required", ()) if name not in choices],
        "allOf": [{"anyOf": [{"required": [name]} for name in names]} for names in choices.values()],
    }
