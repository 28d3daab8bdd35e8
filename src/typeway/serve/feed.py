"""Let several layers of middleware read one request body, and the inner application read it again."""

from __future__ import annotations  # PERF: annotations of inner functions would be evaluated for every request

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Final, Protocol, TypeAlias

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from typeway.requests import CheckedRequest
from typeway.types import Message, Receive, Scope

# How many bytes of a body are kept for layers that read it after the inner application: as much as most JSON bodies
# have. A larger body passes through in parts, and the memory that it takes must not depend on its length.
KEPT: Final = 1 << 20

LOST: Final = (
    "Stream consumed: the inner application has read the body already, and a body of more than 1 MiB is not kept. "
    "Read it in the middleware before `call_next`: `await request.body()`."
)


class Feed:
    """The `receive` function of the application inside one or more layers; it keeps the body that is received.

    The application receives every message, also those that a layer has read before; layers read at their own positions.
    """

    # PERF: class attributes instead of a constructor that sets each of them.
    given: int = 0  # the number of parts that the inner application has received
    count: int = 0  # the number of parts that have come from the source
    size: int = 0  # the number of bytes in them
    parts: list[bytes] | None = None  # the parts themselves, if they have no more bytes than are kept
    is_over: bool = False  # whether the whole body has been received
    is_reading: bool = False
    joined: asyncio.Event | None = None  # set when the current read has ended; other readers wait for it

    def __init__(self, source: Receive) -> None:
        self.source = source

    async def __call__(self) -> Message:
        is_next = self.given == self.count and not self.is_reading
        message = await (self.read() if is_next else self.at(self.given))
        if message["type"] == "http.request":
            self.given += 1
        return message

    async def at(self, position: int) -> Message:
        """Return the part of the body at a position, or the message that comes instead of it.

        Raises:
            RuntimeError: the part is not kept.
        """
        while position >= self.count:
            # A stream may wait for a disconnect while middleware waits for the body: one of them reads for both.
            if self.is_reading:
                joined = self.joined = self.joined or asyncio.Event()
                await joined.wait()
                continue
            message = await self.read()
            if position >= self.count or position == self.count - 1:
                return message
        if self.parts is None:
            raise RuntimeError(LOST)
        return {
            "type": "http.request",
            "body": self.parts[position],
            "more_body": not self.is_over or position < self.count - 1,
        }

    async def read(self) -> Message:
        """Return the next message of the source."""
        self.is_reading = True
        try:
            message = await self.source()
        finally:
            self.is_reading = False
            if self.joined is not None:
                self.joined.set()
                self.joined = None
        if message["type"] == "http.request":
            body = message.get("body", b"")
            self.size += len(body)
            if self.size > KEPT:
                self.parts = None
            elif self.parts is None:
                self.parts = [body]
            else:
                self.parts.append(body)
            self.count += 1
            self.is_over = not message.get("more_body", False)
        return message


class Shared(Protocol):
    """What the requests of all layers have in common."""

    scope: Scope

    async def send(self, message: Message) -> None:
        """Send a message of the response."""


# Calls an inner application.
Inner: TypeAlias = Callable[[Any, Feed], Awaitable[Response]]


class LayerRequest(CheckedRequest):
    """The request of one middleware, which can read the body before the inner application, after it and beside it.

    Parameters:
        flight: the request as all layers share it.
        feed: the `receive` of this layer.
        inner: calls the inner application, given the flight and a `receive`.
    """

    # PERF: class attributes instead of the two constructors of Starlette that set each of them, 0.5 us per layer.
    _stream_consumed = False
    _is_disconnected = False
    _form = None
    _is_passed = False  # whether the inner application has been called
    position: int = 0  # how many parts of the body the middleware has read

    def __init__(self, flight: Shared, feed: Feed, inner: Inner) -> None:
        self.scope: Scope = flight.scope
        self._send = flight.send
        self._receive = self._feed = feed
        self._flight = flight
        self._inner = inner

    def call_next(self, _: Request) -> Awaitable[Response]:
        """Return the coroutine that calls the inner application, and returns its response.

        PERF: this is a method of the request, because a closure for each layer would cost 0.2 us.
        """
        feed = self._feed
        if self._is_passed or self.position or self._receive is not feed or hasattr(self, "_body"):
            feed = self.replayed(feed)
        self._is_passed = True
        return self._inner(self._flight, feed)

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """Yield the chunks of the body that the middleware has not read yet.

        Raises:
            RuntimeError: the middleware has read the whole body, or the inner application one that is not kept.
            ClientDisconnect: the client has disconnected.
        """
        feed = self._receive
        if "_body" in self.__dict__ or self._stream_consumed or not isinstance(feed, Feed):
            async for chunk in super().stream():
                yield chunk
            return
        while not self._stream_consumed:
            message = await feed.at(self.position)
            if message["type"] == "http.disconnect":
                self._is_disconnected = True
                raise ClientDisconnect
            self.position += 1
            self._stream_consumed = not message.get("more_body", False)
            if message.get("body"):
                yield message["body"]
        yield b""

    def replayed(self, feed: Feed) -> Feed:
        """Return the `receive` of an inner application that is not the first reader of the body.

        It gives the body that the middleware has read with `body()`, else what the middleware has not read with
        `stream()`, or the messages of the author's own function.

        Raises:
            RuntimeError: another call of the inner application has read a body that is not kept.
        """
        position, is_over = self.position, False
        if self._receive is feed and "_body" not in self.__dict__ and position < feed.count and feed.parts is None:
            raise RuntimeError(LOST)

        async def receive() -> Message:
            nonlocal position, is_over
            if is_over:  # the only message that can follow is the disconnect of the client
                return {"type": "http.disconnect"} if self._is_disconnected else await feed.at(feed.count)
            if "_body" in self.__dict__:
                message: Message = {"type": "http.request", "body": self.__dict__["_body"], "more_body": False}
            elif self._receive is not feed:
                message = await self._receive()
            elif feed.is_over and position >= feed.count:
                message = {"type": "http.request", "body": b"", "more_body": False}
            else:
                message = await feed.at(position)
                position += 1
            is_over = not message.get("more_body", False)
            return message

        return Feed(receive)
