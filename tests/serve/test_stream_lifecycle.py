"""How streams run and end: in order with what surrounds them, and closed whatever ends them."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import AsyncIterator, Iterator
from types import ModuleType
from typing import Any

import anyio
import anyio.to_thread
import pytest
from pydantic import BaseModel

from tests.frameworks import client, each_framework
from tests.patience import PATIENCE
from tests.serve.wire import Wire
from typeway import BackgroundTasks, Depends, HTTPException, Request, Response, Typeway
from typeway.exceptions import ResponseValidationError
from typeway.responses import EventSourceResponse, JSONResponse, StreamingResponse
from typeway.testclient import TestClient

each_class = pytest.mark.parametrize(
    "options",
    [{}, {"response_class": StreamingResponse}, {"response_class": EventSourceResponse}],
    ids=["lines", "raw", "events"],
)
# Servers of the older specification say that a client is gone to who receives, those of the newer to who sends.
each_leaving = pytest.mark.parametrize("spec_version", ["2.3", "2.4"])


class Journal(list[str]):
    """What happened, in order, and a dependency that writes into it."""

    async def request_scoped(self) -> AsyncIterator[None]:
        self.append("request enters")
        try:
            yield
        except BaseException as error:
            self.append(f"request sees {type(error).__name__}")
            raise
        finally:
            self.append("request leaves")

    def function_scoped(self) -> Iterator[None]:
        self.append("function enters")
        yield
        self.append("function leaves")


async def serve_until_gone(app: Typeway, wire: Wire) -> None:
    """Serve a connection whose client leaves, which is no error for the server."""
    await wire.serve(app)


# ---------------------------------------------------------------- order


@each_class
@pytest.mark.parametrize("is_async", [True, False], ids=["async", "def"])
def test_a_stream_runs_between_the_exits_of_both_scopes(options: dict[str, Any], is_async: bool) -> None:
    """Function-scoped dependencies are left first, then items are yielded, tasks run, and the request's are left."""
    app, journal = Typeway(), Journal()

    async def endpoint_async(
        tasks: BackgroundTasks,
        narrow: Any = Depends(journal.function_scoped, scope="function"),
        wide: Any = Depends(journal.request_scoped),
    ) -> AsyncIterator[str]:
        tasks.add_task(journal.append, "task")
        journal.append("begins")
        yield "a"
        journal.append("ends")

    def endpoint(
        tasks: BackgroundTasks,
        narrow: Any = Depends(journal.function_scoped, scope="function"),
        wide: Any = Depends(journal.request_scoped),
    ) -> Iterator[str]:
        tasks.add_task(journal.append, "task")
        journal.append("begins")
        yield "a"
        journal.append("ends")

    app.get("/", **options)(endpoint_async if is_async else endpoint)
    assert client(app).get("/").status_code == 200
    assert journal == [
        "function enters",
        "request enters",
        "function leaves",
        "begins",
        "ends",
        "task",
        "request leaves",
    ]


@each_framework
def test_a_dependency_is_open_while_items_are_yielded(web: ModuleType) -> None:
    """A generator may use what a dependency yielded until its last item."""
    app = web.FastAPI()
    session = {"open": False}

    def get_session() -> Iterator[dict[str, bool]]:
        session["open"] = True
        yield session
        session["open"] = False

    @app.get("/")
    def endpoint(current: Any = web.Depends(get_session)):
        yield current["open"]
        yield current["open"]

    assert client(app).get("/").text == "true\ntrue\n"
    assert not session["open"]


@each_class
def test_a_generator_runs_on_the_loop_and_def_in_threads(options: dict[str, Any]) -> None:
    """`async def` generators stay on the event loop; each step of a `def` generator may block, in a worker thread."""
    app = Typeway()
    seen: dict[str, list[int]] = {"async": [], "def": [], "loop": []}

    async def note_loop() -> None:
        seen["loop"].append(threading.get_ident())

    @app.get("/async", dependencies=[Depends(note_loop)], **options)
    async def endpoint_async() -> AsyncIterator[str]:
        seen["async"].append(threading.get_ident())
        yield "a"

    @app.get("/def", dependencies=[Depends(note_loop)], **options)
    def endpoint() -> Iterator[str]:
        seen["def"].append(threading.get_ident())
        yield "a"

    with TestClient(app) as browser:
        browser.get("/async")
        browser.get("/def")
    assert seen["async"] == seen["loop"][:1]
    assert seen["def"] != seen["loop"][1:]


