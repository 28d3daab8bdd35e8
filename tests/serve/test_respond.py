"""What an endpoint returns becomes an answer: checked against its model, filtered to it, in the class that was asked for."""

import datetime as dt
import enum
import functools
import http
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Generic, Self, TypeVar

import fastapi
import pytest
from pydantic import BaseModel, ConfigDict, Field, computed_field, field_serializer, model_validator
from starlette.background import BackgroundTask
from typing_extensions import TypedDict

import typeway
from tests.frameworks import answer, application, ask, client, each_framework
from typeway import Response, Typeway
from typeway.exceptions import DeclarationError, ResponseValidationError
from typeway.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, StreamingResponse

Content = TypeVar("Content")


class Public(BaseModel):
    name: str
    price: float = 1.5
    note: str | None = None


class Private(Public):
    password: str = "secret"


class Nested(BaseModel):
    owner: Public
    others: list[Public] = []


class PrivateNested(Nested):
    owner: Private


class Aliased(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    full_name: str = Field(alias="fullName")
    shown: str = Field("s", serialization_alias="Shown")


class Computed(BaseModel):
    side: int

    @computed_field
    def area(self) -> int:
        return self.side**2

    @field_serializer("side")
    def as_text(self, side: int) -> str:
        return f"{side} m"


class Page(BaseModel, Generic[Content]):
    content: list[Content]


@dataclass
class Point:
    x: int
    y: int = 0


class Movie(TypedDict):
    title: str


class Orm:
    """An object with attributes, as object-relational mappers return them."""

    name = "orm"
    price = 2.0
    note = None
    password = "secret"


class Status(enum.IntEnum):
    CREATED = 201


# --- models -----------------------------------------------------------------------------------------------------

PRIVATE = Private(name="n", password="hidden")
PUBLIC = {"name": "n", "price": 1.5, "note": None}

RETURNS: list[tuple[Any, Any, Any]] = [
    (Public, {"name": "n", "more": 1}, PUBLIC),
    (Public, PRIVATE, PUBLIC),
    (Public, Orm(), {"name": "orm", "price": 2.0, "note": None}),
    (Private, PRIVATE, {**PUBLIC, "password": "hidden"}),
    (list[Public], [PRIVATE, {"name": "o"}], [PUBLIC, {**PUBLIC, "name": "o"}]),
    (dict[str, Public], {"a": PRIVATE}, {"a": PUBLIC}),
    (Nested, PrivateNested(owner=PRIVATE, others=[PRIVATE]), {"owner": PUBLIC, "others": [PUBLIC]}),
    (Page[Public], Page[Private](content=[PRIVATE]), {"content": [PUBLIC]}),
    (Public | None, None, None),
    (Public | Movie, {"title": "t"}, {"title": "t"}),
    (Point, Point(1), {"x": 1, "y": 0}),
    (Point, {"x": "1"}, {"x": 1, "y": 0}),
    (list[Point], [Point(1)], [{"x": 1, "y": 0}]),
    (Movie, {"title": "t", "more": 1}, {"title": "t"}),
    (Aliased, Aliased(full_name="n"), {"fullName": "n", "Shown": "s"}),
    (Computed, Computed(side=3), {"side": "3 m", "area": 9}),
    (int, "3", 3),
    (str, "é", "é"),
    (list[int], ("1", 2), [1, 2]),
    (dict[str, Decimal], {"a": Decimal("1.50")}, {"a": "1.50"}),
    (dt.timedelta, dt.timedelta(seconds=90), "PT1M30S"),
    (float, float("nan"), None),
    (Any, {"a": Decimal("1.5")}, {"a": "1.5"}),
    (None, {"a": Decimal("1.5"), "_sa_state": 1, "p": Public(name="n")}, {"a": 1.5, "p": PUBLIC}),
    (None, PRIVATE, {**PUBLIC, "password": "hidden"}),
    (None, dt.timedelta(seconds=90), 90.0),
    (None, None, None),
]


@each_framework
@pytest.mark.parametrize("is_async", [True, False], ids=["async", "def"])
@pytest.mark.parametrize(("model", "returned", "expected"), RETURNS, ids=lambda value: str(value)[:30])
def test_an_answer_is_what_its_model_declares(web, is_async, model, returned, expected):
    """Results are validated and filtered to the model, nested and in lists; without a model the encoder's rules hold."""

    def read():
        return returned

    async def read_async():
        return returned

    app = application(web, response_model=model)(read_async if is_async else read)
    assert answer(app, "GET /") == (200, expected)


@each_framework
def test_the_annotation_is_the_model_unless_the_option_says_otherwise(web):
    """The return annotation counts, `response_model` counts more, and None switches both off."""
    app = web.FastAPI()

    @app.get("/annotation")
    def annotation() -> Public:
        return PRIVATE

    @app.get("/option", response_model=Public)
    def option() -> Any:
        return PRIVATE

    @app.get("/both", response_model=Private)
    def both() -> Public:
        return PRIVATE

    @app.get("/off", response_model=None)
    def off() -> Public:
        return PRIVATE

    @app.get("/nothing")
    def nothing() -> None:
        return None

    hidden = {**PUBLIC, "password": "hidden"}
    assert [answer(app, f"GET /{path}")[1] for path in ("annotation", "option", "both", "off", "nothing")] == [
        PUBLIC,
        PUBLIC,
        hidden,
        hidden,
        None,
    ]


class Options(BaseModel):
    name: str
    other: str | None = None
    nested: Public | None = None


@each_framework
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"response_model_include": {"name"}}, {"name": "n"}),
        ({"response_model_include": ["name", "other"]}, {"name": "n", "other": None}),
        ({"response_model_exclude": {"nested"}}, {"name": "n", "other": None}),
        (
            {"response_model_exclude": {"nested": {"price", "note"}}},
            {"name": "n", "other": None, "nested": {"name": "m"}},
        ),
        ({"response_model_include": {"nested": {"name"}}}, {"nested": {"name": "m"}}),
        ({"response_model_exclude_unset": True}, {"name": "n", "nested": {"name": "m", "price": 1.5}}),
        ({"response_model_exclude_defaults": True}, {"name": "n", "nested": {"name": "m"}}),
        ({"response_model_exclude_none": True}, {"name": "n", "nested": {"name": "m", "price": 1.5}}),
        ({}, {"name": "n", "other": None, "nested": {"name": "m", "price": 1.5, "note": None}}),
    ],
)
@pytest.mark.parametrize("response_class", [None, JSONResponse])
def test_fields_can_be_left_out(web, options, expected, response_class):
    """Include, exclude, unset, defaults and none work as in Pydantic, with an explicit response class too."""
    chosen = {} if response_class is None else {"response_class": response_class}

    @application(web, response_model=Options, **options, **chosen)
    def read():
        return Options(name="n", nested=Public(name="m", price=1.5))

    assert answer(read, "GET /") == (200, expected)


