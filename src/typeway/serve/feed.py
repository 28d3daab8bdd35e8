"""Let several layers read one request: what each reads is there for those further in, and nobody waits for what is gone."""

from __future__ import annotations  # PERF: else those of inner functions would be evaluated again by every request

import asyncio
from collections.abc import AsyncGenerator

from starlette.requests import ClientDisconnect, Request

from typeway.types import Message, Receive


class Feed:
    """Where a request's messages come from, for one layer or more; it knows what of the body has been received."""

    # PERF: defaults of the class instead of a constructor that sets them one by one.
    count: int = 0  # how many messages have been received
    is_over: bool = False  # whether the last of the body is among them
    is_reading: bool = False
    joined: asyncio.Event | None = None  # what others wait for while one of them reads
    last: Message | None = None  # what they get then; None if they must read themselves

    def __init__(self, source: Receive) -> None:
        self.source = source

    async def __call__(self) -> Message:
        # Two may wait at the same time: a stream for its client to leave, and a middleware for the body. The message
        # is for both, because the one who missed it could wait for another for ever.
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


class LayerRequest(Request):
    """The request as one middleware sees it: what the middleware reads of the body is there again further in.

    What is read of it further in is gone for the middleware, and for what it calls next: `body()` says so, instead of
    waiting for ever, and a second call of `call_next` finds an empty body.
    """

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The chunks of the body, as far as nobody else has them.

        Raises:
            RuntimeError: somebody has.
            ClientDisconnect: there will be no more of them.
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
        """What further in receives where something of the layer's feed has been read, or put in its place.

        That is the body that has been read, or what the author's own function gives.
        """
        is_over = False

        async def receive() -> Message:
            nonlocal is_over
            if is_over:  # what is left is to wait for the client to leave, and only the server knows of that
                return {"type": "http.disconnect"} if self._is_disconnected else await feed()
            if self._receive is feed or "_body" in self.__dict__:
                body = self.__dict__.get("_body", b"")
                is_over = True
                return {"type": "http.request", "body": body, "more_body": False}
            message = await self._receive()
            is_over = not message.get("more_body", False)
            return message

        return Feed(receive)