@each_class
def test_context_variables_of_dependencies_are_seen(options: dict[str, Any]) -> None:
    """What a dependency sets in a context variable is there while the stream runs, in threads as well."""
    app = Typeway()
    user = contextvars.ContextVar("user", default="nobody")

    async def log_in() -> None:
        user.set("ada")

    @app.get("/async", dependencies=[Depends(log_in)], **options)
    async def endpoint_async() -> AsyncIterator[str]:
        yield user.get()

    @app.get("/def", dependencies=[Depends(log_in)], **options)
    def endpoint() -> Iterator[str]:
        yield user.get()

    assert "ada" in client(app).get("/async").text
    assert "ada" in client(app).get("/def").text


# ---------------------------------------------------------------- errors


class Number(BaseModel):
    value: int


@each_class
def test_an_error_ends_the_stream_and_reaches_dependencies(options: dict[str, Any]) -> None:
    """Items before the error have been sent; dependencies see the error itself, and so does the server."""
    app, journal = Typeway(), Journal()

    @app.get("/", dependencies=[Depends(journal.request_scoped)], **options)
    async def endpoint() -> AsyncIterator[str]:
        yield "sent"
        raise LookupError("hidden")

    response = client(app).get("/")
    assert response.status_code == 200
    assert "sent" in response.text
    assert "hidden" not in response.text
    assert journal == ["request enters", "request sees LookupError", "request leaves"]
    with pytest.raises(LookupError):
        TestClient(app).get("/")


@pytest.mark.parametrize("options", [{}, {"response_class": EventSourceResponse}], ids=["lines", "events"])
@pytest.mark.parametrize("is_async", [True, False], ids=["async", "def"])
def test_an_item_that_does_not_fit_ends_the_stream(options: dict[str, Any], is_async: bool) -> None:
    """A wrong item is a ResponseValidationError that knows the endpoint; the client sees none of it."""
    app = Typeway()

    async def endpoint_async() -> AsyncIterator[Number]:
        yield Number(value=1)
        yield {"value": "secret"}

    def endpoint() -> Iterator[Number]:
        yield Number(value=1)
        yield {"value": "secret"}

    app.get("/", **options)(endpoint_async if is_async else endpoint)
    text = client(app).get("/").text
    assert '{"value":1}' in text
    assert "secret" not in text
    with pytest.raises(ResponseValidationError) as caught:
        TestClient(app).get("/")
    assert [error["loc"] for error in caught.value.errors()] == [("response", "value")]
    assert caught.value.endpoint_path == "GET /"
    assert (caught.value.endpoint_function or "").startswith("endpoint")


@each_class
def test_an_http_exception_in_a_generator_comes_too_late(options: dict[str, Any]) -> None:
    """After the first item the status has been sent: the server hears of the mistake."""
    app = Typeway()

    @app.get("/", **options)
    async def endpoint() -> AsyncIterator[str]:
        yield "sent"
        raise HTTPException(404)

    assert client(app).get("/").status_code == 200
    with pytest.raises(RuntimeError, match="response already started"):
        TestClient(app).get("/")


# ---------------------------------------------------------------- taking turns


@pytest.mark.anyio
@each_class
async def test_others_have_their_turn_after_each_item(options: dict[str, Any]) -> None:
    """A generator that never waits does not hold up the event loop, whether or not the server does.

    Only items that follow one another at once are sent together, for a millisecond.
    """
    app, turns = Typeway(), []

    @app.get("/", **options)
    async def endpoint() -> AsyncIterator[str]:
        for number in range(5):
            turns.append(f"item {number}")
            time.sleep(0.002)  # noqa: ASYNC251 - what such a generator does to the event loop
            yield "x"

    async def other() -> None:
        while True:
            turns.append("other")
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as group:
        group.start_soon(other)
        await Wire(spec_version="2.4").serve(app)
        group.cancel_scope.cancel()
    first, last = turns.index("item 0"), turns.index("item 4")
    between = turns[first : last + 1]
    assert all(f"item {number}" in between for number in range(5))
    assert between.count("other") >= 3  # trio shuffles the tasks of one round


