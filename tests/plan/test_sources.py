"""Raw values are picked from path, query, headers and cookies by FastAPI's rules, for single parameters and models."""

import functools
from typing import Annotated, Any

import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field, Json

import typeway
from tests.frameworks import answer, application, each_framework
from typeway import Query


class Page(BaseModel):
    limit: int = Field(20, ge=1)
    tags: list[str] = []
    order: str = Field("id", alias="sort")
    other: int = Field(0, validation_alias=AliasChoices("one", "two"))


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    limit: int = 20


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    limit: int = 20


class ByName(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    limit: int = Field(20, alias="max")


class Nested(BaseModel):
    second: int = Field(0, validation_alias=AliasPath("n", 1))
    sizes: Json[list[int]] = Field(default="[]", validate_default=True)


class Agent(BaseModel):
    user_agent: str = "none"
    x_tags: list[str] = []
    literal: str = Field("none", alias="x_literal")


class Session(BaseModel):
    session: str
    theme: str = "light"


class Cat(BaseModel):
    meows: int


class Dog(BaseModel):
    barks: int


@functools.cache
def groups(web: Any) -> Any:  # one endpoint per kind of group
    """One endpoint per kind of parameter model."""
    app = web.FastAPI()

    @app.get("/query")
    def query(page: Annotated[Page, web.Query()]):
        return page.model_dump()

    @app.get("/optional")
    def optional(page: Annotated[Page | None, web.Query()] = None):
        return page and page.model_dump()

    @app.get("/required")
    def required(page: Annotated[Session | None, web.Query()]):
        return page and page.model_dump()

    @app.get("/strict")
    def strict(page: Annotated[Strict, web.Query()]):
        return page.model_dump()

    @app.get("/open")
    def opened(page: Annotated[Open, web.Query()]):
        return page.model_dump()

    @app.get("/optional-open")
    def optional_open(page: Annotated[Open | None, web.Query()] = None):
        return page and page.model_dump()

    @app.get("/by-name")
    def by_name(page: Annotated[ByName, web.Query()]):
        return page.model_dump()

    @app.get("/nested")
    def nested(page: Annotated[Nested, web.Query()]):
        return page.model_dump()

    @app.get("/beside")
    def beside(page: Annotated[Page, web.Query()], q: int = 1):
        return [page.limit, q]

    @app.get("/strict-beside")
    def strict_beside(page: Annotated[Strict, web.Query()], q: int = 1):
        return [page.limit, q]

    @app.get("/two")
    def two(page: Annotated[Page, web.Query()], session: Annotated[Session, web.Query()]):
        return [page.limit, session.session]

    @app.get("/header")
    def header(agent: Annotated[Agent, web.Header()]):
        return agent.model_dump()

    @app.get("/header-literal")
    def header_literal(agent: Annotated[Agent, web.Header(convert_underscores=False)]):
        return agent.model_dump()

    @app.get("/cookie")
    def cookie(session: Annotated[Session, web.Cookie()]):
        return session.model_dump()

    def page_below(page: Annotated[Page, web.Query()]):
        return page.limit

    @app.get("/below")
    def below(limit: Annotated[int, web.Depends(page_below)], session: Annotated[Session, web.Cookie()]):
        return [limit, session.session]

    return app


PAGE = {"limit": 20, "tags": [], "order": "id", "other": 0}
AGENT = {"user_agent": "testclient", "x_tags": [], "literal": "none"}

GROUPS: list[tuple[str, dict[str, Any], int, Any]] = [
    ("GET /query", {}, 200, PAGE),
    (
        "GET /query?limit=3&tags=a&tags=b&sort=x&two=5",
        {},
        200,
        {"limit": 3, "tags": ["a", "b"], "order": "x", "other": 5},
    ),
    ("GET /query?limit=3&limit=4&order=ignored&unknown=1", {}, 200, {**PAGE, "limit": 4}),
    ("GET /query?one=1&two=2", {}, 200, {**PAGE, "other": 1}),
    ("GET /query?limit=0", {}, 422, [("greater_than_equal", ["query", "limit"], "0")]),
    ("GET /query?sort=&limit=", {}, 422, [("int_parsing", ["query", "limit"], "")]),
    ("GET /optional", {}, 200, None),
    ("GET /optional?unknown=1", {}, 200, None),
    ("GET /optional?limit=2", {}, 200, {**PAGE, "limit": 2}),
    ("GET /optional?limit=x", {}, 422, [("int_parsing", ["query", "limit"], "x")]),
    ("GET /required?session=s", {}, 200, {"session": "s", "theme": "light"}),
    ("GET /strict?limit=2", {}, 200, {"limit": 2}),
    ("GET /strict?limit=2&more=1", {}, 422, [("extra_forbidden", ["query", "more"], "1")]),
    ("GET /open?limit=2&more=1&more=2&other=3", {}, 200, {"limit": 2, "more": ["1", "2"], "other": "3"}),
    ("GET /optional-open", {}, 200, None),
    ("GET /optional-open?more=1", {}, 200, {"limit": 20, "more": "1"}),
    ("GET /by-name?max=2", {}, 200, {"limit": 2}),
    ("GET /by-name?limit=2", {}, 200, {"limit": 2}),
    ("GET /by-name?limit=2&max=3", {}, 200, {"limit": 3}),
    ("GET /by-name?limit=x", {}, 422, [("int_parsing", ["query", "limit"], "x")]),
    ("GET /nested?n=1&n=2&sizes=[1,2]", {}, 200, {"second": 2, "sizes": [1, 2]}),
    ("GET /nested?n=1", {}, 200, {"second": 0, "sizes": []}),
    ("GET /beside?limit=2&q=3", {}, 200, [2, 3]),
    (
        "GET /beside?limit=x&q=y",
        {},
        422,
        [("int_parsing", ["query", "limit"], "x"), ("int_parsing", ["query", "q"], "y")],
    ),
    ("GET /strict-beside?limit=2&q=3", {}, 422, [("extra_forbidden", ["query", "q"], "3")]),
    ("GET /two?limit=2&session=s", {}, 200, [2, "s"]),
    ("GET /two?limit=2", {}, 422, [("missing", ["query", "session"], {"limit": "2"})]),
    ("GET /header", {}, 200, AGENT),
    ("GET /header", {"headers": [("X-Tags", "a"), ("x-tags", "b")]}, 200, {**AGENT, "x_tags": ["a", "b"]}),
    ("GET /header", {"headers": {"x_tags": "a", "x_literal": "l"}}, 200, {**AGENT, "literal": "l"}),
    ("GET /header-literal", {"headers": {"x_tags": "a"}}, 200, {**AGENT, "user_agent": "none", "x_tags": ["a"]}),
    ("GET /cookie", {"headers": {"cookie": "session=s; theme=dark"}}, 200, {"session": "s", "theme": "dark"}),
    (
        "GET /cookie",
        {"headers": {"cookie": "theme=dark"}},
        422,
        [("missing", ["cookie", "session"], {"theme": "dark"})],
    ),
    ("GET /cookie", {}, 422, [("missing", ["cookie", "session"], {})]),
    ("GET /below?limit=3", {"headers": {"cookie": "session=s"}}, 200, [3, "s"]),
]


@each_framework
@pytest.mark.parametrize(("request_line", "options", "status", "expected"), GROUPS, ids=lambda value: str(value)[:40])
def test_a_models_fields_are_parameters(web, request_line, options, status, expected):
    """A model as a group of parameters receives its fields by their names on the wire, and all else if it wants it."""
    found, body = answer(groups(web), request_line, **options)
    if status == 422:
        body = [(error["type"], error["loc"], error.get("input")) for error in body["detail"]]
    assert (found, body) == (status, expected)


@each_framework
def test_a_strict_header_model_refuses_every_other_header(web):
    """`extra="forbid"` counts for all headers, those that every client sends too."""

    @application(web)
    def read(page: Annotated[Strict, web.Header()]):
        return page

    status, body = answer(read, "GET /")
    assert status == 422
    assert {error["loc"][1] for error in body["detail"]} >= {"host", "user-agent", "accept"}


@each_framework
def test_a_query_parameter_cannot_fill_a_header(web):
    """A value is only looked for where it is declared, whatever stands elsewhere under its name."""

    @application(web, path="/{key}")
    def read(
        key: str,
        authorization: Annotated[str, web.Header()] = "none",
        session: Annotated[str, web.Cookie()] = "none",
        q: str = "none",
    ):
        return [key, authorization, session, q]

    headers = {"q": "header", "session": "header", "cookie": "authorization=cookie"}
    assert answer(read, "GET /k?authorization=query&session=query&key=query", headers=headers) == (
        200,
        ["k", "none", "none", "none"],
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("a=1&b=2", [["1"], "2"]),
        ("a=1&a=2&b=3&b=4", [["1", "2"], "4"]),
        ("a=x%20y&b=%C3%A9+%26", [["x y"], "é &"]),
        ("a&b=", [[""], ""]),
        ("&&a=1&&b==2&", [["1"], "=2"]),
        ("a=1;b=2&b=3", [["1;b=2"], "3"]),
        ("a=%zz&b=%ff", [["%zz"], "\ufffd"]),
    ],
)
@each_framework
def test_query_strings_are_read_as_browsers_write_them(web, query, expected):
    """Repeats, percent-encoding, plus signs, empty parts and stray separators mean the same as in FastAPI."""

    @application(web)
    def read(a: Annotated[list[str], web.Query()], b: str):
        return [a, b]

    assert answer(read, f"GET /?{query}") == (200, expected)


