"""Give every type of a document its JSON Schema: one component per model and mode, all made in one pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic_core import CoreSchema, PydanticUndefined, core_schema
from pydantic_core.core_schema import TypedDictField

from typeway.plan.fields import Mode, has_computed_fields, json_schemas

COMPONENT: Final = "#/components/schemas/"

JsonSchema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A type whose JSON Schema is needed, and the title it gets where it is no component."""

    schema: CoreSchema
    mode: Mode
    title: str | None


@dataclass(frozen=True, slots=True)
class Described:
    """What a document says of its types.

    Parameters:
        schemas: the JSON Schemas that were asked for, by number.
        components: what they refer to, by name.
    """

    schemas: Mapping[int, JsonSchema]
    components: dict[str, JsonSchema]

    def __getitem__(self, number: int) -> JsonSchema:
        return self.schemas[number]

    def component_of(self, number: int) -> str:
        """The name of the component that a schema refers to."""
        reference: str = self.schemas[number]["$ref"]
        return reference.removeprefix(COMPONENT)

    def free_name(self, name: str) -> str:
        """A name for a component of the framework's own: the author's models keep theirs."""
        return f"typeway__{name}" if name in self.components else name


class Schemas:
    """The types that a document speaks of: first collected, then described together, so that names never clash.

    Parameters:
        separate: whether a model that sends something else than it accepts has a component for each.
    """

    def __init__(self, *, separate: bool) -> None:
        self.separate = separate
        self.wanted: list[Wanted] = []
        self.objects: dict[int, str] = {}

    def want(self, schema: CoreSchema, mode: Mode, title: str | None) -> int:
        """Ask for the schema of a type; the number finds it in what `describe` returns."""
        if mode == "serialization" and not self.separate and not has_computed_fields(schema):
            mode = "validation"
        self.wanted.append(Wanted(schema, mode, title))
        return len(self.wanted) - 1

    def want_object(self, title: str, members: Mapping[str, TypedDictField], default: Any = PydanticUndefined) -> int:
        """Ask for a component that describes an object by its members."""
        number = len(self.wanted)
        # The number makes the reference unique: two operations may have one id.
        schema: CoreSchema = core_schema.typed_dict_schema(dict(members), ref=f"typeway.{title}:{number}")
        if default is not PydanticUndefined and default is not None:
            schema = core_schema.with_default_schema(schema, default=default)
        self.objects[number] = title
        return self.want(schema, "validation", None)

    def want_member(self, member: TypedDictField) -> int:
        """Ask for the schema of an object of which but one member is known."""
        return self.want(core_schema.typed_dict_schema({"member": member}), "validation", None)

    def describe(self) -> Described:
        """The JSON Schemas of everything that was asked for."""
        found, definitions = json_schemas(
            [(number, wanted.mode, wanted.schema) for number, wanted in enumerate(self.wanted)],
            ref_template=COMPONENT + "{model}",
        )
        described = Described(
            {number: titled(schema, self.wanted[number].title) for number, schema in found.items()},
            {name: cut_description(definitions[name]) for name in sorted(definitions)},
        )
        for number, title in self.objects.items():
            described.components[described.component_of(number)]["title"] = title
        return described


def titled(schema: JsonSchema, title: str | None) -> JsonSchema:
    """The schema under a title, unless it refers to a component, which has its own."""
    if title is not None and "$ref" not in schema:
        schema["title"] = title
    return schema


def cut_description(schema: JsonSchema) -> JsonSchema:
    """The schema of a model whose docstring is shown up to a form feed: what follows is for readers of the code."""
    description = schema.get("description")
    if isinstance(description, str) and "\f" in description:
        schema["description"] = description.split("\f")[0]
    return schema


def title_of(name: str) -> str:
    """The title of a value without one.

    Example:
        >>> title_of("max_items")
        'Max Items'
    """
    return name.title().replace("_", " ")


# What a 422 looks like: the answer that validation gives where the author documents no other.
VALIDATION_ERROR: Final[JsonSchema] = {
    "properties": {
        "loc": {
            "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
            "type": "array",
            "title": "Location",
        },
        "msg": {"type": "string", "title": "Message"},
        "type": {"type": "string", "title": "Error Type"},
        "input": {"title": "Input"},
        "ctx": {"type": "object", "title": "Context"},
    },
    "type": "object",
    "required": ["loc", "msg", "type"],
    "title": "ValidationError",
}


def add_validation_errors(described: Described) -> str:
    """Add the components that describe a 422; the name of the one to refer to."""
    error = described.free_name("ValidationError")
    errors = described.free_name("HTTPValidationError")
    described.components[error] = VALIDATION_ERROR
    described.components[errors] = {
        "properties": {
            "detail": {"items": {"$ref": COMPONENT + error}, "type": "array", "title": "Detail"},
        },
        "type": "object",
        "title": "HTTPValidationError",
    }
    return errors