@pytest.mark.anyio
@each_class
async def test_an_endless_stream_can_be_cancelled(options: dict[str, Any]) -> None:
    """Cancelling the request ends a generator that never ends by itself, and closes it."""
    app, journal = Typeway(), Journal()

    @app.get("/", **options)
    async def endpoint() -> AsyncIterator[str]:
        try:
            while True:
                yield "x"
        finally:
            journal.append("closed")

    async def cancel(chunk: int) -> None:
        if chunk == 3:
            whole.cancel()

    wire = Wire(spec_version="2.4", on_chunk=cancel)
    with anyio.CancelScope() as whole:
        await wire.serve(app)
    assert whole.cancelled_caught
    assert wire.chunks
    assert journal == ["closed"]


# ---------------------------------------------------------------- clients that leave


@pytest.mark.anyio
@each_class
@each_leaving
async def test_a_generator_is_closed_when_its_client_leaves(options: dict[str, Any], spec_version: str) -> None:
    """It is closed where it stands, its clean-up may wait, and all that before its dependencies are left."""
    app, journal = Typeway(), Journal()

    @app.get("/", dependencies=[Depends(journal.request_scoped)], **options)
    async def endpoint() -> AsyncIterator[str]:
        try:
            while True:
                yield "x"
        finally:
            await anyio.sleep(0.01)
            journal.append("closed")

    wire = Wire(leaves_after=3, spec_version=spec_version)
    await serve_until_gone(app, wire)
    assert len(wire.chunks) == 3
    assert [entry for entry in journal if "sees" not in entry] == ["request enters", "closed", "request leaves"]


@pytest.mark.anyio
@each_class
@each_leaving
async def test_a_def_generator_is_closed_when_its_client_leaves(options: dict[str, Any], spec_version: str) -> None:
    """Its finally block runs in a thread, even when all threads of the pool are busy."""
    app, journal = Typeway(), Journal()
    threads = anyio.to_thread.current_default_thread_limiter()
    borrowers = [object() for _ in range(int(threads.total_tokens))]
    loop_thread = threading.get_ident()

    @app.get("/", dependencies=[Depends(journal.request_scoped)], **options)
    def endpoint() -> Iterator[str]:
        try:
            while True:
                yield "x"
        finally:
            journal.append("closed on the loop" if threading.get_ident() == loop_thread else "closed")

    async def occupy(chunk: int) -> None:
        if chunk == 3:
            for borrower in borrowers:
                await threads.acquire_on_behalf_of(borrower)

    try:
        await serve_until_gone(app, Wire(leaves_after=3, on_chunk=occupy, spec_version=spec_version))
    finally:
        for borrower in borrowers:
            threads.release_on_behalf_of(borrower)
    assert [entry for entry in journal if "sees" not in entry] == ["request enters", "closed", "request leaves"]


@pytest.mark.anyio
@each_class
async def test_a_generator_that_waits_is_woken_when_its_client_leaves(options: dict[str, Any]) -> None:
    """Waiting for something that never comes ends as soon as nobody listens any more; tasks still run."""
    app, journal = Typeway(), Journal()

    @app.get("/", **options)
    async def endpoint(tasks: BackgroundTasks) -> AsyncIterator[str]:
        tasks.add_task(journal.append, "task")
        try:
            yield "x"
            await anyio.sleep_forever()
        finally:
            journal.append("closed")

    received = anyio.Event()

    async def note(chunk: int) -> None:
        received.set()

    wire = Wire(on_chunk=note)
    async with anyio.create_task_group() as group:
        group.start_soon(wire.serve, app)
        await received.wait()
        await anyio.sleep(0.01)
        wire.gone.set()
    assert journal == ["closed", "task"]


