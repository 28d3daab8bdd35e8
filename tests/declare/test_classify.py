"""Where each parameter's value comes from, in every style of declaring it, as in FastAPI."""

import enum
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, Json
from starlette.requests import HTTPConnection
from typing_extensions import TypeAliasType, TypedDict

from tests.frameworks import answer, application, client, each_framework, errors
from typeway import Body, Depends, Form, Header, Path, Query, Request, Router, Typeway
from typeway.exceptions import DeclarationError

TASK = "/work/tasks/7"


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Item(BaseModel):
    name: str
    price: float = 1.0


@dataclass
class Point:
    x: int
    y: int = 0


class Movie(TypedDict):
    title: str


Limit = TypeAliasType("Limit", Annotated[int, Field(ge=1)])


@functools.cache
def styles(web: Any) -> Any:
    """One application with an endpoint per style of declaration; each answers with what it received."""
    app = web.FastAPI()

    @app.get("/path/bare/{value}")
    def path_bare(value: int):
        return value

    @app.get("/path/untyped/{value}")
    def path_untyped(value):
        return value

    @app.get("/path/annotated/{value}")
    def path_annotated(value: Annotated[int, web.Path(ge=3)]):
        return value

    @app.get("/path/default/{value}")
    def path_default(value: int = web.Path(le=3)):
        return value

    @app.get("/path/ignored-default/{value}")
    def path_ignored_default(value: int = 5):
        return value

    @app.get("/path/other-name/{given}")
    def path_other_name(value: Annotated[int, web.Path(alias="given")]):
        return value

    @app.get("/path/enum/{value}")
    def path_enum(value: Colour):
        return value

    @app.get("/path/rest/{value:path}")
    def path_rest(value: str):
        return value

    @app.get("/path/number/{value:int}")
    def path_number(value: int):
        return value

    @app.get("/query/bare")
    def query_bare(value: int):
        return value

    @app.get("/query/untyped")
    def query_untyped(value):
        return value

    @app.get("/query/optional")
    def query_optional(value: int | None = None):
        return value

    @app.get("/query/annotated")
    def query_annotated(value: Annotated[int, web.Query(gt=1)] = 2):
        return value

    @app.get("/query/default")
    def query_default(value: int = web.Query(2, lt=9)):
        return value

    @app.get("/query/ellipsis")
    def query_ellipsis(value: int = web.Query(...)):
        return value

    @app.get("/query/factory")
    def query_factory(value: Annotated[list[int], web.Query(default_factory=lambda: [1, 2])]):
        return value

    @app.get("/query/field-metadata")
    def query_field(value: Annotated[int, Field(ge=3)] = 4):
        return value

    @app.get("/query/alias-type")
    def query_alias_type(value: Limit = 4):
        return value

    @app.get("/query/last-marker-wins")
    def query_last(value: Annotated[str, web.Header(), web.Query()] = "none"):
        return value

    @app.get("/query/list")
    def query_list(value: Annotated[list[int], web.Query()] = []):  # noqa: B006  # each request gets its own copy
        value.append(0)
        return value

    @app.get("/query/set")
    def query_set(value: Annotated[set[int] | None, web.Query()] = None):
        return None if value is None else sorted(value)

    @app.get("/query/tuple")
    def query_tuple(value: Annotated[tuple[int, str], web.Query()]):
        return value

    @app.get("/query/sequence")
    def query_sequence(value: Annotated[Sequence[str], web.Query()] = ()):
        return value

    @app.get("/query/scalars")
    def query_scalars(
        day: date = date(2024, 1, 1),
        price: Decimal = Decimal(1),
        key: UUID | None = None,
        on: bool = False,
        kind: Literal["a", "b"] = "a",
        colour: Colour = Colour.RED,
    ):
        return [day, price, key, on, kind, colour]

    @app.get("/query/json")
    def query_json(value: Annotated[Json[list[int]], web.Query()]):
        return value

    @app.get("/query/pattern")
    def query_pattern(value: Annotated[str, web.Query(min_length=2, max_length=3, pattern="^a")]):
        return value

    @app.get("/header/annotated")
    def header_annotated(x_token: Annotated[str, web.Header()]):
        return x_token

    @app.get("/header/default")
    def header_default(x_token: str = web.Header("none")):
        return x_token

    @app.get("/header/literal")
    def header_literal(x_token: str = web.Header("none", convert_underscores=False)):
        return x_token

    @app.get("/header/alias")
    def header_alias(value: Annotated[str, web.Header(alias="X_Odd")] = "none"):
        return value

    @app.get("/header/list")
    def header_list(x_token: Annotated[list[str] | None, web.Header()] = None):
        return x_token

    @app.get("/cookie")
    def cookie(session: Annotated[str | None, web.Cookie()] = None):
        return session

    @app.get("/cookie/alias")
    def cookie_alias(value: str = web.Cookie("none", alias="session")):
        return value

    @app.post("/body/model")
    def body_model(item: Item):
        return item

    @app.post("/body/optional")
    def body_optional(item: Item | None = None):
        return item

    @app.post("/body/dict")
    def body_dict(value: dict[str, int]):
        return value

    @app.get("/body/list")
    def body_list(value: list[int]):
        return value

    @app.post("/body/dataclass")
    def body_dataclass(value: Point):
        return value

    @app.post("/body/typed-dict")
    def body_typed_dict(value: Movie):
        return value

    @app.post("/body/scalar")
    def body_scalar(value: Annotated[int, web.Body()]):
        return value

    @app.post("/body/embedded")
    def body_embedded(value: Annotated[int, web.Body(embed=True)]):
        return value

    @app.post("/body/union")
    def body_union(value: Item | list[int]):
        return value

    @app.post("/form")
    def form(value: Annotated[str, web.Form()]):
        return value

    @app.post("/file")
    async def file(value: web.UploadFile):
        return [value.filename, (await value.read()).decode()]

    @app.post("/file/bytes")
    def file_bytes(value: Annotated[bytes, web.File()]):
        return value.decode()

    @app.post("/file/optional-list")
    def file_list(value: list[web.UploadFile] | None = None):
        return None if value is None else [entry.filename for entry in value]

    return app


