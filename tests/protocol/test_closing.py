"""Connections end so that no response is lost, and so that a stopping server does not wait for clients that are slow."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.patience import PATIENCE
from tests.protocol.connect import MemoryTransport, Plain, Server, answers, connected, read_all, run
from typeway import Typeway
from typeway.protocol import HTTPProtocol, HTTPSettings, connection

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def server_of(app: Any, **limits: Any) -> Server:
    return Server(app, HTTPProtocol.with_settings(HTTPSettings(**limits)))


# --- a server that stops ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("before", [b"", GET], ids=["new", "used"])
@pytest.mark.parametrize(
    ("begun", "statuses"),
    [
        (b"", []),
        (b"\r\n", []),
        (b"GET /", [503]),
        (b"GET / HTTP/1.1\r\nHost", [503]),
        (GET[:-1], [503]),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\n", [503]),
    ],
    ids=repr,
)
def test_a_stopping_server_does_not_wait_for_the_rest_of_a_head(
    before: bytes, begun: bytes, statuses: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that has not arrived has a moment to arrive when the server stops, not the time of a server that runs."""
    monkeypatch.setattr(connection, "STOPPING_SECONDS", 0.1)

    async def ask() -> list[int]:
        server = server_of(Plain(), header_timeout=10 * PATIENCE)
        async with server.listening() as port, connected(port) as (reader, writer):
            writer.write(before + begun)
            received = asyncio.ensure_future(read_all(reader))
            await asyncio.sleep(0.05)
            for open_connection in list(server.state.connections):
                open_connection.shutdown()
            return [answer.status for answer in answers(await received)]

    assert run(ask()) == [*([200] if before else []), *statuses]


@pytest.mark.usefixtures("quick")
def test_a_stopping_server_answers_what_arrives_at_once() -> None:
    """A request of which a part has arrived is answered if the rest comes at once."""

    async def ask() -> list[int]:
        server = server_of(Plain())
        async with server.listening() as port, connected(port) as (reader, writer):
            writer.write(GET[:10])
            await asyncio.sleep(0.05)
            for open_connection in list(server.state.connections):
                open_connection.shutdown()
            writer.write(GET[10:])
            return [answer.status for answer in answers(await read_all(reader))]

    assert run(ask()) == [200]


@pytest.mark.usefixtures("quick")
def test_a_stopping_server_does_not_wait_for_single_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Single bytes of a head do not hold a stopping server up."""
    monkeypatch.setattr(connection, "STOPPING_SECONDS", 0.1)

    async def ask() -> list[int]:
        server = server_of(Plain(), header_timeout=10 * PATIENCE)
        async with server.listening() as port, connected(port) as (reader, writer):
            received = asyncio.ensure_future(read_all(reader))
            writer.write(b"GET / HTTP/1.1\r\nX: ")
            await asyncio.sleep(0.05)
            for open_connection in list(server.state.connections):
                open_connection.shutdown()
            while not received.done():
                writer.write(b"a")
                await asyncio.sleep(0.01)
            return [answer.status for answer in answers(await received)]

    assert run(ask()) == [503]


# --- the end of a connection ------------------------------------------------------------------------------------


async def closes(scope: Any, receive: Any, send: Any) -> None:
    """Answers with a body and ends the connection."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"connection", b"close")]})
    await send({"type": "http.response.body", "body": b"a"})


async def answers_early(scope: Any, receive: Any, send: Any) -> None:
    """Answers without having read the body."""
    await send({"type": "http.response.start", "status": 403})
    await send({"type": "http.response.body", "body": b"a"})


def direct() -> Typeway:
    app = Typeway()

    @app.api_route("/", methods=["GET", "POST"])
    async def answer() -> int:
        return 1

    return app


async def raises(scope: Any, receive: Any, send: Any) -> None:
    raise ValueError


def nothing(transport: MemoryTransport) -> None:
    pass


def stop(transport: MemoryTransport) -> None:
    transport.protocol.is_stopping = True


CLOSE = GET[:-2] + b"Connection: close\r\n\r\n"
OLD = b"GET / HTTP/1.0\r\n\r\n"
UNREAD = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"

# The application, the request, what happens before; and whether the connection stays open for reading for a while.
ENDS: list[tuple[str, Any, bytes, Callable[[MemoryTransport], None], bool]] = [
    ("the client has said that it ends", Plain(), CLOSE, nothing, False),
    ("the client has said that it ends, direct", direct(), CLOSE, nothing, False),
    ("HTTP/1.0", Plain(), OLD, nothing, False),
    ("the application ends it", closes, GET, nothing, True),
    ("the server stops", Plain(), GET, stop, True),
    ("the server stops, direct", direct(), GET, stop, True),
    ("the body has not been read", answers_early, UNREAD, nothing, True),
    ("the body has not been read, direct", direct(), UNREAD, nothing, True),
    ("a failure before the body has been read", raises, UNREAD, nothing, True),
    ("a failure while the server stops", raises, GET, stop, True),
    ("a malformed request", Plain(), b"GET / HTTP/1.1\r\n\r\n", nothing, True),
]  # fmt: skip


