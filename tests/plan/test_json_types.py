"""A JSON body is accepted exactly where the document says so: no value is converted from another type of JSON."""

import asyncio
import enum
import fractions
import ipaddress
import json
import re
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

import pytest
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Field,
    IPvAnyAddress,
    PositiveInt,
    RootModel,
    SecretStr,
    model_validator,
)
from pydantic.dataclasses import dataclass
from typing_extensions import TypedDict

import typeway
from tests.frameworks import Sending, answer_of, client
from typeway import Body, Depends, Form, MergePatch, Partial, Query, Typeway
from typeway.declare.conventions import TYPEWAY


class Number(enum.IntEnum):
    ONE = 1
    TWO = 2


class Mixed(enum.Enum):
    ONE = 1
    TEXT = "x"


class Real(float, enum.Enum):
    ONE = 1.0


class Truth(enum.Enum):
    YES = True


class Reply(enum.StrEnum):
    ONE = "1"


class Pair(NamedTuple):
    a: int
    b: bool = True


class Keys(TypedDict):
    a: int


@dataclass
class Record:
    a: int
    b: bool = False


class Item(BaseModel):
    a: int
    b: bool = False
    when: datetime | None = None
    inner: "Item | None" = None
    more: "list[Item]" = []


class Root(RootModel[list[int]]):
    pass


class Tagged(BaseModel):
    kind: Literal["tagged"]
    a: float


class OtherTagged(BaseModel):
    kind: Literal["other"]
    a: bool


KINDS: dict[str, Any] = {
    **{kind.__name__: kind for kind in (bool, int, float, str, bytes, complex, datetime, date, time, timedelta, Decimal)},
    **{kind.__name__: kind for kind in (UUID, Path, ipaddress.IPv4Address, ipaddress.IPv6Network, fractions.Fraction)},
    **{kind.__name__: kind for kind in (Number, Mixed, Real, Truth, Reply, Pair, Keys, Record, Item, Root)},
    "literal number": Literal[1, 2], "literal truth": Literal[True], "literal text": Literal["1"],
    "literal mixed": Literal[1, "x"], "any address": IPvAnyAddress, "pattern": re.Pattern, "size": ByteSize,
    "positive": PositiveInt, "aware": AwareDatetime, "secret": SecretStr, "optional": int | None, "union": int | str,
    "truth or number": bool | int, "numbers": int | float, "list": list[bool], "set": set[int], "deque": deque[int],
    "pair": tuple[int, bool], "dict": dict[str, int], "numbered": dict[int, bool], "sequence": Sequence[int],
    "mapping": Mapping[str, float], "iterable": Iterable[int], "after": Annotated[int, AfterValidator(abs)],
    "bounded": Annotated[float, Field(ge=0, lt=2)], "partial": Partial[Item], "patch": MergePatch[Item],
    "tagged": Annotated[Tagged | OtherTagged, Field(discriminator="kind")], "anything": Any,
}  # fmt: skip

SCALARS = (None, True, False, 0, 1, 1.0, 1.5, -1, "1", "true", "x", "2020-01-01", "")
VALUES = (
    *SCALARS, [], {}, [1], ["1"], [True], [1, True], [1, 1], ["1", True], {"a": 1}, {"a": "1"}, {"a": True}, {"a": 2.0},
    {"1": True}, {"1": 1}, {"a": 1, "b": 1}, {"a": 1, "b": True}, {"a": 1, "when": 0}, {"a": 1, "inner": {"a": "1"}},
    {"a": 1, "more": [{"a": 1}, {"a": True}]}, {"a": 1, "inner": {"a": 1, "more": [{"a": 1.0, "b": True}]}},
    {"kind": "tagged", "a": 1}, {"kind": "tagged", "a": True}, {"kind": "other", "a": True}, {"kind": "other", "a": 1},
)  # fmt: skip

