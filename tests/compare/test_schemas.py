"""Changes of schemas: what each means in a request and in a response, and what the way back means."""

from typing import Any

import pytest

from typeway.compare import Verdict, compare

LETTERS = {"b": Verdict.BREAKING, "w": Verdict.WARNING, "c": Verdict.COMPATIBLE}

TEXT, WHOLE = {"type": "string"}, {"type": "integer"}
NULL = {"type": "null"}
CAT = {"$ref": "#/components/schemas/Cat"}
DOG = {"$ref": "#/components/schemas/Dog"}

COMPONENTS = {
    "Cat": {"type": "object", "title": "Cat", "properties": {"kind": {"const": "cat"}}},
    "Dog": {"type": "object", "title": "Dog", "properties": {"kind": {"const": "dog"}}},
}


def document(schema: Any, components: dict[str, Any] | None = None) -> dict[str, Any]:
    """A document whose only operation takes and returns an object with the property `value`."""
    body = {"type": "object", "properties": {"value": schema}}
    content = {"content": {"application/json": {"schema": body}}}
    return {
        "openapi": "3.1.0",
        "paths": {"/x": {"post": {"requestBody": content, "responses": {"200": content}}}},
        "components": {"schemas": components or COMPONENTS},
    }


def found(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, Verdict]]:
    """The rules that find a change, with the verdicts, in order."""
    return sorted((change.rule, change.verdict) for change in compare(old, new))