@pytest.mark.anyio
@each_class
@each_leaving
async def test_cancel_scopes_around_items_are_left_in_their_own_task(
    options: dict[str, Any], spec_version: str
) -> None:
    """A generator may hold a task group or a time limit open while it yields; leaving does not break it."""
    app, journal = Typeway(), Journal()

    @app.get("/", **options)
    async def endpoint() -> AsyncIterator[str]:
        with anyio.fail_after(PATIENCE):
            async with anyio.create_task_group() as group:
                group.start_soon(anyio.sleep_forever)
                try:
                    while True:
                        yield "x"
                finally:
                    journal.append("closed")
                    group.cancel_scope.cancel()

    await serve_until_gone(app, Wire(leaves_after=2, spec_version=spec_version))
    assert journal == ["closed"]


@pytest.mark.anyio
@each_class
async def test_an_error_while_closing_is_not_hidden(options: dict[str, Any]) -> None:
    """What the clean-up of a generator raises after its client has left reaches the server."""
    app = Typeway()

    @app.get("/", **options)
    async def endpoint() -> AsyncIterator[str]:
        try:
            while True:
                yield "x"
        finally:
            raise LookupError("in clean-up")

    with pytest.raises(LookupError, match="in clean-up"):
        await Wire(leaves_after=2).serve(app)


@pytest.mark.anyio
async def test_an_error_while_closing_comes_out_of_a_task_group() -> None:
    """A task group around items makes a group of what goes wrong in clean-up; only its leaving is left out."""
    app = Typeway()

    async def fail_when_cancelled() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            raise LookupError("in a task")

    @app.get("/")
    async def endpoint() -> AsyncIterator[str]:
        async with anyio.create_task_group() as group:
            group.start_soon(fail_when_cancelled)
            while True:
                yield "x"

    with pytest.raises(ExceptionGroup) as caught:
        await Wire(leaves_after=2, spec_version="2.4").serve(app)
    assert [type(error) for error in caught.value.exceptions] == [LookupError]


# ---------------------------------------------------------------- middleware


@pytest.mark.anyio
@each_class
async def test_middleware_may_wrap_a_stream(options: dict[str, Any]) -> None:
    """Middleware sees chunks as they are made, may change them, and the generator is closed all the same."""
    app, journal = Typeway(), Journal()

    @app.middleware("http")
    async def shout(request: Request, call_next: Any) -> Response:
        response = await call_next(request)
        chunks = response.body_iterator

        async def upper() -> AsyncIterator[bytes]:
            async for chunk in chunks:
                yield (chunk if isinstance(chunk, bytes) else chunk.encode()).upper()

        response.body_iterator = upper()
        answer: Response = response
        return answer

    @app.get("/", **options)
    async def endpoint() -> AsyncIterator[str]:
        try:
            while True:
                yield "x"
        finally:
            journal.append("closed")

    wire = Wire(leaves_after=2)
    await wire.serve(app)
    assert all(b"X" in chunk for chunk in wire.chunks)
    assert journal == ["closed"]


@each_class
@each_leaving
@pytest.mark.parametrize("with_exits", [False, True])
def test_middleware_may_drop_a_stream(options: dict[str, Any], spec_version: str, with_exits: bool) -> None:
    """A stream that middleware answers over is ended where it stands, and closed; the endpoint's tasks run."""
    app, journal = Typeway(), Journal()

    @app.middleware("http")
    async def instead(request: Request, call_next: Any) -> Response:
        await call_next(request)
        return JSONResponse("other")

    @app.get("/", dependencies=[Depends(journal.request_scoped)] if with_exits else [], **options)
    async def endpoint(tasks: BackgroundTasks) -> AsyncIterator[str]:
        tasks.add_task(journal.append, "task")
        try:
            while True:
                yield "x"
        finally:
            journal.append("closed")

    async def main() -> list[bytes]:
        wire = Wire(spec_version=spec_version)
        await wire.serve(app)
        return wire.chunks

    assert anyio.run(main) == [b'"other"']
    expected = ["request enters", "closed", "task", "request leaves"] if with_exits else ["closed", "task"]
    assert sorted(journal) == sorted(expected)
    assert not with_exits or journal == expected
