"""What is no OpenAPI document is refused with the place, and nothing that has the shape of one fails."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from typeway.compare import check_shape, compare

TEXT = {"type": "string", "maxLength": 5, "pattern": "^a", "enum": ["a"], "default": "a"}
NUMBER = {"type": ["integer", "null"], "minimum": 1, "exclusiveMaximum": 5, "multipleOf": 2, "const": 4}
THING = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": TEXT, "number": NUMBER, "others": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}},
    "additionalProperties": False,
}  # fmt: skip
UNION = {"anyOf": [{"$ref": "#/components/schemas/Thing"}, {"type": "null"}], "discriminator": {"propertyName": "name"}}
MEDIA = {"application/json": {"schema": {"allOf": [UNION, {"not": {"type": "string"}}]}}}
OPERATION = {
    "operationId": "read",
    "deprecated": True,
    "x-sunset": "2030-01-01",
    "tags": ["things"],
    "security": [{"login": ["read"]}],
    "parameters": [{"name": "q", "in": "query", "schema": NUMBER, "required": True, "style": "form"}],
    "requestBody": {"required": True, "content": {"text/plain": {"schema": {"oneOf": [TEXT, NUMBER]}}}},
    "responses": {"200": {"headers": {"X-A": {"schema": TEXT, "required": True}}, "content": MEDIA}},
}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "paths": {"/things/{id}": {"parameters": [{"name": "id", "in": "path", "content": {"text/plain": {"schema": TEXT}}}], "get": OPERATION}},
    "webhooks": {"made": {"post": {"requestBody": {"content": {"text/plain": {"schema": True}}}}}},
    "components": {
        "schemas": {"Thing": THING},
        "securitySchemes": {"login": {"type": "oauth2", "flows": {"password": {"tokenUrl": "/t", "scopes": {"read": ""}}}}},
    },
}  # fmt: skip
JUNK: list[Any] = [None, 5, 0, "x", True, [], {}, [1], {"a": 1}, {"$ref": 5}]


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of everything in a document."""
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*place, key)
        yield from places(item, (*place, key))


def replaced(place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The document with another value in one place."""
    document: dict[str, Any] = json.loads(json.dumps(DOCUMENT))
    inside: Any = document
    for step in place[:-1]:
        inside = inside[step]
    inside[place[-1]] = value
    return document


def test_whatever_is_in_a_place_it_is_compared_or_refused() -> None:
    """Every value in every place: what has the right shape is compared, in both directions, and all else is named."""
    refused = 0
    for place in places(DOCUMENT):
        for value in JUNK:
            other = replaced(place, value)
            try:
                check_shape(other)
            except ValueError:
                refused += 1
                continue
            compare(DOCUMENT, other)
            compare(other, DOCUMENT)
    assert refused > 100


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("paths",), ["/things"], "there has to be an object at #/paths, not list"),
        (("paths", "/things/{id}", "get", "responses", "200", "content", "application/json"), None,
         "an object at #/paths/~1things~1{id}/get/responses/200/content/application~1json, not null"),
        (("components", "schemas", "Thing", "required"), True, "a list at #/components/schemas/Thing/required, not bool"),
        (("components", "schemas", "Thing", "properties", "number", "multipleOf"), 0, "a number above 0"),
    ],
)  # fmt: skip
def test_a_wrong_place_is_named(place: tuple[Any, ...], value: Any, message: str) -> None:
    """The message has the place as a JSON pointer, what should be there, and what is."""
    with pytest.raises(ValueError, match="there has to be") as raised:
        check_shape(replaced(place, value))
    assert message in str(raised.value)


def test_a_document_has_its_shape() -> None:
    """What is right passes, extensions with any content too."""
    check_shape(DOCUMENT | {"x-more": 5})
    check_shape({"paths": {"x-note": "here"}})
