"""Changes of operations: paths, parameters, bodies, responses, headers, security, and what is deprecated."""

import json
from typing import Any

import pytest

from typeway.compare import Verdict, as_json, as_text, compare

LETTERS = {"b": Verdict.BREAKING, "w": Verdict.WARNING, "c": Verdict.COMPATIBLE}
TODAY = "2026-06-01"
TEXT, WHOLE = {"type": "string"}, {"type": "integer"}


def document(operation: Any, path: str = "/x", **more: Any) -> dict[str, Any]:
    """A document with one operation, or none."""
    paths = {} if operation is None else {path: {"get": operation}}
    return {"openapi": "3.1.0", "paths": paths, **more}


def query(**more: Any) -> dict[str, Any]:
    """An operation with one parameter in the query."""
    return {"parameters": [{"name": "q", "in": "query", "schema": TEXT, **more}]}


def body(*media_types: str, **more: Any) -> dict[str, Any]:
    """An operation with a request body."""
    return {"requestBody": {"content": {name: {"schema": TEXT} for name in media_types}, **more}}


def answer(status: str = "200", **more: Any) -> dict[str, Any]:
    """An operation with a response."""
    return {"responses": {status: {"description": "", **more}}}


def header(**more: Any) -> dict[str, Any]:
    return answer(headers={"X-Count": {"schema": WHOLE, **more}})


JSON = {"application/json": {"schema": TEXT}}
XML = {"application/xml": {"schema": TEXT}}
LATER, EARLIER = "2027-01-01", "2026-01-01"