TYPES: dict[str, Any] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value == int(value),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def fits(value: Any, schema: Any, components: dict[str, Any]) -> bool:
    """Whether the types inside a value are those of a JSON Schema; bounds and formats are not looked at."""
    if "$ref" in schema:
        return fits(value, components[schema["$ref"].rpartition("/")[2]], components)
    if "anyOf" in schema or "oneOf" in schema:
        return any(fits(value, choice, components) for choice in schema.get("anyOf", schema.get("oneOf")))
    choices = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if choices is not None and not any(
        choice == value and isinstance(choice, bool) == isinstance(value, bool) for choice in choices
    ):
        return False
    kinds = schema.get("type", [])
    if kinds and not any(TYPES[kind](value) for kind in ([kinds] if isinstance(kinds, str) else kinds)):
        return False
    if isinstance(value, list):
        first = schema.get("prefixItems", [])
        rest = value[len(first) :] if isinstance(schema.get("items", {}), dict) else []
        pairs = [*zip(value, first, strict=False), *((item, schema.get("items", {})) for item in rest)]
        return all(fits(item, inner, components) for item, inner in pairs)
    if isinstance(value, dict):
        others = schema.get("additionalProperties", True)
        known = schema.get("properties", {})
        inside = {name: known.get(name, {} if isinstance(others, bool) else others) for name in value}
        return all(fits(value[name], inner, components) for name, inner in inside.items())
    return True


def an_application(web: Any) -> Any:
    """An application with an endpoint for each type, alone and beside another member of the body."""
    app = web.FastAPI()
    for name, kind in KINDS.items():

        def alone(data: Any) -> None: ...

        def beside(data: Any, other: Any) -> None: ...

        alone.__annotations__ = {"data": Annotated[kind, web.Body()], "return": None}
        beside.__annotations__ = {
            "data": Annotated[kind, web.Body()], "other": Annotated[Any, web.Body()], "return": None,
        }  # fmt: skip
        app.post(f"/{name}/alone")(alone)
        if name != "patch":
            app.post(f"/{name}/beside")(beside)
    return app


@pytest.fixture(scope="module")
def served() -> Any:
    """A client of the application, its document, and which of its requests are accepted by Pydantic's lax mode."""

    class Lax(Typeway):
        conventions = replace(TYPEWAY, exact_json_types=False)

    return client(an_application(typeway)), client(an_application(SimpleNamespace(FastAPI=Lax, Body=Body)))


def statuses(exact: Any, lax: Any, path: str, media_type: str, bodies: Sequence[Any]) -> list[list[bool]]:
    """Whether each body is accepted by the two applications, asked on one event loop, which takes a tenth of the time."""

    async def ask(app: Any, body: Any) -> bool:
        return (await answer_of(app, Sending(path, [json.dumps(body).encode()], media_type)))["status"] == [200]

    async def ask_all() -> list[list[bool]]:
        return [[await ask(app, body) for body in bodies] for app in (exact, lax)]

    return asyncio.run(ask_all())


@pytest.mark.parametrize("form", ["alone", "beside"])
@pytest.mark.parametrize("name", KINDS)
def test_a_json_body_is_accepted_where_its_document_says_so(served: Any, name: str, form: str) -> None:
    """Values of other JSON types than the document's are refused, all others are accepted as before."""
    if (name, form) == ("patch", "beside"):
        return
    exact, lax = served
    document = exact.get("/openapi.json").json()
    components = document["components"]["schemas"]
    (content,) = document["paths"][f"/{name}/{form}"]["post"]["requestBody"]["content"].items()
    media_type, schema = content[0], content[1]["schema"]
    bodies = [value if form == "alone" else {"data": value, "other": 1} for value in VALUES]
    accepted, before = statuses(exact.app, lax.app, f"/{name}/{form}", media_type, bodies)
    wrong = [
        (value, now, then)
        for value, body, now, then in zip(VALUES, bodies, accepted, before, strict=True)
        # The items of an Iterable are validated when the endpoint asks for them.
        if now != (then and (fits(body, schema, components) or (name == "iterable" and isinstance(value, list))))
    ]
    assert wrong == []


class Lax(BaseModel):
    model_config = ConfigDict(strict=False)
    a: int


class LaxField(BaseModel):
    a: Annotated[int, Field(strict=False)]
    b: int = 0


class Reads(BaseModel):
    a: int

    @model_validator(mode="before")
    @classmethod
    def read(cls, data: Any) -> Any:
        return {"a": data.removeprefix("a=")} if isinstance(data, str) else data