@each_framework
def test_of_several_headers_each_is_picked(web):
    """Two header parameters are read from one request, of a repeated header the first value, absent ones by default."""

    @application(web)
    def read(
        first: Annotated[str, web.Header()],
        x_second: Annotated[int, web.Header()],
        third: Annotated[str, web.Header()] = "none",
    ):
        return [first, x_second, third]

    headers = [("First", "a"), ("X-Second", "2"), ("first", "b")]
    assert answer(read, "GET /", headers=headers) == (200, ["a", 2, "none"])


@each_framework
@pytest.mark.parametrize(
    ("marker", "sent"),
    [
        ("Body", {"json": {"y": "1", "b": "2"}}),
        ("Body", {"json": {"x": "1", "y": "3", "b": "2"}}),
        ("Form", {"data": {"y": "1", "b": "2"}}),
    ],
)
def test_members_of_a_body_are_found_by_any_alias(web, marker, sent):
    """The first alias that the body has counts, in JSON as in a form."""
    mark = getattr(web, marker)

    @application(web, method="POST")
    def read(a: Annotated[str, mark(validation_alias=AliasChoices("x", "y"))], b: Annotated[str, mark()]):
        return [a, b]

    assert answer(read, "POST /", **sent) == (200, ["1", "2"])


def test_a_union_of_models_is_a_group_too():
    """Where several models may stand for the parameters, the one that fits is built."""

    @application(typeway)
    def read(pet: Annotated[Cat | Dog, Query()]):
        return pet

    assert answer(read, "GET /?barks=3") == (200, {"barks": 3})
    assert answer(read, "GET /?meows=3") == (200, {"meows": 3})


def test_names_of_any_kind_can_be_parameters():
    """Names that Pydantic keeps for itself in models are fine as parameters."""

    @application(typeway)
    def read(model_config: int, _private: int, json: Annotated[int, Query(alias="a.b[]")], self: int = 4):
        return [model_config, _private, json, self]

    assert answer(read, "GET /?model_config=1&_private=2&a.b[]=3") == (200, [1, 2, 3, 4])


@each_framework
def test_an_alias_that_leads_nowhere_switches_the_others_off(web):
    """`AliasPath` is for fields of models: where one is among a parameter's aliases, only its plain name counts."""
    app = web.FastAPI()

    @app.get("/")
    def read(x: Annotated[int, web.Query(validation_alias=AliasChoices("u", AliasPath("v")))] = 0):
        return x

    assert answer(app, "GET /?x=5&u=6&v=7") == (200, 5)
