"""One request and its response on a connection: for a plan by one write, for an ASGI application by messages."""

from __future__ import annotations  # PERF: annotations of inner functions would be evaluated for every request

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, Final, Protocol

from anyio import to_thread
from starlette.requests import ClientDisconnect

from typeway.protocol.settings import HTTPSettings
from typeway.protocol.site import Site
from typeway.protocol.wire import CLOSE, CONTINUE, LAST_CHUNK, refusal, status_line
from typeway.responses import JSON_TYPE
from typeway.serve.reply import RawHeaders
from typeway.types import Message, Scope

# Above this many bytes that nobody has received yet, no more of a body are read; each piece takes some bytes more.
HIGH_WATER: Final = 64 * 1024
OVERHEAD: Final = 48

# Responses with these statuses end with their head, whatever its fields say (RFC 9112 section 6.3).
ENDS_WITH_HEAD: Final = frozenset({204, 304})

# A length is digits only; `int()` takes more.
length_pattern: Final = re.compile(rb"[0-9]{1,19}")

UNAVAILABLE: Final = "The server is at its limit of connections; try again later."

# Parts of a response of up to this many bytes are sent together, if they come in one turn of the event loop.
SMALL: Final = 4096

# How much of a file is read at once. PERF: each read is a trip to a thread, 80 us.
PIECE: Final = 512 * 1024


class Disconnected(OSError):
    """A part of a response for a client that is gone."""


class Connection(Protocol):
    """What a cycle needs of its connection."""

    @property
    def site(self) -> Site: ...
    @property
    def transport(self) -> Any: ...
    @property
    def write_paused(self) -> bool: ...
    @property
    def is_stopping(self) -> bool: ...
    @property
    def has_ended(self) -> bool: ...  # whether the client has closed its side

    rest: bytes  # what has come after a handshake

    def keeps_after(self, cycle: Cycle) -> bool:
        """Whether the connection can be kept after the response to a cycle."""
        ...

    def finished(self, cycle: Cycle) -> None:
        """Go on after a response has been written."""

    def leave(self) -> None:
        """Take the connection off the lists of the server."""

    def write(self, data: bytes) -> None:
        """Write data, after what is still to be written."""

    def write_soon(self, data: bytes) -> None:
        """Write data at the end of this turn of the event loop."""

    def flush(self) -> None:
        """Write what is still to be written."""

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    async def drain(self) -> None:
        """Wait until the client has read enough of the response."""


