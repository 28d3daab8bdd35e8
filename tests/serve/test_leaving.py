"""A client that leaves costs nothing more: what works for it is cancelled where that is wanted, and is always cleaned up."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Annotated, Any

import anyio
import anyio.to_thread
import pytest

from tests.frameworks import COMPAT, Sending
from tests.patience import PATIENCE
from typeway import Depends, Request, Router, Typeway, WebSocket, WebSocketDisconnect
from typeway.serve import attend

GET = {"media_type": None, "method": "GET"}


class Client:
    """One connection: what the client sends can be put in, and everything that the application sends is kept."""

    def __init__(self, path: str = "/", *, socket: bool = False) -> None:
        self.scope = Sending(path, **GET).scope()
        self.incoming: asyncio.Queue[Any] = asyncio.Queue()
        if socket:
            self.scope |= {"type": "websocket", "scheme": "ws", "subprotocols": []}
            self.incoming.put_nowait({"type": "websocket.connect"})
        else:
            self.incoming.put_nowait({"type": "http.request", "body": b"", "more_body": False})
        self.sent: list[Any] = []
        self.read = 0

    async def receive(self) -> Any:
        self.read += 1
        return await self.incoming.get()

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    def say(self, text: str) -> None:
        self.incoming.put_nowait({"type": "websocket.receive", "text": text})

    def leave(self) -> None:
        kind = self.scope["type"]
        self.incoming.put_nowait({"type": f"{kind}.disconnect", **({"code": 1001} if kind == "websocket" else {})})

    def ask(self, app: Any) -> asyncio.Task[None]:
        """Let the application serve it in a task, as servers do."""
        return asyncio.get_running_loop().create_task(app(self.scope, self.receive, self.send))


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(work(), PATIENCE)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, left

    asyncio.run(bounded())


async def until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 - threads cannot set an event of this loop
        await asyncio.sleep(0.01)


class Log:
    """An application with a resource, and what happens in it."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.events: list[str] = []
        self.begun = asyncio.Event()

    async def resource(self) -> AsyncIterator[str]:
        try:
            yield "resource"
        except BaseException as error:
            self.events.append(type(error).__name__)
            raise
        finally:
            await asyncio.sleep(0)  # clean-up may wait
            self.events.append("closed")

    async def wait(self) -> None:
        """Wait for ever, as for a message of another client."""
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # the endpoint's own clean-up may wait too
            self.events.append("left")


@pytest.mark.parametrize("seconds", [True, 0, 0.01])
def test_a_socket_that_waits_for_something_else_is_cancelled(seconds, caplog):
    """When its client has left, the endpoint is cancelled, cleans up, and the log has a line for debugging."""
    log = Log(Typeway())

    @log.app.websocket("/", cancel_on_disconnect=seconds)
    async def talk(socket: WebSocket, value: Annotated[str, Depends(log.resource)]) -> None:
        await socket.accept()
        await log.wait()

    async def scenario() -> None:
        client = Client(socket=True)
        task = client.ask(log.app)
        await log.begun.wait()
        client.leave()
        await task
        assert not task.cancelling()

    caplog.set_level(logging.DEBUG, "typeway")
    run(scenario)
    assert log.events == ["left", "WebSocketDisconnect", "closed"]
    assert [record.levelname for record in caplog.records if record.name == "typeway"] == ["DEBUG"]


def test_a_socket_is_cancelled_without_any_option(monkeypatch):
    """This is how sockets are, after some seconds; in compat mode they are not, as with FastAPI."""
    monkeypatch.setattr("typeway.plan.build.SOCKET_PATIENCE", 0.0)

    async def events_of(app: Any) -> list[str]:
        log = Log(app)

        @app.websocket("/")
        async def talk(socket: WebSocket) -> None:
            await socket.accept()
            await log.wait()

        client = Client(socket=True)
        task = client.ask(app)
        await log.begun.wait()
        client.leave()
        await asyncio.wait([task], timeout=3 * attend.PAUSE)
        events = [*log.events]
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return events

    async def scenario() -> None:
        assert await events_of(Typeway()) == ["left"]
        assert await events_of(COMPAT.FastAPI()) == []

    run(scenario)


def test_a_socket_that_receives_gets_the_disconnect():
    """An endpoint that receives again before its time is over learns it there, and goes on as long as it likes."""
    app, events = Typeway(), []
    left, busy = asyncio.Event(), asyncio.Event()

    @app.websocket("/", cancel_on_disconnect=PATIENCE)
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        busy.set()
        await left.wait()
        with pytest.raises(WebSocketDisconnect) as caught:
            await socket.receive_text()
        await asyncio.sleep(0.01)
        events.append(caught.value.code)

    async def scenario() -> None:
        client = Client(socket=True)
        task = client.ask(app)
        await busy.wait()
        client.leave()
        await until(lambda: client.read >= 2)  # the disconnect has been read for the endpoint
        left.set()
        await task

    run(scenario)
    assert events == [1001]


