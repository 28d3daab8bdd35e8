"""Feed a WebSocket implementation frame by frame, so that what follows a message waits until the message has been received."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from typeway.protocol.settings import LINGER_SECONDS, LINGER_SIZE

CLOSE: Final = 8
ACCEPTED: Final = b"HTTP/1.1 101"


class Frames(asyncio.Protocol):
    """Stands between the connection and a WebSocket implementation of uvicorn.

    The implementations parse all that has arrived at once. If an invalid frame follows a message in the same segment, they
    fail the connection before the application could answer the message. Here they get the next frame when the application
    has taken the message before it, nothing before they have accepted the handshake, and nothing after a close frame, for
    it is the last (RFC 6455 section 5.5.1).

    Attributes:
        inner: the implementation.
        data: what has arrived; from `at` on it has not been passed on.
        left: how many bytes of the current frame are still to come.
    """

    __slots__ = (
        "at",
        "data",
        "gate",
        "inner",
        "is_ended",
        "is_held",
        "is_lost",
        "is_over",
        "left",
        "loop",
        "timer",
        "transport",
    )

    def __init__(self, inner: Any, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.inner: Any = inner
        self.transport: Any = transport
        self.loop: asyncio.AbstractEventLoop = loop
        self.data: bytes = b""
        self.at: int = 0
        self.left: int = 0
        self.is_held: bool = True  # whether the implementation wants nothing now
        self.is_over: bool = False  # whether the last frame has been passed on
        self.is_ended: bool = False  # whether the implementation has closed the connection
        self.is_lost: bool = False  # whether the implementation has been told that the connection is gone
        self.gate: Gate = Gate(self)
        self.timer: asyncio.TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        if self.timer is not None:
            self.timer.cancel()
        if not self.is_lost:
            self.is_lost = True
            self.inner.connection_lost(exc)

    def eof_received(self) -> Any:
        return None if self.is_lost else self.inner.eof_received()

    def pause_writing(self) -> None:
        if not self.is_lost:
            self.inner.pause_writing()

    def resume_writing(self) -> None:
        if not self.is_lost:
            self.inner.resume_writing()

    def begin(self, head: bytes, rest: bytes) -> None:
        """Let the implementation read the handshake; what has come behind it waits for the answer."""
        self.inner.connection_made(self.gate)
        self.data = rest
        self.inner.data_received(head)

    def release(self) -> None:
        """Pass on what waits, but not before the application has done what it does at once."""
        if self.is_held:
            self.is_held = False
            self.loop.call_soon(self.feed)

    def end(self) -> None:
        """Close the connection, but read on for a while.

        What the client has still sent would else make the operating system drop the close frame, and with it the reason,
        before the client reads it. For the implementation, and for a server that stops, the connection is gone.
        """
        self.is_ended = self.is_over = True
        self.data, self.at = b"", 0
        self.gate.__dict__.pop("write", None)
        if not self.transport.can_write_eof():  # TLS
            self.transport.close()
        elif not self.transport.is_closing():
            self.transport.write_eof()
            self.transport.resume_reading()
            self.timer = self.loop.call_later(LINGER_SECONDS, self.transport.close)
            self.loop.call_soon(self.lose)

    def lose(self) -> None:
        """Tell the implementation that the connection is gone."""
        if not self.is_lost:
            self.is_lost = True
            self.inner.connection_lost(None)

    def data_received(self, data: bytes) -> None:
        # PERF: one small frame is what most segments are; it needs no loop.
        is_idle = not (self.is_held or self.left or self.data or self.is_over)
        if is_idle and len(data) > 1 and len(data) == 6 + (data[1] & 127) < 132 and data[0] & 15 != CLOSE:
            self.inner.data_received(data)
            return
        if self.is_over:
            self.at += len(data)
            if self.is_ended and self.at > LINGER_SIZE:
                self.transport.close()
            return
        self.data = self.data[self.at :] + data if self.data else data
        self.at = 0
        self.feed()

    def feed(self) -> None:
        """Pass on frames until the implementation wants no more."""
        data, end = self.data, len(self.data)
        while self.at < end and not (self.is_held or self.is_over or self.transport.is_closing()):
            at = self.at
            is_last = False
            if not self.left:
                size = frame_size(data, at)
                if size is None:
                    break
                self.left, is_last = size, data[at] & 15 == CLOSE
                if is_last and end - at < size:  # control frames are small, and are passed on whole
                    self.left = 0
                    break
            self.at = min(at + self.left, end)
            self.left -= self.at - at
            if is_last:
                self.is_over = True
                end_message(self.inner)
            self.inner.data_received(data if at == 0 and self.at == end else data[at : self.at])
        if self.at == end or self.is_over:
            self.data, self.at = b"", 0
        if self.is_held and self.data:
            self.transport.pause_reading()
        elif not (self.is_held or self.is_ended or self.transport.is_closing()):
            self.transport.resume_reading()


class Gate:
    """The transport as the implementation sees it: pausing concerns the frames, all else the connection."""

    def __init__(self, frames: Frames) -> None:
        self.frames = frames
        self.transport: Any = frames.transport
        self.answer: bytes = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)

    def write(self, data: bytes) -> None:
        """Write the answer to the handshake; what follows goes to the transport directly."""
        if self.frames.is_ended:
            return
        self.answer += data[: len(ACCEPTED)]
        self.transport.write(data)
        if len(self.answer) >= len(ACCEPTED):
            self.__dict__["write"] = self.transport.write  # PERF: until the end
            if self.answer.startswith(ACCEPTED):
                self.frames.release()

    def close(self) -> None:
        if not self.frames.is_ended:
            self.frames.end()

    def is_closing(self) -> bool:
        return self.frames.is_ended or bool(self.transport.is_closing())

    def pause_reading(self) -> None:
        self.frames.is_held = True

    def resume_reading(self) -> None:
        self.frames.release()


def frame_size(data: bytes, at: int) -> int | None:
    """Return the size of the frame that begins at a place, with its head; None if too little of it has arrived.

    A frame without a mask has none of its bytes here; it is an error of the client that the implementation finds
    (RFC 6455 section 5.1).
    """
    if len(data) < at + 2:
        return None
    size, head = data[at + 1] & 127, 2
    if size > 125:
        head = 4 if size == 126 else 10
        if len(data) < at + head:
            return None
        size = int.from_bytes(data[at + 2 : at + head], "big")
    return head + size + (4 if data[at + 1] & 128 else 0)


def end_message(inner: Any) -> None:
    """Let a close frame come between the fragments of a message (RFC 6455 section 5.4).

    The library websockets takes it for a violation of the protocol there, and would answer with 1002 instead of the code
    of the client. It asks whether the size of an unfinished message is known, under one of these names.
    """
    protocol: Any = getattr(inner, "conn", None)
    for name in ("current_size", "cur_size"):
        if getattr(protocol, name, None) is not None:
            setattr(protocol, name, None)