class Cycle:
    """One request and its response.

    Attributes:
        keeps: whether the connection is kept after the response.
        length: how many bytes of the body are still to come; None if that is unknown.
        more_body: whether the body has not arrived completely.
        is_direct: whether the request may reach a plan without ASGI.
        is_started: whether the application has been called.
        is_complete: whether the response has been written.
        expected: how many bytes of the response body are still to be sent; None if that is unknown.
        instead: what happens in the place of the application, when it is this request's turn.
    """

    # PERF: class attributes instead of a constructor that sets each of them, 0.2 us per request instead of 0.6.
    chunks: list[bytes] | None = None  # the pieces of the body that have not been received by the application
    size: int = 0  # of the chunks, in memory
    received: int = 0  # how much of the body has arrived
    window: tuple[float, int] | None = None  # a time, and how much had arrived then
    instead: Callable[[Cycle], None] | None = None
    arrived: asyncio.Event | None = None
    more_body = True
    is_delivered: bool = False  # whether the application has received the whole body
    is_started: bool = False
    is_complete: bool = False
    is_chunked: bool = False
    is_bodiless: bool = False  # whether the response has no body, whatever the application sends
    disconnected = False
    is_events: bool = False  # whether the response is a stream of server-sent events
    is_ended: bool = False  # whether the application is told that nobody listens any more
    expects: bool = False  # whether the client waits for a 100 before it sends the body
    is_last = False  # whether the client has said that it sends nothing after this request
    head: list[bytes] | None = None  # the head of the response, until it is sent with the beginning of the body
    status: int = 0
    expected: int | None = None
    begun: float = 0.0  # when the head had been read, if requests are logged

    def __init__(self, connection: Connection, scope: Scope, length: int | None, keeps: bool, is_direct: bool) -> None:
        self.connection = connection
        self.scope = scope
        self.length = length
        self.keeps: bool = keeps
        self.is_direct = is_direct

    # --- running ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Serve the request; it runs at once until it waits for something, and in a task from there on."""
        self.is_started = True
        site = self.connection.site
        if self.instead is not None:
            self.instead(self)
            return
        if site.limit is not None and site.is_full():
            site.logger.warning("Exceeded concurrency limit.")
            self.refuse(503, UNAVAILABLE)
            return
        work, is_direct = None, False
        if self.is_direct and site.direct is not None:
            try:
                serve = site.direct._direct()
                if serve is not None:
                    is_direct = True
                    self.scope["app"] = site.direct
                    work = serve(self.scope, self.receive, self.send, self.write, not self.more_body)
            except BaseException as error:  # noqa: BLE001 - whatever it is, it costs one request
                self.report(error)
                return
        if work is not None or not is_direct:
            task = begin(self.run(work), loop=site.loop)
            if not task.done():
                tasks = site.server_state.tasks
                tasks.add(task)
                task.add_done_callback(tasks.discard)

    async def run(self, work: Awaitable[None] | None) -> None:
        """Call the application, or await the work that it has left, and answer what it raises."""
        site = self.connection.site
        try:
            if work is not None:
                await work
            else:
                result: Any = await site.app(self.scope, self.receive, self.send)
                if result is not None:
                    site.logger.error("ASGI callable should return None, but returned '%s'.", result)
                    self.fail()
            if not (self.is_complete or self.disconnected):
                self.give_up()
        except asyncio.CancelledError:
            self.fail()
            raise
        except BaseException as error:  # noqa: BLE001 - whatever it is, it costs one request
            self.report(error)

    def report(self, error: BaseException) -> None:
        """Log an exception that the application has raised, and answer it."""
        if not self.disconnected or not is_disconnect(error):
            self.connection.site.logger.error("Exception in ASGI application\n", exc_info=error)
        self.fail()

    def give_up(self) -> None:
        """End a response that the application has not completed: because it was told that nobody listens, or by mistake."""
        if self.is_ended:
            self.keeps = False
            self.send_body(b"", more=False)
        elif self.status and self.connection.has_ended:
            self.connection.flush()
            self.connection.transport.close()
        else:
            what = "completing" if self.status else "starting"
            self.connection.site.logger.error("ASGI callable returned without %s response.", what)
            self.fail()

    def fail(self) -> None:
        """Answer 500 if no response has begun; else cut the connection, so that the client sees that it is not whole.

        The failure costs one request: the connection is kept if the request has been read and the response is whole.
        """
        if self.is_complete or self.disconnected:
            return
        keeps = self.keeps and self.scope["http_version"] == "1.1" and self.connection.keeps_after(self)
        self.refuse(500, "Internal Server Error", keeps=keeps)

    def refuse(self, status: int, reason: str, *, keeps: bool = False) -> None:
        """Answer without the application, or in its place if it has not begun to, and close the connection unless told."""
        if self.status and self.head is None:
            self.connection.flush()  # a part of a response shows that something went wrong, nothing at all does not
            self.connection.transport.abort()
            return
        self.status, self.keeps, self.head = status, keeps, None
        is_head, lines = self.scope["method"] == "HEAD", self.connection.site.default_lines()
        self.connection.write(refusal(status, reason, lines, is_head=is_head, keeps=keeps))
        self.finish()

    def stop(self) -> None:
        """End a stream of events, which would go on for ever: the server is stopping, and its clients connect again."""
        if self.is_events:
            self.is_ended = True
            self.wake()

    def finish(self) -> None:
        self.is_complete = True
        self.connection.finished(self)

    # --- the request --------------------------------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        """Take a piece of the body."""
        size = len(data)
        self.received += size
        if self.length is not None:
            self.length -= size
        if self.is_complete or self.disconnected:
            return
        if self.chunks is None:
            self.chunks = []
        self.chunks.append(data)
        self.size += size + OVERHEAD
        if self.size > HIGH_WATER:
            self.connection.pause_reading()
        self.wake()

    def wake(self) -> None:
        if self.arrived is not None:
            self.arrived.set()

    def is_too_slow(self, now: float, settings: HTTPSettings) -> bool:
        """Whether less has arrived in the last seconds than the slowest allowed body has."""
        if self.window is None:
            self.window = now, self.received
        since, before = self.window
        if now - since < settings.body_grace:
            return False
        self.window = now, self.received
        return self.received - before < settings.body_rate * (now - since)

    async def receive(self) -> Message:
        """Return the next part of the body, or, after its end, the disconnect (ASGI's `receive`)."""
        if self.expects and not self.status:
            self.expects = False
            if self.more_body:
                self.connection.write(CONTINUE)
        while True:
            if self.disconnected or self.is_complete or self.is_ended:
                return {"type": "http.disconnect"}
            if self.chunks or not (self.more_body or self.is_delivered):
                break
            if self.connection.has_ended:
                return {"type": "http.disconnect"}
            self.connection.resume_reading()
            if self.arrived is None:
                self.arrived = asyncio.Event()
            self.arrived.clear()
            await self.arrived.wait()
        chunks = self.chunks
        body = b"" if not chunks else chunks[0] if len(chunks) == 1 else b"".join(chunks)
        self.chunks, self.size, self.is_delivered = None, 0, not self.more_body
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    # --- the response -------------------------------------------------------------------------------------------

    def write(self, status: int, headers: RawHeaders, body: bytes) -> None:
        """Send a whole response in one write.

        Raises:
            UnsafeHeaderError: a header has a character that is not allowed.
        """
        connection = self.connection
        if self.disconnected or connection.transport.is_closing():
            return
        if self.keeps and (self.more_body or connection.is_stopping):
            self.keeps = connection.keeps_after(self)
        # PERF: nearly every response has just these two headers, which need no checks: 0.4 of 12 us.
        if len(headers) == 2 and headers[1] is JSON_TYPE and self.keeps:
            text = b"%bcontent-length: %d\r\ncontent-type: application/json\r\n%b\r\n%b" % (
                status_line(status), len(body), connection.site.default_lines(), body,
            )  # fmt: skip
        else:
            site = connection.site
            end = b"\r\n" if self.keeps else CLOSE + b"\r\n"
            text = b"".join((status_line(status), *site.lines(headers), site.default_lines(), end, body))
        self.status = status
        connection.write_soon(text)
        self.finish()

    async def send(self, message: Message) -> None:
        """Send a part of the response (ASGI's `send`).

        Raises:
            Disconnected: the client is gone, and the response is not complete yet.
        """
        connection = self.connection
        if connection.write_paused and not self.disconnected:
            await connection.drain()
        if self.disconnected or connection.transport.is_closing():
            if message.get("more_body"):
                raise Disconnected
            return
        kind = message["type"]
        if self.is_complete:
            raise RuntimeError(f"Unexpected ASGI message '{kind}' sent, after response already completed.")
        if not self.status:
            if kind != "http.response.start":
                raise RuntimeError(f"Expected ASGI message 'http.response.start', but got '{kind}'.")
            self.begin_response(message)
        elif kind == "http.response.body":
            self.send_body(message.get("body", b""), more=message.get("more_body", False))
        elif kind == "http.response.pathsend":
            await self.send_file(message["path"])
        else:
            raise RuntimeError(f"Expected ASGI message 'http.response.body', but got '{kind}'.")

    def begin_response(self, message: Message) -> None:
        """Make the head; it is sent with the first part of the body.

        How the body is delimited is decided here: a response has a length or chunks, not both (RFC 9112 section 6.2).

        Raises:
            UnsafeHeaderError: a header has a character that is not allowed.
            ValueError: the status or the length is not one.
        """
        status, lengths, kept, is_chunked = message["status"], set(), [], False
        site, line = self.connection.site, status_line(status)
        for header in message.get("headers", ()):
            name, value = header[0].lower(), header[1]
            if name == b"content-length":
                lengths.add(value)
            elif name == b"transfer-encoding":
                is_chunked = is_chunked or value.lower() == b"chunked"
            elif name != b"connection":  # the connection is ours
                kept.append(header)
                self.is_events = self.is_events or (name == b"content-type" and value.startswith(b"text/event-stream"))
            elif b"close" in value.lower():
                self.keeps = False
        if len(lengths) > 1 or not all(map(length_pattern.fullmatch, lengths)):
            raise ValueError(f"a response has one Content-Length of digits, not {sorted(lengths)}")
        head = [line, *site.lines(kept), site.default_lines()]
        if status == 204:  # RFC 9110 section 8.6
            lengths.clear()
        self.is_bodiless = self.scope["method"] == "HEAD" or status in ENDS_WITH_HEAD
        self.is_chunked = is_chunked and status not in ENDS_WITH_HEAD and self.scope["http_version"] == "1.1"
        if self.is_chunked:
            head.append(b"transfer-encoding: chunked\r\n")
        elif lengths:
            self.expected = int(value := lengths.pop())
            head.append(b"content-length: %b\r\n" % value)
        if self.keeps:
            self.keeps = self.connection.keeps_after(self)
        self.status, self.expects, self.head = status, False, head

    def send_body(self, body: bytes, *, more: bool) -> None:
        """Send a part of the body, framed by its length or as chunks.

        Raises:
            RuntimeError: the body has another length than the head says.
        """
        size = len(body)
        if self.expected is not None and not self.is_bodiless:
            self.expected -= size
            if self.expected < 0 or (self.expected and not more):
                what = "longer" if self.expected < 0 else "shorter"
                raise RuntimeError(f"Response content {what} than Content-Length")
        parts = [] if self.head is None else self.begin_body(size, more=more)
        if self.is_bodiless:
            size = 0
        elif self.is_chunked:
            parts += [b"%x\r\n" % size, body, b"\r\n"] if size else []
            if not more:
                parts.append(LAST_CHUNK)
        elif size:
            parts.append(body)
        if parts:
            data = parts[0] if len(parts) == 1 else b"".join(parts)
            # PERF: of a stream of small items, many are produced in one turn of the event loop.
            if len(data) <= SMALL:
                self.connection.write_soon(data)
            else:
                self.connection.write(data)
        if not more:
            self.finish()

    def begin_body(self, size: int, *, more: bool) -> list[bytes]:
        """Return the head, and decide how the body is delimited where the application has not."""
        head, self.head = self.head or [], None
        if self.expected is None and not self.is_chunked and not self.is_bodiless:
            if not more:
                self.expected = 0
                head.append(b"content-length: %d\r\n" % size)
            elif self.scope["http_version"] == "1.1":
                self.is_chunked = True
                head.append(b"transfer-encoding: chunked\r\n")
            else:
                self.keeps = False  # the end of the connection is the end of the body
        if not self.keeps:
            head.append(CLOSE)
        elif self.scope["http_version"] == "1.0":
            head.append(b"connection: keep-alive\r\n")
        head.append(b"\r\n")
        return head

    async def send_file(self, path: str) -> None:
        """Send a file as the whole body (the ASGI extension `http.response.pathsend`), as far as the head says."""
        file: Any = await to_thread.run_sync(open, path, "rb")
        try:
            more = self.scope["method"] != "HEAD"
            while not self.disconnected:
                size = PIECE if self.expected is None else min(PIECE, self.expected)
                piece = await to_thread.run_sync(file.read, size) if more else b""
                if self.connection.transport.is_closing():
                    break
                more = len(piece) == PIECE
                self.send_body(piece, more=more)
                if not more:
                    break
                if self.connection.write_paused:
                    await self.connection.drain()
        finally:
            file.close()  # it does not wait: nothing has been written


def is_disconnect(error: BaseException | None) -> bool:
    """Whether an error says only that the client is gone."""
    return error is not None and (
        isinstance(error, (Disconnected, ClientDisconnect)) or is_disconnect(error.__context__)
    )


# PERF: a coroutine that does not wait is complete at once; a task that is begun in the next iteration of the event loop
# costs 2 of 14 us more. Python 3.11 has no such tasks.
if sys.version_info >= (3, 12):
    begin = partial(asyncio.Task, eager_start=True)
else:

    def begin(work: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop) -> asyncio.Task[None]:
        """Run a coroutine in a task."""
        return loop.create_task(work)