@each_framework
def test_aliases_can_be_switched_off(web):
    """`response_model_by_alias=False` answers with the fields' own names."""

    @application(web, response_model=Aliased, response_model_by_alias=False)
    def read():
        return Aliased(full_name="n")

    assert answer(read, "GET /") == (200, {"full_name": "n", "shown": "s"})


@each_framework
@pytest.mark.parametrize("is_async", [True, False])
@pytest.mark.parametrize(
    ("model", "returned"), [(Public, {"password": "leak"}), (int, "leak"), (list[Public], "leak"), (Public, None)]
)
def test_an_answer_that_does_not_fit_is_a_500_that_leaks_nothing(web, is_async, model, returned):
    """A result that contradicts its model never reaches the client, nor does what is wrong with it."""

    async def read_async():
        return returned

    app = application(web, response_model=model)(read_async if is_async else lambda: returned)
    response = ask(app, "GET /")
    assert response.status_code == 500
    assert "leak" not in response.text
    assert "password" not in response.text


class Rechecked(BaseModel):
    model_config = ConfigDict(revalidate_instances="always")
    price: float


class Counted(BaseModel):
    price: float
    _checks: int = 0

    @model_validator(mode="after")
    def count(self) -> Self:
        self._checks += 1
        return self

    @computed_field
    def checks(self) -> int:
        return self._checks


class Recursive(BaseModel):
    price: float
    next: "Recursive | None" = None


def unchecked(model: type[BaseModel]) -> Any:
    """A valid instance, whose value has become wrong since."""
    instance: Any = model(price=1)
    vars(instance)["price"] = "no number"
    return instance


