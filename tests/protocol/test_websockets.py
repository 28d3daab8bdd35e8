"""A WebSocket handshake is checked, and the connection is handed over with all that the client has sent already."""

import asyncio
import base64
import hashlib
import zlib
from contextlib import suppress
from typing import Any

import pytest

from tests.patience import PATIENCE
from tests.protocol.connect import Server, answers, connected, run, until
from tests.protocol.corpus import AGAIN, handshake
from typeway import Typeway, WebSocket
from typeway.protocol import HTTPProtocol, HTTPSettings

IMPLEMENTATIONS = ["websockets-sansio"]
try:
    import wsproto  # noqa: F401
except ImportError:  # only one of the two is a dependency
    pass
else:
    IMPLEMENTATIONS.append("wsproto")


def frame(payload: bytes) -> bytes:
    """A masked text frame, with zeros for the mask."""
    size = len(payload)
    head = bytes((0x81, 0x80 | size)) if size < 126 else b"\x81\xfe" + size.to_bytes(2, "big")
    return head + bytes(4) + payload


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    size = (await reader.readexactly(2))[1]
    if size == 126:
        size = int.from_bytes(await reader.readexactly(2), "big")
    return await reader.readexactly(size)


def echo() -> Any:
    app = Typeway()

    @app.websocket("/socket")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(text)

    @app.get("/again")
    async def again() -> int:
        return 1

    return app


def server_of(app: Any, implementation: str, **limits: Any) -> Server:
    return Server(app, HTTPProtocol.with_settings(HTTPSettings(**limits)), {"ws": implementation})


@pytest.mark.parametrize("before", [0, 3])
@pytest.mark.parametrize("messages", [[b"a"], [b"a", b"b" * 100], [b"c" * 30_000] * 20], ids=["one", "two", "large"])
def test_delivers_what_follows_the_handshake(before: int, messages: list[bytes]) -> None:
    """Frames that come with the handshake, also behind other requests, reach the application in order.

    Clients should wait for the answer; wsproto looks at such frames only when more come.
    """

    async def ask() -> list[bytes]:
        server = server_of(echo(), "websockets-sansio")
        async with server.listening() as port, connected(port) as (reader, writer):
            writer.write(AGAIN * before + handshake() + b"".join(map(frame, messages)))
            for _ in range(before):
                assert (await reader.readuntil(b"\r\n\r\n1")).startswith(b"HTTP/1.1 200")
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
            received = [await read_frame(reader) for _ in messages]
            writer.write(frame(b"last"))
            assert await read_frame(reader) == b"last"
            assert len(server.state.connections) == 1
            return received

    assert run(ask()) == messages


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (b"", 101),
        (b"Origin: https://good.example\r\n", 101),
        (b"Origin: https://evil.example\r\n", 403),
        (b"Origin: http://good.example\r\n", 403),
        (b"Origin: null\r\n", 403),
        (b"Sec-WebSocket-Protocol: \x80\xff\r\n", 400),
        (b"Sec-WebSocket-Extensions: \x80\r\n", 400),
    ],
)
def test_checks_the_handshake(implementation: str, lines: bytes, status: int, caplog: pytest.LogCaptureFixture) -> None:
    """A handshake from a listed origin, or from no page at all, succeeds; others do not, and nothing fails loudly."""

    async def ask() -> bytes:
        server = server_of(echo(), implementation, origins=frozenset({"https://good.example"}))
        async with server.listening() as port, connected(port) as (reader, writer):
            writer.write(handshake(lines))
            return await reader.readuntil(b"\r\n\r\n")

    assert int(run(ask())[9:12]) == status
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_allows_every_origin_by_default() -> None:
    """Without the option, a page of any origin may open a WebSocket, as with other servers."""

    async def ask() -> bytes:
        async with server_of(echo(), "auto").listening() as port, connected(port) as (reader, writer):
            writer.write(handshake(b"Origin: https://evil.example\r\n"))
            return await reader.readuntil(b"\r\n\r\n")

    assert b" 101 " in run(ask())


def test_the_key_decides_the_answer() -> None:
    """The client's key reaches the implementation unchanged (RFC 6455 section 4.2.2)."""
    key = base64.b64encode(b"0123456789abcdef")

    async def ask() -> bytes:
        async with server_of(echo(), "auto").listening() as port, connected(port) as (reader, writer):
            writer.write(handshake(key=key))
            return await reader.readuntil(b"\r\n\r\n")

    accept = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    assert b"sec-websocket-accept: " + base64.b64encode(accept).lower() in run(ask()).lower()


