"""No more requests are in progress than a limit; others wait for a while, or are told to come back."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from tests.patience import PATIENCE
from typeway import Depends, HTTPException, Typeway, WebSocket
from typeway.exceptions import DeclarationError
from typeway.policies import Concurrency, RateLimit, Timeout
from typeway.responses import StreamingResponse
from typeway.testclient import TestClient
from typeway.websockets import WebSocketDisconnect


async def ask(app: Any, path: str = "/", note: Any = None) -> int:
    """Send a GET as a server does, and return the status."""
    status = 0

    async def receive() -> Any:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    scope: Any = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": [],
        "client": None, "server": None, "http_version": "1.1", "scheme": "http",
    }  # fmt: skip
    await app(scope, receive, send)
    return status


def test_requests_over_the_limit_are_503_until_one_has_cleaned_up() -> None:
    """All routes of the policy share its places, and a place is held until the clean-up has ended."""

    async def scenario() -> None:
        entered, go, cleans, cleaned = (asyncio.Event() for _ in range(4))

        async def session() -> AsyncIterator[None]:
            yield
            cleans.set()
            await cleaned.wait()

        app = Typeway(policies=[Concurrency(1, retry_after=7)])

        @app.get("/", dependencies=[Depends(session)])
        async def hold() -> None:
            entered.set()
            await go.wait()

        @app.get("/other")
        async def other() -> int:
            return 1

        first = asyncio.create_task(ask(app))
        await asyncio.wait_for(entered.wait(), PATIENCE)
        assert await ask(app, "/other") == 503
        go.set()
        await asyncio.wait_for(cleans.wait(), PATIENCE)
        assert await ask(app, "/other") == 503
        cleaned.set()
        assert await first == 200
        assert await ask(app, "/other") == 200

    asyncio.run(scenario())


def test_a_request_that_waits_gets_the_place_in_time() -> None:
    """Within `wait` seconds the place that becomes free is taken; after them it is a 503."""

    async def scenario() -> None:
        entered, go = asyncio.Event(), asyncio.Event()
        app = Typeway()
        shared = [Concurrency(1, wait=PATIENCE)]

        @app.get("/", policies=shared)
        async def hold() -> None:
            entered.set()
            await go.wait()

        @app.get("/impatient", policies=[Concurrency(1, wait=0.01)])
        async def impatient() -> None:
            entered.set()
            await go.wait()

        first = asyncio.create_task(ask(app))
        await asyncio.wait_for(entered.wait(), PATIENCE)
        second = asyncio.create_task(ask(app))
        entered.clear()
        third = asyncio.create_task(ask(app, "/impatient"))
        await asyncio.wait_for(entered.wait(), PATIENCE)
        assert await ask(app, "/impatient") == 503
        go.set()
        assert [await first, await second, await third] == [200, 200, 200]

    asyncio.run(scenario())


@pytest.mark.parametrize("kind", ["raises", "streams", "answers", "is refused"])
def test_every_end_frees_the_place(kind: str) -> None:
    """An error, a broken stream and a plain answer free the place; a request of another policy's refusal takes none."""
    app = Typeway(policies=[Concurrency(1)])

    @app.get("/")
    async def end() -> Any:
        if kind == "raises":
            raise RuntimeError("raised")
        if kind == "is refused":
            raise HTTPException(400)

        async def chunks() -> AsyncIterator[str]:
            yield "a"
            raise RuntimeError("broken")

        return StreamingResponse(chunks()) if kind == "streams" else 1

    with TestClient(app, raise_server_exceptions=False) as client:
        assert len({client.get("/").status_code for _ in range(3)} & {503}) == 0


def test_a_cancelled_request_frees_its_place() -> None:
    """A server that cancels requests of clients that have gone gets the places back."""

    async def scenario() -> None:
        entered = asyncio.Event()
        app = Typeway(policies=[Concurrency(1)])

        @app.get("/")
        async def hold() -> None:
            entered.set()
            await asyncio.Event().wait()

        app.get("/other")(lambda: 1)
        first = asyncio.create_task(ask(app))
        await asyncio.wait_for(entered.wait(), PATIENCE)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert await ask(app, "/other") == 200

    asyncio.run(scenario())


