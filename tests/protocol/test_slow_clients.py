"""Clients that are slow, silent, greedy or gone: each costs little, for a short time, and hurts nobody else."""

import asyncio
import logging
from typing import Any

import pytest

from tests.patience import PATIENCE
from tests.protocol.connect import Plain, Server, answers, connected, read_all, run, until
from typeway import Depends, Request, Typeway
from typeway.protocol import HTTPProtocol, HTTPSettings, connection
from typeway.responses import StreamingResponse

pytestmark = pytest.mark.usefixtures("quick")

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
MIB = 1024 * 1024


def server_of(app: Any, *, keep_alive: float = PATIENCE, **limits: Any) -> Server:
    return Server(app, HTTPProtocol.with_settings(HTTPSettings(**limits)), {"timeout_keep_alive": keep_alive})


async def statuses(reader: asyncio.StreamReader) -> list[int]:
    return [answer.status for answer in answers(await read_all(reader))]


# --- times ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "begun", [b"", b"G", b"GET", b"GET /a", b"GET / HTTP/1.1\r\nHost", GET[:-1], b"\r\n"], ids=repr
)
def test_answers_408_to_a_head_that_does_not_come(begun: bytes) -> None:
    """A client that connects and sends nothing, or only the beginning of a request, is answered with 408 after a time."""

    async def ask() -> list[int]:
        async with server_of(Plain(), header_timeout=0.1).listening() as port, connected(port) as (reader, writer):
            writer.write(begun)
            return await statuses(reader)

    assert run(ask()) == [408]


def test_counts_the_time_of_a_head_in_all() -> None:
    """Single bytes do not begin the time for a head anew."""

    async def ask() -> list[int]:
        async with server_of(Plain(), header_timeout=0.15).listening() as port, connected(port) as (reader, writer):
            received = asyncio.ensure_future(statuses(reader))
            writer.write(b"GET / HTTP/1.1\r\nX: ")
            while not received.done():
                writer.write(b"a")
                await asyncio.sleep(0.01)
            return await received

    assert run(ask()) == [408]


def test_answers_408_to_the_second_head_as_well() -> None:
    """On a connection that has been used, a head that has begun and does not become complete is answered with 408 too."""

    async def ask() -> list[int]:
        async with server_of(Plain(), header_timeout=0.1).listening() as port, connected(port) as (reader, writer):
            writer.write(GET + b"GET /")
            return await statuses(reader)

    assert run(ask()) == [200, 408]


def test_closes_an_idle_connection() -> None:
    """A connection that waits for the next request is closed after the keep-alive time, without a word."""

    async def ask() -> list[int]:
        async with server_of(Plain(), keep_alive=0.1).listening() as port, connected(port) as (reader, writer):
            writer.write(GET)
            return await statuses(reader)

    assert run(ask()) == [200]


def test_answers_408_to_a_slow_body() -> None:
    """A body below the slowest allowed rate is answered with 408; the application hears of a disconnect and cleans up."""
    events: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            events.append(message["type"])
            if message["type"] == "http.disconnect":
                break

    async def ask() -> list[int]:
        server = server_of(app, body_rate=1000, body_grace=0.1)
        async with server.listening() as port, connected(port) as (reader, writer):
            received = asyncio.ensure_future(statuses(reader))
            writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
            while not received.done():
                writer.write(b"a")
                await asyncio.sleep(0.01)
            await until(lambda: "http.disconnect" in events)
            return await received

    assert run(ask()) == [408]


def test_takes_a_body_that_is_fast_enough() -> None:
    """A body above the slowest allowed rate is taken, however long it takes."""
    app = Plain()

    async def ask() -> list[int]:
        # Seven times as long as the grace, and so much faster than the rate that a busy machine changes nothing.
        server = server_of(app, body_rate=1, body_grace=0.1)
        async with server.listening() as port, connected(port) as (reader, writer):
            writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 70\r\n\r\n")
            for _ in range(70):
                writer.write(b"a")
                await asyncio.sleep(0.01)
            return await statuses(reader)

    assert run(ask()) == [200]
    assert app.seen[0].body == b"a" * 70


