"""Where each parameter's value comes from, in every style of declaring it, as in FastAPI."""

import enum
import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import fastapi
import pytest
from pydantic import BaseModel, BeforeValidator, Field, Json
from starlette.requests import HTTPConnection
from typing_extensions import TypeAliasType, TypedDict

import typeway
from tests.frameworks import answer, application, ask, each_framework, errors
from typeway import Depends, Header, Query, Typeway
from typeway.compat.shapes.application import FastAPI as CompatFastAPI
from typeway.exceptions import DeclarationError


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
def styles(web: Any) -> Any:  # one endpoint per style
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
    def query_last(value: Annotated[str, web.Query(alias="other"), web.Query(alias="value")] = "none"):
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
    ("POST /body/dict", {"json": {"a": 1}}, {"a": 1}),
    ("GET /body/list", {"json": [1, 2]}, [1, 2]),
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
    (
        "GET /query/scalars?on=maybe&kind=c",
        {},
        [("bool_parsing", ["query", "on"]), ("literal_error", ["query", "kind"])],
    ),
    ("GET /header/annotated", {}, [("missing", ["header", "x-token"])]),
    ("GET /header/annotated", {"headers": {"x_token": "t"}}, [("missing", ["header", "x-token"])]),
    ("POST /body/model", {}, [("missing", ["body"])]),
    ("POST /body/model", {"json": {}}, [("missing", ["body", "name"])]),
    ("POST /body/model", {"json": []}, [("model_attributes_type", ["body"])]),
    (
        "POST /body/model",
        {"content": b"null", "headers": {"content-type": "application/json"}},
        [("model_attributes_type", ["body"])],
    ),
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


# --- what the type alone says -----------------------------------------------------------------------------------


@each_framework
def test_objects_of_the_request_are_injected_by_their_type(web):
    """Request, Response, HTTPConnection and BackgroundTasks arrive under any name, at any depth, subclasses too."""

    class OwnRequest(web.Request):
        pass

    def below(request: web.Request, connection: HTTPConnection):
        return [request is connection, request.url.path]

    @application(web)
    def read(
        own: OwnRequest,
        answer: web.Response,
        tasks: web.BackgroundTasks,
        inner: Annotated[list, web.Depends(below)],
    ):
        answer.headers["x-seen"] = type(tasks).__name__
        return [own.url.path, *inner]

    response = ask(read, "GET /")
    assert (response.json(), response.headers["x-seen"]) == (["/", True, "/"], "BackgroundTasks")


@each_framework
def test_what_only_a_dependency_knows_about_the_path_is_a_path_parameter_there_too(web):
    """A dependency's parameter that is named in the route's path is read from the path."""

    def find(item_id: int):
        return item_id * 2

    @application(web, path="/items/{item_id}")
    def read(item_id: str, found: Annotated[int, web.Depends(find)]):
        return [item_id, found]

    assert answer(read, "GET /items/4") == (200, ["4", 8])
    assert errors(read, "GET /items/x") == [("int_parsing", ["path", "item_id"])]


@each_framework
def test_a_dependency_may_have_a_default_that_is_never_used(web):
    """`db: Annotated[Session, Depends(get_db)] = None` is a dependency, whatever its default says."""

    class Session:
        name = "session"

    def get_db():
        return Session()

    @application(web)
    def read(db: Annotated[Session, web.Depends(get_db)] = None):
        return db.name

    assert answer(read, "GET /") == (200, "session")


@each_framework
def test_depends_alone_takes_the_annotation(web):
    """`Depends()` without a callable constructs the parameter's own class."""

    class Page:
        def __init__(self, offset: int = 0, limit: int = 10):
            self.bounds = [offset, limit]

    @application(web)
    def read(one: Annotated[Page, web.Depends()], two: Page = web.Depends()):
        return [one.bounds, two.bounds, one is two]

    assert answer(read, "GET /?offset=3") == (200, [[3, 10], [3, 10], True])