@each_framework
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@pytest.mark.parametrize(
    ("model", "make", "expected"),
    [
        (Public, lambda: Public(name="a"), (200, {"name": "a", "price": 1.5, "note": None})),
        # The author's own instance is believed, unless its model says otherwise.
        (Recursive, lambda: unchecked(Recursive), (200, {"price": "no number", "next": None})),
        (Counted, lambda: unchecked(Counted), (200, {"price": "no number", "checks": 2})),
        (Rechecked, lambda: unchecked(Rechecked), (500, None)),
        (Public, lambda: Private(name="a"), (200, {"name": "a", "price": 1.5, "note": None})),
        (Public | None, lambda: Public(name="a"), (200, {"name": "a", "price": 1.5, "note": None})),
    ],
    ids=["plain", "recursive", "validator", "revalidated", "subclass", "optional"],
)
def test_an_instance_of_the_declared_model_is_checked_as_its_model_says(web, model, make, expected):
    """What the model wants to happen to its own instances happens, once, and nothing else."""
    app = application(web, response_model=model)(make)
    status, body = answer(app, "GET /")
    assert (status, body if status == 200 else None) == expected


def test_the_log_says_which_endpoint_answered_wrongly():
    """A ResponseValidationError names the errors' places, the endpoint's file and line, its function and path."""

    @application(typeway, path="/items/{key}")
    def read_item(key: str) -> Public:
        return {"price": "x"}

    with pytest.raises(ResponseValidationError) as caught:
        client(read_item, raise_server_exceptions=True).get("/items/3")
    error = caught.value
    assert [entry["loc"] for entry in error.errors()] == [("response", "name"), ("response", "price")]
    assert error.body == {"price": "x"}
    assert (error.endpoint_file, error.endpoint_function) == (__file__, "read_item")
    assert str(error).endswith(f'File "{__file__}", line {error.endpoint_line}, in read_item\n    GET /items/{{key}}')


# --- status -----------------------------------------------------------------------------------------------------


@each_framework
@pytest.mark.parametrize("status", [201, Status.CREATED, http.HTTPStatus.CREATED])
def test_the_status_is_a_number_however_it_is_said(web, status):
    """Plain ints and enums of them are statuses; what is sent is a plain int."""

    @application(web, status_code=status)
    def read():
        return "ok"

    sent = []

    async def watched(scope, receive, send):
        async def note(message):
            sent.append(message)
            await send(message)

        await read(scope, receive, note)

    assert answer(watched, "GET /") == (201, "ok")
    assert web is not typeway or type(sent[0]["status"]) is int


@each_framework
@pytest.mark.parametrize("status", [204, 205, 304])
@pytest.mark.parametrize("returned", [None, {"a": 1}])
def test_some_statuses_have_no_body(web, status, returned):
    """With 204, 205 and 304 nothing of a result is sent, and no length of anything."""

    @application(web, status_code=status)
    def read():
        return returned

    response = ask(read, "GET /")
    assert (response.status_code, response.content) == (status, b"")
    if (web, status) != (fastapi, 205):  # which announces a length that it does not send
        assert response.headers.get("content-length", "0") == "0"


@each_framework
@pytest.mark.parametrize("status", [204, 304, 100])
def test_a_model_for_a_status_without_a_body_is_refused(web, status):
    """A response model together with a bodiless status is a mistake, an annotation of None is none."""

    def read() -> int:
        return 1

    def nothing() -> None: ...

    with pytest.raises(AssertionError, match="must not have a response body"):
        web.FastAPI().get("/", status_code=status)(read)
    web.FastAPI().get("/", status_code=status)(nothing)
    web.FastAPI().get("/", status_code=status, response_model=None)(read)


# --- response classes -------------------------------------------------------------------------------------------


class Shouting(JSONResponse):
    media_type = "application/shout+json"

    def render(self, content: Any) -> bytes:
        return super().render(content).upper()


class Teapot(PlainTextResponse):
    def __init__(self, content: Any = None, status_code: int = 418, **options: Any) -> None:
        super().__init__(content, status_code, **options)