def test_does_not_blame_the_client_for_a_slow_application() -> None:
    """A body that waits because the application does not read it, or has not asked for it, is not too slow."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.3)
        await Plain()(scope, receive, send)

    async def ask(head: bytes, body: bytes) -> list[int]:
        server = server_of(app, body_rate=1000, body_grace=0.05)
        async with server.listening() as port, connected(port) as (reader, writer):
            writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + head)
            if b"Expect" in head:
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
            writer.write(body)
            return await statuses(reader)

    assert run(ask(b"Content-Length: %d\r\n\r\n" % (4 * MIB), bytes(4 * MIB))) == [200]
    assert run(ask(b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n", b"abc")) == [200]


@pytest.mark.parametrize("header", [b"", b"Connection: close\r\n"], ids=["kept", "closed"])
@pytest.mark.parametrize("kind", ["whole", "stream", "small"])
def test_cuts_a_client_that_does_not_read(kind: str, header: bytes) -> None:
    """A client that leaves its response unread is cut after a time, whether or not the connection would be kept."""
    sent = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        while kind == "stream":
            await send({"type": "http.response.body", "body": bytes(65_536), "more_body": True})
            sent.append(65_536)
        await send({"type": "http.response.body", "body": bytes(16 * MIB if kind == "whole" else 40_000)})

    async def ask() -> None:
        server = server_of(app, write_timeout=0.1, keep_alive=0.1)
        async with server.listening() as port, connected(port, limit=1024) as (reader, writer):
            reader._transport.pause_reading()  # type: ignore[attr-defined]
            # Small ones fill the buffers of the operating system first.
            writer.write(
                (b"GET / HTTP/1.1\r\nHost: a\r\n" + header + b"\r\n") * (1 if kind != "small" or header else 1000)
            )
            await until(lambda: server.state.connections)
            await until(lambda: not server.state.connections and not server.state.tasks)

    run(ask())
    # What the operating system takes, some MiB, and one high-water mark.
    assert sum(sent) < 32 * MIB


def test_keeps_a_client_that_reads_slowly() -> None:
    """As long as a client reads, it is not cut."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": bytes(16 * MIB)})

    async def ask() -> int:
        server = server_of(app, write_timeout=0.2)
        async with server.listening() as port, connected(port, limit=65_536) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            size = 0
            while data := await reader.read(MIB):
                size += len(data)
                await asyncio.sleep(0.002)
            return size

    assert run(ask()) > 16 * MIB


# --- amounts ----------------------------------------------------------------------------------------------------


def test_bounds_a_flood_of_pipelined_requests() -> None:
    """Of 20,000 pipelined requests, only few are taken while their answers are not read; then all are answered in order."""
    count, taken = 20_000, 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal taken
        taken += 1
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x", bytes(scope["raw_path"]))]})
        await send({"type": "http.response.body", "body": b"a" * 1000})

    async def ask() -> bytes:
        server = server_of(app)
        async with server.listening() as port, connected(port) as (reader, writer):
            reader._transport.pause_reading()  # type: ignore[attr-defined]
            for number in range(count):
                writer.write(
                    b"GET /%d HTTP/1.1\r\nHost: a\r\n%b\r\n"
                    % (number, b"Connection: close\r\n" * (number == count - 1))
                )
            await until(lambda: server.state.connections)
            (connection,) = server.state.connections
            await until(lambda: connection.write_paused)  # type: ignore[union-attr]
            before = -1
            while before != taken:  # until the buffers of the operating system are full
                before = taken
                await asyncio.sleep(0.1)
            assert taken < count / 2
            # One reading of the transport may bring more than fit into the queue.
            assert len(connection.queue or ()) < 2000  # type: ignore[union-attr]
            assert len(connection.rest) <= 512 * 1024  # type: ignore[union-attr]
            reader._transport.resume_reading()  # type: ignore[attr-defined]
            return await read_all(reader)

    found = answers(run(ask()))
    assert [answer.headers["x"] for answer in found] == [f"/{number}" for number in range(count)]


