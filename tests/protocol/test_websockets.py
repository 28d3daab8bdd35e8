"""A WebSocket handshake is checked, and the connection is handed over with all that the client has sent already."""

import asyncio
import base64
import hashlib
from typing import Any

import pytest

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
