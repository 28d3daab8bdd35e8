"""Hold what all connections of one server share: the application, the limits, the clock, the constant headers."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Any, Final, Protocol

from typeway.protocol.clock import Clock
from typeway.protocol.settings import HTTPSettings
from typeway.protocol.wire import line_of, lines_of
from typeway.serve.asgi import Serve
from typeway.types import Scope

# Where a server keeps its site; uvicorn makes one ServerState for each server.
ATTRIBUTE: Final = "_typeway_site"

MOST_HOSTS: Final = 16

# How many heads of requests are kept; those with these fields never.
MOST_HEADS: Final = 64
SECRET: Final = frozenset({b"authorization", b"cookie", b"proxy-authorization"})

# How many lines of response headers are kept, of how many bytes, and which ones are not: they hold secrets.
MOST_LINES: Final = 256
LONGEST_LINE: Final = 128
CHANGING: Final = frozenset({b"set-cookie", b"authorization", b"location"})


class Direct(Protocol):
    """An application that serves requests without ASGI while nothing stands around its router."""

    def _direct(self) -> Serve | None:
        """Return what serves a request; None if it must be served over ASGI."""
        ...


class Unsent(Protocol):
    """A connection with responses that have not been written yet."""

    def flush(self) -> None:
        """Write them."""


class Site:
    """What the connections of one server share.

    Attributes:
        direct: the application, if requests may reach its plans without ASGI.
        trusts: the addresses of proxies that may tell the address of the client; None if no proxy may.
    """

    __slots__ = (
        "access_logger", "app", "app_state", "asgi", "clock", "config", "default_headers", "default_text", "direct", "heads", "hosts", "keep_alive",
        "known_lines", "limit", "logger", "loop", "piece", "root_path", "server_state", "settings", "sockets", "trusts", "unsent",
    )  # fmt: skip
    direct: Direct | None
    trusts: Any

    def __init__(
        self,
        config: Any,
        server_state: Any,
        app_state: dict[str, Any],
        loop: asyncio.AbstractEventLoop,
        settings: HTTPSettings,
    ) -> None:
        if not config.loaded:
            config.load()
        self.config: Any = config
        self.server_state: Any = server_state
        self.app_state: dict[str, Any] = app_state
        self.loop: asyncio.AbstractEventLoop = loop
        self.settings: HTTPSettings = settings
        self.piece: int = min(
            settings.header_size, settings.headers_size
        )  # how much is parsed before limits are looked at
        self.app: Any = config.loaded_app
        # With 2.4, Starlette's streams would not listen for a disconnect, and one that is silent would never end.
        self.asgi: dict[str, Any] = {"version": config.asgi_version, "spec_version": "2.3"}
        self.sockets: Any = config.ws_protocol_class
        self.root_path: str = config.root_path
        self.keep_alive: float = config.timeout_keep_alive
        self.limit: int | None = config.limit_concurrency
        self.logger: logging.Logger = logging.getLogger("uvicorn.error")
        access = logging.getLogger("uvicorn.access")
        self.access_logger: logging.Logger | None = (
            access if access.hasHandlers() and access.isEnabledFor(logging.INFO) else None
        )
        self.clock: Clock = Clock(loop)
        self.hosts: frozenset[bytes] = frozenset()  # valid values of Host that clients have sent
        self.heads: dict[bytes, tuple[dict[str, Any], int]] = {}  # by a head, the scope and the length of the body
        self.known_lines: dict[tuple[bytes, bytes], bytes] = {}  # headers that the application has sent, checked
        self.unsent: list[Unsent] = []
        self.default_headers: Any = None
        self.default_text: bytes = b""
        self.direct, self.trusts = direct_application(self.app)

    def default_lines(self) -> bytes:
        """Return the lines of the headers that every response gets: the date, which uvicorn sets each second."""
        headers = self.server_state.default_headers
        if headers is not self.default_headers:
            self.default_headers = headers
            self.default_text = lines_of(headers)
        return self.default_text

    def flush_soon(self, connection: Unsent) -> None:
        """Let a connection write at the end of this turn of the event loop."""
        self.unsent.append(connection)
        if len(self.unsent) == 1:
            self.loop.call_soon(self.flush)

    def flush(self) -> None:
        connections, self.unsent = self.unsent, []
        for connection in connections:
            connection.flush()

    def lines(self, headers: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
        """Return response headers as lines.

        PERF: an application sends the same headers again and again. A line is made and checked in 0.9 us, and found
        in 0.1 us.

        Raises:
            UnsafeHeaderError: a name is no token, or a value has CR, LF, NUL or another control character.
        """
        known = self.known_lines.get
        try:
            return [known(header) or self.line(header) for header in headers]
        except TypeError:  # an application may use lists, or other bytes than `bytes`
            return [self.line((bytes(name), bytes(value))) for name, value in headers]

    def line(self, header: tuple[bytes, bytes]) -> bytes:
        line = line_of(header)
        if len(line) <= LONGEST_LINE and header[0] not in CHANGING:
            if len(self.known_lines) >= MOST_LINES:
                self.known_lines.clear()
            self.known_lines[header] = line
        return line

    def remember_head(self, head: bytes, scope: Scope, length: int) -> None:
        """Keep the head of a request that decides nothing about its connection, and what follows from it.

        A head that may hold a secret is not kept.
        """
        if not any(name in SECRET for name, _ in scope["headers"]):
            if len(self.heads) >= MOST_HEADS:
                self.heads.clear()
            self.heads[head] = {**scope, "headers": [*scope["headers"]]}, length

    def remember(self, host: bytes) -> None:
        """Keep a valid Host, so that it is not looked at again; only a few, because clients choose them."""
        if len(self.hosts) < MOST_HOSTS:
            self.hosts |= {host}

    def is_full(self) -> bool:
        """Whether the server has reached its limit of connections or running requests."""
        state, limit = self.server_state, self.limit
        return limit is not None and (len(state.connections) >= limit or len(state.tasks) >= limit)


def direct_application(app: Any) -> tuple[Direct | None, Any]:
    """Return the application that can be served directly, and the set of trusted proxies in front of it.

    Around the application may be uvicorn's middleware for proxy headers, which changes only requests with such headers
    that come from a trusted address; anything else around it excludes the direct way.
    """
    trusts = getattr(app, "trusted_hosts", None)
    inside = app.app if trusts is not None and type(app).__name__ == "ProxyHeadersMiddleware" else app
    if callable(getattr(inside, "_direct", None)):
        return inside, trusts
    return None, None


def site_of(
    config: Any,
    server_state: Any,
    app_state: dict[str, Any],
    loop: asyncio.AbstractEventLoop | None,
    settings: HTTPSettings,
) -> Site:
    """Return the site of a server, which its first connection makes."""
    site: Site | None = getattr(server_state, ATTRIBUTE, None)
    if site is None:
        settings = getattr(config, "http_settings", settings)
        site = Site(config, server_state, app_state, loop or asyncio.get_running_loop(), settings)
        setattr(server_state, ATTRIBUTE, site)
    return site