def test_a_socket_may_go_on_without_its_client():
    """With cancel_on_disconnect=False an endpoint is never cancelled."""
    app, done = Typeway(), asyncio.Event()

    @app.websocket("/", cancel_on_disconnect=False)
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await asyncio.sleep(2 * attend.PAUSE)
        done.set()

    async def scenario() -> None:
        client = Client(socket=True)
        task = client.ask(app)
        client.leave()
        await task

    run(scenario)
    assert done.is_set()


def test_messages_come_in_order_whoever_has_read_them():
    """What a client sends while the endpoint waits is received afterwards, in order, and then the rest."""
    app, got = Typeway(), []
    go, busy = asyncio.Event(), asyncio.Event()

    @app.websocket("/")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        got.append(await socket.receive_text())
        busy.set()
        await go.wait()
        async for text in socket.iter_text():
            got.append(text)

    async def scenario() -> None:
        client = Client(socket=True)
        task = client.ask(app)
        client.say("0")
        await busy.wait()
        for number in range(1, 6):
            client.say(str(number))
        await until(lambda: client.read >= 8)  # all that there is has been read ahead, and the next is waited for
        go.set()
        await asyncio.sleep(0.05)
        for number in range(6, 9):
            client.say(str(number))
        client.leave()
        await task

    run(scenario)
    assert got == list(map(str, range(9)))


def test_no_more_is_read_ahead_than_the_limit():
    """A client that floods an endpoint which does not receive is held back, as it is without all this."""
    app, busy = Typeway(), asyncio.Event()

    @app.websocket("/")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        busy.set()
        await asyncio.sleep(3 * attend.PAUSE)

    client = None

    async def scenario() -> None:
        nonlocal client
        client = Client(socket=True)
        task = client.ask(app)
        await busy.wait()
        for _ in range(1_000):
            client.say("x" * 1_000)
        await task

    run(scenario)
    assert 10 < client.read < 100


@pytest.mark.parametrize("option", [None, False, True])
def test_a_request_is_cancelled_only_if_it_says_so(option):
    """A request goes on without its client unless cancel_on_disconnect says otherwise; its clean-up always runs."""
    log = Log(Typeway(cancel_on_disconnect=option))
    go = asyncio.Event()

    @log.app.get("/")
    async def work(value: Annotated[str, Depends(log.resource)]) -> None:
        log.begun.set()
        await go.wait()
        log.events.append("done")

    async def scenario() -> None:
        client = Client()
        task = client.ask(log.app)
        await log.begun.wait()
        client.leave()
        await asyncio.wait([task], timeout=PATIENCE if option else 2 * attend.PAUSE)
        go.set()
        await task
        assert bool(client.sent) is not bool(option)

    run(scenario)
    assert log.events == (["ClientDisconnect", "closed"] if option else ["done", "closed"])


LEVELS = [
    ({}, {}, {}, {}, None),
    ({"cancel_on_disconnect": True}, {}, {}, {}, True),
    ({"cancel_on_disconnect": True}, {"cancel_on_disconnect": False}, {}, {}, False),
    ({}, {"cancel_on_disconnect": True}, {"cancel_on_disconnect": 3}, {}, 3),
    ({"cancel_on_disconnect": 1}, {"cancel_on_disconnect": 2}, {"cancel_on_disconnect": 3},
     {"cancel_on_disconnect": 4.5}, 4.5),
]  # fmt: skip


@pytest.mark.parametrize(("app", "include", "router", "route", "expected"), LEVELS)
def test_the_innermost_value_counts(app, include, router, route, expected):
    """The option can be given to the application, an inclusion, a router, a route and a WebSocket."""
    application, inner = Typeway(**app), Router(**router)

    @inner.get("/", **route)
    async def read() -> None: ...

    @inner.websocket("/socket", **route)
    async def talk(socket: WebSocket) -> None:
        await socket.accept()

    application.include_router(inner, prefix="/inner", **include)
    found = [entry for entry in application.routes if entry.path.startswith("/inner")]
    assert [entry.cancel_on_disconnect for entry in found] == [expected, expected]


def test_a_cancelled_request_waits_for_its_thread():
    """A `def` endpoint cannot be interrupted: clean-up begins when its thread has finished, not beside it."""
    events: list[str] = []
    begun, go = threading.Event(), threading.Event()

    def resource() -> Iterator[int]:
        yield 1
        events.append("closed")

    app = Typeway()

    @app.get("/")
    def work(value: Annotated[int, Depends(resource)]) -> None:
        begun.set()
        go.wait(PATIENCE)
        events.append("done")

    async def scenario() -> None:
        client = Client()
        task = client.ask(app)
        await asyncio.to_thread(begun.wait, PATIENCE)
        task.cancel()  # as a server does that stops
        await asyncio.sleep(0.05)
        assert events == []
        go.set()
        with suppress(asyncio.CancelledError):
            await task
        assert task.cancelled()

    run(scenario)
    assert events[0] == "done"