@each_framework
def test_a_marker_inside_a_dependency_sees_the_same_request(web):
    """Headers, cookies and bodies of dependencies come from the one request."""

    def token(x_token: Annotated[str, web.Header()], session: Annotated[str, web.Cookie()] = "none"):
        return [x_token, session]

    def body(item: Item):
        return item.name

    @application(web, method="POST")
    def create(item: Item, who: Annotated[list, web.Depends(token)], name: Annotated[str, web.Depends(body)]):
        return [item.name, name, *who]

    headers = {"x-token": "t", "cookie": "session=s"}
    assert answer(create, "POST /", json={"name": "n"}, headers=headers) == (200, ["n", "n", "t", "s"])


@each_framework
def test_a_header_or_cookie_may_be_of_any_type_that_a_validator_makes(web):
    """Strings that a validator turns into a mapping or a dataclass are fine as headers and cookies."""
    parsed = BeforeValidator(json.loads)

    @application(web)
    def read(sizes: Annotated[dict[str, int], parsed, web.Header()], at: Annotated[Point, parsed, web.Cookie()]):
        return [sizes, at]

    headers = {"sizes": '{"a":1}', "cookie": 'at={"x":2}'}
    assert answer(read, "GET /", headers=headers) == (200, [{"a": 1}, {"x": 2, "y": 0}])


@each_framework
def test_a_plain_field_beside_or_instead_of_a_marker_adds_what_it_says(web):
    """`Field()` in Annotated adds bounds, names and a default factory to the parameter, marked or not."""

    @application(web)
    def read(
        four: Annotated[int, Field(default_factory=lambda: 4)],
        one: Annotated[int, Field(alias="uno", ge=1)] = 3,
        two: Annotated[int, Field(alias="due", ge=1), web.Query(le=4)] = 3,
        three: Annotated[int, web.Query(alias="other"), Field(validation_alias="tre")] = 3,
        five: Annotated[Annotated[int, Field(ge=2)] | None, web.Query(le=4)] = None,
    ):
        return [one, two, three, four, five]

    assert answer(read, "GET /") == (200, [3, 3, 3, 4, None])
    assert answer(read, "GET /?uno=1&due=2&tre=5&four=1&five=2") == (200, [1, 2, 5, 1, 2])
    assert answer(read, "GET /?one=1&two=2&other=5") == (200, [3, 3, 3, 4, None])
    assert errors(read, "GET /?uno=0&due=5&five=1") == [
        ("greater_than_equal", ["query", "uno"]),
        ("less_than_equal", ["query", "due"]),
        ("greater_than_equal", ["query", "five"]),
    ]


@each_framework
def test_a_dependency_in_annotated_beats_a_marker_as_default(web):
    """Where Annotated holds a dependency, a marker as the default changes nothing."""

    @application(web)
    def read(
        value: Annotated[int, web.Depends(lambda: 0), web.Depends(lambda: 1)],
        other: Annotated[int, web.Depends(lambda: 2)] = web.Query(3),
    ):
        return [value, other]

    assert answer(read, "GET /?value=7&other=8") == (200, [1, 2])


@each_framework
def test_an_object_of_the_request_may_come_from_a_dependency(web):
    """A parameter of type Request that is marked as a dependency receives what the dependency returns."""

    def own(request: web.Request):
        return web.Request({**request.scope, "path": "/own"})

    @application(web)
    def read(request: Annotated[web.Request, web.Depends(own)]):
        return request.url.path

    assert answer(read, "GET /") == (200, "/own")


# --- our own addition -------------------------------------------------------------------------------------------


