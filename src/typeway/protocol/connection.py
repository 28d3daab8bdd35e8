"""The protocol class: one connection, from the bytes of its requests to the cycles that answer them."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from time import perf_counter
from typing import Any, Final
from urllib.parse import quote

from typeway.protocol.cycle import Cycle
from typeway.protocol.head import Refused
from typeway.protocol.reading import Reading
from typeway.protocol.settings import DEFAULTS, LINGER_SECONDS, LINGER_SIZE, HTTPSettings
from typeway.protocol.site import site_of

# How long an idle connection is kept when the server stops: its client may have sent a request that is on its way.
STOPPING_SECONDS: Final = 0.5

# How many pipelined requests are answered before other connections have their turn.
AT_ONCE: Final = 16


class HTTPProtocol(Reading):
    """An HTTP/1.1 connection of a server: a class for uvicorn's parameter `http`.

    Requests reach the plans of a `Typeway` application directly where nothing stands around its router; every other
    ASGI application is served as by uvicorn's own classes. What it accepts is bounded by `HTTPSettings`.

    Example:
        ```python
        import uvicorn
        from typeway.protocol import HTTPProtocol

        uvicorn.run("main:app", http=HTTPProtocol)
        ```
    """

    is_broken: bool
    is_leaving: bool
    rest: bytes

    settings: HTTPSettings = DEFAULTS

    __slots__ = ("is_running", "progress", "writable")
    server: tuple[str, int | None] | None
    client: tuple[str, int | None] | None
    queue: deque[Cycle] | None
    parser: Any
    lingering: int | None

    def __init__(
        self,
        config: Any,
        server_state: Any,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(site_of(config, server_state, app_state, _loop, self.settings))
        self.is_running: bool = False
        self.writable: asyncio.Event | None = None
        self.progress: tuple[float, int] = (
            0.0,
            0,
        )  # when the client last read of what it is looked at for, and how much was left

    @classmethod
    def with_settings(cls, settings: HTTPSettings) -> type[HTTPProtocol]:
        """Return this class with other limits."""
        return type(cls.__name__, (cls,), {"__slots__": (), "__doc__": cls.__doc__, "settings": settings})

    # --- the connection -----------------------------------------------------------------------------------------

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.server, self.client = address(transport, "sockname"), address(transport, "peername")
        self.scheme = "https" if transport.get_extra_info("sslcontext") else "http"
        site = self.site
        site.server_state.connections.add(self)
        site.clock.add(self)
        self.since = site.clock.now

    def connection_lost(self, exc: Exception | None) -> None:
        self.leave()
        for cycle in (self.active, self.incoming, *(self.queue or ())):
            if cycle is not None:
                cycle.disconnected = True
                cycle.wake()
        self.active, self.queue, self.parser, self.rest, self.is_broken = None, None, None, b"", True
        self.resume_writing()

    def leave(self) -> None:
        """Take the connection off the lists of the server."""
        self.site.server_state.connections.discard(self)
        self.site.clock.connections.discard(self)

    def eof_received(self) -> bool:
        """Keep the connection open for the response: clients may close their side after a request.

        The application that asks is told of a disconnect, because most clients that do this are gone.
        """
        self.is_stopping = self.has_ended = True
        for cycle in (self.active, *(self.queue or ())):
            if cycle is not None:
                cycle.wake()
        if self.incoming is not None:
            self.stop_reading(Refused(400, "The body is not complete."))  # RFC 9112 section 8
        return self.active is not None and self.scheme == "http"

    def shutdown(self) -> None:
        """Close the connection as soon as it answers no request: the server is stopping."""
        self.is_stopping: bool = True
        if self.active is not None:
            self.active.stop()
        else:
            self.since = self.site.clock.now  # a request may be on its way; `look` closes the connection a bit later

    def look(self, now: float) -> None:
        """Close the connection if the client takes too long, or has been idle for too long."""
        waited, cycle = now - self.since, self.incoming
        is_ending = self.lingering is not None or self.transport.is_closing()
        if self.write_paused or (is_ending and self.transport.get_write_buffer_size()):
            self.since = now
            self.look_at_reader(now)
        elif is_ending:
            if waited > LINGER_SECONDS:  # `close` tells a client of TLS that nothing is missing
                (self.transport.abort if self.transport.is_closing() else self.transport.close)()
        elif cycle is not None:
            if self.reading_paused or cycle.expects:  # it is not the client that takes its time
                cycle.window = None
            elif self.site.settings.body_rate and cycle.is_too_slow(now, self.site.settings):
                self.stop_reading(Refused(408, "The body came too slowly."))
        elif self.active is None:
            self.look_at_idle(waited)

    def look_at_reader(self, now: float) -> None:
        """Cut the connection of a client that does not read its response."""
        since, before = self.progress
        left = self.transport.get_write_buffer_size()
        if left < before or not before:
            self.progress = now, left
        elif now - since > self.site.settings.write_timeout:
            self.transport.abort()

    def look_at_idle(self, waited: float) -> None:
        """Close the connection if no request comes, or only a part of its head."""
        if self.is_stopping:
            if waited > STOPPING_SECONDS and self.fed:
                self.stop_reading(Refused(503, "The server is stopping."))
            elif waited > STOPPING_SECONDS:
                self.transport.close()
        elif self.fed or not self.is_used:
            if waited > self.site.settings.header_timeout:
                self.stop_reading(Refused(408, "The request came too slowly."))
        elif waited > self.site.keep_alive:
            self.transport.close()

    # --- answering ----------------------------------------------------------------------------------------------

    def advance(self) -> None:
        """Start the requests whose turn it is; several may be complete at once."""
        if self.is_running:
            return
        self.is_running = True
        turns = AT_ONCE
        while True:
            cycle = self.active
            if cycle is None:
                if not self.rest or self.is_broken:
                    break
                data, self.rest = self.rest, b""
                self.resume_reading()
                self.read(data)
            elif cycle.is_started or self.write_paused:
                break
            elif turns:
                turns -= 1
                cycle.start()
            else:
                self.site.loop.call_soon(self.advance)
                break
        self.is_running = False

    def keeps_after(self, cycle: Cycle) -> bool:
        """Whether the connection can be kept after a response; if not, the response says so."""
        if self.is_stopping:
            return bool(self.queue or self.rest)
        if not cycle.more_body:
            return True
        # The rest of the body is received first; a client that waits for a 100 may send it or not.
        return not cycle.expects and cycle.length is not None and cycle.length <= self.site.settings.drain_size

    def finished(self, cycle: Cycle) -> None:
        """Go on after a response has been written."""
        site = self.site
        site.server_state.total_requests += 1
        if site.access_logger is not None and "path" in cycle.scope:
            log_access(site.access_logger, cycle)
        self.since: float = site.clock.now
        if not cycle.keeps:
            is_whole = not (cycle.more_body or cycle.instead)
            self.end(is_whole=is_whole and (cycle.is_last or not self.transport.can_write_eof()))
            return
        self.active = self.queue.popleft() if self.queue else None
        if self.reading_paused and not self.rest and not self.queue:
            self.resume_reading()
        if not self.is_running:
            self.advance()

    def end(self, *, is_whole: bool) -> None:
        """Close the connection.

        Parameters:
            is_whole: whether nothing more comes. If more is on its way, such as the rest of a body or a request that the
                client has sent before it read that the connection ends, closing at once would make the operating system
                drop the response before the client reads it (RFC 9112 section 9.6).
        """
        self.is_broken, self.is_leaving, self.active, self.queue, self.rest = True, False, None, None, b""
        transport = self.transport
        self.flush()
        if is_whole:
            transport.close()
            return
        self.lingering = LINGER_SIZE
        if transport.can_write_eof():  # TLS has no half-closed connections here
            transport.write_eof()
        self.resume_reading()

    # --- flow control -------------------------------------------------------------------------------------------

    def pause_writing(self) -> None:
        self.write_paused = True
        self.progress = self.site.clock.now, self.transport.get_write_buffer_size()

    def resume_writing(self) -> None:
        self.write_paused: bool = False
        self.progress = 0.0, 0
        self.advance()
        if self.writable is not None:
            self.writable.set()
            self.writable = None

    async def drain(self) -> None:
        """Wait until the client has read enough of the response."""
        while self.write_paused:
            self.writable = self.writable or asyncio.Event()
            await self.writable.wait()


def address(transport: Any, name: str) -> tuple[str, int | None] | None:
    """Return an end of a connection as ASGI names it; None where it has no address, as for a Unix socket."""
    found = transport.get_extra_info(name)
    if isinstance(found, (tuple, list)) and len(found) >= 2:
        return str(found[0]), int(found[1])
    return (found, None) if name == "sockname" and isinstance(found, str) and found else None


def log_access(logger: logging.Logger, cycle: Cycle) -> None:
    scope = cycle.scope
    client, path = scope["client"], quote(scope["path"])
    if scope["query_string"]:
        path = f"{path}?{scope['query_string'].decode('ascii')}"
    logger.info(
        '%s - "%s %s HTTP/%s" %d',
        f"{client[0]}:{client[1]}" if client else "",
        scope["method"],
        path,
        scope["http_version"],
        cycle.status,
        extra={"duration_ms": round(1000 * (perf_counter() - cycle.begun), 3)},
    )