def test_a_resource_that_a_thread_has_opened_is_closed_after_a_cancellation():
    """A request that is cancelled while a `def` dependency opens its resource closes it again."""
    events: list[str] = []
    begun, go = threading.Event(), threading.Event()

    def resource() -> Iterator[int]:
        begun.set()
        go.wait(PATIENCE)
        events.append("opened")
        try:
            yield 1
        finally:
            events.append("closed")

    app = Typeway()

    @app.get("/")
    async def work(value: Annotated[int, Depends(resource)]) -> None:
        events.append("endpoint")

    async def scenario() -> None:
        task = Client().ask(app)
        await asyncio.to_thread(begun.wait, PATIENCE)
        task.cancel()
        await asyncio.sleep(0)
        go.set()
        with suppress(asyncio.CancelledError):
            await task
        assert task.cancelled()

    run(scenario)
    assert events == ["opened", "closed"]


def slow_application(threads: int, web: Any = None) -> tuple[Any, threading.Event, list[str]]:
    """An application with a pool of some threads, whose slow endpoint waits for an event."""
    app = Typeway(thread_pool_size=threads) if web is None else web.FastAPI()
    go, ran = threading.Event(), []

    @app.get("/slow")
    def slow(name: str = "") -> None:
        ran.append(name)
        go.wait(PATIENCE)

    @app.get("/health")
    def health() -> dict[str, bool]:
        return {"thread": threading.current_thread() is not threading.main_thread(), **dict.fromkeys(ran[:0])}

    def resource() -> Iterator[int]:
        yield threading.get_ident()

    @app.get("/health/database")
    def health_of_database(value: Annotated[int, Depends(resource)]) -> dict[str, bool]:
        return {"thread": value != threading.main_thread().ident}

    return app, go, ran


def has_answered(client: Client) -> bool:
    return [message.get("status") for message in client.sent[:1]] == [200]


@pytest.mark.parametrize("path", ["/health", "/health/database"])
def test_slow_requests_to_one_endpoint_do_not_starve_another(path):
    """While slow calls take all threads of the pool, and more wait, another `def` endpoint gets a thread at once."""
    app, go, ran = slow_application(2)

    async def scenario() -> None:
        slow = [Client("/slow") for _ in range(8)]
        tasks = [client.ask(app) for client in slow]
        await until(lambda: len(ran) == 2)
        for _ in range(3):
            client = Client(path)
            await client.ask(app)
            assert has_answered(client)
        assert not any(map(has_answered, slow))
        assert len(ran) == 2  # one endpoint never has more threads than the pool
        go.set()
        await asyncio.gather(*tasks)
        assert all(map(has_answered, slow))
        assert len(ran) == 8

    run(scenario)


def test_a_pool_of_one_thread_stays_a_lock():
    """An application whose functions must run one after the other says so by a pool of one thread."""
    app, go, ran = slow_application(1)

    async def scenario() -> None:
        task = Client("/slow").ask(app)
        await until(lambda: bool(ran))
        client = Client("/health")
        waiting = client.ask(app)
        await asyncio.sleep(0.1)
        assert not has_answered(client)
        go.set()
        await asyncio.gather(task, waiting)
        assert has_answered(client)

    run(scenario)


def test_a_request_whose_client_has_left_is_not_run():
    """A request that waits for a thread leaves the queue when its client leaves, and its endpoint is not called."""
    app, go, ran = slow_application(2)

    async def scenario() -> None:
        tasks = [Client("/slow").ask(app) for _ in range(2)]
        await until(lambda: len(ran) == 2)
        gone = []
        for _ in range(5):
            client = Client("/slow")
            client.scope["query_string"] = b"name=gone"
            gone.append((client, client.ask(app)))
        stays = Client("/slow")
        staying = stays.ask(app)
        await asyncio.sleep(0.05)
        for client, _ in gone:
            client.leave()
        await asyncio.wait([task for _, task in gone])
        assert not any(client.sent for client, _ in gone)
        go.set()
        await asyncio.gather(staying, *tasks)
        assert has_answered(stays)

    run(scenario)
    assert ran == [""] * 3


def test_on_trio_requests_run_as_before():
    """On trio nobody looks for clients that have left; everything else is the same."""
    app, go, _ = slow_application(2)
    go.set()

    @app.get("/async", cancel_on_disconnect=True)
    async def answer(request: Request) -> str:
        return "a"

    sent: list[Any] = []

    async def ask(path: str) -> None:
        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await app(Sending(path, **GET).scope(), receive, send)

    for path in ("/async", "/slow", "/health/database"):
        anyio.run(ask, path, backend="trio")
    assert [message["status"] for message in sent if "status" in message] == [200] * 3
