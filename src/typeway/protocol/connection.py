"""The protocol class: one connection, from the bytes of its requests to the cycles that answer them."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from functools import partial
from typing import Any, Final, Self
from urllib.parse import quote, unquote

import httptools

from typeway.protocol.cycle import Cycle
from typeway.protocol.handover import hand_over
from typeway.protocol.head import DECISIVE, METHODS, Decisive, Refused, decide, refusal_of, split_target
from typeway.protocol.settings import DEFAULTS, HTTPSettings
from typeway.protocol.site import Site, site_of
from typeway.types import Scope

ASGI: Final = {"version": "3.0", "spec_version": "2.4"}

# How much more of an unwanted body is read before a connection is closed, so that the client can read the answer, and
# for how many seconds (RFC 9112 section 9.6).
LINGER_SIZE: Final = 1024 * 1024
LINGER_SECONDS: Final = 2

# RFC 9112 section 2.2: a server should ignore at least one empty line before a request.
EMPTY_LINES: Final = 5

# Beside each chunk, the bytes of its framing may be this many; and beside all of them, in extensions and trailers.
FRAMING_OF_CHUNK: Final = 32
FRAMING: Final = 16 * 1024

# How many pipelined requests are answered before other connections have their turn.
AT_ONCE: Final = 16

INVALID: Final = "This is not a valid HTTP request."
TARGET_TOO_LONG: Final = "The request target is too long."
TOO_MANY_FIELDS: Final = "There are too many header fields."
BODY_TOO_LARGE: Final = "The body is too large."

EXTENSIONS: Final[dict[str, dict[str, Any]]] = {"http.response.pathsend": {}}
SLASH: Final = ord("/")
KEEPS: Final = (b"keep-alive", b"Keep-Alive")  # what clients of HTTP/1.1 say, although it is so anyway
LINE_ENDS: Final = b"\r\n"
NOTHING: Final = Decisive(keeps=True)  # a head that decides nothing


class HTTPProtocol(asyncio.Protocol):
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

    settings: HTTPSettings = DEFAULTS

    __slots__ = (
        "active", "client", "empty_bytes", "fed", "framing", "headers", "incoming", "is_broken", "is_continuing",
        "is_running", "is_stopping", "is_used", "lingering", "parser", "progress", "queue", "reading_paused", "refused",
        "rest", "scheme", "server", "since", "site", "transport", "upgrade", "url", "writable", "write_paused",
    )  # fmt: skip

    def __init__(
        self,
        config: Any,
        server_state: Any,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.site: Site = site_of(config, server_state, app_state, _loop, self.settings)
        self.parser: Any = httptools.HttpRequestParser(self)
        self.transport: Any = None
        self.url = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.fed = 0  # bytes of an incomplete head
        self.framing = FRAMING  # how many more bytes the framing of the chunks may have
        self.empty_bytes = 0  # of empty lines before a request
        self.incoming: Cycle | None = None  # the request whose body is being received
        self.active: Cycle | None = None  # the request that is being answered
        self.queue: deque[Cycle] | None = None  # the requests behind it
        self.rest = b""  # bytes that are parsed when the queue is empty
        self.refused: Refused | None = None  # why a callback of the parser has stopped it
        self.upgrade: Decisive | None = None  # the head of a message that asks for another protocol
        self.reading_paused = self.write_paused = self.is_stopping = self.is_running = False
        self.is_broken = False  # whether no more requests are read
        self.is_used = False  # whether a request has been read
        self.is_continuing = False  # whether the parser reads a head of our own making
        self.writable: asyncio.Event | None = None
        self.since = 0.0  # when the connection began to wait for what it waits for
        self.progress = (0.0, 0)  # when the client last read from a response, and how much was left
        self.lingering: int | None = None  # how many more bytes are dropped before the connection is closed

    @classmethod
    def with_settings(cls, settings: HTTPSettings) -> type[Self]:
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
        self.active, self.queue, self.parser, self.is_broken = None, None, None, True
        self.resume_writing()

    def leave(self) -> None:
        """Take the connection off the lists of the server."""
        self.site.server_state.connections.discard(self)
        self.site.clock.connections.discard(self)

    def eof_received(self) -> bool:
        """Keep the connection open for the response: clients may close their side after a request."""
        self.is_stopping = True
        return self.active is not None and self.scheme == "http"

    def shutdown(self) -> None:
        """Close the connection as soon as it answers no request: the server is stopping."""
        self.is_stopping = True  # an idle connection is closed by `look`, unless a request is on its way already

    def look(self, now: float) -> None:
        """Close the connection if the client takes too long, or has been idle for too long."""
        settings, waited, cycle = self.site.settings, now - self.since, self.incoming
        if self.transport.is_closing():
            return
        if self.lingering is not None:
            if waited > LINGER_SECONDS:
                self.transport.abort()
        elif self.write_paused:
            since, before = self.progress
            left = self.transport.get_write_buffer_size()
            if left < before:
                self.progress = now, left
            elif now - since > settings.write_timeout:
                self.transport.abort()
        elif cycle is not None:
            if self.reading_paused:
                cycle.window = None
            elif settings.body_rate and cycle.is_too_slow(now, settings):
                self.stop_reading(Refused(408, "The body came too slowly."))
        elif self.active is not None:
            return
        elif self.fed or not (self.is_used or self.is_stopping):
            if waited > settings.header_timeout:
                self.stop_reading(Refused(408, "The request came too slowly."))
        elif waited > self.site.keep_alive or self.is_stopping:
            self.transport.close()

    # --- reading ------------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if self.is_broken or self.rest:
            self.put_aside(data)
            return
        if len(data) <= self.site.piece:
            self.parse(data)
        else:
            self.read(data)
        if self.queue:
            self.pause_if_full()
        self.advance()

    def put_aside(self, data: bytes) -> None:
        """Keep bytes whose turn has not come; drop them if the connection is going to be closed."""
        if not self.is_broken:
            self.rest += data
        elif self.lingering is not None:
            self.lingering -= len(data)
            if self.lingering < 0:
                self.transport.close()

    def read(self, data: bytes) -> None:
        """Parse much data, in pieces so small that no limit is exceeded by much, until the queue is full."""
        size = self.site.piece
        while data and not self.is_broken:
            cycle = self.incoming
            if cycle is not None and cycle.length is not None and cycle.length >= len(data):
                size = len(data)  # it is all of one body
            self.parse(data[:size])
            data = data[size:]
            if self.queue and self.pause_if_full():
                self.rest = data
                return

    def pause_if_full(self) -> bool:
        """Pause reading if so many requests wait for their turn that no more may be read."""
        if self.queue is None or len(self.queue) < self.site.settings.pipeline:
            return False
        self.pause_reading()
        return True

    def parse(self, data: bytes) -> None:
        """Let the parser read a piece, and see to it that heads and framing stay within their limits."""
        cycle = self.incoming
        before = 0 if cycle is None else cycle.received
        try:
            if data[0] in LINE_ENDS and cycle is None and not self.fed:
                self.skip_empty_lines(data)
            self.parser.feed_data(data)
            if self.incoming is not None:
                if self.incoming is cycle and cycle.length is None:
                    self.count_framing(len(data) - (cycle.received - before))
            elif self.url or self.headers:
                self.count_head(len(data))
        except httptools.HttpParserUpgrade as error:
            self.leave_http(data[error.args[0] :])
        except httptools.HttpParserError as error:
            self.stop_reading(self.refused or self.refusal(error, data))
        except Refused as error:
            self.stop_reading(error)

    def skip_empty_lines(self, data: bytes) -> None:
        """Refuse more empty lines before a request than a careless client sends (RFC 9112 section 2.2)."""
        self.empty_bytes += len(data) - len(data.lstrip(b"\r\n"))
        if self.empty_bytes > 2 * EMPTY_LINES:
            raise Refused(400, "There are too many empty lines before the request.")

    def count_head(self, size: int) -> None:
        """Refuse a head that is too large before it is complete."""
        if not self.fed:
            self.since = self.site.clock.now
        self.fed += size
        settings = self.site.settings
        if len(self.url) > settings.request_line_size or (not self.headers and self.fed > 2 * settings.request_line_size):
            raise Refused(414, TARGET_TOO_LONG)
        if self.fed > settings.headers_size:
            raise Refused(431, "The header fields are too large.")
        if len(self.headers) > settings.header_count:
            raise Refused(431, TOO_MANY_FIELDS)

    def count_framing(self, size: int) -> None:
        """Refuse chunks whose extensions and trailers are larger than any client needs (RFC 9112 section 7.1.1)."""
        self.framing -= size
        if self.framing < 0:
            raise Refused(400, "The framing of the chunks is too large.")

    def refusal(self, error: Exception, data: bytes) -> Refused:
        """Return the answer to what the parser has refused."""
        if isinstance(error, httptools.HttpParserCallbackError):
            self.site.logger.error("Exception while reading a request\n", exc_info=error.__context__ or error)
            return Refused(500, "Internal Server Error")
        return refusal_of(data) if self.incoming is None and not self.fed else Refused(400, INVALID)

    def stop_reading(self, refused: Refused) -> None:
        """Read no more requests, and answer the one that is being read when it is its turn."""
        self.is_broken = True
        self.site.logger.warning("%s %s", "Invalid HTTP request received." if refused.status == 400 else "", refused)
        cycle, self.incoming, self.rest = self.incoming, None, b""
        if cycle is None:
            cycle = Cycle(self, {"method": ""}, None, False, False)
            self.enqueue(cycle)
        if cycle.is_complete:
            self.transport.close()
        elif cycle.is_started:
            cycle.refuse(refused.status, str(refused))
            cycle.disconnected = True
            cycle.wake()
        else:
            cycle.instead = lambda cycle: cycle.refuse(refused.status, str(refused))
            self.advance()

    # --- callbacks of the parser --------------------------------------------------------------------------------

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.incoming is None:  # else it is a trailer, which nobody may take for a header (RFC 9112 section 7.1.2)
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        url, headers = self.url, self.headers
        self.url, self.headers = b"", []
        if self.is_continuing:
            self.is_continuing = False
            return
        try:
            self.begin(url, headers)
        except Refused as error:
            self.refused = error
            raise

    def begin(self, target: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        """Put a request whose head is complete into the queue.

        PERF: this runs for every request; what most requests do not need is in other functions. Together with the
        parser it takes 3 of 9 us.

        Raises:
            Refused: the head breaks a rule of RFC 9112, or a limit.
        """
        parser, site = self.parser, self.site
        method: bytes = parser.get_method()
        version: str = parser.get_http_version()
        found, length, hosts = NOTHING, 0, 0
        for name, value in headers:
            if name in DECISIVE:
                if name == b"host" and value in site.hosts:
                    hosts += 1
                elif name == b"content-length":
                    length = int(value)
                elif name != b"connection" or value not in KEEPS:
                    hosts = 2
        if hosts != 1 or version != "1.1" or len(headers) > site.settings.header_count or self.fed:
            found = self.look_closely(target, headers, version)
        if len(target) > site.settings.request_line_size:
            raise Refused(414, TARGET_TOO_LONG)
        raw_path, mark, query = target.partition(b"?")
        if target[0] != SLASH or not target.isascii() or b"#" in target or method not in METHODS:
            raw_path, query = split_target(target, method, headers)
        if length and site.settings.max_body_size is not None and length > site.settings.max_body_size:
            raise Refused(413, BODY_TOO_LARGE)
        path = raw_path.decode("ascii")
        if "%" in path:
            path = unquote(path)
        if site.root_path:
            path, raw_path = site.root_path + path, site.root_path.encode() + raw_path
        scope: Scope = {
            "type": "http",
            "asgi": ASGI.copy(),
            "http_version": version,
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "method": METHODS.get(method) or method.decode("ascii"),
            "root_path": site.root_path,
            "path": path,
            "raw_path": raw_path,
            "query_string": query,
            "headers": headers,
            "state": site.app_state.copy(),
            "extensions": EXTENSIONS.copy(),
        }
        is_direct = not found.is_forwarded or site.trusts is None
        self.incoming = cycle = Cycle(self, scope, None if found.is_chunked else length, found.keeps, is_direct)
        if self.active is None:
            self.active = cycle
        else:
            self.enqueue(cycle)
        if found is not NOTHING:
            self.follow(cycle, found)

    def look_closely(self, target: bytes, headers: list[tuple[bytes, bytes]], version: str) -> Decisive:
        """Read the decisive fields of a head where they are more than one known Host, and apply the limits."""
        settings = self.site.settings
        if version not in ("1.0", "1.1"):
            raise Refused(505, "The supported versions are HTTP/1.0 and HTTP/1.1.")
        if len(headers) > settings.header_count:
            raise Refused(431, TOO_MANY_FIELDS)
        if any(len(name) + len(value) > settings.header_size for name, value in headers):
            raise Refused(431, "A header field is too large.")
        found = decide(headers, version == "1.0")
        if found.host is not None:
            self.site.remember(found.host)
        return found

    def follow(self, cycle: Cycle, found: Decisive) -> None:
        """Note what a head says beside the plain request."""
        cycle.expects = found.expects
        if cycle.scope["http_version"] == "1.0":
            cycle.is_direct = False
        if found.upgrade and self.parser.should_upgrade():
            self.upgrade = found

    def on_chunk_header(self) -> None:
        self.framing += FRAMING_OF_CHUNK

    def on_body(self, data: bytes) -> None:
        cycle = self.incoming
        if cycle is None:
            return
        cycle.feed(data)
        most = self.site.settings.max_body_size
        if most is not None and cycle.received > most:
            self.refused = Refused(413, BODY_TOO_LARGE)
            raise self.refused

    def on_message_complete(self) -> None:
        cycle = self.incoming
        if cycle is None or self.upgrade is not None:
            return
        cycle.more_body, self.incoming = False, None
        self.is_used, self.framing, self.empty_bytes, self.fed = True, FRAMING, 0, 0
        if cycle.arrived is not None:
            cycle.arrived.set()

    def leave_http(self, rest: bytes) -> None:
        """Hand the connection over to a WebSocket, or read the body of a request that asks for another protocol."""
        found, self.upgrade = self.upgrade, None
        cycle = self.incoming
        if found is None or cycle is None:
            raise AssertionError("the parser upgrades only what has asked for it")
        if found.upgrade == b"websocket" and self.site.sockets is not None:
            self.incoming, self.is_broken = None, True
            cycle.more_body = False
            cycle.instead = partial(hand_over, found=found, rest=rest)
            return
        # RFC 9110 section 7.8: a server may ignore the field, and then the request is an ordinary one.
        if found.upgrade != b"h2c":
            self.site.logger.warning("Unsupported upgrade request.")
        self.parser = httptools.HttpRequestParser(self)
        if cycle.length == 0:
            self.on_message_complete()
        else:
            self.is_continuing = True
            framing = b"transfer-encoding: chunked" if found.is_chunked else b"content-length: %d" % (found.length or 0)
            self.parser.feed_data(b"POST / HTTP/1.1\r\nhost: h\r\n%b\r\n\r\n" % framing)
        if rest:
            self.parse(rest)

    # --- answering ----------------------------------------------------------------------------------------------

    def enqueue(self, cycle: Cycle) -> None:
        if self.active is None:
            self.active = cycle
        elif self.queue is None:
            self.queue = deque([cycle])
        else:
            self.queue.append(cycle)

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
        self.since = site.clock.now
        if not cycle.keeps:
            self.end(is_whole=not cycle.more_body and not cycle.instead)
            return
        self.active = self.queue.popleft() if self.queue else None
        if self.reading_paused and not self.rest and not self.queue:
            self.resume_reading()
        if not self.is_running:
            self.advance()

    def end(self, *, is_whole: bool) -> None:
        """Close the connection.

        Parameters:
            is_whole: whether the request has been read completely. If more is on its way, closing at once would make
                the operating system drop the response before the client reads it (RFC 9112 section 9.6).
        """
        self.is_broken, self.active, self.queue, self.rest = True, None, None, b""
        transport = self.transport
        if is_whole or not transport.can_write_eof():
            transport.close()
            return
        self.lingering = LINGER_SIZE
        transport.write_eof()
        self.resume_reading()

    # --- flow control -------------------------------------------------------------------------------------------

    def pause_reading(self) -> None:
        if not self.reading_paused:
            self.reading_paused = True
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        if self.reading_paused:
            self.reading_paused = False
            self.transport.resume_reading()

    def pause_writing(self) -> None:
        self.write_paused = True
        self.progress = self.site.clock.now, self.transport.get_write_buffer_size()

    def resume_writing(self) -> None:
        self.write_paused = False
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
    )
