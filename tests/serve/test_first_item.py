"""What a generator endpoint raises before its first item is answered like the error of any other endpoint."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Any, ClassVar

import anyio
import pytest
from pydantic import BaseModel
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import ClientDisconnect

from tests.frameworks import ask
from tests.patience import PATIENCE
from tests.serve.wire import Wire
from typeway import BackgroundTasks, Depends, HTTPException, Problem, Request, Response, Typeway, sse
from typeway.compat.shapes.application import FastAPI
from typeway.exceptions import ResponseValidationError
from typeway.responses import EventSourceResponse, JSONResponse, StreamingResponse
from typeway.serve import opening
from typeway.testclient import TestClient

CLASSES = {"lines": {}, "raw": {"response_class": StreamingResponse}, "events": {"response_class": EventSourceResponse}}

FIRST_ITEM_SECONDS = opening.FIRST_ITEM_SECONDS

each_class = pytest.mark.parametrize("options", CLASSES.values(), ids=CLASSES)
each_kind = pytest.mark.parametrize("is_async", [True, False], ids=["async", "def"])
each_application = pytest.mark.parametrize("kind", [Typeway, FastAPI], ids=["native", "compat"])


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine half a second may pass before a generator has done what comes before its first item."""
    monkeypatch.setattr(opening, "FIRST_ITEM_SECONDS", PATIENCE)


class Missing(Problem):
    status: ClassVar[int] = 410
    title: ClassVar[str] = "Gone"


class Own(Exception): ...


ERRORS = {
    "HTTPException": (HTTPException(404, "too many", {"x-why": "because"}), 404, {"detail": "too many"}),
    "a handler's": (Own(), 418, "handled"),
    "unhandled": (LookupError("hidden"), 500, {"detail": "Internal Server Error"}),
}


def raising(error: BaseException, *, is_async: bool, journal: list[str]) -> Any:
    """A generator endpoint that raises before it yields."""

    async def endpoint_async(tasks: BackgroundTasks) -> AsyncIterator[str]:
        tasks.add_task(journal.append, "task")
        try:
            await anyio.lowlevel.checkpoint()
            raise error
            yield "never"
        finally:
            journal.append("closed")

    def endpoint(tasks: BackgroundTasks) -> Iterator[str]:
        tasks.add_task(journal.append, "task")
        try:
            raise error
            yield "never"
        finally:
            journal.append("closed")

    return endpoint_async if is_async else endpoint


def answering(kind: Any) -> Any:
    """An application with a handler for exceptions of its own."""
    app = kind()

    @app.exception_handler(Own)
    async def handle(request: Request, error: Own) -> JSONResponse:
        return JSONResponse("handled", 418)

    return app


def directly(app: Any, journal: list[str]) -> None: ...