def test_the_limit_of_a_def_endpoint_holds_in_threads() -> None:
    """A function in a thread has its place until it returns."""
    entered, go = threading.Event(), threading.Event()
    app = Typeway()

    @app.get("/", policies=[Concurrency(1)])
    def hold() -> None:
        entered.set()
        assert go.wait(PATIENCE)

    with TestClient(app) as client:
        answers: list[int] = []
        first = threading.Thread(target=lambda: answers.append(client.get("/").status_code))
        first.start()
        assert entered.wait(PATIENCE)
        refused = client.get("/")
        go.set()
        first.join(PATIENCE)
    assert (refused.status_code, refused.headers["Retry-After"], answers) == (503, "1", [200])


def sockets(*policies: Any) -> Typeway:
    app = Typeway()

    @app.websocket("/", policies=policies)
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(await socket.receive_text())

    return app


def test_a_websocket_over_a_limit_is_refused_before_it_is_accepted() -> None:
    """A rate limit counts connections; the refusal is an HTTP 429 where the server can send it."""
    with TestClient(sockets(RateLimit("1/hour"))) as client:
        with client.websocket_connect("/") as socket:
            socket.send_text("hello")
            assert socket.receive_text() == "hello"
        with pytest.raises(WebSocketDisconnect) as refused, client.websocket_connect("/"):
            pass
        response: Any = refused.value
        assert (response.status_code, "Retry-After" in response.headers) == (429, True)


@pytest.mark.parametrize(("policy", "code"), [(RateLimit("1/hour"), 1008), (Concurrency(1), 1013)])
def test_a_server_without_http_refusals_closes_a_websocket(policy: Any, code: int) -> None:
    """Where the server cannot send a response, the connection is closed with 1008 or 1013."""

    async def scenario() -> None:
        app = sockets(policy)
        sent: list[Any] = []
        go = asyncio.Event()

        def scope() -> Any:
            return {"type": "websocket", "path": "/", "query_string": b"", "headers": [], "client": ("c", 1)}

        async def connect_and_wait() -> Any:
            await go.wait()
            return {"type": "websocket.disconnect", "code": 1000}

        messages = iter([{"type": "websocket.connect"}])

        async def receive() -> Any:
            found = next(messages, None)
            return found if found is not None else await connect_and_wait()

        accepted = asyncio.Event()

        async def note(message: Any) -> None:
            accepted.set()

        async def keep(message: Any) -> None:
            sent.append(message)

        first = asyncio.create_task(app(scope(), receive, note))
        await asyncio.wait_for(accepted.wait(), PATIENCE)
        await app(scope(), receive, keep)
        go.set()
        await first
        assert [(message["type"], message.get("code")) for message in sent] == [("websocket.close", code)]

    asyncio.run(scenario())


def test_an_open_websocket_holds_its_place() -> None:
    """The place of a WebSocket is free when the connection has ended."""
    with TestClient(sockets(Concurrency(1))) as client:
        with client.websocket_connect("/") as socket:
            with pytest.raises(WebSocketDisconnect), client.websocket_connect("/"):
                pass
            socket.send_text("x")
            socket.receive_text()
        for _ in range(2):
            with client.websocket_connect("/") as socket:
                socket.send_text("x")
                assert socket.receive_text() == "x"


@pytest.mark.parametrize(
    "values", [{"limit": 0}, {"limit": 1.5}, {"limit": 1, "wait": -1}, {"limit": 1, "retry_after": 0}]
)
def test_values_that_cannot_work_are_refused(values: dict[str, Any]) -> None:
    """The error names the place of the declaration."""
    with pytest.raises(DeclarationError, match=r"test_concurrency\.py:\d+: Concurrency\(\)"):
        Concurrency(**values)


def test_a_timeout_beside_a_wait_counts_the_wait() -> None:
    """The time of a request in the queue is part of its time."""

    async def scenario() -> None:
        entered = asyncio.Event()
        app = Typeway(policies=[Concurrency(1, wait=PATIENCE), Timeout(0.05)])

        @app.get("/")
        async def hold() -> None:
            entered.set()
            await anyio.sleep(PATIENCE)

        both = [asyncio.create_task(ask(app)) for _ in range(2)]
        assert [await each for each in both] == [504, 504]

    asyncio.run(scenario())
