"""Hold one end of a raw ASGI connection, so that a test decides how fast a client reads and when it goes away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio

Message = Any
OnChunk = Callable[[int], Awaitable[None]]


class Wire:
    """A client that sends one request and keeps what it is sent.

    Parameters:
        path: the request's path.
        leaves_after: the number of chunks after which the client is gone; None if it stays.
        on_chunk: awaited while a chunk is being sent, with the chunk's number, counted from 1.
        spec_version: servers of "2.3" tell of a disconnect only who receives, and drop what is sent afterwards; those
            of "2.4" let sending fail.
    """

    def __init__(
        self,
        path: str = "/",
        *,
        leaves_after: int | None = None,
        on_chunk: OnChunk | None = None,
        spec_version: str = "2.3",
    ) -> None:
        self.leaves_after = leaves_after
        self.on_chunk = on_chunk
        self.spec_version = spec_version
        self.messages: list[Message] = []
        self.has_asked = False
        self.gone = anyio.Event()
        self.scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": spec_version},
            "http_version": "1.1",
            "method": "GET",
            "path": path,
            "query_string": b"",
            "root_path": "",
            "headers": [],
            "server": ("testserver", 80),
        }

    async def serve(self, app: Any) -> None:
        """Run the application for this one request; what it raises comes out."""
        with anyio.fail_after(10):
            await app(self.scope, self.receive, self.send)

    async def receive(self) -> Message:
        if not self.has_asked:
            self.has_asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if not self.gone.is_set():
            await self.take(message)
        if self.gone.is_set() and self.spec_version >= "2.4":
            raise OSError("the client is gone")

    async def take(self, message: Message) -> None:
        self.messages.append(message)
        if message.get("body"):
            if self.on_chunk is not None:
                await self.on_chunk(len(self.chunks))
            if self.leaves_after is not None and len(self.chunks) >= self.leaves_after:
                self.gone.set()

    @property
    def chunks(self) -> list[bytes]:
        return [message["body"] for message in self.messages if message.get("body")]