def test_without_websockets_a_handshake_is_an_ordinary_request() -> None:
    """A server without an implementation ignores the upgrade, and the connection goes on (RFC 9110 section 7.8)."""

    async def ask() -> bytes:
        server = server_of(echo(), "none")
        return await server.converse([handshake().replace(b"/socket", b"/again")])

    assert [answer.status for answer in answers(asyncio.run(ask()))] == [200, 404]


def test_a_client_that_leaves_leaves_nothing() -> None:
    """When the client of a WebSocket is gone, the server has no connection and no task of it."""

    async def ask() -> None:
        server = server_of(echo(), "auto")
        async with server.listening() as port:
            async with connected(port) as (reader, writer):
                writer.write(handshake())
                await reader.readuntil(b"\r\n\r\n")
            await until(lambda: not server.state.connections and not server.state.tasks)

    run(ask())


# --- frame by frame ---------------------------------------------------------------------------------------------

MIB = 1024 * 1024
BAD = b"\xf1\x80\0\0\0\0"  # bits are set that no extension has been agreed on for
FRAGMENT, LAST_FRAGMENT = b"\x01\x82\0\0\0\0ab", b"\x80\x82\0\0\0\0cd"
PING, BYE = b"\x89\x81\0\0\0\0p", b"\x88\x82\0\0\0\0\x03\xe8"


async def read_frames(reader: asyncio.StreamReader, found: list[tuple[int, bytes]]) -> None:
    """Read frames until the server ends the connection."""
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        async with asyncio.timeout(PATIENCE):
            while True:
                opcode = (await reader.readexactly(1))[0] & 15
                size = (await reader.readexactly(1))[0]
                if size > 125:
                    size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
                found.append((opcode, await reader.readexactly(size)))


async def frames_after(implementation: str, *pieces: bytes, **options: Any) -> list[tuple[int, bytes]]:
    """Open a WebSocket, send pieces, and return the opcodes and the contents of the frames that come until the end."""
    server = server_of(echo(), implementation)
    server.config.ws_max_size = options.get("max_size", server.config.ws_max_size)
    found: list[tuple[int, bytes]] = []
    async with server.listening() as port, connected(port) as (reader, writer):
        writer.write(handshake())
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        reading = asyncio.ensure_future(read_frames(reader, found))
        for piece in pieces:
            if writer.is_closing():
                break
            writer.write(piece)
            await asyncio.sleep(0)
        await reading
        await until(lambda: not server.state.connections and not server.state.tasks)
    return found


NORMAL = (8, b"\x03\xe8")
SEQUENCES: list[tuple[str, bytes, list[tuple[int, bytes]], int]] = [
    ("an invalid frame after messages", frame(b"a") + frame(b"b") + BAD, [(1, b"a"), (1, b"b")], 1002),
    ("an unknown opcode after a message", frame(b"a") + b"\x83\x80\0\0\0\0", [(1, b"a")], 1002),
    ("no mask after a message", frame(b"a") + b"\x81\x01a", [(1, b"a")], 1002),
    ("text that is not UTF-8 after a message", frame(b"a") + frame(b"\xff"), [(1, b"a")], 1007),
    ("a continuation of nothing", frame(b"a") + LAST_FRAGMENT, [(1, b"a")], 1002),
    ("a close frame after messages", frame(b"a") + frame(b"b") + BYE, [(1, b"a"), (1, b"b")], 1000),
    ("a close frame between fragments", FRAGMENT + BYE, [], 1000),
    ("what follows a close frame", frame(b"a") + BYE + frame(b"b") + BAD, [(1, b"a")], 1000),
    ("a ping between fragments", FRAGMENT + PING + LAST_FRAGMENT + BYE, [(10, b"p"), (1, b"abcd")], 1000),
    ("a large frame", frame(b"a" * 60_000) + frame(b"b") + BYE, [(1, b"a" * 60_000), (1, b"b")], 1000),
]  # fmt: skip


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("split", ["together", "in bytes"])
@pytest.mark.parametrize(("name", "sent", "expected", "code"), SEQUENCES, ids=[sequence[0] for sequence in SEQUENCES])
def test_answers_every_message_before_it_looks_at_the_next_frame(
    implementation: str, split: str, name: str, sent: bytes, expected: list[tuple[int, bytes]], code: int
) -> None:
    """Messages are answered in order before what follows them in the same segment can fail the connection (RFC 6455 7.1.7).

    uvicorn's class for wsproto ends the connection without a close frame when a frame is invalid.
    """
    if code != 1000 and implementation == "wsproto":
        pytest.skip("the close frame does not come")
    pieces = [sent] if split == "together" else [sent[at : at + 1] for at in range(len(sent))]
    if split == "in bytes" and len(sent) > 1000:
        pieces = [sent[at : at + 997] for at in range(0, len(sent), 997)]
    *found, last = run(frames_after(implementation, *pieces))
    assert found == expected
    assert (last[0], int.from_bytes(last[1][:2], "big")) == (8, code)


