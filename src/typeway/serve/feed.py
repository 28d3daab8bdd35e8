"""Let several layers of middleware read one request body, and the inner application read it again."""

from __future__ import annotations  # PERF: annotations of inner functions would be evaluated for every request

import asyncio
from collections.abc import AsyncGenerator

from starlette.requests import ClientDisconnect

from typeway.requests import CheckedRequest
from typeway.types import Message, Receive


class Feed:
    """The `receive` function of one or more layers; it remembers how much of the body has been received."""

    # PERF: class attributes instead of a constructor that sets each of them.
    count: int = 0  # the number of messages that have been received
    is_over: bool = False  # whether the whole body has been received
    is_reading: bool = False
    joined: asyncio.Event | None = None  # set when the current read has ended; other readers wait for it
    last: Message | None = None  # the message that they get then; None if they must read themselves

    def __init__(self, source: Receive) -> None:
        self.source = source

    async def __call__(self) -> Message:
        # Two tasks may receive at the same time: a stream waits for a disconnect, and a middleware for the body. Both
        # get the message, because the one that missed it could wait for another message for ever.
        while self.is_reading:
            joined = self.joined = self.joined or asyncio.Event()
            await joined.wait()
            if self.last is not None:
                return self.last
        self.is_reading, received = True, None
        try:
            message = received = await self.source()
        finally:
            self.is_reading = False
            if self.joined is not None:
                self.last = received
                self.joined.set()
                self.joined = None
        self.count += 1
        if message["type"] == "http.request" and not message.get("more_body", False):
            self.is_over = True
        return message


class LayerRequest(CheckedRequest):
    """The request of one middleware; the inner application can read the part of the body that the middleware has read.

    After the inner application has read the body, the middleware cannot: `body()` raises an error instead of waiting
    for ever, and a second call of `call_next` finds an empty body.
    """

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """Yield the chunks of the body that have not been read yet.

        Raises:
            RuntimeError: another layer has read from the body.
            ClientDisconnect: the client has disconnected.
        """
        feed = self._receive
        if "_body" in self.__dict__ or not isinstance(feed, Feed):
            async for chunk in super().stream():
                yield chunk
            return
        count = feed.count
        while True:
            if self._stream_consumed or feed.is_over or feed.count != count:
                self._stream_consumed = True
                raise RuntimeError("Stream consumed")
            message = await feed()
            count += 1
            if message["type"] == "http.disconnect":
                self._is_disconnected = True
                raise ClientDisconnect
            self._stream_consumed = not message.get("more_body", False)
            if message.get("body"):
                yield message["body"]
            if self._stream_consumed:
                break
        yield b""

    def replayed(self, feed: Feed) -> Feed:
        """Return the `receive` of the inner application where the middleware has read the body, or replaced `receive`.

        It gives the body that the middleware has read, or the messages of the author's own function.
        """
        is_over = False

        async def receive() -> Message:
            nonlocal is_over
            if is_over:  # the only message that can follow is the disconnect of the client
                return {"type": "http.disconnect"} if self._is_disconnected else await feed()
            if self._receive is feed or "_body" in self.__dict__:
                body = self.__dict__.get("_body", b"")
                is_over = True
                return {"type": "http.request", "body": body, "more_body": False}
            message = await self._receive()
            is_over = not message.get("more_body", False)
            return message

        return Feed(receive)
