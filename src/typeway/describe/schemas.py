"""Collect the components of a document: a JSON Schema for every type, all made in one pass, and security schemes."""

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

# A function that describes the error responses of an operation by status; their schemas are filled in later. Its arguments
# are the operation, the endpoint and all its dependencies, the components, the statuses that the author documents,
# whether an invalid request is answered with 422, and the statuses with which a body is refused, with their meanings.
Failures: TypeAlias = Callable[
    [Operation, Sequence[Callable[..., Any]], "Components", Collection[str], bool, Mapping[int, str]],
    dict[str, dict[str, Any]],
]


@dataclass(slots=True, eq=False, kw_only=True)
class Components:
    """The components of a document: first collected, then described together, so that their names never clash.

    `want` returns a mapping at once, which is empty until `describe` fills it: put it where the schema belongs, and read
    it only in a function in `afterwards`.
    """

    separate: bool  # whether a model may have two components, one for requests and one for responses
    failures: Failures
    wanted: list[tuple[int, Mode, CoreSchema]] = field(default_factory=list)  # the types to describe, numbered
    shown: list[tuple[JsonSchema, str | None]] = field(
        default_factory=list
    )  # the mappings to fill, with titles for schemas that are no components
    schemas: dict[str, JsonSchema] = field(default_factory=dict)  # the schemas that have names
    guards: dict[str, Any] = field(default_factory=dict)  # the security schemes, by name
    ids: set[str] = field(default_factory=set)  # the operation ids, to find duplicates
    afterwards: list[Callable[[], None]] = field(default_factory=list)  # functions to call once all schemas are known

    def mark(self) -> tuple[int, int, set[str], dict[str, Any]]:
        """Return what has been asked for so far, for `forget_since`."""
        return len(self.wanted), len(self.afterwards), set(self.ids), dict(self.guards)

    def forget_since(self, mark: tuple[int, int, set[str], dict[str, Any]]) -> None:
        """Forget what has been asked for since a mark, because the operation that asked cannot be described."""
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
        """Fill all schemas that were asked for, and return the Components Object (OpenAPI 3.1, section 4.8.7)."""
        found, definitions = DocumentSchema(ref_template=COMPONENT + "{model}").generate_definitions(self.wanted)
        for name, schema in definitions.items():
            self.schemas[str(name)] = schema
            if isinstance(schema.get("description"), str):
                # The part of a model's docstring after a form feed is for readers of the code.
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
        """Return the component that a schema refers to."""
        return self.schemas[schema["$ref"].removeprefix(COMPONENT)]


def with_default(schema: CoreSchema, default: Any) -> CoreSchema:
    """Return the schema with a default; a default of None is not shown."""
    if default is PydanticUndefined or default is None:
        return schema
    return core_schema.with_default_schema(schema, default=default)


def title_of(name: str) -> str:
    """Return the title of a value that has none: "Max Items" for `max_items`."""
    return name.title().replace("_", " ")
