"""A failure costs exactly one request: nothing ends the server, blocks its loop, or cuts a connection without a word."""

import asyncio
import dataclasses
import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest

from tests.frameworks import Sending, answer_of, client, compat_and_fastapi
from typeway import BackgroundTasks, Depends, HTTPException, Request, Typeway, WebSocket
from typeway.responses import JSONResponse, StreamingResponse

GET = {"media_type": None, "method": "GET"}


def with_layer(app: Typeway) -> Typeway:
    """The same application behind one http middleware."""

    @app.middleware("http")
    async def layer(request: Request, call_next: Any) -> Any:
        return await call_next(request)

    return app


# How an application is reached.
WAYS = pytest.mark.parametrize("reach", [lambda app: app, with_layer], ids=["alone", "layer"])


@dataclasses.dataclass(frozen=True)
class Frozen(Exception):
    number: int = 1


class Closed(Exception):
    __slots__ = ()

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(name)


@WAYS
@pytest.mark.parametrize("error", [Frozen(), Closed(), ExceptionGroup("", [Frozen()]),
                                   ExceptionGroup("", [ExceptionGroup("", [Frozen()])])])  # fmt: skip
def test_an_exception_of_any_class_gets_its_handler(error, reach):
    """A class without attributes, a frozen dataclass, and a task group's only error are answered by their handlers."""
    app = reach(Typeway())

    @app.exception_handler(Frozen)
    @app.exception_handler(Closed)
    async def handle(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": type(error).__name__}, 418)

    @app.get("/")
    async def fail() -> None:
        raise error

    for _ in range(2):
        response = client(app, raise_server_exceptions=True).get("/")
        assert (response.status_code, response.json()["error"] in ("Frozen", "Closed")) == (418, True)


@compat_and_fastapi
def test_a_group_stays_a_group_where_fastapis_conventions_apply(web):
    """FastAPI knows no handler for a group, whatever it contains; the server gets it."""
    app, group = web.FastAPI(max_body_size=5), ExceptionGroup("", [web.HTTPException(413)])

    @app.get("/")
    async def fail() -> None:
        raise group

    with pytest.raises(ExceptionGroup) as caught:
        client(app, raise_server_exceptions=True).get("/")
    assert caught.value is group
    assert client(app).get("/").status_code == 500


def test_a_group_of_several_errors_is_unhandled():
    """What more than one task has raised has no one answer: it is a 500."""
    app = Typeway()

    @app.get("/")
    async def fail() -> None:
        raise ExceptionGroup("", [HTTPException(409), HTTPException(410)])

    assert client(app).get("/").status_code == 500


@WAYS
@pytest.mark.parametrize("errors", ["detail", "problem"])
@pytest.mark.parametrize("status", [0, -1, 99, 600, 999, 1000, "404"])
def test_a_status_that_no_server_can_send_is_a_500(status, errors, reach):
    """An HTTPException with such a status is answered with 500, instead of a connection that is cut."""
    app = reach(Typeway(errors=errors))

    @app.get("/")
    async def fail() -> None:
        raise HTTPException(status)

    assert client(app).get("/").status_code == 500


@WAYS
def test_a_kept_response_runs_the_tasks_of_its_own_request_only(reach):
    """A response that an endpoint keeps runs no task of an earlier request."""
    app, ran = reach(Typeway()), []
    kept = JSONResponse({})

    @app.get("/{number}")
    async def answer(number: int, tasks: BackgroundTasks) -> JSONResponse:
        tasks.add_task(ran.append, number)
        return kept

    for number in range(3):
        client(app).get(f"/{number}")
    assert ran == [0, 1, 2]


async def leaving(app: Typeway, path: str, after: int) -> list[Any]:
    """The messages that an application sends to a client that leaves after some of them; the task is the server's."""
    messages: list[Any] = []
    gone = asyncio.Event()
    waiting = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Any:
        if waiting:
            return waiting.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        messages.append(message)
        if len(messages) > after:
            gone.set()

    scope = Sending(path, **GET).scope()
    # Before 2.4, servers do not raise an error when the client has gone, and streams run in a task of their own.
    await app({**scope, "asgi": {"version": "3.0", "spec_version": "2.3"}}, receive, send)
    return messages


@WAYS
@pytest.mark.parametrize("raised", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("path", ["/response", "/lines", "/endpoint", "/dependency"])
def test_a_stream_that_raises_no_exception_costs_one_request(raised, path, reach):
    """KeyboardInterrupt and SystemExit in a generator do not leave the event loop: other requests are answered."""
    app = reach(Typeway())

    async def items() -> AsyncIterator[bytes]:
        yield b"a"
        raise raised

    @app.get("/response")
    async def response() -> StreamingResponse:
        return StreamingResponse(items())

    @app.get("/lines")
    async def lines() -> AsyncIterator[int]:
        yield 1
        raise raised

    async def resource() -> AsyncIterator[int]:
        yield 1

    @app.get("/endpoint")
    async def endpoint(number: Annotated[int, Depends(resource)]) -> None:
        raise raised

    async def failing() -> AsyncIterator[int]:
        raise raised
        yield 1

    @app.get("/dependency")
    async def dependency(number: Annotated[int, Depends(failing)]) -> None: ...

    @app.get("/")
    async def alive() -> int:
        return 1

    async def ask() -> Any:
        try:
            await leaving(app, path, 100)
        except (RuntimeError, ExceptionGroup, raised):
            pass  # a server catches what leaves the application in its own task
        return await answer_of(app, Sending("/", **GET))

    assert asyncio.run(ask())["status"] == [200]


@WAYS
@pytest.mark.parametrize("path", ["/response", "/lines"])
def test_a_stream_that_never_waits_ends_when_its_client_leaves(path, reach):
    """A generator without an await lets the loop run after each item, so that the end of the connection is seen."""
    app, made = reach(Typeway()), []

    async def items() -> AsyncIterator[bytes]:
        for number in range(100_000):
            made.append(number)
            yield b"x"

    @app.get("/response")
    async def response() -> StreamingResponse:
        return StreamingResponse(items())

    @app.get("/lines")
    async def lines() -> AsyncIterator[int]:
        for number in range(100_000):
            made.append(number)
            yield number

    asyncio.run(leaving(app, path, 10))
    assert len(made) < 1_000


def test_a_client_that_leaves_while_its_body_is_read_is_no_error(caplog):
    """`request.body()` of a client that has gone ends the request without an error for the server."""
    app = Typeway()

    @app.post("/")
    async def read(request: Request) -> int:
        return len(await request.body())

    with caplog.at_level(logging.DEBUG, "typeway"):
        found = asyncio.run(answer_of(app, Sending("/", [b"a"], leaves=True)))
    assert (found["status"], found["raised"]) == ([], None)
    assert [record.levelname for record in caplog.records] == ["DEBUG"]


def test_a_socket_that_fails_closes_with_1011():
    """After an exception the client gets a close frame that says so; the server gets the exception."""
    app = Typeway()

    @app.websocket("/")
    async def fail(socket: WebSocket) -> None:
        await socket.accept()
        raise ValueError("secret")

    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {**Sending("/", **GET).scope(), "type": "websocket", "scheme": "ws", "subprotocols": []}
    with pytest.raises(ValueError, match="secret"):
        asyncio.run(app(scope, receive, send))
    assert [(message["type"], message.get("code"), message.get("reason")) for message in sent[1:]] == [
        ("websocket.close", 1011, "")
    ]


def test_a_client_that_leaves_a_socket_is_no_error(caplog):
    """The end of a connection ends its endpoint, and the debug log has a line."""
    app = Typeway()

    @app.websocket("/")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.receive_text()

    caplog.set_level(logging.DEBUG, "typeway")
    with client(app, raise_server_exceptions=True).websocket_connect("/"):
        pass
    assert [record.levelname for record in caplog.records if record.name == "typeway"] == ["DEBUG"]
