"""Streams of server-sent events: how items become events, and how a silent stream is kept alive."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from datetime import UTC, datetime
from importlib import import_module
from types import ModuleType
from typing import Any

import anyio
import pytest
from pydantic import BaseModel, ConfigDict, Field

from tests.frameworks import ask, client, each_framework
from tests.patience import PATIENCE
from tests.serve.wire import Wire
from typeway import Depends, Response, Typeway, sse
from typeway.responses import JSONResponse
from typeway.sse import EventSourceResponse
from typeway.testclient import TestClient

PING = b": ping\n\n"


class Item(BaseModel):
    name: str
    number: int = Field(default=1, alias="no")


def events_of(web: ModuleType) -> Any:
    """A framework's module for server-sent events."""
    return import_module(f"{web.__name__}.sse")


def streaming(web: ModuleType, endpoint: Any, **options: Any) -> Any:
    """An application whose one endpoint streams events."""
    app = web.FastAPI()
    app.get("/", response_class=events_of(web).EventSourceResponse, **options)(endpoint)
    return app


# ---------------------------------------------------------------- events


@each_framework
def test_items_become_events(web: ModuleType) -> None:
    """Any item is the data of an event, as one line of JSON by the encoder's rules."""

    async def endpoint():
        yield {"name": "Zoë", "at": datetime(2030, 1, 2, tzinfo=UTC)}
        yield "two\nlines"
        yield None
        yield Item(name="a")
        yield float("nan")

    response = ask(streaming(web, endpoint), "GET /")
    assert response.text == (
        'data: {"name": "Zo\\u00eb", "at": "2030-01-02T00:00:00+00:00"}\n\n'
        'data: "two\\nlines"\n\n'
        "data: null\n\n"
        'data: {"name": "a", "no": 1}\n\n'
        "data: null\n\n"
    )


@each_framework
def test_headers_keep_proxies_from_holding_events_back(web: ModuleType) -> None:
    """Events are text/event-stream, are not cached and not buffered; a declared status is sent."""

    async def endpoint():
        yield 1

    response = ask(streaming(web, endpoint, status_code=203), "GET /")
    assert response.status_code == 203
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["x-accel-buffering"] == "no"


@each_framework
def test_an_event_says_itself_what_it_is(web: ModuleType) -> None:
    """Comment, name, data, id and retry are written in this order, and only those that are there."""
    event = events_of(web).ServerSentEvent

    async def endpoint():
        yield event(data=[1], event="tick", id="7", retry=3, comment="two\nlines")
        yield event(data="text")
        yield event(data="")
        yield event(raw_data="one\ntwo\r\nthree\rfour")
        yield event(raw_data="")
        yield event(comment="only")
        yield event(event="", id="", retry=0)
        yield event()

    assert ask(streaming(web, endpoint), "GET /").text == (
        ": two\n: lines\nevent: tick\ndata: [1]\nid: 7\nretry: 3\n\n"
        'data: "text"\n\n'
        'data: ""\n\n'
        "data: one\ndata: two\ndata: three\ndata: four\n\n"
        "data: \n\n"
        ": only\n\n"
        "event: \nid: \nretry: 0\n\n"
        "\n"
    )


@each_framework
def test_the_data_of_an_event_is_json(web: ModuleType) -> None:
    """Data is encoded like an item; a model in it is dumped as its own configuration says."""
    event = events_of(web).ServerSentEvent

    class Worded(BaseModel):
        model_config = ConfigDict(ser_json_inf_nan="strings")
        value: float

    async def endpoint():
        yield event(data={"at": datetime(2030, 1, 2, tzinfo=UTC), "nan": float("nan")})
        yield event(data=Worded(value=float("nan")))
        yield event(data=Item(name="a"))
        yield event(data=[Item(name="a")])
        yield event(raw_data="NaN")

    assert ask(streaming(web, endpoint), "GET /").text == (
        'data: {"at": "2030-01-02T00:00:00+00:00", "nan": null}\n\n'
        'data: {"value":"NaN"}\n\n'
        'data: {"name":"a","number":1}\n\n'
        'data: [{"name": "a", "no": 1}]\n\n'
        "data: NaN\n\n"
    )