def test_a_plain_field_as_default_describes_an_inferred_parameter():
    """`limit: int = Field(default=20, ge=1)` is a query parameter; in the path, for a body or a file it is that."""
    app = Typeway()

    @app.post("/{key}")
    def read(
        key: int = Field(ge=1),
        limit: int = Field(default=20, ge=1, le=100, alias="max"),
        words: list[str] = Field(default_factory=lambda: ["a"]),
        item: Item = Field(description="the item"),
    ):
        return [key, limit, words, item.name]

    body = {"item": {"name": "n"}}
    assert answer(app, "POST /1", json=body) == (200, [1, 20, ["a"], "n"])
    assert answer(app, "POST /1?max=3", json=body | {"words": ["x"]}) == (200, [1, 3, ["x"], "n"])
    assert errors(app, "POST /0?max=101", json={}) == [
        ("greater_than_equal", ["path", "key"]),
        ("less_than_equal", ["query", "max"]),
        ("missing", ["body", "item"]),
    ]


def test_a_plain_field_in_annotated_may_hold_the_default():
    """`Annotated[int, Field(default=4)]` means that default, as in Pydantic; FastAPI ignores it."""

    @application(typeway)
    def ours(limit: Annotated[int, Field(default=4, ge=1)], other: Annotated[int, Field(default=4)] = 5):
        return [limit, other]

    @application(fastapi)
    def theirs(limit: Annotated[int, Field(default=4, ge=1)]):
        return limit

    assert answer(ours, "GET /") == (200, [4, 5])
    assert answer(ours, "GET /?limit=1&other=2") == (200, [1, 2])
    assert errors(ours, "GET /?limit=0") == [("greater_than_equal", ["query", "limit"])]
    assert errors(theirs, "GET /") == [("missing", ["query", "limit"])]


def test_an_object_of_the_request_may_be_optional_and_asked_for_twice():
    """`Request | None` is a Request, and every parameter of its type receives it."""

    @application(typeway)
    def read(one: typeway.Request, request: typeway.Request | None = None):
        return one is request

    assert answer(read, "GET /") == (200, True)


def test_json_in_a_parameter_may_hold_anything():
    """A parameter that is one string of JSON may hold a mapping or a model, since it is one string on the wire."""
    app = Typeway()

    @app.get("/")
    def read(
        sizes: Annotated[Json[dict[str, int]], Query()],
        item: Annotated[Json[Item], Header()],
        words: Annotated[Json[list[str]], Query()] = ["none"],  # noqa: B006  # each request gets its own copy
    ):
        return [sizes, item, words]

    assert answer(app, 'GET /?sizes={"a":1}', headers={"item": '{"name":"n"}'}) == (
        200,
        [{"a": 1}, {"name": "n", "price": 1.0}, ["none"]],
    )


# --- what cannot be meant ---------------------------------------------------------------------------------------


def list_in_path(web):
    def read(value: list[int]): ...

    return read


def marker_beside_marker(web):
    def read(value: Annotated[int, web.Query()] = web.Header(3)): ...

    return read


def depends_beside_depends(web):
    def read(value: Annotated[int, web.Depends(lambda: 1)] = web.Depends(lambda: 2)): ...

    return read


def marker_beside_depends(web):
    def read(value: Annotated[int, web.Query()] = web.Depends(lambda: 2)): ...

    return read


def default_inside_annotated(web):
    def read(value: Annotated[int, web.Query(3)]): ...

    return read


def default_for_path(web):
    def read(value: Annotated[int, web.Path()] = 3): ...

    return read


def query_in_path(web):
    def read(value: Annotated[int, web.Query()]): ...

    return read


def dict_in_query(web):
    def read(other: Annotated[dict[str, int], web.Query()]): ...

    return read


def list_of_models_in_query(web):
    def read(other: Annotated[list[Item], web.Query()]): ...

    return read


def marked_request(web):
    def read(request: Annotated[web.Request, web.Query()]): ...

    return read


def marked_response(web):
    def read(response: Annotated[web.Response, web.Body()] = None): ...

    return read


def unknown_type(web):
    class Unknown: ...

    def read(value: Unknown): ...

    return read


def a_dict_for_a_type(web):
    def read(value: {1: str}): ...

    return read


def unknown_type_inside(web):
    class Unknown: ...

    def read(other: dict[str, Unknown]): ...

    return read


def default_and_field_factory(web):
    def read(other: Annotated[int, Field(default_factory=int)] = 3): ...

    return read