def test_bounds_a_flood_that_waits_for_one_answer() -> None:
    """While a first answer waits, an application that looks for a disconnect makes nobody read more and more requests."""
    release = asyncio.Event()
    held = []
    get = b"GET / HTTP/1.1\r\nHost: a\r\nX-Padding: %b\r\n\r\n" % (b"a" * 250)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/first":
            request = Request(scope, receive)
            while not release.is_set():
                assert not await request.is_disconnected()
                await asyncio.sleep(0)
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b""})

    async def ask() -> int:
        server = server_of(app)
        async with server.listening() as port, connected(port) as (reader, writer):
            writer.write(b"GET /first HTTP/1.1\r\nHost: a\r\n\r\n")
            await until(lambda: server.state.tasks)
            (connection,) = server.state.connections
            for _ in range(20):
                writer.write(get * 250)
                await asyncio.sleep(0.005)
                held.append(len(connection.rest) + len(get) * len(connection.queue or ()))  # type: ignore[union-attr]
            release.set()
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            return len(await statuses(reader))

    assert run(ask()) == 5_002
    assert max(held) < MIB


def test_holds_an_upload_back() -> None:
    """Of a body that the application does not read, only little is taken; when it reads, it gets all of it in order."""
    release = asyncio.Event()
    sizes: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await release.wait()
        more = True
        while more:
            message = await receive()
            sizes.append(len(message["body"]))
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"%d" % sum(sizes)})

    async def ask() -> bytes:
        async with server_of(app).listening() as port, connected(port) as (reader, writer):
            size = 64 * MIB
            writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % size)
            writer.write(bytes(size))
            before = -1
            while before != (left := writer.transport.get_write_buffer_size()):
                before = left
                await asyncio.sleep(0.05)
            assert left > 32 * MIB
            release.set()
            return await read_all(reader)

    assert answers(run(ask()))[0].body == b"%d" % (64 * MIB)
    assert max(sizes) < MIB


def test_holds_a_stream_back() -> None:
    """A stream waits while its client does not read, and goes on where it has stopped."""
    sent = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal sent
        await send({"type": "http.response.start", "status": 200})
        while sent < 64 * MIB:
            await send({"type": "http.response.body", "body": bytes(65_536), "more_body": True})
            sent += 65_536
        await send({"type": "http.response.body", "body": b""})

    async def ask() -> bytes:
        async with server_of(app).listening() as port, connected(port, limit=1024) as (reader, writer):
            reader._transport.pause_reading()  # type: ignore[attr-defined]
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            before = -1
            while before != sent:
                before = sent
                await asyncio.sleep(0.05)
            assert 0 < sent < 32 * MIB
            reader._transport.resume_reading()  # type: ignore[attr-defined]
            return await read_all(reader)

    assert answers(run(ask()))[0].body == bytes(64 * MIB)


def test_lets_the_client_read_a_refusal() -> None:
    """A client that sends on after a refusal can read it, because the connection is not reset at once."""

    async def ask() -> list[int]:
        async with server_of(Plain(), max_body_size=1000).listening() as port, connected(port) as (reader, writer):
            writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n" + bytes(500_000))
            return await statuses(reader)

    assert run(ask()) == [413]