ANSWERS: list[tuple[str, dict[str, Any], Any]] = [
    ("GET /path/bare/7", {}, 7),
    ("GET /path/untyped/7", {}, "7"),
    ("GET /path/annotated/3", {}, 3),
    ("GET /path/default/3", {}, 3),
    ("GET /path/ignored-default/3", {}, 3),
    ("GET /path/other-name/3", {}, 3),
    ("GET /path/enum/red", {}, "red"),
    ("GET /path/rest/a/b.txt", {}, "a/b.txt"),
    ("GET /path/number/12", {}, 12),
    ("GET /path/untyped/a%20b%C3%A9", {}, "a bé"),
    ("GET /query/bare?value=7", {}, 7),
    ("GET /query/bare?value=1&value=2", {}, 2),
    ("GET /query/untyped?value=7", {}, "7"),
    ("GET /query/optional", {}, None),
    ("GET /query/annotated", {}, 2),
    ("GET /query/annotated?value=5", {}, 5),
    ("GET /query/default", {}, 2),
    ("GET /query/ellipsis?value=1", {}, 1),
    ("GET /query/factory", {}, [1, 2]),
    ("GET /query/factory?value=7", {}, [7]),
    ("GET /query/field-metadata", {}, 4),
    ("GET /query/alias-type?value=2", {}, 2),
    ("GET /query/last-marker-wins?value=q", {"headers": {"value": "h"}}, "q"),
    ("GET /query/list?value=1&value=2", {}, [1, 2, 0]),
    ("GET /query/list", {}, [0]),
    ("GET /query/list?unused", {}, [0]),
    ("GET /query/set?value=2&value=1&value=2", {}, [1, 2]),
    ("GET /query/set", {}, None),
    ("GET /query/tuple?value=2&value=x", {}, [2, "x"]),
    ("GET /query/sequence?value=a", {}, ["a"]),
    (
        "GET /query/scalars?day=2024-02-03&price=1.5&key=00000000-0000-0000-0000-000000000001&on=yes&kind=b&colour=blue",
        {},
        ["2024-02-03", 1.5, "00000000-0000-0000-0000-000000000001", True, "b", "blue"],
    ),
    ("GET /query/scalars", {}, ["2024-01-01", 1, None, False, "a", "red"]),
    ("GET /query/json?value=[1,2]", {}, [1, 2]),
    ("GET /query/pattern?value=ab", {}, "ab"),
    ("GET /header/annotated", {"headers": {"X-Token": "t"}}, "t"),
    ("GET /header/default", {}, "none"),
    ("GET /header/default", {"headers": {"x_token": "t"}}, "none"),
    ("GET /header/literal", {"headers": {"x_token": "t"}}, "t"),
    ("GET /header/alias", {"headers": {"x_odd": "t"}}, "t"),
    ("GET /header/list", {"headers": [("x-token", "a"), ("X-Token", "b,c")]}, ["a", "b,c"]),
    ("GET /header/list", {}, None),
    ("GET /cookie", {"headers": {"cookie": "a=1; session=s"}}, "s"),
    ("GET /cookie", {"headers": {"cookie": "session=1; session=2"}}, "2"),
    ("GET /cookie", {}, None),
    ("GET /cookie/alias", {"headers": {"cookie": "session=s"}}, "s"),
    ("POST /body/model", {"json": {"name": "n"}}, {"name": "n", "price": 1.0}),
    ("POST /body/optional", {}, None),
    ("POST /body/optional", {"content": b"null", "headers": {"content-type": "application/json"}}, None),
    ("POST /body/optional", {"json": {"name": "n"}}, {"name": "n", "price": 1.0}),
    ("POST /body/dict", {"json": {"a": "1"}}, {"a": 1}),
    ("GET /body/list", {"json": [1, "2"]}, [1, 2]),
    ("POST /body/dataclass", {"json": {"x": 1}}, {"x": 1, "y": 0}),
    ("POST /body/typed-dict", {"json": {"title": "t"}}, {"title": "t"}),
    ("POST /body/scalar", {"json": 3}, 3),
    ("POST /body/embedded", {"json": {"value": 3}}, 3),
    ("POST /body/union", {"json": [3]}, [3]),
    ("POST /body/union", {"json": {"name": "n", "price": 2}}, {"name": "n", "price": 2}),
    ("POST /form", {"data": {"value": "v"}}, "v"),
    ("POST /file", {"files": {"value": ("a.txt", b"abc")}}, ["a.txt", "abc"]),
    ("POST /file/bytes", {"files": {"value": ("a.txt", b"abc")}}, "abc"),
    ("POST /file/optional-list", {"files": [("value", ("a", b"1")), ("value", ("b", b"2"))]}, ["a", "b"]),
    ("POST /file/optional-list", {}, None),
]

