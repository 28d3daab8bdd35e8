"""Say where something is not an OpenAPI document, so that a comparison can rely on its shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from typeway.compare.document import METHODS

# What the members of each kind of object are: `{x}` is an object with any names and a value of kind x for each, `[x]` a list.
# Members that no comparison reads are not here; those whose names begin with `x-` may be anything.
SHAPES: Final[Mapping[str, Mapping[str, str]]] = {
    "document": {"paths": "{path}", "webhooks": "{path}", "components": "components", "security": "[{[text]}]"},
    "components": {
        "schemas": "{schema}",
        "parameters": "{parameter}",
        "headers": "{parameter}",
        "requestBodies": "{body}",
        "responses": "{body}",
        "pathItems": "{path}",
        "securitySchemes": "{scheme}",
    },
    "path": {"parameters": "[parameter]", **dict.fromkeys(METHODS, "operation")},
    "operation": {
        "parameters": "[parameter]",
        "requestBody": "body",
        "responses": "{body}",
        "security": "[{[text]}]",
        "tags": "[text]",
    },
    "parameter": {"schema": "schema", "content": "{media}", "style": "text"},
    "body": {"content": "{media}", "headers": "{parameter}"},
    "media": {"schema": "schema"},
    "schema": {
        **dict.fromkeys(("anyOf", "oneOf", "allOf"), "[schema]"),
        **dict.fromkeys(("items", "additionalProperties", "not"), "schema"),
        "properties": "{schema}",
        "type": "types",
        "enum": "[any]",
        "required": "[text]",
        "discriminator": "{any}",
        "multipleOf": "positive",
        **dict.fromkeys(("format", "pattern"), "text"),
    },
    "scheme": {"flows": "{flow}"},
    "flow": {"scopes": "{any}"},
}

# The kinds that are no objects: what they are called, and how they are recognized.
LEAVES: Final[Mapping[str, tuple[str, Callable[[Any], bool]]]] = {
    "any": ("anything", lambda value: True),
    "text": ("a string", lambda value: isinstance(value, str)),
    "types": (
        "a string or a list of strings",
        lambda value: all(isinstance(name, str) for name in (value if isinstance(value, list) else [value])),
    ),
    "positive": ("a number above 0", lambda value: isinstance(value, int | float) and value > 0),
}


def check_shape(content: Any) -> None:
    """Check that an object has the shape of an OpenAPI document, as far as a comparison reads it.

    Parameters:
        content: the document, as Python objects.

    Raises:
        ValueError: it has not; the message names the place and what should be there.
    """
    check(content, "document", "")


def check(value: Any, kind: str, place: str) -> None:
    if kind in LEAVES:
        name, is_right = LEAVES[kind]
        demand(is_right(value), value, name, place)
    elif kind.startswith("["):
        demand(isinstance(value, list), value, "a list", place)
        for number, item in enumerate(value):
            check(item, kind[1:-1], f"{place}/{number}")
    elif kind != "schema" or not isinstance(value, bool):
        demand(isinstance(value, Mapping), value, "an object", place)
        for name, item in value.items():
            inner = kind[1:-1] if kind.startswith("{") else SHAPES[kind].get(name)
            if inner is not None and not str(name).startswith("x-"):
                check(item, inner, f"{place}/{str(name).replace('~', '~0').replace('/', '~1')}")


def demand(is_right: bool, value: Any, wanted: str, place: str) -> None:
    if not is_right:
        shown = "null" if value is None else type(value).__name__
        raise ValueError(f"there has to be {wanted} at #{place or '/'}, not {shown}")