# An operation, another one, and the rules with their verdicts there and back.
ROWS: dict[str, tuple[Any, Any, str, str]] = {
    "an operation": (None, {}, "endpoint-added:c", "api-path-removed-without-deprecation:b"),
    "a deprecated operation": (
        {"deprecated": True}, None, "api-path-removed-with-deprecation:c", "endpoint-added:c",
    ),
    "an operation after its sunset": (
        {"deprecated": True, "x-sunset": EARLIER}, None, "api-path-removed-with-deprecation:c", "endpoint-added:c",
    ),
    "an operation before its sunset": (
        {"deprecated": True, "x-sunset": LATER}, None, "api-path-removed-before-sunset:b", "endpoint-added:c",
    ),
    "deprecation": ({}, {"deprecated": True}, "endpoint-deprecated:c", "endpoint-reactivated:c"),
    "no sunset date any more": (
        {"deprecated": True, "x-sunset": LATER}, {"deprecated": True}, "endpoint-sunset-deleted:b", "",
    ),
    "an earlier sunset date": (
        {"deprecated": True, "x-sunset": LATER}, {"deprecated": True, "x-sunset": EARLIER},
        "endpoint-sunset-date-changed-too-small:b", "",
    ),
    "an operation id": ({"operationId": "a"}, {"operationId": "b"}, "api-operation-id-changed:c", "api-operation-id-changed:c"),
    "no operation id": ({"operationId": "a"}, {}, "api-operation-id-removed:c", "api-operation-id-added:c"),
    "a tag": ({}, {"tags": ["a"]}, "api-tag-added:c", "api-tag-removed:c"),
    "an optional parameter": ({}, query(), "new-optional-request-parameter:c", "request-parameter-removed:w"),
    "a required parameter": ({}, query(required=True), "new-required-request-parameter:b", "request-parameter-removed:w"),
    "a deprecated parameter": (
        query(deprecated=True), {}, "request-parameter-removed-with-deprecation:c", "new-optional-request-parameter:c",
    ),
    "a parameter before its sunset": (
        query(deprecated=True, **{"x-sunset": LATER}), {}, "request-parameter-removed-before-sunset:b",
        "new-optional-request-parameter:c",
    ),
    "a parameter that becomes required": (
        query(), query(required=True), "request-parameter-became-required:b", "request-parameter-became-optional:c",
    ),
    "a parameter becomes deprecated": (
        query(), query(deprecated=True), "request-parameter-deprecated:c", "request-parameter-reactivated:c",
    ),
    "a string becomes a number in a query": (
        query(), query(schema=WHOLE), "request-parameter-type-specialized:b", "request-parameter-type-generalized:c",
    ),
    "strings become numbers in a query": (
        query(schema={"type": "array", "items": TEXT}), query(schema={"type": "array", "items": WHOLE}),
        "request-parameter-type-specialized:b", "request-parameter-type-generalized:c",
    ),
    "a bound of a parameter": (
        query(schema=WHOLE), query(schema={**WHOLE, "maximum": 9}), "request-parameter-max-set:b", "request-parameter-max-unset:c",
    ),
    "a value of a parameter": (
        query(schema={**TEXT, "enum": ["a"]}), query(schema={**TEXT, "enum": ["a", "b"]}), "request-parameter-enum-value-added:c",
        "request-parameter-enum-value-removed:b",
    ),
    "a default of a parameter": (
        query(schema={**TEXT, "default": "a"}), query(schema={**TEXT, "default": "b"}), "request-parameter-default-value-changed:c",
        "request-parameter-default-value-changed:c",
    ),
    "another style": (query(), query(style="spaceDelimited"), "request-parameter-style-changed:b", "request-parameter-style-changed:b"),
    "the style that counts anyway": (query(), query(style="form", explode=True), "", ""),
    "a property of a parameter in JSON": (
        query(schema=None, content={"application/json": {"schema": {"type": "object", "properties": {"a": WHOLE}}}}),
        query(schema=None, content={"application/json": {"schema": {"type": "object", "properties": {"a": TEXT}}}}),
        "request-parameter-property-type-changed:b", "request-parameter-property-type-changed:b",
    ),
    "a header in other letters": (
        {"parameters": [{"name": "X-Key", "in": "header", "schema": TEXT}]},
        {"parameters": [{"name": "x-key", "in": "header", "schema": TEXT}]},
        "", "",
    ),
    "the same name in another place": (
        query(), {"parameters": [{"name": "q", "in": "cookie", "schema": TEXT}]},
        "new-optional-request-parameter:c request-parameter-removed:w", "new-optional-request-parameter:c request-parameter-removed:w",
    ),
    "an optional body": ({}, body("text/plain"), "request-body-added-optional:c", "request-body-removed:b"),
    "a required body": ({}, body("text/plain", required=True), "request-body-added-required:b", "request-body-removed:b"),
    "a body that becomes required": (
        body("text/plain"), body("text/plain", required=True), "request-body-became-required:b", "request-body-became-optional:c",
    ),
    "a media type of a body": (
        body("text/plain"), body("text/plain", "text/csv"), "request-body-media-type-added:c", "request-body-media-type-removed:b",
    ),
    "a type of a body": (
        {"requestBody": {"content": JSON}}, {"requestBody": {"content": {"application/json": {"schema": WHOLE}}}},
        "request-body-type-changed:b", "request-body-type-changed:b",
    ),
    "a successful response": ({}, answer(), "response-success-status-added:c", "response-success-status-removed:b"),
    "a range of responses": (answer("200"), answer("2XX"), "response-success-status-added:c response-success-status-removed:b",
                             "response-success-status-added:c response-success-status-removed:b"),
    "another response": ({}, answer("404"), "response-non-success-status-added:c", "response-non-success-status-removed:c"),
    "a media type of a response": (
        answer(content=JSON), answer(content={**JSON, **XML}), "response-media-type-added:c", "response-media-type-removed:b",
    ),
    "a type of a response": (
        answer(content=JSON), answer(content={"application/json": {"schema": WHOLE}}), "response-body-type-changed:b",
        "response-body-type-changed:b",
    ),
    "an optional header": (answer(), header(), "response-header-added:c", "optional-response-header-removed:c"),
    "a required header": (answer(), header(required=True), "response-header-added:c", "required-response-header-removed:b"),
    "a header that becomes optional": (
        header(required=True), header(), "response-header-became-optional:b", "response-header-became-required:c",
    ),
    "a type of a header": (
        header(), header(schema=TEXT), "response-header-type-generalized:b", "response-header-type-specialized:c",
    ),
    "credentials": ({}, {"security": [{"key": []}]}, "api-security-added:b", "api-security-removed:c"),
    "an alternative": (
        {"security": [{"key": []}]}, {"security": [{"key": []}, {"token": []}]}, "api-security-alternative-added:c",
        "api-security-updated:b",
    ),
    "other credentials": (
        {"security": [{"key": []}]}, {"security": [{"token": []}]}, "api-security-alternative-added:c api-security-updated:b",
        "api-security-alternative-added:c api-security-updated:b",
    ),
    "two credentials at once": (
        {"security": [{"key": []}]}, {"security": [{"key": [], "token": []}]}, "api-security-alternative-added:c api-security-updated:b",
        "api-security-alternative-added:c",
    ),
    "a scope": (
        {"security": [{"oauth": ["read"]}]}, {"security": [{"oauth": ["read", "write"]}]}, "api-security-scope-added:b",
        "api-security-scope-removed:c",
    ),
    "credentials that are optional": (
        {"security": [{"key": []}]}, {"security": [{"key": []}, {}]}, "api-security-removed:c", "api-security-added:b",
    ),
    "no security, in other words": ({}, {"security": []}, "", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_each_change_of_an_operation_has_its_verdict(name: str) -> None:
    """Each change is found by its rule, with what it means for clients; so is the way back."""
    old, new, forth, back = ROWS[name]
    for before, after, expected in ((old, new, forth), (new, old, back)):
        found = compare(document(before), document(after), today=TODAY)
        wanted = [(rule, LETTERS[letter]) for rule, _, letter in (entry.partition(":") for entry in expected.split())]
        assert sorted((change.rule, change.verdict) for change in found) == sorted(wanted)


def test_a_method_that_is_gone_is_not_a_path_that_is_gone() -> None:
    """The rule tells whether other methods of the path remain."""
    old = {"paths": {"/x": {"get": {}, "put": {}}}}
    (change,) = compare(old, {"paths": {"/x": {"get": {}}}})
    assert (change.rule, change.operation) == ("api-removed-without-deprecation", "PUT /x")


def test_the_names_in_a_path_are_not_part_of_it() -> None:
    """/items/{id} and /items/{item_id} are the same path, and their parameters are compared."""

    def path(name: str, schema: Any) -> dict[str, Any]:
        return {
            "paths": {f"/x/{{{name}}}": {"parameters": [{"name": name, "in": "path", "schema": schema}], "get": {}}}
        }

    assert compare(path("id", WHOLE), path("item_id", WHOLE)) == []
    (change,) = compare(path("id", TEXT), path("item_id", WHOLE))
    assert (change.rule, change.operation, change.place) == (
        "request-parameter-type-specialized",
        "GET /x/{item_id}",
        "path parameter item_id",
    )


def test_what_counts_for_the_whole_document_counts_for_its_operations() -> None:
    """Security of the document applies to each operation without its own; an operation may lift it."""
    closed = document({}, security=[{"key": []}])
    assert [change.rule for change in compare(document({}), closed)] == ["api-security-added"]
    assert compare(document({}), document({"security": []}, security=[{"key": []}])) == []


SCHEMES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "another kind": ({"type": "http", "scheme": "basic"}, {"type": "http", "scheme": "bearer"}, "type-changed:b"),
    "another header": (
        {"type": "apiKey", "in": "header", "name": "X-Key"}, {"type": "apiKey", "in": "header", "name": "X-Token"},
        "type-changed:b",
    ),
    "another URL": (
        {"type": "oauth2", "flows": {"password": {"tokenUrl": "/a", "scopes": {}}}},
        {"type": "oauth2", "flows": {"password": {"tokenUrl": "/b", "scopes": {}}}},
        "oauth-url-changed:c",
    ),
    "a scope less": (
        {"type": "oauth2", "flows": {"password": {"tokenUrl": "/a", "scopes": {"read": ""}}}},
        {"type": "oauth2", "flows": {"password": {"tokenUrl": "/a", "scopes": {}}}},
        "oauth-scope-removed:b",
    ),
    "a flow less": ({"type": "oauth2", "flows": {"password": {}}}, {"type": "oauth2", "flows": {}}, "flow-removed:b"),
}  # fmt: skip


@pytest.mark.parametrize("name", SCHEMES)
def test_each_change_of_a_security_scheme_has_its_verdict(name: str) -> None:
    """How credentials are sent is part of the contract; the addresses of its servers may change."""
    old, new, expected = SCHEMES[name]
    rule, _, letter = expected.partition(":")
    before, after = [document({}, components={"securitySchemes": {"s": scheme}}) for scheme in (old, new)]
    (change,) = compare(before, after)
    assert (change.rule, change.verdict) == (f"api-security-component-{rule}", LETTERS[letter])


def test_a_webhook_is_sent_by_the_application() -> None:
    """What a webhook sends is judged like a response: a value more breaks who receives it."""

    def webhooks(schema: Any) -> dict[str, Any]:
        content = {"content": {"application/json": {"schema": schema}}}
        return {"webhooks": {} if schema is None else {"sold": {"post": {"requestBody": content}}}}

    one, two = {**TEXT, "enum": ["a"]}, {**TEXT, "enum": ["a", "b"]}
    found = [
        [(change.rule, change.verdict) for change in compare(webhooks(old), webhooks(new))]
        for old, new in ((one, two), (two, one), (one, None), (None, one))
    ]
    assert found == [
        [("response-body-enum-value-added", Verdict.BREAKING)],
        [("response-body-enum-value-removed", Verdict.COMPATIBLE)],
        [("webhook-removed", Verdict.BREAKING)],
        [("webhook-added", Verdict.COMPATIBLE)],
    ]


def test_the_report_names_rule_operation_and_place() -> None:
    """The text puts what breaks first and counts; the JSON has the same members."""
    old, new = (
        document({**query(), **answer(content=JSON)}),
        document(answer(content={"application/json": {"schema": WHOLE}})),
    )
    changes = compare(old, new)
    text = as_text(changes)
    assert text.splitlines()[0] == (
        "breaking    GET /x  response 200 application/json: the type has changed from string to integer  "
        "[response-body-type-changed]"
    )
    assert text.splitlines()[-1] == "1 breaking change, 1 change that may break clients, 0 compatible changes"
    report = json.loads(as_json(changes))
    assert (report["breaking"], report["warning"], report["compatible"]) == (1, 1, 0)
    assert report["changes"][1] == {
        "rule": "response-body-type-changed",
        "verdict": "breaking",
        "operation": "GET /x",
        "place": "response 200 application/json",
        "text": "the type has changed from string to integer",
    }
    assert as_text([]) == "No changes."