def behind_a_function(app: Any, journal: list[str]) -> None:
    @app.middleware("http")
    async def look(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        journal.append(f"middleware sees {response.status_code}")
        return response


def behind_a_class(app: Any, journal: list[str]) -> None:
    class Looking(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: Any) -> Any:
            response = await call_next(request)
            journal.append(f"middleware sees {response.status_code}")
            return response

    app.add_middleware(Looking)


@each_class
@each_kind
@each_application
@pytest.mark.parametrize("serve", [directly, behind_a_function, behind_a_class])
@pytest.mark.parametrize("with_exits", [False, True])
@pytest.mark.parametrize(("error", "status", "body"), ERRORS.values(), ids=ERRORS)
def test_an_error_before_the_first_item_is_an_answer(
    error: Exception, status: int, body: Any, with_exits: bool, serve: Any, kind: Any, is_async: bool, options: Any
) -> None:
    """It has its status, its handler, its headers; dependencies see it before it is answered, and no task runs."""
    journal: list[str] = []
    app = answering(kind)
    serve(app, journal)

    async def resource() -> AsyncIterator[None]:
        try:
            yield
        except Exception as seen:
            journal.append(f"dependency sees {type(seen).__name__}")
            raise
        finally:
            journal.append("dependency leaves")

    dependencies = [Depends(resource)] if with_exits else []
    app.get("/", dependencies=dependencies, **options)(raising(error, is_async=is_async, journal=journal))
    response = ask(app, "GET /")
    assert response.status_code == status
    if status != 500:
        assert response.json() == body
    assert response.headers.get("x-why") == ("because" if status == 404 else None)
    seen = [f"dependency sees {type(error).__name__}", "dependency leaves"] if with_exits else []
    noted = [f"middleware sees {status}"] if serve is not directly and status != 500 else []
    assert journal == ["closed", *seen, *noted]


@each_class
@each_kind
def test_a_problem_before_the_first_item_is_its_document(options: Any, is_async: bool) -> None:
    """An error that declares its own answer is answered so."""
    app = Typeway()
    app.get("/", **options)(raising(Missing("it is gone"), is_async=is_async, journal=[]))
    response = ask(app, "GET /")
    assert (response.status_code, response.json()) == (410, {"detail": "it is gone", "type": "/problems/missing"})


class Number(BaseModel):
    value: int


@pytest.mark.parametrize("options", [CLASSES["lines"], CLASSES["events"]], ids=["lines", "events"])
@each_kind
def test_a_first_item_that_does_not_fit_is_an_answer(options: Any, is_async: bool) -> None:
    """A first item that is not of the declared type is a ResponseValidationError with a 500, and nothing of it leaks."""
    app = Typeway()

    async def endpoint_async() -> AsyncIterable[Number]:
        yield {"value": "secret"}

    def endpoint() -> Iterable[Number]:
        yield {"value": "secret"}

    app.get("/", **options)(endpoint_async if is_async else endpoint)
    response = ask(app, "GET /")
    assert (response.status_code, response.json()) == (500, {"detail": "Internal Server Error"})
    with pytest.raises(ResponseValidationError):
        TestClient(app).get("/")


def test_what_a_coroutine_returns_to_be_streamed_may_fail_as_well() -> None:
    """An iterable that is returned to a streaming response class is asked for its first item before the answer begins."""
    app = Typeway()

    def items() -> Iterator[str]:
        raise HTTPException(409)
        yield "never"

    @app.get("/", response_class=StreamingResponse)
    async def endpoint():
        return items()

    assert ask(app, "GET /").status_code == 409


class Preamble(StreamingResponse):
    """A response class of the author's that sends something before the items."""

    async def stream_response(self, send: Any) -> None:
        async def send_more(message: Any) -> None:
            await send(message)
            if message["type"] == "http.response.start":
                await send({"type": "http.response.body", "body": b"preamble ", "more_body": True})

        await super().stream_response(send_more)


def test_what_a_response_class_sends_first_opens_the_stream() -> None:
    """The author's response class decides: what it sends before the items cannot be taken back."""
    app = Typeway()

    @app.get("/fine", response_class=Preamble)
    async def fine() -> AsyncIterator[str]:
        yield "item"

    app.get("/", response_class=Preamble)(raising(HTTPException(404), is_async=True, journal=[]))
    assert ask(app, "GET /fine").text == "preamble item"
    assert (ask(app, "GET /").status_code, ask(app, "GET /").text) == (200, "preamble ")


@each_class
@each_kind
def test_head_does_not_begin_a_stream(options: Any, is_async: bool) -> None:
    """HEAD is answered by the status and headers of a stream that never runs."""
    app, journal = Typeway(), []
    app.get("/", **options)(raising(HTTPException(404), is_async=is_async, journal=journal))
    assert ask(app, "HEAD /").status_code == 200
    assert not journal


# ---------------------------------------------------------------- streams that have nothing to say yet


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams open after a short time without an item."""
    monkeypatch.setattr(opening, "FIRST_ITEM_SECONDS", 0.05)


class Listening(Wire):
    """A client that notes when the stream opens, and may leave as soon as it does."""

    def __init__(
        self, *, leaves_at_once: bool = False, fails: bool = False, fails_once: bool = False, **options: Any
    ) -> None:
        super().__init__(**options)
        self.opened = anyio.Event()
        self.leaves_at_once = leaves_at_once
        self.fails = fails
        self.fails_once = fails_once
        self.failed = anyio.Event()

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            await anyio.lowlevel.checkpoint()  # what comes next must wait for it
            if self.fails_once:
                self.failed.set()
                raise OSError("the start got lost")
            if self.fails:
                self.gone.set()
                raise OSError("the client is gone")
        await super().send(message)
        if message["type"] == "http.response.start":
            self.opened.set()
            if self.leaves_at_once:
                self.gone.set()


def middleware(app: Typeway) -> None:
    @app.middleware("http")
    async def pass_on(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        return response


@pytest.mark.anyio
@pytest.mark.usefixtures("soon")
@each_class
@pytest.mark.parametrize("spec_version", ["2.3", "2.4"])
@pytest.mark.parametrize("add", [None, middleware], ids=["direct", "middleware"])
async def test_a_quiet_stream_opens_and_its_item_comes_later(options: Any, spec_version: str, add: Any) -> None:
    """The status and headers are sent soon; the item that is being waited for is not cancelled."""
    app, wire = Typeway(), Listening(spec_version=spec_version)
    if add is not None:
        add(app)

    @app.get("/", **options)
    async def endpoint() -> AsyncIterator[str]:
        with anyio.fail_after(PATIENCE):  # a scope of the generator's own
            await wire.opened.wait()
            await anyio.sleep(0.01)
            yield "first"
        yield "second"

    await wire.serve(app)
    assert [message["type"] for message in wire.messages][:2] == ["http.response.start", "http.response.body"]
    text = b"".join(wire.chunks).decode()
    assert text.index("first") < text.index("second")
    assert wire.messages[0]["status"] == 200


@pytest.mark.usefixtures("soon")
@pytest.mark.anyio
@each_class
async def test_a_quiet_def_generator_opens_too(options: Any) -> None:
    """A thread that waits for its first item holds nothing back either."""
    app, wire, opened = Typeway(), Listening(), threading.Event()

    @app.get("/", **options)
    def endpoint() -> Iterator[str]:
        yield "first" if opened.wait(PATIENCE) else "too late"

    async def note() -> None:
        await wire.opened.wait()
        opened.set()

    async with anyio.create_task_group() as group:
        group.start_soon(note)
        await wire.serve(app)
    assert b"first" in b"".join(wire.chunks)


@pytest.mark.usefixtures("soon")
@pytest.mark.anyio
@each_class
async def test_an_error_after_the_stream_has_opened_is_too_late(options: Any) -> None:
    """A stream that has opened without an item cannot take back its status; the server hears of the error."""
    app, wire = Typeway(), Listening()

    @app.get("/", **options)
    async def endpoint() -> AsyncIterator[str]:
        await wire.opened.wait()
        raise HTTPException(404)
        yield "never"

    with pytest.raises(RuntimeError, match="response already started"):
        await wire.serve(app)
    assert [message.get("status") for message in wire.messages] == [200]


@pytest.mark.usefixtures("soon")
@pytest.mark.anyio
@each_class
@pytest.mark.parametrize("add", [None, middleware], ids=["direct", "middleware"])
async def test_a_client_that_leaves_a_quiet_stream_ends_it(options: Any, add: Any) -> None:
    """A generator that never yields is closed when its client leaves, before or after the stream has opened."""
    app, wire, journal = Typeway(), Listening(leaves_at_once=True), []
    if add is not None:
        add(app)

    @app.get("/", **options)
    async def endpoint() -> AsyncIterator[str]:
        try:
            await anyio.sleep_forever()
            yield "never"
        finally:
            journal.append("closed")

    await wire.serve(app)
    assert journal == ["closed"]


@pytest.mark.usefixtures("soon")
@pytest.mark.anyio
@each_class
async def test_a_stream_that_cannot_open_fails_at_its_first_item(options: Any) -> None:
    """Where the client has gone before the stream could open, whoever sends next is told so, and the generator closed."""
    app, wire, journal = Typeway(), Listening(fails=True, spec_version="2.4"), []

    @app.get("/", **options)
    async def endpoint() -> AsyncIterator[str]:
        try:
            await wire.gone.wait()
            yield "never"
        finally:
            journal.append("closed")

    await wire.serve(app)
    assert (journal, wire.messages) == (["closed"], [])


@pytest.mark.usefixtures("soon")
@pytest.mark.anyio
@each_class
async def test_nothing_follows_a_start_that_was_lost(options: Any) -> None:
    """If the start could not be sent when time was up, nothing else is, although the client is still there."""
    app, wire = Typeway(), Listening(fails_once=True)

    @app.get("/", **options)
    async def endpoint() -> AsyncIterator[str]:
        await wire.failed.wait()
        yield "never"

    with pytest.raises((OSError, ClientDisconnect)):
        await wire.serve(app)
    assert wire.messages == []


@pytest.mark.usefixtures("soon")
@pytest.mark.anyio
async def test_a_start_that_comes_late_is_sent_at_once() -> None:
    """A response class that takes its time before it starts need not wait for the first item on top of it."""
    app, wire = Typeway(), Listening()

    class Slow(StreamingResponse):
        async def stream_response(self, send: Any) -> None:
            await anyio.sleep(0.2)  # longer than a start is held back
            await super().stream_response(send)

    @app.get("/", response_class=Slow)
    async def endpoint() -> AsyncIterator[str]:
        with anyio.fail_after(PATIENCE):
            await wire.opened.wait()
        yield "first"

    await wire.serve(app)
    assert wire.body == b"first"


@pytest.mark.anyio
async def test_a_comment_never_comes_before_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where comments are more frequent than streams have time to open, the first of them opens the stream."""
    monkeypatch.setattr(sse, "KEEPALIVE_SECONDS", 0.02)
    commented = anyio.Event()

    async def note(chunk: int) -> None:
        commented.set()

    app, wire = Typeway(), Listening(on_chunk=note)

    @app.get("/", response_class=EventSourceResponse)
    async def endpoint() -> AsyncIterator[str]:
        await commented.wait()
        yield "item"

    await wire.serve(app)
    assert wire.messages[0]["type"] == "http.response.start"
    assert wire.chunks[0] == b": ping\n\n"
    assert wire.chunks[-1] == b'data: "item"\n\n'


def test_time_is_short() -> None:
    """EventSource fires `open` when the headers come: a stream without an item opens within a second."""
    assert FIRST_ITEM_SECONDS < 1 < sse.KEEPALIVE_SECONDS


@pytest.mark.anyio
@each_class
async def test_waiting_for_the_first_item_can_be_cancelled(options: Any) -> None:
    """A request that is cancelled before its stream has opened closes the generator, and sends nothing."""
    app, wire, journal = Typeway(), Listening(spec_version="2.4"), []

    @app.get("/", **options)
    async def endpoint() -> AsyncIterator[str]:
        try:
            request.cancel()
            await anyio.sleep_forever()
            yield "never"
        finally:
            journal.append("closed")

    with anyio.CancelScope() as request:
        await wire.serve(app)
    assert (journal, wire.messages) == (["closed"], [])