Price = Annotated[float, BeforeValidator(lambda value: str(value).removeprefix("€"))]


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        (Lax, {"a": "1"}, 200),
        (LaxField, {"a": "1"}, 200),
        (LaxField, {"a": 1, "b": "1"}, 422),
        (Reads, "a=3", 200),
        (Price, "€3.5", 200),
        (list[Price | None], ["€3.5", None], 200),
        (Annotated[int, Field(strict=True)], 2.0, 422),
    ],
)
def test_the_author_decides_what_is_converted(kind: Any, body: Any, status: int) -> None:
    """`strict` in a field or model, and validators that read a value first, are obeyed as Pydantic obeys them."""
    app = Typeway()

    @app.post("/")
    def take(data: Annotated[kind, Body()]) -> None: ...

    assert client(app).post("/", json=body).status_code == status


def test_texts_outside_of_json_are_converted() -> None:
    """The same types in a query, a form and JSON of one function: only JSON has types of its own."""
    app = Typeway()

    class Filter(BaseModel):
        number: Number
        other: Number = Number.ONE

    class Order(BaseModel):
        number: Number
        other: Number = Number.ONE
        done: bool = False

    def read(query: Annotated[Filter, Query()], body: Annotated[Order, Body()]) -> list[int]:
        return [query.number, query.other, body.number, body.other]

    @app.post("/json")
    def take(found: Annotated[list[int], Depends(read)]) -> list[int]:
        return found

    @app.post("/form")
    def fill(order: Annotated[Order, Form()]) -> list[int]:
        return [order.number, order.other, order.done]

    http = client(app)
    assert http.post("/json?number=2&other=2", json={"number": 2, "other": 1}).json() == [2, 2, 2, 1]
    assert http.post("/json?number=2&other=2", json={"number": "2"}).status_code == 422
    assert http.post("/form", data={"number": "2", "done": "yes"}).json() == [2, 1, 1]


def test_a_body_of_another_media_type_is_converted() -> None:
    """A number in text/plain has no type of JSON."""
    app = Typeway()

    @app.post("/")
    def take(number: Annotated[int, Body(media_type="text/plain")]) -> int:
        return number

    assert client(app).post("/", content=b"3", headers={"content-type": "text/plain"}).json() == 3


@pytest.mark.parametrize(
    ("kind", "body", "error"),
    [
        (bool, 1, ("bool_type", "Input should be a valid boolean")),
        (int, "3", ("int_type", "Input should be a valid integer")),
        (int, 2.5, ("int_from_float", "Input should be a valid integer, got a number with a fractional part")),
        (Annotated[int, Field(ge=1)], 0, ("greater_than_equal", "Input should be greater than or equal to 1")),
        (float, True, ("float_type", "Input should be a valid number")),
        (datetime, 0, ("datetime_type", "Input should be a valid datetime")),
        (Number, True, ("enum", "Input should be 1 or 2")),
        (Literal[1], True, ("literal_error", "Input should be 1")),
        (ipaddress.IPv4Address, 1, ("string_type", "Input should be a valid string")),
    ],
)
def test_the_error_is_pydantics_own(kind: Any, body: Any, error: Any) -> None:
    """A refused type has one error, with the type and message that Pydantic's strict mode has."""
    app = Typeway()

    @app.post("/")
    def take(data: Annotated[kind, Body()]) -> None: ...

    (found,) = client(app).post("/", json=body).json()["detail"]
    assert (found["type"], found["msg"], found["loc"], found["input"]) == (*error, ["body"], body)


def test_a_field_may_have_the_name_of_a_part_of_a_schema() -> None:
    """Fields that are called "type", "schema" or "ref" are fields like others, and their values have exact types."""

    class Named(BaseModel):
        type: int
        schema_ref: bool = False
        ref: str = ""

    app = Typeway()

    @app.post("/")
    def take(item: Named) -> Named:
        return item

    http = client(app)
    assert http.post("/", json={"type": 1}).json() == {"type": 1, "schema_ref": False, "ref": ""}
    assert http.post("/", json={"type": "1"}).status_code == 422