@functools.cache
def classes(web: Any) -> Any:
    """One endpoint per response class."""
    app = web.FastAPI(default_response_class=JSONResponse)

    @app.get("/json")
    def json():
        return {"a": "é"}

    @app.get("/html", response_class=HTMLResponse)
    def html():
        return "<p>é</p>"

    @app.get("/text", response_class=PlainTextResponse)
    async def text():
        return "é"

    @app.get("/redirect", response_class=RedirectResponse)
    def redirect():
        return "/json"

    @app.get("/redirect-status", response_class=RedirectResponse, status_code=302)
    def redirect_status():
        return "/json"

    @app.get("/own", response_class=Shouting)
    def own() -> Public:
        return PRIVATE

    @app.get("/default-status", response_class=Teapot)
    def default_status():
        return "tea"

    @app.get("/chosen-status", response_class=Teapot, status_code=200)
    def chosen_status():
        return "tea"

    @app.get("/bytes", response_class=Response)
    def raw():
        return b"raw".decode()

    @app.get("/model", response_class=PlainTextResponse)
    def model() -> int:
        return 3

    return app


CLASSES = [
    ("/json", 200, "application/json", '{"a":"é"}'),
    ("/html", 200, "text/html; charset=utf-8", "<p>é</p>"),
    ("/text", 200, "text/plain; charset=utf-8", "é"),
    ("/redirect", 307, None, ""),
    ("/redirect-status", 302, None, ""),
    ("/own", 200, "application/shout+json", '{"NAME":"N","PRICE":1.5,"NOTE":NULL}'),
    ("/default-status", 418, "text/plain; charset=utf-8", "tea"),
    ("/chosen-status", 200, "text/plain; charset=utf-8", "tea"),
    ("/bytes", 200, None, "raw"),
]


@each_framework
@pytest.mark.parametrize(("path", "status", "media_type", "text"), CLASSES)
def test_a_response_class_makes_the_answer(web, path, status, media_type, text):
    """The class of the route, or the default of what is around it, decides about media type, status and bytes."""
    response = ask(classes(web), f"GET {path}")
    found = response.headers.get("content-type")
    assert (response.status_code, found, response.content.decode()) == (status, media_type, text)


@each_framework
def test_an_explicit_json_class_renders_by_its_own_rules(web):
    """With `response_class=JSONResponse` NaN is an error, where the direct way says null."""
    app = web.FastAPI()
    app.get("/direct", response_model=float)(lambda: float("nan"))
    app.get("/explicit", response_model=float, response_class=JSONResponse)(lambda: float("nan"))
    assert answer(app, "GET /direct") == (200, None)
    assert answer(app, "GET /explicit")[0] == 500


@each_framework
@pytest.mark.parametrize("level", ["app", "include", "router", "route"])
def test_the_nearest_response_class_counts(web, level):
    """Route over router over inclusion over application."""
    levels = ["app", "include", "router", "route"]
    made = {name: type(name, (PlainTextResponse,), {"media_type": f"text/{name}"}) for name in levels}

    def chosen(name, key="default_response_class"):
        return {key: made[name]} if levels.index(name) <= levels.index(level) else {}

    app, router = web.FastAPI(**chosen("app")), web.APIRouter(**chosen("router"))
    router.get("/", **chosen("route", "response_class"))(lambda: "x")
    app.include_router(router, prefix="/r", **chosen("include"))
    assert ask(app, "GET /r/").headers["content-type"].startswith(f"text/{level}")


# --- responses of the author's own ------------------------------------------------------------------------------


@each_framework
def test_a_returned_response_is_sent_as_it_is(web):
    """A Response is neither validated nor changed by what is injected; its background task runs."""
    log: list[str] = []
    app = web.FastAPI()

    @app.get("/plain", response_model=None)
    def plain(injected: web.Response, tasks: web.BackgroundTasks) -> Any:
        injected.headers["x-lost"] = "1"
        injected.status_code = 201
        tasks.add_task(log.append, "request's")
        return PlainTextResponse("text", 203, {"x-own": "1"})

    @app.get("/task", response_model=Public)
    def task() -> Any:
        return JSONResponse({"any": "thing"}, background=BackgroundTask(log.append, "response's"))

    response = ask(app, "GET /plain")
    assert (response.status_code, response.text, response.headers["x-own"]) == (203, "text", "1")
    assert "x-lost" not in response.headers
    assert answer(app, "GET /task") == (200, {"any": "thing"})
    assert log == ["request's", "response's"]


@each_framework
def test_streams_and_redirects_may_be_returned(web):
    """Streaming, redirecting and HTML responses may be returned from any endpoint."""
    app = web.FastAPI()

    async def chunks():
        yield b"a"
        yield b"b"

    app.get("/stream")(lambda: StreamingResponse(chunks(), media_type="text/x"))
    app.get("/redirect")(lambda: RedirectResponse("/elsewhere"))
    assert ask(app, "GET /stream").text == "ab"
    assert ask(app, "GET /redirect").headers["location"] == "/elsewhere"