# A schema, another one, the rule that finds the change and what it means in a request and in a response; then the rule
# for the way back and what that means. A rule that is empty says that nothing has changed.
ROWS: dict[str, tuple[Any, Any, str, str, str, str]] = {
    "another type": (WHOLE, TEXT, "type-changed", "bb", "type-changed", "bb"),
    "integer to number": (WHOLE, {"type": "number"}, "type-generalized", "cb", "type-specialized", "bc"),
    "one of two types": (TEXT, {"type": ["string", "integer"]}, "type-generalized", "cb", "type-specialized", "bc"),
    "any type": (TEXT, {}, "type-generalized", "cb", "type-specialized", "bc"),
    "the schema true": (TEXT, True, "type-generalized", "cb", "type-specialized", "bc"),
    "format added": (TEXT, {**TEXT, "format": "date"}, "type-specialized", "bc", "type-generalized", "cb"),
    "another format": (
        {**TEXT, "format": "date"}, {**TEXT, "format": "email"}, "type-changed", "bb", "type-changed", "bb",
    ),
    "int32 to int64": (
        {**WHOLE, "format": "int32"}, {**WHOLE, "format": "int64"}, "type-generalized", "cb", "type-specialized", "bc",
    ),
    "nullable by a type": (TEXT, {"type": ["string", "null"]}, "became-nullable", "cb", "became-not-nullable", "bc"),
    "nullable by anyOf": (TEXT, {"anyOf": [TEXT, NULL]}, "became-nullable", "cb", "became-not-nullable", "bc"),
    "nullable by oneOf": (CAT, {"oneOf": [CAT, NULL]}, "became-nullable", "cb", "became-not-nullable", "bc"),
    "nullable by its keyword": (TEXT, {**TEXT, "nullable": True}, "became-nullable", "cb", "became-not-nullable", "bc"),
    "nullable spelt otherwise": ({"anyOf": [TEXT, NULL]}, {"type": ["string", "null"]}, "", "", "", ""),
    "a nullable list of values": (
        {"enum": ["a"], **TEXT}, {"anyOf": [{"enum": ["a"], **TEXT}, NULL]}, "became-nullable", "cb",
        "became-not-nullable", "bc",
    ),
    "null among values": (
        {"enum": ["a"]}, {"enum": ["a", None]}, "became-nullable", "cb", "became-not-nullable", "bc",
    ),
    "a value more": (
        {**TEXT, "enum": ["a"]}, {**TEXT, "enum": ["a", "b"]}, "enum-value-added", "cb", "enum-value-removed", "bc",
    ),
    "a constant becomes a list": (
        {**TEXT, "const": "a"}, {**TEXT, "enum": ["a", "b"]}, "enum-value-added", "cb", "enum-value-removed", "bc",
    ),
    "values in another order": ({"enum": ["a", "b"]}, {"enum": ["b", "a"]}, "", "", "", ""),
    "only some values": (TEXT, {**TEXT, "enum": ["a"]}, "became-enum", "bc", "became-not-enum", "cb"),
    "true is not 1": (
        {"enum": [True, 1]}, {"enum": [True]}, "enum-value-removed type-specialized", "bc", "enum-value-added type-generalized", "cb",
    ),
    "minimum set": (WHOLE, {**WHOLE, "minimum": 1}, "min-set", "bc", "min-unset", "cb"),
    "minimum larger": (
        {**WHOLE, "minimum": 1}, {**WHOLE, "minimum": 2}, "min-increased", "bc", "min-decreased", "cb",
    ),
    "maximum set": (WHOLE, {**WHOLE, "maximum": 1}, "max-set", "bc", "max-unset", "cb"),
    "maximum larger": (
        {**WHOLE, "maximum": 1}, {**WHOLE, "maximum": 2}, "max-increased", "cb", "max-decreased", "bc",
    ),
    "a limit that is excluded": (
        {"type": "number", "minimum": 0}, {"type": "number", "exclusiveMinimum": 0}, "exclusive-min-increased", "bc",
        "min-decreased", "cb",
    ),
    "an excluded limit of integers": ({**WHOLE, "exclusiveMinimum": 0}, {**WHOLE, "minimum": 1}, "", "", "", ""),
    "an excluded limit of OpenAPI 3.0": (
        {"type": "number", "maximum": 9, "exclusiveMaximum": True}, {"type": "number", "exclusiveMaximum": 9}, "", "", "", "",
    ),
    "exclusive maximum larger": (
        {"type": "number", "exclusiveMaximum": 5}, {"type": "number", "exclusiveMaximum": 6.5}, "exclusive-max-increased", "cb",
        "exclusive-max-decreased", "bc",
    ),
    "length 0 is no bound": (TEXT, {**TEXT, "minLength": 0}, "", "", "", ""),
    "least length set": (TEXT, {**TEXT, "minLength": 2}, "min-length-set", "bc", "min-length-unset", "cb"),
    "least length larger": (
        {**TEXT, "minLength": 1}, {**TEXT, "minLength": 2}, "min-length-increased", "bc", "min-length-decreased", "cb",
    ),
    "greatest length set": (TEXT, {**TEXT, "maxLength": 2}, "max-length-set", "bc", "max-length-unset", "cb"),
    "greatest length larger": (
        {**TEXT, "maxLength": 5}, {**TEXT, "maxLength": 9}, "max-length-increased", "cb", "max-length-decreased", "bc",
    ),
    "pattern added": (TEXT, {**TEXT, "pattern": "^a"}, "pattern-added", "bc", "pattern-removed", "cb"),
    "pattern changed": (
        {**TEXT, "pattern": "^a"}, {**TEXT, "pattern": "^b"}, "pattern-changed", "ww", "pattern-changed", "ww",
    ),
    "a pattern that everything matches": (TEXT, {**TEXT, "pattern": "^.*$"}, "", "", "", ""),
    "steps set": (WHOLE, {**WHOLE, "multipleOf": 5}, "multiple-of-set", "bc", "multiple-of-unset", "cb"),
    "larger steps": (
        {**WHOLE, "multipleOf": 5}, {**WHOLE, "multipleOf": 10}, "multiple-of-changed", "bc", "multiple-of-changed", "cb",
    ),
    "other steps": (
        {**WHOLE, "multipleOf": 5}, {**WHOLE, "multipleOf": 7}, "multiple-of-changed", "bb", "multiple-of-changed", "bb",
    ),
    "fewest items set": (
        {"type": "array"}, {"type": "array", "minItems": 1}, "min-items-set", "bc", "min-items-unset", "cb",
    ),
    "most items larger": (
        {"type": "array", "maxItems": 1}, {"type": "array", "maxItems": 2}, "max-items-increased", "cb",
        "max-items-decreased", "bc",
    ),
    "fewest properties set": (
        {"type": "object"}, {"type": "object", "minProperties": 1}, "min-properties-set", "bc", "min-properties-unset", "cb",
    ),
    "most properties set": (
        {"type": "object"}, {"type": "object", "maxProperties": 9}, "max-properties-set", "bc", "max-properties-unset", "cb",
    ),
    "unique items": (
        {"type": "array"}, {"type": "array", "uniqueItems": True}, "unique-items-added", "bc", "unique-items-removed", "cb",
    ),
    "type of the items": (
        {"type": "array", "items": WHOLE}, {"type": "array", "items": TEXT}, "type-changed", "bb", "type-changed", "bb",
    ),
    "items get a type": (
        {"type": "array"}, {"type": "array", "items": TEXT}, "type-specialized", "bc", "type-generalized", "cb",
    ),
    "an item with a position of its own": (
        {"type": "array", "prefixItems": [TEXT]}, {"type": "array", "prefixItems": [WHOLE]}, "type-changed", "bb",
        "type-changed", "bb",
    ),
    "one more position": (
        {"type": "array", "prefixItems": [TEXT]}, {"type": "array", "prefixItems": [TEXT, TEXT]}, "prefix-items-added", "bc",
        "prefix-items-removed", "cb",
    ),
    "undeclared properties are forbidden": (
        {"type": "object"}, {"type": "object", "additionalProperties": False}, "additional-properties-forbidden", "bc",
        "additional-properties-allowed", "cc",
    ),
    "undeclared properties have a type": (
        {"type": "object"}, {"type": "object", "additionalProperties": TEXT}, "type-specialized", "bc", "type-generalized", "cb",
    ),
    "a branch more": ({"anyOf": [TEXT, WHOLE]}, {"anyOf": [TEXT, WHOLE, CAT]}, "any-of-added", "cb", "any-of-removed", "bc"),
    "a type becomes a union": (TEXT, {"anyOf": [TEXT, WHOLE]}, "any-of-added", "cb", "any-of-removed", "bc"),
    "a union instead of two types": ({"type": ["string", "integer"]}, {"anyOf": [TEXT, WHOLE]}, "", "", "", ""),
    "branches in another order": ({"oneOf": [CAT, DOG]}, {"oneOf": [DOG, CAT]}, "", "", "", ""),
    "a branch less, a null more": (
        {"oneOf": [CAT, DOG]}, {"oneOf": [CAT, DOG, NULL]}, "became-nullable", "cb", "became-not-nullable", "bc",
    ),
    "a branch that is stricter": (
        {"anyOf": [WHOLE, TEXT]}, {"anyOf": [WHOLE, {**TEXT, "maxLength": 3}]}, "max-length-set", "bc", "max-length-unset", "cb",
    ),
    "another discriminator": (
        {"oneOf": [CAT, DOG], "discriminator": {"propertyName": "kind"}},
        {"oneOf": [CAT, DOG], "discriminator": {"propertyName": "sort"}},
        "discriminator-changed", "bb", "discriminator-changed", "bb",
    ),
    "allOf of one member": (CAT, {"allOf": [CAT]}, "", "", "", ""),
    "members of an allOf": (
        {"allOf": [{"type": "object", "properties": {"a": TEXT}}]},
        {"allOf": [{"type": "object", "properties": {"a": TEXT}}, {"required": ["a"]}]},
        "became-required", "bc", "became-optional", "cb",
    ),
    "an allOf that contradicts itself": (
        {"allOf": [{**TEXT, "pattern": "a"}]}, {"allOf": [{**TEXT, "pattern": "a"}, {"pattern": "b"}]}, "all-of-added", "bc",
        "all-of-removed", "cb",
    ),
    "not": (TEXT, {**TEXT, "not": {"const": "a"}}, "not-added", "bc", "not-removed", "cb"),
    "conditions": (
        {"type": "object", "if": {"required": ["a"]}, "then": {"required": ["b"]}},
        {"type": "object", "if": {"required": ["a"]}, "then": {"required": ["c"]}},
        "if-then-else-changed", "ww", "if-then-else-changed", "ww",
    ),
    "a media type of the text": (
        TEXT, {**TEXT, "contentMediaType": "image/png"}, "content-media-type-added", "bc", "content-media-type-removed", "cb",
    ),
    "descriptions and examples": ({**TEXT, "title": "A"}, {**TEXT, "title": "B", "examples": ["x"]}, "", "", "", ""),
    "a default in a request": (
        {**TEXT, "default": "a"}, {**TEXT, "default": "b"}, "request:default-value-changed", "cc",
        "request:default-value-changed", "cc",
    ),
    "no default": (TEXT, {**TEXT, "default": "b"}, "request:default-value-added", "cc", "request:default-value-removed", "cc"),
    "deprecated": (TEXT, {**TEXT, "deprecated": True}, "deprecated", "cc", "reactivated", "cc"),
    "deprecated with a reference": (CAT, {**CAT, "deprecated": True}, "deprecated", "cc", "reactivated", "cc"),
    "no sunset date any more": (
        {**TEXT, "deprecated": True, "x-sunset": "2030-01-01"}, {**TEXT, "deprecated": True}, "sunset-deleted", "bb", "", "",
    ),
    "an earlier sunset date": (
        {**TEXT, "deprecated": True, "x-sunset": "2030-01-01"}, {**TEXT, "deprecated": True, "x-sunset": "2029-01-01"},
        "sunset-date-changed-too-small", "bb", "", "",
    ),
    "only read": (TEXT, {**TEXT, "readOnly": True}, "became-read-only", "wc", "became-not-read-only", "cc"),
    "only written": (TEXT, {**TEXT, "writeOnly": True}, "became-write-only", "cb", "became-not-write-only", "cc"),
    "a reference instead of the schema": (COMPONENTS["Cat"], CAT, "", "", "", ""),
    "a reference to nowhere": ({}, {"$ref": "#/components/schemas/Gone"}, "", "", "", ""),
    "a property inside of a property": (
        {"type": "object", "properties": {"a": WHOLE}}, {"type": "object", "properties": {"a": TEXT}}, "type-changed", "bb",
        "type-changed", "bb",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_each_change_of_a_schema_has_its_verdict_in_both_directions(name: str) -> None:
    """What a server accepts may grow and what it sends may shrink; the other way round, clients break."""
    old, new, forth, meaning, back, meaning_of_back = ROWS[name]
    for before, after, rules, letters in ((old, new, forth, meaning), (new, old, back, meaning_of_back)):
        expected = []
        for rule in rules.split():
            for direction, letter in zip(("request", "response"), letters, strict=True):
                limited, colon, bare = rule.partition(":")
                if not colon or direction == limited:
                    expected.append((f"{direction}-property-{bare if colon else rule}", LETTERS[letter]))
        assert found(document(before), document(after)) == sorted(expected)


PROPERTY_ROWS: dict[str, tuple[Any, Any, set[tuple[str, str]], set[tuple[str, str]]]] = {
    "a required property": (
        {"properties": {}},
        {"properties": {"a": TEXT}, "required": ["a"]},
        {("new-required-request-property", "b"), ("response-required-property-added", "c")},
        {("request-property-removed", "w"), ("response-required-property-removed", "b")},
    ),
    "an optional property": (
        {"properties": {}},
        {"properties": {"a": TEXT}},
        {("new-optional-request-property", "c"), ("response-optional-property-added", "c")},
        {("request-property-removed", "w"), ("response-optional-property-removed", "c")},
    ),
    "a property where others are forbidden": (
        {"properties": {}, "additionalProperties": False},
        {"properties": {"a": TEXT}, "additionalProperties": False},
        {("new-optional-request-property", "c"), ("response-optional-property-added", "c")},
        {("request-property-removed", "b"), ("response-optional-property-removed", "c")},
    ),
    "a property that becomes required": (
        {"properties": {"a": TEXT}},
        {"properties": {"a": TEXT}, "required": ["a"]},
        {("request-property-became-required", "b"), ("response-property-became-required", "c")},
        {("request-property-became-optional", "c"), ("response-property-became-optional", "b")},
    ),
    "a property that is only read": (
        {"properties": {}},
        {"properties": {"a": {**TEXT, "readOnly": True}}, "required": ["a"]},
        {("new-required-request-property", "c"), ("response-required-property-added", "c")},
        {("request-property-removed", "c"), ("response-required-property-removed", "b")},
    ),
    "a property that is only written": (
        {"properties": {"a": {**TEXT, "writeOnly": True}}, "required": ["a"]},
        {"properties": {"a": {**WHOLE, "writeOnly": True}}, "required": ["a"]},
        {("request-property-type-changed", "b"), ("response-property-type-changed", "c")},
        {("request-property-type-changed", "b"), ("response-property-type-changed", "c")},
    ),
    "a deprecated property": (
        {"properties": {"a": {**TEXT, "deprecated": True}}, "required": ["a"]},
        {"properties": {}},
        {
            ("request-property-removed-with-deprecation", "c"),
            ("response-required-property-removed-with-deprecation", "c"),
        },
        {("new-required-request-property", "b"), ("response-required-property-added", "c")},
    ),
    "a property before its sunset": (
        {"properties": {"a": {**TEXT, "deprecated": True, "x-sunset": "9999-01-01"}}},
        {"properties": {}},
        {("request-property-removed-before-sunset", "b"), ("response-optional-property-removed-before-sunset", "b")},
        {("new-optional-request-property", "c"), ("response-optional-property-added", "c")},
    ),
}


@pytest.mark.parametrize("name", PROPERTY_ROWS)
def test_each_change_of_a_property_has_its_verdict_in_both_directions(name: str) -> None:
    """A property that clients must send now, or that they no longer receive, breaks them."""
    old, new, forth, back = PROPERTY_ROWS[name]
    one, other = document({"type": "object", **old}), document({"type": "object", **new})
    assert found(one, other) == sorted((rule, LETTERS[letter]) for rule, letter in forth)
    assert found(other, one) == sorted((rule, LETTERS[letter]) for rule, letter in back)


def test_a_schema_that_contains_itself_is_compared_once() -> None:
    """A change inside of a recursive model is reported, and the comparison ends."""

    def tree(value: Any) -> dict[str, Any]:
        node = {"$ref": "#/components/schemas/Node"}
        properties = {"value": value, "children": {"type": "array", "items": node}}
        return document(node, {"Node": {"type": "object", "properties": properties}})

    changes = compare(tree(WHOLE), tree(TEXT))
    assert [(change.rule, change.place) for change in changes] == [
        ("request-property-type-changed", "request body application/json .value.value"),
        ("response-property-type-changed", "response 200 application/json .value.value"),
    ]


def test_an_allof_that_contains_itself_ends() -> None:
    """A document that no client could use is compared nonetheless."""
    node = {"$ref": "#/components/schemas/Node"}
    broken = document(node, {"Node": {"allOf": [node]}})
    assert compare(broken, document(node, {"Node": {"$ref": "#/components/schemas/Node"}})) is not None


@pytest.mark.parametrize("name", ROWS)
def test_nothing_is_found_between_equal_documents(name: str) -> None:
    """A document is compatible with itself."""
    old = ROWS[name][0]
    assert compare(document(old), document(old)) == []