@each_framework
@pytest.mark.parametrize("is_async", [True, False], ids=["async", "def"])
def test_typed_items_are_checked_and_events_are_not(web: ModuleType, is_async: bool) -> None:
    """Plain items fit the annotated type and are filtered to it; events among them are the author's own business."""
    event = events_of(web).ServerSentEvent

    async def endpoint_async() -> AsyncIterable[Item]:
        yield {"name": "a", "extra": 1}
        yield event(data={"extra": 1}, event="special")
        yield Item(name="b", no=2)

    def endpoint() -> Iterable[Item]:
        yield {"name": "a", "extra": 1}
        yield event(data={"extra": 1}, event="special")
        yield Item(name="b", no=2)

    app = streaming(web, endpoint_async if is_async else endpoint)
    assert ask(app, "GET /").text == (
        'data: {"name":"a","no":1}\n\nevent: special\ndata: {"extra": 1}\n\ndata: {"name":"b","no":2}\n\n'
    )


@each_framework
def test_a_stream_annotated_with_events_takes_plain_items_too(web: ModuleType) -> None:
    """`AsyncIterable[ServerSentEvent]` checks nothing."""
    event = events_of(web).ServerSentEvent

    async def endpoint():
        yield event(data=1)
        yield {"any": "thing"}

    endpoint.__annotations__["return"] = AsyncIterable[event]
    assert ask(streaming(web, endpoint), "GET /").text == 'data: 1\n\ndata: {"any": "thing"}\n\n'


@each_framework
def test_any_method_may_stream_events(web: ModuleType) -> None:
    """A POST with a body may be answered by events."""
    app = web.FastAPI()

    @app.post("/", response_class=events_of(web).EventSourceResponse)
    async def endpoint(prompt: dict[str, str]):
        for word in prompt["text"].split():
            yield word

    assert client(app).post("/", json={"text": "a b"}).text == 'data: "a"\n\ndata: "b"\n\n'


@each_framework
def test_the_class_may_come_from_around_the_route(web: ModuleType) -> None:
    """A default response class of the application or of a router makes events of what generators yield."""
    kind = events_of(web).EventSourceResponse

    async def endpoint():
        yield 1

    by_app = web.FastAPI(default_response_class=kind)
    inner = web.APIRouter()
    inner.get("/x")(endpoint)
    by_app.include_router(inner)
    outer = web.APIRouter(default_response_class=kind)
    outer.include_router(inner)
    by_router = web.FastAPI()
    by_router.include_router(outer, prefix="/y")
    assert ask(by_app, "GET /x").text == ask(by_router, "GET /y/x").text == "data: 1\n\n"


@each_framework
def test_a_class_of_the_authors_own_streams_events_as_well(web: ModuleType) -> None:
    """A subclass of EventSourceResponse is enough to say that items are events."""

    class Events(events_of(web).EventSourceResponse):
        pass

    app = web.FastAPI()

    @app.get("/", response_class=Events)
    async def endpoint():
        yield 1

    response = ask(app, "GET /")
    assert (response.text, response.headers["cache-control"]) == ("data: 1\n\n", "no-cache")


@each_framework
def test_injected_headers_stand_beside_the_streams_own(web: ModuleType) -> None:
    """What a dependency sets is added; a status that it sets is sent."""

    def extra(response: Response) -> None:
        response.headers["cache-control"] = "no-store"
        response.headers["x-extra"] = "yes"
        response.status_code = 202

    async def endpoint():
        yield 1

    response = ask(streaming(web, endpoint, dependencies=[web.Depends(extra)]), "GET /")
    assert response.status_code == 202
    assert sorted(response.headers.get_list("cache-control")) == ["no-cache", "no-store"]
    assert response.headers["x-extra"] == "yes"


