"""Read requests from the bytes of a connection: parse them, hold them to the rules and the limits, and queue them."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from functools import partial
from time import perf_counter
from typing import Any, Final
from urllib.parse import unquote

import httptools

from typeway.protocol.cycle import Cycle
from typeway.protocol.handover import hand_over
from typeway.protocol.head import (
    DECISIVE,
    METHODS,
    UNKNOWN_METHOD,
    Decisive,
    Refused,
    decide,
    split_target,
    token_pattern,
)
from typeway.protocol.repeating import EXTENSIONS, Repeating
from typeway.protocol.site import Site
from typeway.serve.reply import RawHeaders
from typeway.types import Scope

# RFC 9112 section 2.2: a server should ignore at least one empty line before a request.
EMPTY_LINES: Final = 5

# Beside each chunk, the bytes of its framing may be this many; and beside all of them, in extensions and trailers.
FRAMING_OF_CHUNK: Final = 32
FRAMING: Final = 16 * 1024

# How many pieces are kept until the end of a turn of the event loop.
MOST_UNSENT: Final = 64

SLASH: Final = ord("/")
LINE_ENDS: Final = b"\r\n"
KEEPS: Final = (b"keep-alive", b"Keep-Alive")  # what clients of HTTP/1.1 say, although it is so anyway
NOTHING: Final = Decisive(keeps=True)  # a head that decides nothing

INVALID: Final = "This is not a valid HTTP request."
TARGET_TOO_LONG: Final = "The request target is too long."
HEAD_TOO_LARGE: Final = "The header fields are too large."
TOO_MANY_FIELDS: Final = "There are too many header fields."
BODY_TOO_LARGE: Final = "The body is too large."


class Reading(Repeating):
    """The half of a connection that reads requests.

    Attributes:
        queue: the requests behind it.
        rest: bytes whose turn has not come: they are parsed when the queue is empty, or belong to a WebSocket.
        is_broken: whether no more requests are read.
        has_ended: whether the client has closed its side.
        is_used: whether a request has been read.
        since: when the connection began to wait for what it waits for.
        is_leaving: whether a WebSocket takes the connection over when it is its turn.
        lingering: how many more bytes are dropped before the connection is closed; None while it is in use.
    """

    __slots__ = (
        "fed", "framing", "has_ended", "is_broken", "is_continuing", "is_leaving", "is_stopping", "is_used", "lingering", "parser",
        "queue", "reading_paused", "refused", "rest", "since", "transport", "unsent", "upgrade", "write_paused",
    )  # fmt: skip
    has_ended: bool
    is_stopping: bool
    write_paused: bool
    is_between: bool
    url: bytes
    is_used: bool
    empty_bytes: int
    is_broken: bool
    active: Cycle | None
    headers: RawHeaders
    reading_paused: bool

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.parser: Any = httptools.HttpRequestParser(self)
        self.transport: Any = None
        self.fed: int = 0  # bytes of an incomplete head
        self.framing: int = FRAMING  # how many more bytes the framing of the chunks may have
        self.queue: deque[Cycle] | None = None
        self.rest: bytes = b""
        self.refused: Refused | None = None  # why a callback of the parser has stopped it
        self.upgrade: Decisive | None = None  # the head of a message that asks for another protocol
        self.has_ended = self.is_broken = self.is_used = self.is_stopping = self.reading_paused = self.write_paused = (
            False
        )
        self.is_continuing: bool = False  # whether the parser reads a head of our own making
        self.is_leaving: bool = False
        self.since: float = 0.0
        self.unsent: list[bytes] | None = None  # responses that are written at the end of this turn of the event loop
        self.lingering: int | None = None

    @abstractmethod
    def advance(self) -> None:
        """Start the requests whose turn it is."""

    @abstractmethod
    def keeps_after(self, cycle: Cycle) -> bool:
        """Whether the connection can be kept after the response to a cycle."""

    @abstractmethod
    def finished(self, cycle: Cycle) -> None:
        """Go on after a response has been written."""

    @abstractmethod
    def end(self, *, is_whole: bool) -> None:
        """Close the connection, at once if nothing more comes."""

    @abstractmethod
    def leave(self) -> None:
        """Take the connection off the lists of the server."""

    def write(self, data: bytes) -> None:
        """Write data, after what is still to be written."""
        if self.unsent is not None:
            self.flush()
        self.transport.write(data)

    def write_soon(self, data: bytes) -> None:
        """Write data at the end of this turn of the event loop.

        PERF: a client that waits for a response is woken by it, which takes the server 2 to 20 us. If the responses to all
        requests that have arrived are written one after the other, a busy client is woken once for all of them.
        """
        if self.unsent is None:
            self.unsent = [data]
            self.site.flush_soon(self)
        else:
            self.unsent.append(data)
            if len(self.unsent) >= MOST_UNSENT:
                self.flush()

    def flush(self) -> None:
        """Write what is still to be written."""
        unsent, self.unsent = self.unsent, None
        if unsent is not None and not self.transport.is_closing():
            self.transport.write(unsent[0] if len(unsent) == 1 else b"".join(unsent))

    @abstractmethod
    async def drain(self) -> None:
        """Wait until the client has read enough of the response."""

    def enqueue(self, cycle: Cycle) -> None:
        if self.active is None:
            self.active = cycle
        elif self.queue is None:
            self.queue = deque([cycle])
        else:
            self.queue.append(cycle)

    def pause_reading(self) -> None:
        if not self.reading_paused:
            self.reading_paused = True
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on, unless so much waits for its turn already that no more may be read."""
        if self.reading_paused and not self.rest and not self.is_full():
            self.reading_paused = False
            self.transport.resume_reading()

    # --- reading ------------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if self.is_broken or self.rest:
            self.put_aside(data)
            return
        if self.is_between and self.active is None and self.read_known(data):
            self.is_used = True
            self.advance()
            return
        rest = self.parse(data) if len(data) <= self.site.piece else data
        if rest:
            self.read(rest)
        if self.queue and self.is_full():
            self.pause_reading()
        self.advance()

    def put_aside(self, data: bytes) -> None:
        """Keep bytes whose turn has not come; drop them if the connection is going to be closed."""
        if self.is_leaving or not self.is_broken:
            self.rest += data
            self.pause_reading()
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
            piece, data = data[:size], data[size:]
            while piece:
                piece = self.parse(piece)
            if self.queue and self.is_full():
                self.pause_reading()
                self.rest = data
                return
        if self.is_leaving:
            self.rest += data

    def is_full(self) -> bool:
        """Whether so many requests wait for their turn that no more may be read."""
        return self.queue is not None and len(self.queue) >= self.site.settings.pipeline

    def parse(self, data: bytes) -> bytes:
        """Let the parser read a piece, and see to it that heads and framing stay within their limits.

        Returns:
            What follows a head that asks for another protocol, and is to be parsed as well.
        """
        cycle = self.incoming
        is_first = cycle is None and not self.fed  # a request may begin here
        was_between, self.is_between, self.latest = self.is_between, False, None
        before, left = (0, None) if cycle is None else (cycle.received, cycle.length)
        try:
            if is_first and (data[0] in LINE_ENDS or self.empty_bytes):
                self.skip_empty_lines(data)
            self.parser.feed_data(data)
            incoming = self.incoming
            if incoming is not None:
                if incoming is cycle and incoming.length is None:
                    self.count_framing(len(data) - (incoming.received - before))
            elif self.url or self.headers or self.active is None:
                self.count_head(data)
            self.note_end(data, cycle, left, is_whole=was_between)
        except httptools.HttpParserUpgrade as error:
            return self.leave_http(data[error.args[0] :])
        except httptools.HttpParserError as error:
            self.stop_reading(self.refused or self.refusal(error, data, is_first=is_first))
        except Refused as error:
            self.stop_reading(error)
        return b""

    def skip_empty_lines(self, data: bytes) -> None:
        """Refuse more empty lines before a request than a careless client sends, or others than CRLF (RFC 9112 section 2.2)."""
        before = self.empty_bytes % 2
        lines = data[: len(data) - len(data.lstrip(LINE_ENDS))]
        self.empty_bytes += len(lines)
        if self.empty_bytes > 2 * EMPTY_LINES:
            raise Refused(400, "There are too many empty lines before the request.")
        is_half = self.empty_bytes % 2 == 1 and len(lines) < len(data)
        # After an earlier request the parser may have taken the first half of one.
        if not self.is_used and (is_half or not (LINE_ENDS * (EMPTY_LINES + 1)).startswith(lines, before)):
            raise Refused(400, INVALID)

    def count_head(self, data: bytes) -> None:
        """Refuse a head that is too large before it is complete."""
        if not data.strip(LINE_ENDS):
            return
        settings = self.site.settings
        if self.fed:
            self.fed += len(data)
        else:  # some of the data may belong to an earlier request
            self.since = self.site.clock.now
            self.fed = max(1, len(self.url) + size_of(self.headers))
        if len(self.url) > settings.request_line_size:
            raise Refused(414, TARGET_TOO_LONG)
        if self.fed > settings.headers_size + self.site.piece:
            raise Refused(431, HEAD_TOO_LARGE)
        if len(self.headers) > settings.header_count:
            raise Refused(431, TOO_MANY_FIELDS)

    def count_framing(self, size: int) -> None:
        """Refuse chunks whose extensions and trailers are larger than any client needs (RFC 9112 section 7.1.1)."""
        self.framing -= size
        if self.framing < 0:
            raise Refused(400, "The framing of the chunks is too large.")

    def refusal(self, error: Exception, data: bytes, *, is_first: bool) -> Refused:
        """Return the answer to what the parser has refused.

        A method that nobody knows is 501 (RFC 9110 section 9.1), as far as the parser has seen it; everything else is 400.
        """
        if isinstance(error, httptools.HttpParserCallbackError):
            self.site.logger.error("Exception while reading a request\n", exc_info=error.__context__ or error)
            return Refused(500, "Internal Server Error")
        is_method = isinstance(error, httptools.HttpParserInvalidMethodError)
        if is_method and not (is_first and token_pattern.match(data.lstrip(LINE_ENDS)) is None):
            return Refused(501, UNKNOWN_METHOD)
        return Refused(400, INVALID)

    def stop_reading(self, refused: Refused) -> None:
        """Read no more requests, and answer the one that is being read when it is its turn."""
        self.is_broken = True
        self.site.logger.warning("Invalid HTTP request received from %s: %s (%d)", self.client, refused, refused.status)
        cycle, self.incoming, self.rest = self.incoming, None, b""
        if cycle is None:
            cycle = Cycle(self, {"method": ""}, None, False, False)
            self.enqueue(cycle)
        if cycle.is_complete:
            self.end(is_whole=False)
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
            self.headers.append(
                (name.lower(), value.rstrip())
            )  # RFC 9112 section 5.1; the parser strips only the beginning

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

    def begin(self, target: bytes, headers: RawHeaders) -> None:  # noqa: C901 - see PERF
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
        raw_path, _, query = target.partition(b"?")
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
            "asgi": site.asgi.copy(),
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
        self.is_plain: bool = found is NOTHING
        if self.active is None:
            self.active = cycle
        else:
            self.enqueue(cycle)
        if site.access_logger is not None:
            cycle.begun = perf_counter()
        if found is not NOTHING:
            self.follow(cycle, found)

    def look_closely(self, target: bytes, headers: RawHeaders, version: str) -> Decisive:
        """Read the decisive fields of a head where they are more than one known Host, and apply the limits."""
        settings = self.site.settings
        if version not in ("1.0", "1.1"):
            raise Refused(505, "The supported versions are HTTP/1.0 and HTTP/1.1.")
        if len(headers) > settings.header_count:
            raise Refused(431, TOO_MANY_FIELDS)
        if any(len(name) + len(value) > settings.header_size for name, value in headers):
            raise Refused(431, "A header field is too large.")
        if self.fed and len(target) + size_of(headers) > settings.headers_size:
            raise Refused(431, HEAD_TOO_LARGE)
        self.fed = 0
        found = decide(headers, version == "1.0")
        if found.host is not None:
            self.site.remember(found.host)
        return found

    def follow(self, cycle: Cycle, found: Decisive) -> None:
        """Note what a head says beside the plain request."""
        cycle.expects, cycle.is_last = found.expects, not found.keeps
        if cycle.scope["http_version"] == "1.0":
            cycle.is_direct = False
        if self.parser.should_upgrade():
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
        cycle.more_body, self.incoming, self.latest = False, None, cycle
        self.is_used, self.framing, self.empty_bytes = True, FRAMING, 0
        if cycle.arrived is not None:
            cycle.arrived.set()

    def leave_http(self, rest: bytes) -> bytes:
        """Hand the connection over to a WebSocket, or read the body of a request that asks for another protocol.

        Returns:
            The bytes behind the head, if they are HTTP.
        """
        found, self.upgrade = self.upgrade, None
        cycle = self.incoming
        if found is None or cycle is None:
            raise AssertionError("the parser upgrades only what has asked for it")
        if found.upgrade == b"websocket" and self.site.sockets is not None:
            self.incoming, self.is_broken, self.is_leaving, self.rest = None, True, True, rest
            self.pause_reading()  # what follows belongs to the WebSocket
            cycle.more_body = False
            cycle.instead = partial(hand_over, found=found)
            return b""
        # RFC 9110 section 7.8: a server may ignore the field, and then the request is an ordinary one.
        if found.upgrade not in (b"", b"h2c"):
            self.site.logger.warning("Unsupported upgrade request.")
            if found.upgrade == b"websocket":
                self.site.logger.warning("No library for WebSockets is in use; `pip install websockets` installs one.")
        self.parser = httptools.HttpRequestParser(self)
        if cycle.length == 0:
            self.on_message_complete()
        else:
            self.is_continuing = True
            framing = b"transfer-encoding: chunked" if found.is_chunked else b"content-length: %d" % (found.length or 0)
            self.parser.feed_data(b"POST / HTTP/1.1\r\nhost: h\r\n%b\r\n\r\n" % framing)
        return rest


def size_of(headers: RawHeaders) -> int:
    """Return how many bytes header fields take, as clients usually write them."""
    return sum(len(name) + len(value) + 4 for name, value in headers)