def test_does_not_wait_long_for_what_it_does_not_want(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a refusal, a client that neither sends nor closes is cut after a short time."""
    monkeypatch.setattr(connection, "LINGER_SECONDS", 0.05)

    async def ask() -> list[int]:
        server = server_of(Plain(), max_body_size=1000)
        async with server.listening() as port, connected(port) as (reader, writer):
            writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n")
            found = await statuses(reader)
            await until(lambda: not server.state.connections)
            return found

    assert run(ask()) == [413]


def test_does_not_take_much_of_what_it_does_not_want() -> None:
    """After a refusal, a client that sends on and on is cut."""

    async def ask() -> None:
        server = server_of(Plain(), max_body_size=1000)
        async with server.listening() as port, connected(port) as (_, writer):
            writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000000\r\n\r\n")
            await until(lambda: server.state.connections)
            while server.state.connections:
                writer.write(bytes(MIB))
                await asyncio.sleep(0.001)

    run(ask())


def test_measures_the_progress_of_each_reading_alone() -> None:
    """A client that does not read has the whole time from when it stopped, also while the connection is being closed."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    async def ask() -> None:
        server = server_of(app, write_timeout=10)
        transport = server.connect()
        transport.receive(GET)
        protocol, cut = transport.protocol, []
        transport.abort = lambda: cut.append(True)  # type: ignore[method-assign]
        now = 1000.0

        def pass_time(seconds: float, unread: int) -> bool:
            nonlocal now
            now += seconds
            transport.unread = unread
            protocol.site.clock.now = now
            protocol.look(now)
            return bool(cut)

        pass_time(0, 0)
        transport.unread = 5000
        protocol.pause_writing()
        assert not pass_time(9, 5000)
        protocol.resume_writing()
        transport.is_closed = True  # what is left is still being written
        assert not pass_time(9, 5000)
        assert not pass_time(9, 4000)
        assert not pass_time(9, 4000)
        assert pass_time(9, 4000)
        for task in server.state.tasks:
            task.cancel()
        await until(lambda: not server.state.tasks)

    asyncio.run(ask())


def test_ends_only_its_own_side_after_a_refusal() -> None:
    """While more of a refused body may come, the connection stays open for reading (RFC 9112 section 9.6)."""

    async def ask() -> tuple[bool, bool]:
        transport = server_of(Plain(), max_body_size=1000).connect()
        transport.receive(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n")
        found = transport.has_ended, transport.is_closed
        transport.close()
        await asyncio.sleep(0)
        return found

    assert asyncio.run(ask()) == (True, False)


def test_closes_after_an_answer_without_the_expected_body() -> None:
    """If a client waits for a 100 and gets an answer instead, nobody knows whether the body comes, so the connection is closed."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 403})
        await send({"type": "http.response.body", "body": b""})

    async def ask() -> Any:
        async with server_of(app).listening() as port, connected(port) as (reader, writer):
            writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
            return answers(await read_all(reader))

    (answer,) = run(ask())
    assert (answer.status, answer.headers["connection"]) == (403, "close")


# --- clients that are gone --------------------------------------------------------------------------------------


def test_a_disconnect_cancels_nothing_and_is_received() -> None:
    """An endpoint whose client is gone runs to its end, is told when it asks, and its dependencies are cleaned up."""
    events: list[str] = []
    release = asyncio.Event()
    app = Typeway()

    async def resource() -> Any:
        events.append("enter")
        yield
        events.append("leave")

    @app.get("/", dependencies=[Depends(resource)])
    async def wait(request: Request) -> None:
        await release.wait()
        while not await request.is_disconnected():  # noqa: ASYNC110 - it is what applications do
            await asyncio.sleep(0)
        events.append("disconnected")

    async def ask() -> None:
        server = server_of(app)
        async with server.listening() as port:
            async with connected(port) as (_, writer):
                writer.write(GET)
                await until(lambda: events)
            await until(lambda: all(connection.has_ended for connection in server.state.connections))  # type: ignore[union-attr]
            release.set()
            await until(lambda: len(events) == 3)
            await until(lambda: not server.state.tasks and not server.state.connections)

    run(ask())
    assert events == ["enter", "disconnected", "leave"]


@pytest.mark.parametrize("kind", ["generator", "response", "plain"])
def test_a_stream_ends_when_its_client_is_gone(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """A stream without end is closed when its client leaves, its clean-up runs, and no error is logged."""
    events: list[str] = []
    app: Any = Typeway()

    async def numbers() -> Any:
        try:
            while True:
                yield "1\n"
                await asyncio.sleep(0.001)
        finally:
            events.append("closed")

    if kind == "generator":

        @app.get("/")
        async def stream() -> Any:
            async for item in numbers():
                yield item

    elif kind == "response":

        @app.get("/")
        async def response() -> StreamingResponse:
            return StreamingResponse(numbers())

    else:

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await StreamingResponse(numbers())(scope, receive, send)

    async def ask() -> None:
        server = server_of(app)
        async with server.listening() as port:
            async with connected(port) as (reader, writer):
                writer.write(GET)
                await reader.readuntil(b"\r\n\r\n")
            await until(lambda: not server.state.connections)
            await until(lambda: not server.state.tasks)

    with caplog.at_level(logging.WARNING):
        run(ask())
    assert events.count("closed") == 1
    assert not caplog.records


def test_an_upload_ends_when_its_client_is_gone() -> None:
    """An endpoint that reads a body hears of the disconnect at once."""
    events: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] != "http.disconnect":
            events.append(message["type"])
        events.append("gone")

    async def ask() -> None:
        server = server_of(app)
        async with server.listening() as port:
            async with connected(port) as (_, writer):
                writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\na")
                await until(lambda: events)
                writer.transport.abort()
            await until(lambda: not server.state.tasks)

    run(ask())
    assert events == ["http.request", "gone"]


def test_a_half_closed_client_gets_its_answers() -> None:
    """A client that closes its side after the requests still gets every answer."""
    release = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await release.wait()
        await Plain()(scope, receive, send)

    async def ask() -> list[int]:
        server = server_of(app)
        async with server.listening() as port, connected(port) as (reader, writer):
            writer.write(GET * 3)
            writer.write_eof()
            await until(lambda: server.state.tasks)
            await until(lambda: all(connection.is_stopping for connection in server.state.connections))  # type: ignore[union-attr]
            release.set()
            return await statuses(reader)

    assert run(ask()) == [200, 200, 200]


def test_a_half_closed_upload_is_refused() -> None:
    """A client that closes its side in the middle of a body is answered with 400 (RFC 9112 section 8)."""

    async def ask() -> list[int]:
        async with server_of(Plain()).listening() as port, connected(port) as (reader, writer):
            writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\na")
            writer.write_eof()
            return await statuses(reader)

    assert run(ask()) == [400]


# --- stopping ---------------------------------------------------------------------------------------------------


def test_stopping_closes_idle_connections_and_finishes_requests() -> None:
    """When the server stops, idle connections are closed, and a running request is answered and its connection closed."""
    release = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/slow":
            await release.wait()
        await Plain()(scope, receive, send)

    async def ask() -> tuple[list[int], bytes]:
        server = server_of(app)
        async with server.listening() as port, connected(port) as (idle, first), connected(port) as (busy, second):
            first.write(GET)
            await idle.readuntil(b"\r\n\r\n")
            second.write(GET.replace(b"/ ", b"/slow "))
            await until(lambda: server.state.tasks)
            for connection in list(server.state.connections):
                connection.shutdown()
            await read_all(idle)
            release.set()
            raw = await read_all(busy)
            return [answer.status for answer in answers(raw)], raw

    found, raw = run(ask())
    assert found == [200]
    assert b"connection: close" in raw


# --- costs ------------------------------------------------------------------------------------------------------


def test_takes_many_ignored_upgrades_at_once() -> None:
    """Requests that ask for another protocol are answered one after another, however many come in one segment."""
    count = 2000
    upgrade = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"
    app = Plain()
    server = server_of(app, header_size=256 * 1024, headers_size=256 * 1024)
    found = answers(asyncio.run(server.converse([upgrade * count])))
    assert [answer.status for answer in found] == [200] * (count + 1)


def test_counts_the_pieces_of_a_body_and_not_only_their_bytes() -> None:
    """A body of single bytes that nobody reads is held back before its pieces take much memory."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    async def ask() -> int:
        server = server_of(app)
        transport = server.connect()
        transport.receive(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not transport.is_paused:
            transport.receive(b"1\r\na\r\n" * 100)
        pieces = len(transport.protocol.active.chunks)
        transport.close()
        for task in server.state.tasks:
            task.cancel()
        await until(lambda: not server.state.tasks)
        return pieces

    assert asyncio.run(ask()) < 2000
