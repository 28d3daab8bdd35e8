"""The answer to a WebSocket's handshake has no header that ends early, and a reason that is too long is cut."""

import asyncio
from typing import Any

import pytest

from tests.frameworks import Sending
from typeway import HTTPException, Request, Response, Typeway, WebSocket
from typeway.headers import UnsafeHeaderError
from typeway.responses import JSONResponse
from typeway.types import Receive, Scope, Send

BAD = ["a\r\nset-cookie: admin=1", "a\nb", "a\rb", "a\0b", "\x7f"]


class Mistake(Exception):
    pass


def application() -> Typeway:
    """An application with a WebSocket for each place in which a header of the answer can be set, from the query."""
    app = Typeway()

    @app.websocket("/value")
    async def value(socket: WebSocket, v: str) -> None:
        await socket.accept(headers=[(b"x-note", v.encode("latin-1"))])

    @app.websocket("/name")
    async def name(socket: WebSocket, v: str) -> None:
        await socket.accept(headers=[(f"x-{v}".encode("latin-1"), b"1")])

    @app.websocket("/protocol")
    async def protocol(socket: WebSocket, v: str) -> None:
        await socket.accept(subprotocol=v)

    @app.websocket("/denial")
    async def denial(socket: WebSocket, v: str) -> None:
        await socket.send_denial_response(Response("", 403, {"x-note": v}))

    @app.websocket("/raised")
    async def raised(socket: WebSocket, v: str) -> None:
        raise HTTPException(403, headers={"x-note": v})

    @app.websocket("/handled")
    async def handled(socket: WebSocket, v: str) -> None:
        raise Mistake(v)

    @app.exception_handler(Mistake)
    async def answer(request: Request, error: Mistake) -> Response:
        return JSONResponse({}, 403, {"x-note": str(error)})

    @app.websocket("/reason")
    async def reason(socket: WebSocket, v: str) -> None:
        await socket.accept()
        await socket.close(1008, reason=v)

    @app.websocket("/reason of an error")
    async def reason_of_error(socket: WebSocket, v: str) -> None:
        from typeway import WebSocketException

        await socket.accept()
        raise WebSocketException(1008, v)

    async def plain(socket: WebSocket) -> None:
        await reason_of_error(socket, socket.query_params["v"])

    app.add_websocket_route("/reason of an error in a plain route", plain)

    async def mounted(scope: Scope, receive: Receive, send: Send) -> None:
        values = [WebSocket(scope, receive, send).query_params["v"]]
        headers = ((b"x-note", value.encode("latin-1")) for value in values)
        await send({"type": "websocket.accept", "headers": headers})

    app.mount("/iterable", mounted)
    return app


def talk(path: str, v: str) -> tuple[list[Any], BaseException | None]:
    """What the application sends, and what it raises."""
    scope = {
        **Sending(path, method="GET", media_type=None).scope(),
        "type": "websocket",
        "scheme": "ws",
        "subprotocols": [],
    }
    scope |= {"extensions": {"websocket.http.response": {}}, "query_string": b"v=" + quoted(v)}
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    try:
        asyncio.run(application()(scope, receive, send))
    except Exception as error:
        return sent, error
    return sent, None


def quoted(v: str) -> bytes:
    from urllib.parse import quote

    return quote(v).encode()


PLACES = ["/value", "/name", "/protocol", "/denial", "/raised", "/handled"]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("path", PLACES)
def test_no_header_of_the_answer_ends_early(path: str, bad: str) -> None:
    """Nothing is sent, so that the server answers 500, and the log names the endpoint."""
    sent, error = talk(path, bad)
    assert sent == []
    assert isinstance(error, UnsafeHeaderError)
    assert any(f"{path[1:]}()" in note for note in error.__notes__)


@pytest.mark.parametrize("path", [*PLACES, "/iterable/"])
def test_other_headers_are_sent(path: str) -> None:
    """A value that a header may have is sent as it is."""
    sent, error = talk(path, "good")
    assert error is None
    assert sent[0]["type"] in ("websocket.accept", "websocket.http.response.start")
    assert "good" in str(sent[0])


@pytest.mark.parametrize("path", ["/reason", "/reason of an error", "/reason of an error in a plain route"])
@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("short", "short"),
        ("x" * 500, "x" * 123),
        ("é" * 500, "é" * 61),
        ("\N{GRINNING FACE}" * 50, "\N{GRINNING FACE}" * 30),
    ],
)
def test_a_long_reason_is_cut(path: str, reason: str, expected: str) -> None:
    """A close frame has at most 123 bytes of it (RFC 6455, section 5.5); servers would raise an error."""
    sent, error = talk(path, reason)
    assert error is None
    assert sent[1:] == [{"type": "websocket.close", "code": 1008, "reason": expected}]
