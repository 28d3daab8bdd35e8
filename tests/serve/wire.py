"""Speak to an application without a client that repairs what it is sent: as raw ASGI messages, or as bytes on a socket."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import uvicorn

from tests.patience import PATIENCE

Message = Any
OnChunk = Callable[[int], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

# A server changes the levels of these for the whole process.
LOGGERS = ("uvicorn.error", "uvicorn.access", "uvicorn.asgi")


class Wire:
    """A client that sends one request and keeps what it is sent.

    Parameters:
        path: the request's path.
        method: the request's method.
        query: the query string, as the bytes that a server hands on.
        headers: the request's headers.
        leaves_after: the number of chunks after which the client is gone; None if it stays.
        on_chunk: awaited while a chunk is being sent, with the chunk's number, counted from 1.
        spec_version: servers of "2.3" tell of a disconnect only who receives, and drop what is sent afterwards; those
            of "2.4" let sending fail.
    """

    def __init__(
        self,
        path: str = "/",
        *,
        method: str = "GET",
        query: bytes = b"",
        headers: Headers | None = None,
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
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query,
            "root_path": "",
            "headers": headers or [],
            "server": ("testserver", 80),
            "client": ("client", 1),
        }

    async def serve(self, app: Any) -> None:
        """Run the application for this one request; what it raises comes out."""
        with anyio.fail_after(PATIENCE):
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
    def status(self) -> int:
        return self.messages[0]["status"]

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.messages[0]["headers"])

    @property
    def chunks(self) -> list[bytes]:
        return [message["body"] for message in self.messages if message.get("body")]

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)


def ask(app: Any, path: str, **options: Any) -> Wire:
    """Send one request as a server does, and return the connection with all that the application has sent."""
    wire = Wire(path, **options)
    anyio.run(wire.serve, app)
    return wire


@contextmanager
def served(app: Any, **options: Any) -> Iterator[int]:
    """Serve an application with uvicorn on a port of the loopback interface, which is yielded."""
    listening = socket.create_server(("127.0.0.1", 0))
    levels = {logger: logger.level for logger in map(logging.getLogger, LOGGERS)}
    config = uvicorn.Config(app, log_config=None, log_level="critical", lifespan="off", ws="none", **options)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
        for logger, level in levels.items():
            logger.setLevel(level)


def converse(port: int, sent: bytes) -> bytes:
    """Send bytes to a server, and return all that it sends until it closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(sent)
        received = b""
        while chunk := connection.recv(65_536):
            received += chunk
        return received
