"""Offer the classes of WebSockets, their states and their end, and the socket that closes after an unreadable frame."""

from json import JSONDecodeError
from typing import Any

from starlette.websockets import WebSocket as WebSocket
from starlette.websockets import WebSocketDisconnect as WebSocketDisconnect
from starlette.websockets import WebSocketState as WebSocketState

from typeway.decoders import RefusedJSON, rules_for
from typeway.encoders import plain_json
from typeway.exceptions import WebSocketException


class WrongFrame(WebSocketException, KeyError):
    """A binary frame where text is expected, or the reverse: the connection closes with 1003 (RFC 6455, 7.4.1)."""


class UnreadableFrame(WebSocketException, JSONDecodeError):
    """A frame that is no JSON: the connection closes with 1007; caught as the error of Python's parser too."""

    def __init__(self, reason: str, doc: str = "", pos: int = 0) -> None:
        JSONDecodeError.__init__(self, reason, doc, pos)
        WebSocketException.__init__(self, 1007, f"The frame is no JSON: {reason}")


class CheckedWebSocket(WebSocket):
    """A WebSocket on which a frame of the wrong kind is the client's mistake, and closes the connection."""

    async def receive_text(self) -> str:
        """Return the next frame, which is text."""
        return str(await self._received("text"))

    async def receive_bytes(self) -> bytes:
        """Return the next frame, which is binary."""
        return bytes(await self._received("bytes"))

    async def _received(self, key: str) -> Any:
        try:
            frame = await (super().receive_text() if key == "text" else super().receive_bytes())
        except KeyError:
            frame = None
            if rules_for(self.scope) is None:
                raise
        if frame is None and rules_for(self.scope) is not None:
            raise WrongFrame(1003, f"The frame must be {'text' if key == 'text' else 'binary'}.")
        return frame

    async def send_json(self, data: Any, mode: str = "text") -> None:
        """Send a value as JSON, with null for NaN and the infinities."""
        if rules_for(self.scope) is None or mode not in ("text", "binary"):
            await super().send_json(data, mode)
        elif mode == "text":
            await self.send_text(plain_json(data))
        else:
            await self.send_bytes(plain_json(data).encode())

    async def receive_json(self, mode: str = "text") -> Any:
        """Return the value of the next frame, read as strictly as a body."""
        rules = rules_for(self.scope)
        if rules is None or mode not in ("text", "binary"):
            return await super().receive_json(mode)
        frame = await self._received("text" if mode == "text" else "bytes")
        try:
            return rules.read(frame.encode("utf-8", "surrogatepass") if isinstance(frame, str) else frame)
        except JSONDecodeError as error:
            raise UnreadableFrame(error.msg, error.doc, error.pos) from None
        except RefusedJSON as error:
            raise UnreadableFrame(str(error)) from None


# Applications compare the class by its name too.
CheckedWebSocket.__name__ = CheckedWebSocket.__qualname__ = WebSocket.__name__