# --- attacks ----------------------------------------------------------------------------------------------------


def head_of(size: int, opcode: int = 0x81) -> bytes:
    return bytes((opcode, 0xFF)) + size.to_bytes(8, "big") + bytes(4)


@pytest.mark.parametrize(
    "pieces",
    [
        [head_of(17 * MIB) + bytes(1000)],
        [head_of(2**62) + bytes(1000)],
        [b"\x01\xfe\x04\x00" + bytes(4) + b"a" * 1024, *[b"\x00\xfe\x04\x00" + bytes(4) + b"a" * 1024] * (17 * 1024)],
    ],
    ids=["17 MiB in one frame", "2 to the 62", "17 MiB in fragments of 1 KiB"],
)
def test_a_message_that_is_too_large_ends_with_1009(pieces: list[bytes]) -> None:
    """A message over `--ws-max-size` is refused (RFC 6455 section 7.4.1), whatever way its size grows."""
    found = run(frames_after("auto", *pieces))
    assert [(opcode, int.from_bytes(content[:2], "big")) for opcode, content in found] == [(8, 1009)]


def test_a_compressed_frame_without_compression_is_refused() -> None:
    """A frame that says that it is compressed is a violation where no compression has been agreed on (RFC 7692 6)."""
    bomb = zlib.compress(bytes(MIB))[2:-4]
    found = run(frames_after("auto", b"\xc1\xfe" + len(bomb).to_bytes(2, "big") + bytes(4) + bomb))
    assert [(opcode, int.from_bytes(content[:2], "big")) for opcode, content in found] == [(8, 1002)]


def test_a_flood_of_pings_is_answered() -> None:
    """Of 20,000 pings in few segments each has its answer, in order, and the connection goes on."""
    count = 20_000
    pings = b"".join(b"\x89\x84\0\0\0\0" + number.to_bytes(4, "big") for number in range(count))
    *found, text, last = run(frames_after("auto", pings, frame(b"a"), BYE))
    assert found == [(10, number.to_bytes(4, "big")) for number in range(count)]
    assert (text, last) == ((1, b"a"), NORMAL)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("leaves", [False, True])
def test_an_endpoint_that_returns_ends_with_1000(
    implementation: str, leaves: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """The client gets a close frame although nothing has called close(); if it has gone, nothing is logged."""
    app = Typeway()
    returned = asyncio.Event()

    @app.websocket("/socket")
    async def greet(websocket: WebSocket) -> None:
        await websocket.accept()
        if leaves:
            with suppress(Exception):
                await websocket.receive_text()
        else:
            await websocket.send_text("hello")
        returned.set()

    async def ask() -> list[tuple[int, bytes]]:
        found: list[tuple[int, bytes]] = []
        server = server_of(app, implementation)
        async with server.listening() as port, connected(port) as (reader, writer):
            writer.write(handshake())
            await reader.readuntil(b"\r\n\r\n")
            if leaves:
                writer.transport.abort()
                await asyncio.wait_for(returned.wait(), PATIENCE)
            else:
                reading = asyncio.ensure_future(read_frames(reader, found))
                await until(lambda: found and found[-1][0] == 8)
                writer.write(BYE)
                await reading
            await until(lambda: not server.state.tasks)
        return found

    frames = run(ask())
    assert frames == ([] if leaves else [(1, b"hello"), (8, (1000).to_bytes(2, "big"))])
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
