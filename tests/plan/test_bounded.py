"""A large body makes few errors, however many there are, and is read like any other body all the same."""

import dataclasses
import json
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Len
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from typing_extensions import TypedDict

from tests.frameworks import JSON, client
from typeway import Body, Typeway


class Point(TypedDict, total=False):
    x: int
    y: list[int]


@dataclasses.dataclass
class Pair:
    a: int
    b: dict[str, int] = dataclasses.field(default_factory=dict)


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: list[int] = []


class Dog(BaseModel):
    kind: Literal["dog"]
    names: dict[str, int] = {}


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    metadata: list[int] = Field(default=[], alias="meta")
    type: dict[str, int] = {}


class Node(BaseModel):
    children: list["Node | Leaf"] = []
    size: int


class Leaf(BaseModel):
    children: list["Node | Leaf"] = []
    names: dict[str, int]


class Ordered(BaseModel):
    rows: Annotated[list[int], Len(1, 400)]

    @model_validator(mode="after")
    def is_sorted(self) -> "Ordered":
        if self.rows != sorted(self.rows):
            raise ValueError("unsorted")
        return self


def even(value: int) -> int:
    if value % 2:
        raise ValueError("odd")
    return value


KINDS: dict[str, Any] = {
    "list": list[int],
    "set": set[int],
    "tuple": tuple[int, ...],
    "pair": tuple[int, list[int]],
    "dict": dict[str, int],
    "keys": dict[Annotated[int, AfterValidator(even)], list[Annotated[int, AfterValidator(even)]]],
    "bounded": Annotated[dict[str, int], Len(1, 300)],
    "rows": list[Ordered],
    "typed": list[Point],
    "dataclass": list[Pair],
    "tagged": list[Annotated[Cat | Dog, Field(discriminator="kind")]],
    "closed": Closed,
    "union": int | list[dict[str, int]] | dict[str, list[int]] | Closed | None,
    "recursive": Node | Leaf,
    "any": Any,
}


def application() -> Typeway:
    app = Typeway(error_limits={"max_errors": 1_000_000, "max_size": 1 << 30}, openapi_url=None)
    for name, kind in KINDS.items():

        def echo(data: Any) -> Any:
            return data

        echo.__annotations__ = {"data": Annotated[kind, Body()], "return": Any}
        app.post(f"/{name}")(echo)
    return app


HTTP = client(application())
PADDING = b" " * 70_000


def ask(path: str, value: Any, padding: bytes = b"") -> Any:
    body = json.dumps(value).encode() + padding
    return HTTP.post(f"/{path}", content=body, headers={"content-type": JSON})


def keys_of(response: Any) -> set[tuple[str, str]]:
    return {(json.dumps(error["loc"]), error["type"]) for error in response.json()["detail"]}


scalars = st.sampled_from([0, 1, 2, "x", "3", None, True, 1.5])
names = st.sampled_from(
    ["x", "y", "a", "b", "kind", "lives", "names", "meta", "metadata", "type", "children", "size", "rows", "1", "2"]
)
values = st.recursive(
    scalars | st.sampled_from(["cat", "dog"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=20, deadline=None)
@given(value=values)
def test_a_large_body_is_read_like_a_small_one(value):
    """Padded to a large body, each value is accepted with the same result, or refused with some of the same errors."""
    for path in KINDS:
        small, large = ask(path, value), ask(path, value, PADDING)
        assert large.status_code == small.status_code, (path, large.text, small.text)
        if small.status_code == 422:
            assert keys_of(large)
            assert keys_of(large) <= keys_of(small), path
        else:
            assert large.json() == small.json(), path


LONG: dict[str, tuple[str, Any, int]] = {
    "wrong items": ("list", ["x"] * 50_000, 100),
    "a wrong item at the end": ("list", [1] * 50_000 + ["x"], 1),
    "wrong items of a set": ("set", ["x"] * 50_000, 100),
    "wrong members": ("dict", {f"key{number}": "x" for number in range(20_000)}, 100),
    "a wrong member at the end": ("dict", {**{f"key{number}": 1 for number in range(20_000)}, "last": "x"}, 1),
    "a long key above wrong items": ("keys", {"2" * 4_000: ["x"] * 30_000}, 100),
    "wrong items in rows": ("typed", [{"x": "x", "y": ["x"] * 500}] * 190, 100),
    "wrong members in rows": ("dataclass", [{"a": 1, "b": {f"{n}": "x" for n in range(500)}}] * 50, 100),
    "other names": ("closed", {f"key{number}": 1 for number in range(20_000)}, 100),
    "wrong items of a union": ("union", [{"a": "x"}] * 30_000, 100),
    "too many items": ("rows", [{"rows": [1] * 30_000}], 1),
}


@pytest.mark.parametrize("case", LONG)
def test_a_large_body_has_few_errors(case):
    """Of many errors the first ones are found, wherever they stand, and those behind them are not looked for."""
    path, value, least = LONG[case]
    response = ask(path, value)
    assert response.status_code == 422
    assert least <= len(response.json()["detail"]) <= 5_000


def test_no_error_comes_from_what_was_left_out():
    """A list that is cut in the search for further errors is not called too short or unsorted."""
    rows = [{"rows": [*range(300)]} for _ in range(150)]
    response = ask("rows", [{"rows": ["x"]}, *rows], PADDING)
    assert keys_of(response) == {('["body", 0, "rows", 0]', "int_parsing")}


# --- unions that contain themselves -------------------------------------------------------------------------------


class A(BaseModel):
    child: "A | B | None" = None
    x: int


class B(BaseModel):
    child: "A | B | None" = None
    y: int


def nested(depth: int, **members: Any) -> dict[str, Any]:
    value: dict[str, Any] = {**members}
    for _ in range(depth):
        value = {"child": value, **members}
    return value


def tree(value: Any) -> Any:
    app = Typeway(openapi_url=None)

    @app.post("/")
    async def take(data: A | B) -> Any:
        return data

    return client(app).post("/", json=value)


@pytest.mark.parametrize("depth", [1, 5, 10])
def test_a_nested_union_is_read(depth):
    """What fits a union is accepted, at each level by the member that it fits."""
    value = nested(depth, x=1)
    assert tree(value).json() == value | {"child": tree(value["child"]).json()}


@pytest.mark.parametrize(("depth", "most"), [(20, 20), (40, 40), (90, 90)])
def test_a_nested_union_that_fails_is_tried_once(depth, most):
    """Each level of a union that contains itself would double the work; a value that was refused is not tried again."""
    response = tree(nested(depth))
    assert response.status_code == 422
    assert response.json()["omitted"] + len(response.json()["detail"]) < 16 * most


def test_a_nested_union_that_fits_stops_early():
    """A value that fits is tried again by each member above it, which is refused when it has no end."""
    response = tree(nested(60, x=1))
    assert (response.status_code, "nested too deeply" in response.json()["detail"]) == (400, True)
