"""Offer the classes of WebSockets, their states and their end, and the socket that closes after an unreadable frame."""

from json import JSONDecodeError
from typing import Any, Final

from starlette.websockets import WebSocket as WebSocket
from starlette.websockets import WebSocketDisconnect as WebSocketDisconnect
from starlette.websockets import WebSocketDisconnected
from starlette.websockets import WebSocketState as WebSocketState

from typeway.decoders import JSONRules, RefusedJSON, rules_for
from typeway.encoders import plain_json
from typeway.exceptions import WebSocketException
from typeway.requests import ReadsCookies
from typeway.types import Message


class WrongFrame(WebSocketException, KeyError):
    """A binary frame where text is expected, or the reverse: the connection closes with 1003 (RFC 6455, 7.4.1)."""


class UnreadableFrame(WebSocketException, JSONDecodeError):
    """A frame that is no JSON: the connection closes with 1007; caught as the error of Python's parser too."""

    def __init__(self, reason: str, doc: str = "", pos: int = 0) -> None:
        JSONDecodeError.__init__(self, reason, doc, pos)
        WebSocketException.__init__(self, 1007, f"The frame is no JSON: {reason}")


# PERF: on Python 3.11 reading a member of an Enum class runs Python code, 0.1 us.
CONNECTED: Final = WebSocketState.CONNECTED
NOT_ASKED: Final[Any] = object()


class CheckedWebSocket(ReadsCookies, WebSocket):
    """A WebSocket on which a frame of the wrong kind is the client's mistake, and closes the connection.

    PERF: between the handshake and the end, a frame goes straight from the server to the application and back: of 1,000
    messages each way, Starlette's functions around that cost 0.7 of 1.1 ms.
    """

    _rules: Any = NOT_ASKED  # how JSON is read, once something has asked

    @property
    def rules(self) -> JSONRules | None:
        """The rules for JSON; None where frames are read as FastAPI reads them."""
        if self._rules is NOT_ASKED:
            self._rules = rules_for(self.scope)
        rules: JSONRules | None = self._rules
        return rules

    async def receive_text(self) -> str:
        """Return the next frame, which is text."""
        if self.application_state is not CONNECTED or self.client_state is not CONNECTED:
            message = await self._unusual()
        else:
            message = await self._receive()
        text = message.get("text") if message["type"] == "websocket.receive" else None
        if type(text) is not str:
            text = self._frame(message, "text")
        frame: str = text
        return frame

    async def receive_bytes(self) -> bytes:
        """Return the next frame, which is binary."""
        if self.application_state is not CONNECTED or self.client_state is not CONNECTED:
            message = await self._unusual()
        else:
            message = await self._receive()
        data = message.get("bytes") if message["type"] == "websocket.receive" else None
        if type(data) is not bytes:
            data = self._frame(message, "bytes")
        frame: bytes = data
        return frame

    async def _unusual(self) -> Message:
        """Return the next message where the connection is not open on both sides, or raise why there is none."""
        if self.application_state is not CONNECTED:
            raise WebSocketDisconnected('WebSocket is not connected. Need to call "accept" first.')
        return await self.receive()

    def _frame(self, message: Message, key: str) -> Any:
        """Return the text or the bytes of a message.

        Raises:
            WebSocketDisconnect: the client has gone.
            WrongFrame: it has the other kind of data.
            RuntimeError: the server has sent another message.
        """
        kind = message["type"]
        if kind == "websocket.disconnect":
            self.client_state = WebSocketState.DISCONNECTED
            raise WebSocketDisconnect(message["code"], message.get("reason"))
        if kind != "websocket.receive":
            expected = '"websocket.receive" or "websocket.disconnect"'
            raise RuntimeError(f"Expected ASGI message {expected}, but got {kind!r}")
        if self.rules is None:
            return message[key]
        frame = message.get(key)
        if frame is None:
            raise WrongFrame(1003, f"The frame must be {'text' if key == 'text' else 'binary'}.")
        return frame

    async def send_text(self, data: str) -> None:
        """Send a text frame."""
        if self.application_state is not CONNECTED:
            await self.send({"type": "websocket.send", "text": data})
            return
        try:
            await self._send({"type": "websocket.send", "text": data})
        except OSError as error:
            raise self._gone() from error

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary frame."""
        if self.application_state is not CONNECTED:
            await self.send({"type": "websocket.send", "bytes": data})
            return
        try:
            await self._send({"type": "websocket.send", "bytes": data})
        except OSError as error:
            raise self._gone() from error

    def _gone(self) -> WebSocketDisconnect:
        self.application_state = WebSocketState.DISCONNECTED
        return WebSocketDisconnect(code=1006)

    async def send_json(self, data: Any, mode: str = "text") -> None:
        """Send a value as JSON, with null for NaN and the infinities."""
        if self.rules is None or mode not in ("text", "binary"):
            await super().send_json(data, mode)
        elif mode == "text":
            await self.send_text(plain_json(data))
        else:
            await self.send_bytes(plain_json(data).encode())

    async def receive_json(self, mode: str = "text") -> Any:
        """Return the value of the next frame, read as strictly as a body."""
        rules = self.rules
        if rules is None or mode not in ("text", "binary"):
            return await super().receive_json(mode)
        frame = await (self.receive_text() if mode == "text" else self.receive_bytes())
        try:
            return rules.read(frame.encode("utf-8", "surrogatepass") if isinstance(frame, str) else frame)
        except JSONDecodeError as error:
            raise UnreadableFrame(error.msg, error.doc, error.pos) from None
        except RefusedJSON as error:
            raise UnreadableFrame(str(error)) from None


# Applications compare the class by its name too.
CheckedWebSocket.__name__ = CheckedWebSocket.__qualname__ = WebSocket.__name__