@each_framework
def test_a_def_function_may_return_the_items(web: ModuleType) -> None:
    """With EventSourceResponse as class, an iterable that is returned is a stream too."""

    def endpoint():
        return (number for number in range(2))

    assert ask(streaming(web, endpoint), "GET /").text == "data: 0\n\ndata: 1\n\n"


def test_a_coroutine_may_return_the_items_or_a_response() -> None:
    """Asynchronous iterables and lists that are returned are streams; a response is sent as it is."""
    app = Typeway()

    async def numbers() -> AsyncIterator[int]:
        yield 1

    @app.get("/items", response_class=EventSourceResponse)
    async def returns_items() -> Any:
        return numbers()

    @app.get("/list", response_class=EventSourceResponse)
    async def returns_list() -> list[int]:
        return [1]

    @app.get("/response", response_class=EventSourceResponse)
    async def returns_response() -> Any:
        return JSONResponse("no", 404)

    @app.get("/nothing", response_class=EventSourceResponse)
    async def returns_nothing() -> Any:
        return None

    assert ask(app, "GET /items").text == ask(app, "GET /list").text == "data: 1\n\n"
    assert ask(app, "GET /response").status_code == 404
    assert ask(app, "GET /nothing").status_code == 500


def test_no_content_tells_clients_to_stay_away() -> None:
    """A client that is answered 204 does not reconnect (HTML Living Standard, section 9.2.3): no stream begins."""
    app, begun = Typeway(), []

    def finished(response: Response, last_event_id: int = 0) -> None:
        response.status_code = 204 if last_event_id == 9 else None

    @app.get("/", response_class=EventSourceResponse, dependencies=[Depends(finished)])
    async def endpoint() -> AsyncIterator[int]:
        begun.append(True)
        yield 1

    response = ask(app, "GET /?last_event_id=9")
    assert (response.status_code, response.content, begun) == (204, b"", [])
    assert ask(app, "GET /?last_event_id=8").text == "data: 1\n\n"


def test_head_begins_no_events() -> None:
    """HEAD has the headers of the stream and nothing else."""
    app, begun = Typeway(), []

    @app.get("/", response_class=EventSourceResponse)
    async def endpoint() -> AsyncIterator[int]:
        begun.append(True)
        yield 1

    response = ask(app, "HEAD /")
    assert (response.content, begun) == (b"", [])
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"


def test_errors_are_not_wrapped() -> None:
    """An error in a generator reaches the server as itself, after the events before it have been sent."""
    app = Typeway()

    @app.get("/", response_class=EventSourceResponse)
    async def endpoint() -> AsyncIterator[int]:
        yield 1
        raise LookupError("boom")

    assert ask(app, "GET /").text == "data: 1\n\n"
    with pytest.raises(LookupError, match="boom"):
        TestClient(app).get("/")


