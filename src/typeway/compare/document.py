"""Read an OpenAPI document for a comparison: resolve references, and bring schemas that mean the same to one form."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")

Schema = dict[str, Any]

# The schema that allows nothing.
NOTHING: Final[Schema] = {"not": {}}

# Keywords that say nothing about the values that are allowed.
ANNOTATIONS: Final = frozenset(
    {"title", "description", "example", "examples", "deprecated", "default", "readOnly", "writeOnly", "externalDocs"}
    | {"xml", "$comment", "$schema", "$id", "$defs", "$anchor", "x-sunset"}
)

# Keywords that exclude null unless they say otherwise; a schema without them allows every value.
ASSERTING: Final = frozenset({"type", "enum", "const", "anyOf", "oneOf", "allOf", "not"})

UNIONS: Final = ("anyOf", "oneOf")

# Keywords whose value is a mapping from names that the author chose.
NAMES: Final = frozenset({"properties", "patternProperties", "dependentSchemas", "dependentRequired"})

# How many references to references are followed.
MAX_STEPS: Final = 50


@dataclass(frozen=True, slots=True)
class Document:
    """One version of an OpenAPI document."""

    content: Mapping[str, Any]

    def target(self, reference: str) -> Any:
        """Return what a reference into this document points at; an empty object if it points elsewhere or nowhere."""
        if not reference.startswith("#/"):
            return {}
        found: Any = self.content
        for step in reference[2:].split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, Mapping) or name not in found:
                return {}
            found = found[name]
        return found

    def resolved(self, node: Any) -> dict[str, Any]:
        """Return an object without its reference; keywords beside a reference count as well."""
        for _ in range(MAX_STEPS):
            if not isinstance(node, Mapping):
                return {} if node is not False else dict(NOTHING)
            reference = node.get("$ref")
            if not isinstance(reference, str):
                return dict(node)
            beside = {key: value for key, value in node.items() if key != "$ref"}
            target = self.target(reference)
            node = {**target, **beside} if isinstance(target, Mapping) else beside or target
        return {}

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield each operation with its path and its method; it has the parameters of its path as well."""
        for path, item in (self.content.get("paths") or {}).items():
            yield from self.operations_of(path, item)

    def webhooks(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield the operations of webhooks, with name and method."""
        for name, item in (self.content.get("webhooks") or {}).items():
            yield from self.operations_of(name, item)

    def operations_of(self, path: str, item: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
        item = self.resolved(item)
        for method in METHODS:
            if isinstance(item.get(method), Mapping):
                operation = dict(item[method])
                operation["parameters"] = [*(item.get("parameters") or ()), *(operation.get("parameters") or ())]
                yield path, method, operation

    # --- schemas ------------------------------------------------------------------------------------------------

    def normal(self, schema: Any) -> Schema:
        """Return a schema in one form: resolved, with `nullable` apart, with merged `allOf`, and one kind of bound.

        Its key `null` is whether null is allowed; the types are a list under `type`, if there are any; `const` is an
        `enum` of one value.
        """
        schema, has_null_branch = self.without_null(self.merged(self.resolved(schema)))
        is_open, is_null = ASSERTING.isdisjoint(schema), False
        if "const" in schema:
            schema["enum"] = [schema.pop("const")]
        types = schema.pop("type", None)
        if types is not None:
            names = [types] if isinstance(types, str) else list(types)
            is_null = "null" in names or schema.get("nullable") is True
            schema["type"] = [name for name in names if name != "null"]
        if "enum" in schema:
            is_null = None in schema["enum"]
            schema["enum"] = [value for value in schema["enum"] if value is not None]
        schema.pop("nullable", None)
        schema["null"] = has_null_branch or is_null or is_open
        return with_bounds(schema)

    def without_null(self, schema: Schema) -> tuple[Schema, bool]:
        """Return a schema whose union has no branch for null, and whether it had one; a union of one branch is dissolved."""
        is_null = False
        for _ in range(MAX_STEPS):
            keyword = next((name for name in UNIONS if isinstance(schema.get(name), list)), None)
            if keyword is None:
                break
            kept = [branch for branch in schema[keyword] if self.resolved(branch).get("type") != "null"]
            is_null = is_null or len(kept) < len(schema[keyword])
            rest = {key: value for key, value in schema.items() if key != keyword}
            if len(kept) != 1:
                return {**rest, keyword: kept}, is_null
            schema = self.merged({**rest, "allOf": [*rest.get("allOf", ()), *kept]})
        return dict(schema), is_null

    def merged(self, schema: Schema, depth: int = 0) -> Schema:
        """Return a schema with the members of its `allOf`, as far as these do not contradict it."""
        members = schema.get("allOf")
        if not isinstance(members, list) or depth == MAX_STEPS:
            return schema
        whole = {key: value for key, value in schema.items() if key != "allOf"}
        left = []
        for member in members:
            part = self.merged(self.resolved(member), depth + 1)
            if not joins(whole, part):
                left.append(part)
        return {**whole, "allOf": left} if left else whole


def joins(whole: Schema, part: Schema) -> bool:
    """Add a member of an `allOf` to the whole; return False, and leave it, if both have different values of a keyword."""
    properties, required = whole.get("properties", {}), whole.get("required", [])
    others = {key for key in part if key not in ANNOTATIONS} - {"properties", "required"}
    more = part.get("properties", {})
    if any(key in whole and whole[key] != part[key] for key in others) or any(
        name in properties and properties[name] != more[name] for name in more
    ):
        return False
    whole.update({key: value for key, value in part.items() if key not in whole})
    if more:
        whole["properties"] = {**properties, **more}
    if part.get("required"):
        whole["required"] = [*required, *(name for name in part["required"] if name not in required)]
    return True


def with_bounds(schema: Schema) -> Schema:
    """Return a schema whose bounds of numbers have one form: OpenAPI 3.0 has flags, integers have no gaps."""
    for bound, exclusive, step in (("minimum", "exclusiveMinimum", 1), ("maximum", "exclusiveMaximum", -1)):
        flag = schema.get(exclusive)
        if flag is True and bound in schema:
            schema[exclusive] = schema.pop(bound)
        elif isinstance(flag, bool):
            del schema[exclusive]
        if schema.get("type") == ["integer"] and isinstance(schema.get(exclusive), int):
            limit = schema.pop(exclusive) + step
            schema[bound] = limit if bound not in schema else (max if step > 0 else min)(limit, schema[bound])
    return schema


def canonical(value: Any) -> str:
    """Return a text that is equal for equal values, without what only describes them."""
    return json.dumps(without_annotations(value), sort_keys=True, ensure_ascii=False, default=str)


def without_annotations(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: {name: without_annotations(part) for name, part in item.items()}
            if key in NAMES and isinstance(item, Mapping)
            else without_annotations(item)
            for key, item in value.items()
            if key not in ANNOTATIONS
        }
    return [without_annotations(item) for item in value] if isinstance(value, list) else value
