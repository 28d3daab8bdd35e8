"""Speak to the protocol class: through a transport in memory, which delivers bytes exactly as they are split, or over loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import uvicorn
from uvicorn.server import ServerState

from tests.patience import PATIENCE
from typeway import Request, Typeway
from typeway.protocol import HTTPProtocol

try:
    import uvloop
except ImportError:  # it does not run on Windows
    uvloop = None  # type: ignore[assignment]

T = TypeVar("T")

# Asks whether a connection is still open: it is answered only there.
LAST: Final = b"GET /last HTTP/1.1\r\nHost: last\r\nConnection: close\r\n\r\n"
LAST_BODY: Final = b"the last answer"

# Iterations of the event loop after which an answer is waited for: it comes from a thread, which needs a processor.
ITERATIONS: Final = 1_000


@dataclass
class Answer:
    """One response."""

    status: int
    headers: dict[str, str]
    body: bytes


def answers(raw: bytes, methods: Sequence[str] = ()) -> list[Answer]:
    """Split what a server has sent into responses, by the rules of RFC 9112 section 6.3.

    Parameters:
        methods: the methods of the requests, for a HEAD has no body; those that are missing are GET.

    Raises:
        ValueError: it is no sequence of whole responses.
    """
    found: list[Answer] = []
    asked, at = iter(methods), 0
    while at < len(raw):
        end = raw.find(b"\r\n\r\n", at)
        first, *lines = raw[at:end].decode("latin-1").split("\r\n")
        if end < 0 or not first.startswith("HTTP/1.1 "):
            raise ValueError(f"this is not a response: {raw[at : at + 200]!r}")
        at = end + 4
        answer = Answer(int(first[9:12]), {}, b"")
        for line in lines:
            name, _, value = line.partition(": ")
            if name.lower() in answer.headers and name.lower() != "set-cookie":
                raise ValueError(f"the header {name} comes twice: {lines}")
            answer.headers[name.lower()] = value
        found.append(answer)
        if answer.status >= 200:
            answer.body, at = body_of(answer, next(asked, None), raw, at)
    return found


def body_of(answer: Answer, method: str | None, raw: bytes, at: int) -> tuple[bytes, int]:
    """Return the body of a response, and where the next one begins."""
    # A request that is refused is not seen by the application, and may have been a HEAD.
    is_unknown = method is None and answer.status >= 400 and at == len(raw)
    if method == "HEAD" or is_unknown or answer.status in (204, 304):
        return b"", at
    if answer.headers.get("transfer-encoding") == "chunked":
        if "content-length" in answer.headers:
            raise ValueError(f"a length and chunks: {answer.headers}")
        parts = [b""]
        while len(parts) == 1 or parts[-1]:
            end = raw.index(b"\r\n", at)
            start, size = end + 2, int(raw[at:end], 16)
            at = start + size + 2
            if raw[at - 2 : at] != b"\r\n":
                raise ValueError(f"this is not a chunk: {raw[end - 20 : end]!r}")
            parts.append(raw[start : start + size])
        return b"".join(parts), at
    if "content-length" in answer.headers:
        end = at + int(answer.headers["content-length"])
        if end > len(raw):
            raise ValueError(f"{end - len(raw)} bytes are missing after {answer.headers}")
        return raw[at:end], end
    if answer.headers.get("connection") != "close":
        raise ValueError(f"nothing says where the body ends: {answer.headers}")
    return raw[at:], len(raw)


# --- in memory --------------------------------------------------------------------------------------------------


class MemoryTransport(asyncio.Transport):
    """A transport that keeps what is written, and that is read from at once."""

    def __init__(self, protocol: Any) -> None:
        super().__init__({"sockname": ("127.0.0.1", 80), "peername": ("127.0.0.1", 4711)})
        self.protocol = protocol
        self.sent = bytearray()
        self.is_closed = self.has_ended = self.is_paused = False
        self.waiting: list[bytes] = []  # what has arrived while reading was paused
        self.unread = 0  # how much of what was written the client has not read

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.has_ended, "a response was written after the end"
        if not self.is_closed:
            self.sent += data

    def write_eof(self) -> None:
        self.has_ended = True

    def can_write_eof(self) -> bool:
        return True

    def get_write_buffer_size(self) -> int:
        return self.unread

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False
        asyncio.get_running_loop().call_soon(self.deliver)

    def is_reading(self) -> bool:
        return not self.is_paused

    def close(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    abort = close

    def is_closing(self) -> bool:
        return self.is_closed

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self.protocol  # type: ignore[no-any-return]

    def receive(self, data: bytes) -> None:
        """Let bytes arrive."""
        if data:
            self.waiting.append(data)
            self.deliver()

    def deliver(self) -> None:
        while self.waiting and not self.is_paused and not self.is_closed:
            self.protocol.data_received(self.waiting.pop(0))

    @property
    def is_over(self) -> bool:
        return self.is_closed or self.has_ended


@dataclass
class Server:
    """What the connections of one server share."""

    app: Any
    protocol: type[HTTPProtocol] = HTTPProtocol
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        options = {"lifespan": "off", "log_config": None, "access_log": False, "timeout_keep_alive": PATIENCE}
        self.config = uvicorn.Config(self.app, **{**options, **self.options})
        self.state = ServerState()
        self.made = 0  # connections

    def factory(self) -> HTTPProtocol:
        """Make the protocol object of a connection."""
        self.made += 1
        return self.protocol(self.config, self.state, {}, asyncio.get_running_loop())

    def connect(self) -> MemoryTransport:
        protocol = self.factory()
        transport = MemoryTransport(protocol)
        protocol.connection_made(transport)
        return transport

    async def converse(self, pieces: Iterable[bytes]) -> bytes:
        """Send pieces, one in each iteration of the event loop, then the last request; return all that is answered."""
        transport = self.connect()
        for piece in pieces:
            transport.receive(piece)
            await asyncio.sleep(0)
        transport.receive(LAST)
        iterations, end = 0, asyncio.get_running_loop().time() + PATIENCE
        while not transport.is_over:
            if asyncio.get_running_loop().time() > end:
                raise AssertionError(f"the connection stays open: {bytes(transport.sent[-1000:])!r}")
            iterations += 1
            await asyncio.sleep(0 if iterations < ITERATIONS else 0.001)
        transport.close()
        await asyncio.sleep(0)
        return bytes(transport.sent)

    @asynccontextmanager
    async def listening(self, **options: Any) -> AsyncIterator[int]:
        """Serve on a port of the loopback interface, which is yielded."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self.factory, "127.0.0.1", 0, **options)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for connection in list(self.state.connections):
                connection.transport.abort()  # type: ignore[union-attr]
            await until(lambda: not self.state.connections)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in the event loop that servers use: uvloop where it can be installed."""
    with asyncio.Runner(loop_factory=None if uvloop is None else uvloop.new_event_loop) as runner:
        return runner.run(work)


async def until(happened: Callable[[], object]) -> None:
    """Wait for what an event of another connection brings about."""
    async with asyncio.timeout(PATIENCE):
        while not happened():  # noqa: ASYNC110 - what is waited for belongs to the server, which has no event for it
            await asyncio.sleep(0.002)


@asynccontextmanager
async def connected(port: int, **options: Any) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection over loopback."""
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, **options)
    try:
        yield reader, writer
    finally:
        writer.close()