# --- injected responses -----------------------------------------------------------------------------------------


@each_framework
@pytest.mark.parametrize("response_class", [None, JSONResponse])
@pytest.mark.parametrize("model", [None, Public])
def test_headers_cookies_and_status_may_be_set_through_an_injected_response(web, response_class, model):
    """A dependency or the endpoint may say them; they are added to the answer's own."""

    def dependency(response: web.Response):
        response.headers["x-dependency"] = "1"
        response.set_cookie("a", "1")
        response.status_code = 202

    @application(
        web, status_code=201, response_model=model, **({"response_class": response_class} if response_class else {})
    )
    def read(response: web.Response, done: Annotated[None, web.Depends(dependency)]):
        response.headers.append("x-endpoint", "2")
        response.set_cookie("b", "2")
        return PRIVATE

    response = ask(read, "GET /")
    assert response.status_code == 202
    assert (response.headers["x-dependency"], response.headers["x-endpoint"]) == ("1", "2")
    assert [cookie.split(";")[0] for cookie in response.headers.get_list("set-cookie")] == ["a=1", "b=2"]
    assert response.headers["content-type"] == "application/json"
    assert response.headers["content-length"] == str(len(response.content))


@each_framework
def test_an_injected_status_without_a_body_empties_the_answer(web):
    """A 204 said through the injected Response sends no body either."""

    @application(web)
    def read(response: web.Response):
        response.status_code = 204
        return {"a": 1}

    response = ask(read, "GET /")
    assert (response.status_code, response.content) == (204, b"")


@each_framework
def test_background_tasks_are_shared_and_run_after_the_answer(web):
    """Every dependency adds to the same tasks; they run in order, in threads or on the loop."""
    log: list[str] = []

    async def later(name: str):
        log.append(name)

    def dependency(tasks: web.BackgroundTasks):
        tasks.add_task(later, "dependency's")

    @application(web)
    def read(tasks: web.BackgroundTasks, done: Annotated[None, web.Depends(dependency)]):
        tasks.add_task(log.append, "endpoint's")
        return list(log)

    assert answer(read, "GET /") == (200, [])
    assert log == ["dependency's", "endpoint's"]


# --- declarations that cannot work ------------------------------------------------------------------------------


class Unknown:
    pass


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"response_model": Unknown}, "is not a type that Pydantic can validate"),
        ({"response_model": list[Unknown]}, "is not a type that Pydantic can validate"),
        ({"response_model": {1: str}}, "is not a type that Pydantic can validate"),
        ({"response_model": dict[str, {1: str}]}, "is not a type that Pydantic can validate"),
        ({"responses": {404: {"model": Unknown}}}, "is not a type that Pydantic can validate"),
        ({"responses": {204: {"model": Public}}}, "Status code 204 must not have a response body"),
        ({"responses": {404: "text"}}, "An additional response must be a dict"),
        ({"status_code": 204, "response_model": Public}, "Status code 204 must not have a response body"),
    ],
)
def test_an_answer_that_can_never_be_given_is_refused_at_the_decorator(options, message):
    """Impossible models and responses are refused with the endpoint's file and line, and the mend."""

    def read(): ...

    with pytest.raises(DeclarationError) as caught:
        Typeway().get("/", **options)(read)
    assert message in caught.value.message
    assert caught.value.where == f"{__file__}:{read.__code__.co_firstlineno}"
    assert caught.value.hint
    with pytest.raises(Exception):  # noqa: B017  # FastAPI's own word for it
        fastapi.FastAPI().get("/", **options)(read)


@each_framework
def test_a_response_that_is_kept_and_returned_again_is_the_endpoints_own(web):
    """What a response class made once takes over nothing from the requests that return it later."""
    kept: list[Any] = []

    class Kept(web.responses.JSONResponse):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            kept.append(self)

    app = web.FastAPI()
    app.get("/made", response_class=Kept)(lambda: "made")

    @app.get("/kept")
    def again(response: web.Response):
        response.headers["X-Mine"] = "mine"
        response.status_code = 418
        return kept[0]

    client(app).get("/made")
    for _ in range(2):
        response = ask(app, "GET /kept")
        assert (response.status_code, response.headers.get_list("x-mine")) == (200, [])