REFUSALS: list[tuple[str, dict[str, Any], list[tuple[str, list[Any]]]]] = [
    ("GET /path/bare/x", {}, [("int_parsing", ["path", "value"])]),
    ("GET /path/annotated/2", {}, [("greater_than_equal", ["path", "value"])]),
    ("GET /path/default/4", {}, [("less_than_equal", ["path", "value"])]),
    ("GET /path/other-name/x", {}, [("int_parsing", ["path", "given"])]),
    ("GET /path/enum/green", {}, [("enum", ["path", "value"])]),
    ("GET /query/bare", {}, [("missing", ["query", "value"])]),
    ("GET /query/bare?value=", {}, [("int_parsing", ["query", "value"])]),
    ("GET /query/optional?value=", {}, [("int_parsing", ["query", "value"])]),
    ("GET /query/untyped", {}, [("missing", ["query", "value"])]),
    ("GET /query/annotated?value=1", {}, [("greater_than", ["query", "value"])]),
    ("GET /query/default?value=9", {}, [("less_than", ["query", "value"])]),
    ("GET /query/ellipsis", {}, [("missing", ["query", "value"])]),
    ("GET /query/field-metadata?value=2", {}, [("greater_than_equal", ["query", "value"])]),
    ("GET /query/alias-type?value=0", {}, [("greater_than_equal", ["query", "value"])]),
    ("GET /query/list?value=1&value=x", {}, [("int_parsing", ["query", "value", 1])]),
    ("GET /query/tuple?value=1", {}, [("missing", ["query", "value", 1])]),
    ("GET /query/json?value=[", {}, [("json_invalid", ["query", "value"])]),
    ("GET /query/pattern?value=a", {}, [("string_too_short", ["query", "value"])]),
    ("GET /query/pattern?value=abcd", {}, [("string_too_long", ["query", "value"])]),
    ("GET /query/pattern?value=bbb", {}, [("string_pattern_mismatch", ["query", "value"])]),
    ("GET /query/scalars?on=maybe&kind=c", {}, [("bool_parsing", ["query", "on"]), ("literal_error", ["query", "kind"])]),
    ("GET /header/annotated", {}, [("missing", ["header", "x-token"])]),
    ("GET /header/annotated", {"headers": {"x_token": "t"}}, [("missing", ["header", "x-token"])]),
    ("POST /body/model", {}, [("missing", ["body"])]),
    ("POST /body/model", {"json": {}}, [("missing", ["body", "name"])]),
    ("POST /body/model", {"json": []}, [("model_attributes_type", ["body"])]),
    ("POST /body/model", {"content": b"null", "headers": {"content-type": "application/json"}}, [("model_attributes_type", ["body"])]),
    ("POST /body/dict", {"json": {"a": "x"}}, [("int_parsing", ["body", "a"])]),
    ("GET /body/list", {}, [("missing", ["body"])]),
    ("POST /body/dataclass", {"json": {"x": "a"}}, [("int_parsing", ["body", "x"])]),
    ("POST /body/typed-dict", {"json": {}}, [("missing", ["body", "title"])]),
    ("POST /body/scalar", {"json": "x"}, [("int_parsing", ["body"])]),
    ("POST /body/embedded", {"json": 3}, [("missing", ["body", "value"])]),
    ("POST /body/embedded", {"json": {}}, [("missing", ["body", "value"])]),
    ("POST /form", {}, [("missing", ["body", "value"])]),
    ("POST /form", {"data": {"value": ""}}, [("missing", ["body", "value"])]),
    ("POST /file", {}, [("missing", ["body", "value"])]),
]


@each_framework
@pytest.mark.parametrize(("request_line", "options", "expected"), ANSWERS, ids=lambda value: str(value)[:50])
def test_a_value_is_found_where_its_declaration_says(web, request_line, options, expected):
    """Every style and location hands the endpoint the converted value."""
    assert answer(styles(web), request_line, **options) == (200, expected)


@each_framework
@pytest.mark.parametrize(("request_line", "options", "expected"), REFUSALS, ids=lambda value: str(value)[:50])
def test_a_value_that_does_not_fit_is_named_by_its_place_on_the_wire(web, request_line, options, expected):
    """A missing or wrong value is a 422 whose location is what the client knows."""
    assert errors(styles(web), request_line, **options) == expected
