"""Every error of a request is reported at once, in order, placed where the client can find it."""

from typing import Annotated, Literal

import pytest
from pydantic import AfterValidator, BaseModel, Field

from tests.frameworks import answer, application, each_framework, errors


class Leaf(BaseModel):
    size: int


class Tree(BaseModel):
    name: str = Field(min_length=2)
    leaves: list[Leaf] = []
    parent: "Tree | None" = None


class Cat(BaseModel):
    kind: Literal["cat"]
    meows: int


class Dog(BaseModel):
    kind: Literal["dog"]
    barks: int


def refuse(value: str) -> str:
    raise ValueError("never")


@each_framework
def test_errors_come_in_the_order_path_query_header_cookie_body(web):
    """Within one callable the locations have a fixed order, whatever order the parameters have."""

    @application(web, path="/{key}", method="POST")
    def read(
        tree: Tree,
        b: Annotated[int, web.Cookie()],
        x_a: Annotated[int, web.Header()],
        q: int,
        p: int,
        key: int,
    ): ...

    assert errors(read, "POST /x?q=a&p=b", headers={"x-a": "c", "cookie": "b=d"}, json={}) == [
        ("int_parsing", ["path", "key"]),
        ("int_parsing", ["query", "q"]),
        ("int_parsing", ["query", "p"]),
        ("int_parsing", ["header", "x-a"]),
        ("int_parsing", ["cookie", "b"]),
        ("missing", ["body", "name"]),
    ]


@each_framework
def test_dependencies_report_before_their_dependants(web):
    """Errors of all callables are pooled, in the order in which these are called."""

    def inner(a: int): ...

    def outer(found: Annotated[None, web.Depends(inner)], b: int): ...

    @application(web)
    def read(c: int, found: Annotated[None, web.Depends(outer)], d: int): ...

    assert errors(read, "GET /") == [("missing", ["query", name]) for name in "abcd"]


@each_framework
def test_places_reach_into_bodies(web):
    """Errors inside a body name the way to the value: members, positions, nested models."""

    @application(web, method="POST")
    def read(tree: Tree): ...

    body = {"name": "n", "leaves": [{"size": 1}, {"size": "x"}], "parent": {"name": "ok", "leaves": [3]}}
    assert errors(read, "POST /", json=body) == [
        ("string_too_short", ["body", "name"]),
        ("int_parsing", ["body", "leaves", 1, "size"]),
        ("model_attributes_type", ["body", "parent", "leaves", 0]),
    ]


@each_framework
def test_several_bodies_are_told_apart_by_name(web):
    """With several body parameters each error names its own; an alias counts."""

    @application(web, method="POST")
    def read(tree: Tree, other: Annotated[Leaf, web.Body(alias="leaf")], n: Annotated[int, web.Body()]): ...

    assert errors(read, "POST /", json={"tree": {"name": "x"}, "leaf": {}, "n": "y"}) == [
        ("string_too_short", ["body", "tree", "name"]),
        ("missing", ["body", "leaf", "size"]),
        ("int_parsing", ["body", "n"]),
    ]


@each_framework
def test_a_discriminator_is_named(web):
    """A discriminated union names the tag, and errors inside it the member that was chosen."""

    @application(web, method="POST")
    def read(pet: Annotated[Cat | Dog, web.Body(discriminator="kind")]):
        return pet

    assert answer(read, "POST /", json={"kind": "dog", "barks": 1}) == (200, {"kind": "dog", "barks": 1})
    assert errors(read, "POST /", json={"kind": "dog"}) == [("missing", ["body", "dog", "barks"])]
    assert errors(read, "POST /", json={"kind": "cow"}) == [("union_tag_invalid", ["body"])]


@each_framework
def test_an_error_has_type_place_message_and_input(web):
    """One error has exactly these members, and the context where Pydantic gives one; a missing value has null."""

    @application(web)
    def read(limit: Annotated[int, web.Query(ge=3)], q: str, odd: Annotated[str, AfterValidator(refuse)] = "x"): ...

    assert answer(read, "GET /?limit=2&odd=1") == (
        422,
        {
            "detail": [
                {
                    "type": "greater_than_equal",
                    "loc": ["query", "limit"],
                    "msg": "Input should be greater than or equal to 3",
                    "input": "2",
                    "ctx": {"ge": 3},
                },
                {"type": "missing", "loc": ["query", "q"], "msg": "Field required", "input": None},
                {
                    "type": "value_error",
                    "loc": ["query", "odd"],
                    "msg": "Value error, never",
                    "input": "1",
                    "ctx": {"error": {}},
                },
            ]
        },
    )


@each_framework
def test_a_missing_body_has_null_as_its_input(web):
    """Where no body was sent the location is the body itself; where a member is missing the input shows what was sent."""

    @application(web, method="POST")
    def read(leaf: Leaf): ...

    assert answer(read, "POST /")[1]["detail"] == [
        {"type": "missing", "loc": ["body"], "msg": "Field required", "input": None}
    ]
    assert answer(read, "POST /", json={"a": 1})[1]["detail"] == [
        {"type": "missing", "loc": ["body", "size"], "msg": "Field required", "input": {"a": 1}}
    ]


@each_framework
@pytest.mark.parametrize("sent", [[], None, 3, "x", True])
def test_members_of_a_body_that_is_no_object_are_all_missing(web, sent):
    """Where several parameters share the body and it is no object, each is missing, optional ones too."""

    @application(web, method="POST")
    def read(leaf: Leaf, n: Annotated[int, web.Body()] = 3, q: int = 0): ...

    assert errors(read, "POST /?q=x", json=sent)[:1] == [("int_parsing", ["query", "q"])]
    assert errors(
        read,
        "POST /?q=1",
        **(
            {"json": sent}
            if sent is not None
            else {"content": b"null", "headers": {"content-type": "application/json"}}
        ),
    ) == [
        ("missing", ["body", "leaf"]),
        ("missing", ["body", "n"]),
    ]


@each_framework
def test_recursive_models_share_one_callable(web):
    """Two parameters of the same recursive model are validated by one validator without a clash of names."""

    @application(web, method="POST")
    def read(one: Tree, two: Tree | None = None, three: list[Tree] = []):  # noqa: B006
        return [one.parent.name, two, len(three)]

    body = {"one": {"name": "aa", "parent": {"name": "bb"}}, "three": [{"name": "cc"}]}
    assert answer(read, "POST /", json=body) == (200, ["bb", None, 1])
    body["three"][0]["parent"] = {"name": "x"}
    assert errors(read, "POST /", json=body) == [("string_too_short", ["body", "three", 0, "parent", "name"])]