@pytest.mark.parametrize(("name", "app", "sent", "prepare", "lingers"), ENDS, ids=[case[0] for case in ENDS])
@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "TLS"])
def test_stays_open_for_reading_while_the_client_may_send(
    name: str, app: Any, sent: bytes, prepare: Any, lingers: bool, encrypted: bool
) -> None:
    """A connection is closed at once only if nothing more comes; else the client's next bytes would destroy the response.

    TLS cannot end one side alone; there it stays open only where more of a request is certain to come.
    """

    async def ask() -> tuple[bool, bool]:
        transport = server_of(app).connect()
        transport.can_write_eof = lambda: not encrypted  # type: ignore[method-assign]
        prepare(transport)
        transport.receive(sent)
        for _ in range(20):
            await asyncio.sleep(0)
        (answer,) = answers(bytes(transport.sent))
        assert answer.headers["connection"] == "close"
        found = transport.has_ended, transport.is_closed
        transport.close()
        await asyncio.sleep(0)
        return found

    certain = sent is UNREAD or name == "a malformed request"
    expected = (lingers, not lingers) if not encrypted else (False, not certain)
    assert asyncio.run(ask()) == expected


@pytest.mark.usefixtures("quick")
def test_a_body_that_fails_after_its_response_does_not_take_the_response_away() -> None:
    """If the rest of a body does not come although its response promised to keep the connection, the end is no reset."""

    async def ask() -> tuple[list[int], bool, bool]:
        server = server_of(answers_early, body_rate=1000, body_grace=0.05)
        transport = server.connect()
        transport.receive(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\na")
        async with asyncio.timeout(PATIENCE):
            while not transport.is_over:  # noqa: ASYNC110 - the transport has no event
                await asyncio.sleep(0.01)
        found = [answer.status for answer in answers(bytes(transport.sent))], transport.has_ended, transport.is_closed
        transport.close()
        await asyncio.sleep(0)
        return found

    assert asyncio.run(ask()) == ([403], True, False)


@pytest.mark.usefixtures("quick")
def test_an_encrypted_connection_ends_with_a_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection of TLS that has waited long enough for its client is closed, not cut (RFC 8446 section 6.1)."""
    monkeypatch.setattr(connection, "LINGER_SECONDS", 0.05)

    async def ask() -> list[str]:
        transport, calls = server_of(Plain(), max_body_size=10).connect(), []
        transport.can_write_eof = lambda: False  # type: ignore[method-assign]
        close = transport.close
        transport.close = lambda: (calls.append("close"), close())  # type: ignore[method-assign,func-returns-value]
        transport.abort = lambda: (calls.append("abort"), close())  # type: ignore[method-assign,func-returns-value]
        transport.receive(UNREAD)
        async with asyncio.timeout(PATIENCE):
            while not calls:  # noqa: ASYNC110 - the transport has no event
                await asyncio.sleep(0.01)
        return calls

    assert asyncio.run(ask()) == ["close"]


# --- failures ---------------------------------------------------------------------------------------------------


async def exits(scope: Any, receive: Any, send: Any) -> None:
    raise SystemExit


async def says_nothing(scope: Any, receive: Any, send: Any) -> None:
    pass


async def begins_only(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200})


async def begins_and_raises(scope: Any, receive: Any, send: Any) -> None:
    await begins_only(scope, receive, send)
    raise ValueError


async def splits(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"a\r\nb")]})


async def answers_and_raises(scope: Any, receive: Any, send: Any) -> None:
    await answers_early(scope, receive, send)
    raise ValueError


def raises_directly() -> Typeway:
    app = Typeway()

    @app.api_route("/", methods=["GET", "POST"])
    async def answer() -> int:
        raise ValueError

    return app


FAILURES = [
    raises, exits, says_nothing, begins_only, begins_and_raises, splits, answers_and_raises, raises_directly(),
]  # fmt: skip
WHOLE = [GET, b"HEAD" + GET[3:], b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"]


@pytest.mark.parametrize("sent", WHOLE, ids=["GET", "HEAD", "POST"])
@pytest.mark.parametrize("app", FAILURES, ids=lambda app: getattr(app, "__name__", "direct"))
def test_a_failure_costs_one_request(app: Any, sent: bytes) -> None:
    """After a request that failed the connection goes on, so that the next one need not be sent again elsewhere."""
    method = sent[:4].strip().decode()

    async def ask() -> list[int]:
        raw = await Server(app).converse([sent, sent])
        found = answers(raw, [method, method])
        assert ["connection" in answer.headers for answer in found] == [False, False, True]
        return [answer.status for answer in found]

    expected = 403 if app is answers_and_raises else 500
    assert run(ask()) == [expected, expected, 404 if isinstance(app, Typeway) else expected]


@pytest.mark.parametrize("sent", [OLD, b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", CLOSE, UNREAD])
def test_a_failure_ends_what_cannot_go_on(sent: bytes) -> None:
    """A failed request whose connection cannot be kept is answered with `Connection: close`."""

    async def ask() -> list[tuple[int, str | None]]:
        found = answers(await Server(raises).converse([sent]))
        return [(answer.status, answer.headers.get("connection")) for answer in found]

    assert run(ask()) == [(500, "close")]
