"""The document's model keeps what authors write, orders its keys, and refuses what is no OpenAPI."""

import json
from typing import Any

import pytest
from fastapi.openapi.models import OpenAPI as ReferenceOpenAPI
from pydantic import ValidationError

from typeway.compat.shapes.models import Contact, OpenAPI

SCHEMA = {
    "title": "Item",
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "maxLength": 5, "examples": ["x"]},
        "price": {"type": ["number", "null"], "maximum": 10, "exclusiveMinimum": 0, "default": None},
        "tags": {"items": {"$ref": "#/components/schemas/Tag"}, "uniqueItems": True, "type": "array"},
        "other": {"anyOf": [True, {"not": {"const": 1}}], "if": False, "else": {"$comment": "c"}},
        "file": {"type": "string", "contentMediaType": "application/octet-stream"},
    },
    "additionalProperties": False,
    "discriminator": {"propertyName": "kind", "mapping": {"a": "#/a"}},
    "dependentRequired": {"a": ["b"]},
    "x-extension": {"kept": True},
    "$defs": {"inner": {"prefixItems": [{"type": "integer"}]}},
}
OPERATION = {
    "responses": {
        "200": {
            "description": "Fine",
            "content": {"application/json": {"schema": SCHEMA, "examples": {"one": {"value": 1, "x-note": "n"}}}},
            "headers": {"X-Total": {"schema": {"type": "integer"}, "description": "All of them"}},
            "links": {"next": {"operationId": "read", "parameters": {"id": "$response.body#/id"}}},
        }
    },
    "parameters": [
        {"schema": {"type": "string"}, "in": "query", "name": "q", "required": False},
        {"$ref": "#/components/parameters/Page"},
    ],
    "operationId": "read",
    "summary": "Read",
    "tags": ["items"],
    "requestBody": {"required": True, "content": {"multipart/form-data": {"encoding": {"a": {"style": "form"}}}}},
    "callbacks": {"done": {"{$request.body#/url}": {"post": {"responses": {"204": {"description": "Thanks"}}}}}},
    "security": [{"key": []}],
    "deprecated": True,
    "x-internal": "yes",
}
DOCUMENT: dict[str, Any] = {
    "paths": {"/items": {"get": OPERATION, "parameters": []}},
    "info": {
        "version": "1",
        "title": "Items",
        "license": {"name": "MIT", "identifier": "MIT"},
        "contact": {"email": "a@example.com", "url": "https://example.com", "name": None},
    },
    "openapi": "3.1.0",
    "servers": [{"url": "/api", "variables": {"v": {"default": "1", "enum": ["1", "2"]}}}, {"url": "https://a.b/"}],
    "webhooks": {"new": {"post": {"responses": {}}}},
    "components": {
        "schemas": {"Item": SCHEMA},
        "securitySchemes": {
            "key": {"type": "apiKey", "name": "k", "in": "header"},
            "basic": {"type": "http", "scheme": "basic"},
            "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            "oauth": {"type": "oauth2", "flows": {"password": {"tokenUrl": "t", "scopes": {"a": "b"}}}},
            "openid": {"type": "openIdConnect", "openIdConnectUrl": "u"},
            "elsewhere": {"$ref": "#/x"},
        },
    },
    "tags": [{"name": "items", "externalDocs": {"url": "https://example.com/docs"}}],
    "x-root": [None, 1],
}


def written(model: type[Any], document: dict[str, Any]) -> str:
    """Write a document as it is served."""
    return str(model.model_validate(document).model_dump_json(by_alias=True, exclude_none=True))


def test_a_document_is_written_as_the_reference_writes_it():
    """Keys stand in the specification's order, None is dropped, and extensions are kept."""
    assert written(OpenAPI, DOCUMENT) == written(ReferenceOpenAPI, DOCUMENT)


def test_a_written_document_stays_as_it_is():
    """Reading what was written and writing it again changes nothing."""
    once = written(OpenAPI, DOCUMENT)
    assert written(OpenAPI, json.loads(once)) == once


@pytest.mark.parametrize(
    "wrong",
    [
        {"openapi": "3.1.0"},
        {**DOCUMENT, "info": {"title": "no version"}},
        {**DOCUMENT, "components": {"schemas": {"A": {"type": "text"}}}},
        {**DOCUMENT, "components": {"schemas": {"A": {"minLength": -1}}}},
        {**DOCUMENT, "servers": [{"url": "/", "variables": {"v": {"default": "1", "enum": []}}}]},
        {**DOCUMENT, "tags": [{"description": "no name"}]},
    ],
)
def test_what_is_no_openapi_is_refused(wrong):
    """A mistake in what an author adds is found when the document is built."""
    with pytest.raises(ValidationError):
        OpenAPI.model_validate(wrong)


def test_a_contact_needs_something_like_an_address():
    """An email address without its sign is a slip of the pen."""
    assert Contact(email="team@example.com").email == "team@example.com"
    with pytest.raises(ValidationError):
        Contact(email="team at example.com")