# ---------------------------------------------------------------- keeping alive


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make silence short."""
    monkeypatch.setattr(sse, "KEEPALIVE_SECONDS", 0.03)


class Listener(Wire):
    """A client whose application may wait for the comments that it is sent, in a thread as well."""

    def __init__(self) -> None:
        super().__init__(on_chunk=self.note)
        self.comments = anyio.Semaphore(0)
        self.comments_for_threads = threading.Semaphore(0)

    async def note(self, chunk: int) -> None:
        if self.chunks[-1] == PING:
            self.comments.release()
            self.comments_for_threads.release()


@pytest.mark.anyio
@pytest.mark.usefixtures("impatient")
async def test_silence_is_filled_with_comments() -> None:
    """While no event comes, clients and proxies are sent comments, before the first event as well."""
    app, wire = Typeway(), Listener()

    @app.get("/", response_class=EventSourceResponse)
    async def endpoint() -> AsyncIterator[int]:
        for number in range(2):
            await wire.comments.acquire()
            await wire.comments.acquire()
            yield number

    await wire.serve(app)
    assert [chunk for chunk in wire.chunks if chunk != PING] == [b"data: 0\n\n", b"data: 1\n\n"]
    first = wire.chunks.index(b"data: 0\n\n")
    assert wire.chunks[:first].count(PING) >= 2
    assert wire.chunks.count(PING) >= 4
    assert wire.messages[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


@pytest.mark.anyio
@pytest.mark.usefixtures("impatient")
async def test_a_def_generator_that_blocks_is_kept_alive_too() -> None:
    """Comments are sent while a step of a `def` generator takes its time in a thread."""
    app, wire = Typeway(), Listener()

    @app.get("/", response_class=EventSourceResponse)
    def endpoint() -> Iterable[int]:
        yield 0
        yield sum(wire.comments_for_threads.acquire(timeout=PATIENCE) for _ in range(3))

    await wire.serve(app)
    assert [chunk for chunk in wire.chunks if chunk != PING] == [b"data: 0\n\n", b"data: 3\n\n"]


@pytest.mark.anyio
async def test_events_in_time_need_no_comments(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that speaks often enough holds its events only, however long it goes on."""
    monkeypatch.setattr(sse, "KEEPALIVE_SECONDS", 0.8)
    app = Typeway()

    @app.get("/", response_class=EventSourceResponse)
    async def endpoint() -> AsyncIterator[int]:
        for number in range(20):
            yield number
            await anyio.sleep(0.05)

    # Where the machine stands still for a moment there is silence after all; five times in a row it does not.
    for _ in range(5):
        wire = Wire()
        await wire.serve(app)
        if PING not in wire.chunks:
            break
    assert PING not in wire.chunks


@pytest.mark.anyio
async def test_a_slow_client_is_sent_no_comments(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event that waits for its client is no silence: nothing is sent in between, nor after the end."""
    monkeypatch.setattr(sse, "KEEPALIVE_SECONDS", 0.2)
    app = Typeway()

    @app.get("/", response_class=EventSourceResponse)
    async def endpoint() -> AsyncIterator[int]:
        yield 0
        yield 1

    async def read_slowly(chunk: int) -> None:
        await anyio.sleep(0.5)

    # Where the machine stands still for a moment there is silence after all; five times in a row it does not.
    for _ in range(5):
        wire = Wire(on_chunk=read_slowly)
        await wire.serve(app)
        if PING not in wire.chunks:
            break
    assert wire.chunks == [b"data: 0\n\n", b"data: 1\n\n"]


@pytest.mark.anyio
@pytest.mark.usefixtures("impatient")
async def test_an_event_waits_for_the_comment_before_it() -> None:
    """Events and comments are never sent at the same time, which servers do not allow."""
    app, sending = Typeway(), []
    commenting, yielding = anyio.Event(), anyio.Event()

    @app.get("/", response_class=EventSourceResponse)
    async def endpoint() -> AsyncIterator[int]:
        await commenting.wait()
        yielding.set()
        yield 0

    async def read_slowly(chunk: int) -> None:
        sending.append(chunk)
        commenting.set()
        await yielding.wait()
        await anyio.sleep(0.01)  # for what must not happen
        assert sending[-1] == chunk

    wire = Wire(on_chunk=read_slowly)
    await wire.serve(app)
    assert wire.chunks[0] == PING
    assert wire.chunks[-1] == b"data: 0\n\n"


@pytest.mark.anyio
@pytest.mark.usefixtures("impatient")
async def test_a_comment_that_cannot_be_sent_ends_the_stream() -> None:
    """If the client is found to be gone while the generator waits, the generator is woken and closed."""
    app, journal = Typeway(), []

    @app.get("/", response_class=EventSourceResponse)
    async def endpoint() -> AsyncIterator[int]:
        try:
            yield 0
            await anyio.sleep_forever()
        finally:
            journal.append("closed")

    await Wire(leaves_after=2, spec_version="2.4").serve(app)
    assert journal == ["closed"]


def test_silence_is_well_for_fifteen_seconds() -> None:
    """Comments come after fifteen seconds of silence, which the standard advises."""
    assert sse.KEEPALIVE_SECONDS == 15
    assert sse.KEEPALIVE_COMMENT == PING