def default_and_factory(web):
    def read(other: Annotated[int, web.Query(default_factory=int)] = 3): ...

    return read


def dependency_is_a_number(web):
    def read(other: Annotated[int, web.Depends(3)]): ...

    return read


MISTAKES: list[tuple[Any, str]] = [
    (list_in_path, "Path params must be of one of the supported types"),
    (marker_beside_marker, "in `Annotated` and `Header` as"),
    (depends_beside_depends, "Cannot specify `Depends` in `Annotated` and default value together for 'value'"),
    (marker_beside_depends, "together for 'value'"),
    (default_inside_annotated, "`Query` default value cannot be set in `Annotated` for 'value'"),
    (default_for_path, "Path parameters cannot have a default value"),
    (query_in_path, "Cannot use `Query` for path param 'value'"),
    (dict_in_query, "Query parameter 'other' must be one of the supported types"),
    (list_of_models_in_query, "Query parameter 'other' must be one of the supported types"),
    (marked_request, "Cannot specify `Query` for type"),
    (marked_response, "Cannot specify `Body` for type"),
    (default_and_field_factory, "'other' has both a default and a default_factory."),
    (default_and_factory, "'other' has both a default and a default_factory."),
    (dependency_is_a_number, "a dependency must be callable, not 3."),
    (unknown_type, "is not a type that Pydantic can validate"),
    (unknown_type_inside, "is not a type that Pydantic can validate"),
]
# FastAPI raises an AttributeError here: it asks a dict for the module of its class.
OURS = [(a_dict_for_a_type, "is not a type that Pydantic can validate")]


@pytest.mark.parametrize(("declare", "message"), MISTAKES + OURS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_contradiction_is_refused_at_the_authors_own_line(declare, message):
    """The error is raised at the decorator, names the endpoint's file and line, and says what is wrong and how to fix it."""
    endpoint = declare(typeway)
    with pytest.raises(DeclarationError) as caught:
        Typeway().get("/{value}")(endpoint)
    assert message in caught.value.message
    assert caught.value.where == f"{__file__}:{endpoint.__code__.co_firstlineno}"
    assert str(caught.value).startswith(f"{caught.value.where}: ")
    assert "Hint: " in str(caught.value)


@pytest.mark.parametrize("declare", [declare for declare, _ in MISTAKES], ids=lambda value: value.__name__)
def test_a_contradiction_can_be_caught_as_what_fastapi_raises(declare):
    """Code that catches FastAPI's exception for the same mistake catches ours."""
    with pytest.raises(Exception) as theirs:  # whatever it is, ours is compared with it
        fastapi.FastAPI().get("/{value}")(declare(fastapi))
    with pytest.raises(DeclarationError) as ours:
        Typeway().get("/{value}")(declare(typeway))
    known = {fastapi.exceptions.FastAPIError: RuntimeError}
    assert isinstance(ours.value, known.get(theirs.type, theirs.type))


def test_compat_mode_refuses_a_plain_field_as_default():
    """With FastAPI's conventions `limit: int = Field(20)` is refused, in FastAPI's words and with a hint."""

    def read(limit: int = Field(20)): ...

    with pytest.raises(AssertionError, match="non-body parameters must be in path, query, header or cookie: limit"):
        fastapi.FastAPI().get("/")(read)
    with pytest.raises(DeclarationError, match=r"non-body parameters must be in path.*limit.*Use Query") as caught:
        CompatFastAPI().get("/")(read)
    assert isinstance(caught.value, AssertionError)
    assert caught.value.where == f"{__file__}:{read.__code__.co_firstlineno}"


def test_a_mistake_in_a_dependency_names_the_dependency():
    """An error in a dependency's signature points at the dependency's line, not at the endpoint's."""

    def find(sizes: Annotated[dict[str, int], Query()]): ...

    with pytest.raises(DeclarationError) as caught:
        Typeway().get("/")(lambda found=Depends(find): found)
    assert caught.value.where == f"{__file__}:{find.__code__.co_firstlineno}"
