"""Generator endpoints: what they yield goes out item by item, as lines of JSON or as raw chunks."""

from __future__ import annotations

import functools
import typing
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Generator,
    Iterable,
    Iterator,
)
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from types import ModuleType
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

import typeway
from tests.frameworks import application, ask, each_framework
from typeway import Depends, Response, Typeway
from typeway.exceptions import DeclarationError
from typeway.responses import HTMLResponse, JSONResponse, StreamingResponse
from typeway.testclient import TestClient

LINES = "application/jsonl"

each_kind = pytest.mark.parametrize("is_async", [True, False], ids=["async", "def"])


class Colour(Enum):
    RED = "red"


class Item(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    name: str
    note: str | None = None
    number: int = Field(default=1, alias="no")


class SecretItem(Item):
    secret: str = "s"


def yielding(items: list[Any], *, is_async: bool = True, annotation: Any = None) -> Callable[..., Any]:
    """A generator endpoint that yields these items."""

    async def endpoint_async() -> Any:
        for item in items:
            yield item

    def endpoint() -> Any:
        yield from items

    chosen: Any = endpoint_async if is_async else endpoint
    if annotation is None:
        del chosen.__annotations__["return"]
    else:
        chosen.__annotations__["return"] = annotation
    return typing.cast(Callable[..., Any], chosen)


def streamed(web: ModuleType, endpoint: Callable[..., Any], **options: Any) -> Any:
    """The response of an application that has this one endpoint."""
    return ask(application(web, **options)(endpoint), "GET /")


# ---------------------------------------------------------------- lines of JSON


@each_framework
@each_kind
def test_what_a_generator_yields_becomes_lines_of_json(web: ModuleType, is_async: bool) -> None:
    """Without any annotation, each item is one JSON text on a line of its own, by the encoder's rules."""
    items = [
        {"name": "Zoë", "list": [1, 2.5, None, True]},
        "two\nlines",
        "",
        None,
        datetime(2030, 1, 2, tzinfo=UTC),
        Decimal("1.50"),
        {1},
        b"bytes",
        Colour.RED,
        Item(name="x"),
        [Item(name="y", number=2)],
        {"_sa_state": 1, Colour.RED: {"deep": Decimal(3)}, 5: (6,)},
    ]
    response = streamed(web, yielding(items, is_async=is_async))
    assert response.headers["content-type"] == LINES
    assert "content-length" not in response.headers
    assert response.text.splitlines(keepends=True) == [
        '{"name": "Zo\\u00eb", "list": [1, 2.5, null, true]}\n',
        '"two\\nlines"\n',
        '""\n',
        "null\n",
        '"2030-01-02T00:00:00+00:00"\n',
        "1.5\n",
        "[1]\n",
        '"bytes"\n',
        '"red"\n',
        '{"name": "x", "note": null, "no": 1}\n',
        '[{"name": "y", "note": null, "no": 2}]\n',
        '{"red": {"deep": 3}, "5": [6]}\n',
    ]


@each_framework
def test_numbers_that_json_does_not_know_become_null(web: ModuleType) -> None:
    """NaN and infinities do not break a stream that has already begun; as keys they are words."""
    nan, infinity = float("nan"), float("inf")
    items = [nan, -infinity, {"a": [nan, {"b": (infinity, 1.5)}], infinity: Decimal("NaN")}, {Colour.RED: nan}]
    lines = streamed(web, yielding(items)).text.splitlines()
    assert lines == [
        "null",
        "null",
        '{"a": [null, {"b": [null, 1.5]}], "Infinity": null}',
        '{"red": null}',
    ]


@each_framework
@each_kind
def test_items_are_checked_against_the_annotated_type(web: ModuleType, is_async: bool) -> None:
    """Each item is validated and filtered to what its type declares, compactly and by alias."""
    items = [{"name": "a", "no": 4, "extra": 1}, SecretItem(name="b", note="n")]
    annotation = AsyncIterable[Item] if is_async else Iterable[Item]
    response = streamed(web, yielding(items, is_async=is_async, annotation=annotation))
    assert response.text == '{"name":"a","note":null,"no":4}\n{"name":"b","note":"n","no":1}\n'


TYPED = [
    AsyncIterable[Item],
    AsyncIterator[Item],
    AsyncGenerator[Item, None],
    Iterable[Item],
    Iterator[Item],
    Generator[Item, None, None],
    typing.AsyncIterable[Item],  # the old names are still written
    typing.Iterable[Item],
    AsyncIterable[Item | None],
    "AsyncIterable[Item]",
]


@each_framework
@pytest.mark.parametrize("annotation", TYPED, ids=str)
def test_every_way_to_annotate_a_stream_is_read(web: ModuleType, annotation: Any) -> None:
    """Iterables, iterators and generators, asynchronous or not, say the type of items."""
    assert streamed(web, yielding([{"name": "a"}], annotation=annotation)).text == '{"name":"a","note":null,"no":1}\n'


@each_framework
@pytest.mark.parametrize("annotation", [Iterable, list[Item], Item, str, JSONResponse], ids=str)
def test_other_annotations_leave_items_untyped(web: ModuleType, annotation: Any) -> None:
    """What is no iterable of something says nothing about items: they are encoded as they come."""
    items = [{"name": "a", "extra": 1}]
    assert streamed(web, yielding(items, annotation=annotation)).text == '{"name": "a", "extra": 1}\n'


@each_framework
@pytest.mark.parametrize("model", [None, SecretItem], ids=["None", "model"])
def test_a_response_model_switches_the_annotation_off(web: ModuleType, model: Any) -> None:
    """A response model is said of whole answers: with one, items are neither checked nor filtered."""
    endpoint = yielding([{"extra": 1}], annotation=AsyncIterable[Item])
    assert streamed(web, endpoint, response_model=model).text == '{"extra": 1}\n'


@each_framework
@pytest.mark.parametrize(
    ("option", "line"),
    [
        ({"response_model_by_alias": False}, '{"name":"a","note":null,"number":1}\n'),
        ({"response_model_include": {"name"}}, '{"name":"a"}\n'),
        ({"response_model_exclude": {"note"}}, '{"name":"a","no":1}\n'),
        ({"response_model_exclude_unset": True}, '{"name":"a"}\n'),
        ({"response_model_exclude_defaults": True}, '{"name":"a"}\n'),
        ({"response_model_exclude_none": True}, '{"name":"a","no":1}\n'),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_options_of_response_models_hold_for_typed_items(web: ModuleType, option: dict[str, Any], line: str) -> None:
    """What is said about fields is said of each item."""
    assert streamed(web, yielding([Item(name="a")], annotation=AsyncIterable[Item]), **option).text == line


@each_framework
def test_a_models_own_word_for_nan_is_kept(web: ModuleType) -> None:
    """A typed item is serialized by its model, which may have a way to write what JSON cannot."""

    class Worded(BaseModel):
        model_config = ConfigDict(ser_json_inf_nan="strings")
        value: float

    endpoint = yielding([{"value": float("nan")}], annotation=AsyncIterable[Worded])
    assert streamed(web, endpoint).text == '{"value":"NaN"}\n'


@each_framework
@each_kind
def test_an_empty_stream_is_an_empty_answer(web: ModuleType, is_async: bool) -> None:
    """A generator that yields nothing answers 200 without a body."""
    response = streamed(web, yielding([], is_async=is_async))
    assert (response.status_code, response.content, response.headers["content-type"]) == (200, b"", LINES)


@each_framework
def test_a_function_that_returns_a_list_is_no_stream(web: ModuleType) -> None:
    """Only yielding makes a stream: a list of an iterable type is one JSON array."""

    async def endpoint() -> Iterable[Item]:
        return [Item(name="a")]

    response = streamed(web, endpoint)
    assert (response.headers["content-type"], response.json()) == (
        "application/json",
        [{"name": "a", "note": None, "no": 1}],
    )


class Callables:
    """Generators in the clothes of other callables."""

    def __call__(self) -> Iterator[int]:
        yield 1

    def method(self) -> Iterator[int]:
        yield 1

    async def method_async(self) -> AsyncIterator[int]:
        yield 1


def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*positional: Any, **named: Any) -> Any:
        return function(*positional, **named)

    return wrapper


def rewrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def wrapper(*positional: Any, **named: Any) -> AsyncIterator[int]:
        yield await function(*positional, **named)

    return wrapper


async def one() -> int:
    return 1


@each_framework
@pytest.mark.parametrize(
    "endpoint",
    [
        Callables(),
        Callables().method,
        Callables().method_async,
        functools.partial(Callables().method),
        wrapped(Callables().method_async),
        rewrapped(one),
    ],
    ids=["object", "method", "async method", "partial", "wrapped", "wrapper"],
)
def test_generators_are_known_in_any_clothes(web: ModuleType, endpoint: Any) -> None:
    """Objects, methods, partials and wrapped functions stream if calling them yields."""
    app = web.FastAPI()
    app.add_api_route("/", endpoint)
    assert ask(app, "GET /").text == "1\n"


def test_the_items_type_is_built_once() -> None:
    """Requests build nothing: the type of items is asked for its schema before the first of them is answered."""
    built = []

    class Counted:
        @classmethod
        def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
            built.append(source)
            return core_schema.int_schema()

    app = application(typeway)(yielding([1, "2"], annotation=AsyncIterable[Counted]))
    assert ask(app, "GET /").text == "1\n2\n"
    after_one = len(built)
    for _ in range(3):
        ask(app, "GET /")
    assert len(built) == after_one


# ---------------------------------------------------------------- raw chunks


@each_framework
@each_kind
def test_a_streaming_response_sends_chunks_as_they_are(web: ModuleType, is_async: bool) -> None:
    """With StreamingResponse as response class, text is encoded, bytes are sent, and nothing is put in between."""
    items = ["é", b"\x00\xff", memoryview(b"view"), ""]
    response = streamed(web, yielding(items, is_async=is_async), response_class=StreamingResponse)
    assert response.content == "é".encode() + b"\x00\xffview"
    assert "content-type" not in response.headers


@each_framework
def test_annotations_of_raw_streams_check_nothing(web: ModuleType) -> None:
    """Chunks are not validated: the response class says that they are final."""
    endpoint = yielding([b"1", "x"], annotation=AsyncIterable[int])
    assert streamed(web, endpoint, response_class=StreamingResponse).text == "1x"


class Partial(StreamingResponse):
    """A response class with a mind of its own."""

    media_type = "text/csv"
    calls: list[str] = []

    def __init__(self, content: Any, status_code: int = 206, **options: Any) -> None:
        super().__init__(content, status_code, headers={"x-own": "yes"}, **options)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.calls.append("called")
        await super().__call__(scope, receive, send)

    async def stream_response(self, send: Any) -> None:
        self.calls.append("streamed")
        await super().stream_response(send)


@each_framework
def test_the_authors_class_decides_about_its_response(web: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Media type, headers, default status and overridden methods of the response class are its own."""
    calls: list[str] = []
    monkeypatch.setattr(Partial, "calls", calls)
    response = streamed(web, yielding(["a", "b"]), response_class=Partial)
    assert (response.status_code, response.text, calls) == (206, "ab", ["called", "streamed"])
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["x-own"] == "yes"
    assert streamed(web, yielding(["a"]), response_class=Partial, status_code=299).status_code == 299


def test_a_chunk_of_another_type_ends_the_stream() -> None:
    """What is neither text nor bytes cannot be sent raw: an error on the server, a cut answer for the client."""
    app = application(typeway, response_class=StreamingResponse)(yielding(["a", 5]))
    assert ask(app, "GET /").text == "a"
    with pytest.raises(AttributeError):
        TestClient(app).get("/")


@pytest.mark.parametrize("response_class", [JSONResponse, HTMLResponse])
def test_a_class_that_cannot_stream_is_a_mistake_in_the_declaration(response_class: Any) -> None:
    """A class for whole answers on a generator is refused with the place and what to do."""
    app = application(typeway, response_class=response_class)(yielding(["a"]))
    with pytest.raises(DeclarationError, match=rf"test_stream\.py:\d+.*{response_class.__name__}.*StreamingResponse"):
        TestClient(app).get("/")


def test_what_a_coroutine_returns_can_be_streamed() -> None:
    """An endpoint whose class streams may return an iterable, asynchronous or not, instead of yielding."""
    app = Typeway()

    @app.get("/async", response_class=StreamingResponse)
    async def returns_async():
        return yielding(["a", "b"])()

    @app.get("/def", response_class=StreamingResponse)
    def returns():
        return iter(["a", "b"])

    @app.get("/response", response_class=StreamingResponse)
    async def returns_response():
        return JSONResponse(["a", "b"], 203)

    assert ask(app, "GET /async").text == ask(app, "GET /def").text == "ab"
    assert ask(app, "GET /response").status_code == 203


# ---------------------------------------------------------------- status and headers


each_class = pytest.mark.parametrize("response_class", [None, StreamingResponse], ids=["lines", "raw"])


@each_framework
@each_class
def test_the_status_is_that_of_the_declaration_or_of_a_dependency(web: ModuleType, response_class: Any) -> None:
    """A declared status is sent; one that a dependency sets in an injected Response beats it."""

    def accept(response: Response) -> None:
        response.status_code = 202

    app = web.FastAPI()
    options = {} if response_class is None else {"response_class": response_class}
    app.get("/declared", status_code=201, **options)(yielding(["a"]))
    app.get("/injected", status_code=201, dependencies=[web.Depends(accept)], **options)(yielding(["a"]))
    assert ask(app, "GET /declared").status_code == 201
    assert ask(app, "GET /injected").status_code == 202


@each_framework
@each_class
def test_headers_are_those_that_are_known_when_the_stream_begins(web: ModuleType, response_class: Any) -> None:
    """Headers and cookies that dependencies set are sent; what the generator's own body sets comes too late."""

    def early(response: Response) -> None:
        response.headers["x-early"] = "yes"
        response.set_cookie("seen", "yes")

    async def endpoint(response: Response) -> Any:
        response.headers["x-late"] = "yes"
        response.status_code = 299
        yield "a"

    del endpoint.__annotations__["return"]
    app = web.FastAPI()
    options = {} if response_class is None else {"response_class": response_class}
    app.get("/", dependencies=[web.Depends(early)], **options)(endpoint)
    response = ask(app, "GET /")
    assert (response.status_code, response.headers["x-early"], response.cookies["seen"]) == (200, "yes", "yes")
    assert "x-late" not in response.headers


@each_class
@pytest.mark.parametrize("status", [204, 205, 304])
def test_a_status_without_body_begins_no_stream(response_class: Any, status: int) -> None:
    """Where a dependency finds that there is nothing to send, the generator never runs (RFC 9110)."""
    app, begun = Typeway(), []

    def nothing_new(response: Response) -> None:
        response.status_code = status
        response.headers["etag"] = '"1"'

    options = {} if response_class is None else {"response_class": response_class}

    @app.get("/", dependencies=[Depends(nothing_new)], **options)
    async def endpoint() -> AsyncIterator[str]:
        begun.append(True)
        yield "a"

    response = ask(app, "GET /")
    assert (response.status_code, response.content, response.headers["etag"]) == (status, b"", '"1"')
    assert not begun
    assert "content-type" not in response.headers


@each_class
@pytest.mark.parametrize("declares_head", [True, False])
def test_head_begins_no_stream(response_class: Any, declares_head: bool) -> None:
    """HEAD is answered with the status and headers of GET; the generator never runs."""
    app, begun = Typeway(), []
    options = {} if response_class is None else {"response_class": response_class}

    @app.api_route("/", methods=["GET", "HEAD"] if declares_head else ["GET"], status_code=203, **options)
    async def endpoint() -> AsyncIterator[str]:
        begun.append(True)
        yield "a"

    response = ask(app, "HEAD /")
    assert (response.status_code, response.content) == (203, b"")
    assert response.headers.get("content-type") == (LINES if response_class is None else None)
    assert not begun


@each_framework
@each_kind
def test_a_request_that_is_refused_begins_no_stream(web: ModuleType, is_async: bool) -> None:
    """Invalid values and exceptions of dependencies are answered as anywhere else."""

    def guard(token: str = "") -> None:
        if token != "ok":
            raise web.HTTPException(401, "who are you?")

    async def endpoint_async(limit: int) -> Any:
        for number in range(limit):
            yield number

    def endpoint(limit: int) -> Any:
        yield from range(limit)

    app = web.FastAPI()
    chosen: Any = endpoint_async if is_async else endpoint
    chosen.__annotations__ = {"limit": int}
    app.get("/", dependencies=[web.Depends(guard)])(chosen)
    assert ask(app, "GET /?token=ok&limit=2").text == "0\n1\n"
    assert ask(app, "GET /?limit=2").json() == {"detail": "who are you?"}
    assert ask(app, "GET /?token=ok&limit=x").status_code == 422


@each_framework
@each_kind
def test_items_may_be_objects_with_attributes(web: ModuleType, is_async: bool) -> None:
    """A typed item may be an object of any class, such as a row of a database, whose attributes are read."""

    class Row:
        name, note, no, secret = "a", None, 4, "hidden"

    annotation = AsyncIterable[Item] if is_async else Iterable[Item]
    response = streamed(web, yielding([Row()], is_async=is_async, annotation=annotation))
    assert response.text == '{"name":"a","note":null,"no":4}\n'
