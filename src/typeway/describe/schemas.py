"""Gather what a document's operations refer to: a JSON Schema for every type, all made in one pass, and guards."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from pydantic.json_schema import JsonSchemaMode as Mode
from pydantic_core import CoreSchema, PydanticUndefined, core_schema
from pydantic_core.core_schema import TypedDictField

from typeway.declare.operation import Operation
from typeway.plan.fields import DocumentSchema, has_computed_fields

COMPONENT: Final = "#/components/schemas/"
JSON: Final = "application/json"

JsonSchema = dict[str, Any]

# Describes what an operation answers where it fails: responses by status, whose schemas are filled in later. It is
# given the operation, the endpoint and all that it depends on, the components, what the author documents, and whether
# an invalid request is answered with 422.
Failures: TypeAlias = Callable[
    [Operation, Sequence[Callable[..., Any]], "Components", Collection[str], bool], dict[str, dict[str, Any]]
]


@dataclass(slots=True, eq=False, kw_only=True)
class Components:
    """What a document's operations refer to: first collected, then described together, so that names never clash.

    Whoever asks for a schema is given a mapping at once, which is empty until `describe` fills it: put it where the
    schema belongs, and look into it only `afterwards`.
    """

    separate: bool  # whether a model that sends something else than it accepts has a component for each
    failures: Failures
    wanted: list[tuple[int, Mode, CoreSchema]] = field(default_factory=list)  # the types to describe, numbered
    shown: list[tuple[JsonSchema, str | None]] = field(default_factory=list)  # what to fill, titles where no component
    schemas: dict[str, JsonSchema] = field(default_factory=dict)  # the schemas that have names
    guards: dict[str, Any] = field(default_factory=dict)  # the security schemes, by name
    ids: set[str] = field(default_factory=set)  # the operation ids, each of which should stand once
    afterwards: list[Callable[[], None]] = field(default_factory=list)  # what to do once all schemas are known

    def mark(self) -> tuple[int, int, set[str], dict[str, Any]]:
        """What was asked for so far, for `forget_since`."""
        return len(self.wanted), len(self.afterwards), set(self.ids), dict(self.guards)

    def forget_since(self, mark: tuple[int, int, set[str], dict[str, Any]]) -> None:
        """Forget what was asked for since a mark, where the operation that asked cannot be described."""
        wanted, afterwards, self.ids, self.guards = mark
        del self.wanted[wanted:], self.shown[wanted:], self.afterwards[afterwards:]

    def want(self, schema: CoreSchema, mode: Mode, title: str | None) -> JsonSchema:
        """Ask for the schema of a type."""
        if mode == "serialization" and not self.separate and not has_computed_fields(schema):
            mode = "validation"
        self.wanted.append((len(self.wanted), mode, schema))
        self.shown.append(({}, title))
        return self.shown[-1][0]

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

    def describe(self) -> dict[str, Any]:
        """Fill all schemas that were asked for; the Components Object (OpenAPI 3.1, section 4.8.7)."""
        found, definitions = DocumentSchema(ref_template=COMPONENT + "{model}").generate_definitions(self.wanted)
        for name, schema in definitions.items():
            self.schemas[str(name)] = schema
            if isinstance(schema.get("description"), str):
                # What follows a form feed in a model's docstring is for readers of the code.
                self.schemas[str(name)] = {**schema, "description": schema["description"].split("")[0]}
        for (number, mode, _), (shown, title) in zip(self.wanted, self.shown, strict=True):
            shown.update(found[number, mode])
            # A component has its own title.
            if title is not None and "$ref" not in shown:
                shown["title"] = title
        for finish in self.afterwards:
            finish()
        components = {"schemas": dict(sorted(self.schemas.items())), "securitySchemes": self.guards}
        return {name: members for name, members in components.items() if members}

    def referred(self, schema: JsonSchema) -> JsonSchema:
        """The component that a schema refers to."""
        return self.schemas[schema["$ref"].removeprefix(COMPONENT)]


def with_default(schema: CoreSchema, default: Any) -> CoreSchema:
    """The schema with a default; one of None goes without saying."""
    if default is PydanticUndefined or default is None:
        return schema
    return core_schema.with_default_schema(schema, default=default)


def title_of(name: str) -> str:
    """The title of a value without one: "Max Items" for `max_items`."""
    return name.title().replace("_", " ")