async def read_all(reader: asyncio.StreamReader) -> bytes:
    """Read until the server ends the connection, or resets it because it has unread bytes."""
    received = bytearray()
    async with asyncio.timeout(PATIENCE):
        try:
            while data := await reader.read(65_536):
                received += data
        except ConnectionError:
            pass
    return bytes(received)


# --- applications -----------------------------------------------------------------------------------------------


@dataclass
class Record:
    """A request as the application has seen it."""

    method: str
    path: str
    query: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


def number_of(scope: Any) -> str:
    return f"{scope['method']} {scope['path']}"


class Plain:
    """An ASGI application that records requests."""

    def __init__(self) -> None:
        self.seen: list[Record] = []

    def record(self, scope: Any, body: bytes) -> bytes:
        """Remember a request; return the body of the response."""
        if scope["path"] == "/last":
            return LAST_BODY
        headers = tuple((bytes(name), bytes(value)) for name, value in scope["headers"])
        self.seen.append(Record(scope["method"], scope["path"], scope["query_string"], headers, body))
        return b"%d" % len(self.seen)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message["body"]
            more = message["more_body"]
        answer = self.record(scope, body)
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer})


METHODS: Final = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND")


def typeway_application() -> tuple[Typeway, Plain]:
    """A Typeway application that records requests, and its record."""
    app, plain = Typeway(), Plain()

    @app.api_route("/{path:path}", methods=list(METHODS), include_in_schema=False)
    async def record(request: Request) -> str:
        return plain.record(request.scope, await request.body()).decode()

    return app, plain
