"""Gather what a document's operations refer to: a JSON Schema for every type, all made in one pass, and guards."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from pydantic.json_schema import JsonSchemaMode as Mode
from pydantic_core import CoreSchema, PydanticUndefined, core_schema
from pydantic_core.core_schema import TypedDictField

from typeway.operation import Operation
from typeway.plan.fields import DocumentSchema, has_computed_fields
from typeway.texts import VALIDATION_ERROR

COMPONENT: Final = "#/components/schemas/"
JSON: Final = "application/json"

JsonSchema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A type whose JSON Schema is needed, the title it gets where it is no component, and the mapping to fill."""

    schema: CoreSchema
    mode: Mode
    title: str | None
    shown: JsonSchema = field(default_factory=dict)


class Failures(Protocol):
    """Describes what operations answer where they fail."""

    def responses(
        self,
        operation: Operation,
        functions: Sequence[Callable[..., Any]],
        components: Components,
        *,
        documented: Collection[str],
        validates: bool,
    ) -> dict[str, dict[str, Any]]:
        """Responses by status, whose schemas are filled in later.

        Parameters:
            functions: the endpoint and all that it depends on.
            documented: what the author documents.
            validates: whether an invalid request is answered with 422.
        """
        ...


class ValidationFailures:
    """Describes the 422 of validation, and no other failure."""

    def responses(
        self,
        operation: Operation,
        functions: Sequence[Callable[..., Any]],
        components: Components,
        *,
        documented: Collection[str],
        validates: bool,
    ) -> dict[str, dict[str, Any]]:
        """The one response there is."""
        if not validates:
            return {}
        return {"422": {"description": VALIDATION_ERROR, "content": {JSON: {"schema": components.want_errors()}}}}


@dataclass(slots=True, eq=False, kw_only=True)
class Components:
    """What a document's operations refer to: first collected, then described together, so that names never clash.

    Whoever asks for a schema is given a mapping at once, which is empty until `describe` fills it: put it where the
    schema belongs, and look into it only `afterwards`.
    """

    separate: bool  # whether a model that sends something else than it accepts has a component for each
    failures: Failures = field(default_factory=ValidationFailures)  # what operations answer where they fail
    wanted: list[Wanted] = field(default_factory=list)
    schemas: dict[str, JsonSchema] = field(default_factory=dict)  # the schemas that have names
    guards: dict[str, Any] = field(default_factory=dict)  # the security schemes, by name
    afterwards: list[Callable[[], None]] = field(default_factory=list)  # what to do once all schemas are known
    errors: JsonSchema | None = None

    def want(self, schema: CoreSchema, mode: Mode, title: str | None) -> JsonSchema:
        """Ask for the schema of a type."""
        if mode == "serialization" and not self.separate and not has_computed_fields(schema):
            mode = "validation"
        self.wanted.append(Wanted(schema, mode, title))
        return self.wanted[-1].shown

    def want_object(
        self, title: str, members: Mapping[str, TypedDictField], default: Any = PydanticUndefined
    ) -> JsonSchema:
        """Ask for a component that describes an object by its members."""
        # The number makes the reference unique: two operations may have one id.
        reference = f"typeway.{title}:{len(self.wanted)}"
        schema = core_schema.typed_dict_schema(dict(members), ref=reference)
        shown = self.want(with_default(schema, default), "validation", None)
        self.afterwards.append(lambda: self.referred(shown).update(title=title))
        return shown

    def want_member(self, member: TypedDictField) -> JsonSchema:
        """Ask for the schema of an object of which but one member is known."""
        return self.want(core_schema.typed_dict_schema({"member": member}), "validation", None)

    def want_errors(self) -> JsonSchema:
        """Ask for the schema of the answer that validation gives."""
        if self.errors is None:
            self.errors = {}
            self.afterwards.append(self.add_errors)
        return self.errors

    def describe(self) -> dict[str, Any]:
        """Fill all schemas that were asked for; the Components Object (OpenAPI 3.1, section 4.8.7)."""
        found, definitions = DocumentSchema(ref_template=COMPONENT + "{model}").generate_definitions(
            [(number, wanted.mode, wanted.schema) for number, wanted in enumerate(self.wanted)]
        )
        self.schemas |= {str(name): cut_description(schema) for name, schema in definitions.items()}
        for number, wanted in enumerate(self.wanted):
            wanted.shown.update(found[number, wanted.mode])
            # A component has its own title.
            if wanted.title is not None and "$ref" not in wanted.shown:
                wanted.shown["title"] = wanted.title
        for finish in self.afterwards:
            finish()
        components = {"schemas": dict(sorted(self.schemas.items())), "securitySchemes": self.guards}
        return {name: members for name, members in components.items() if members}

    def referred(self, schema: JsonSchema) -> JsonSchema:
        """The component that a schema refers to."""
        return self.schemas[schema["$ref"].removeprefix(COMPONENT)]

    def add_errors(self) -> None:
        """Add what describes a 422; the author's models keep their names."""
        error, errors = (
            f"typeway__{name}" if name in self.schemas else name for name in ("ValidationError", "HTTPValidationError")
        )
        self.schemas[error] = INVALID
        self.schemas[errors] = {
            "properties": {"detail": {"items": {"$ref": COMPONENT + error}, "type": "array", "title": "Detail"}},
            "type": "object",
            "title": "HTTPValidationError",
        }
        self.want_errors()["$ref"] = COMPONENT + errors


def with_default(schema: CoreSchema, default: Any) -> CoreSchema:
    """The schema with a default; one of None goes without saying."""
    if default is PydanticUndefined or default is None:
        return schema
    return core_schema.with_default_schema(schema, default=default)


def cut_description(schema: JsonSchema) -> JsonSchema:
    """The schema of a model whose docstring is shown up to a form feed: what follows is for readers of the code."""
    description = schema.get("description")
    return {**schema, "description": description.split("\f")[0]} if isinstance(description, str) else schema


def title_of(name: str) -> str:
    """The title of a value without one: "Max Items" for `max_items`."""
    return name.title().replace("_", " ")


# What a 422 looks like: the answer that validation gives where the author documents no other.
INVALID: Final[JsonSchema] = {
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
