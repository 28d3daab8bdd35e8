"""Recognize the head of a request that clients send again and again, so that it is parsed and checked once."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import Any, Final

from typeway.protocol.cycle import Cycle
from typeway.protocol.site import Site
from typeway.serve.reply import RawHeaders

EXTENSIONS: Final[dict[str, dict[str, Any]]] = {"http.response.pathsend": {}}
END_OF_HEAD: Final = b"\r\n\r\n"
# The longest head that is remembered, in bytes.
LONGEST_HEAD: Final = 1024


class Repeating(asyncio.Protocol):
    """The part of a connection that reads requests whose head is known.

    Attributes:
        incoming: the request whose body is being received.
        active: the request that is being answered, or is the next one.
        is_between: whether the parser stands between two requests, and has read to the end of the data.
        is_plain: whether the head of the latest request decides nothing about the connection.
        latest: the request that has arrived completely in the data that is being parsed.
        last_head: the hash of the latest head that might be sent again.
    """

    __slots__ = (
        "active", "client", "empty_bytes", "headers", "incoming", "is_between", "is_plain", "last_head", "latest", "scheme", "server",
        "site", "url",
    )  # fmt: skip
    is_plain: bool
    is_between: bool

    def __init__(self, site: Site) -> None:
        self.site: Site = site
        self.server: tuple[str, int | None] | None = None
        self.client: tuple[str, int | None] | None = None
        self.scheme: str = "http"
        self.url: bytes = b""
        self.headers: RawHeaders = []
        self.empty_bytes: int = 0  # of empty lines before a request
        self.incoming: Cycle | None = None
        self.active: Cycle | None = None
        self.is_between, self.is_plain = True, False
        self.latest: Cycle | None = None
        self.last_head: int = 0

    def read_known(self, data: bytes) -> bool:
        """Read a request whose head is known, without the parser; return whether it is, and has arrived completely.

        PERF: a client of an API sends the same head again and again; parsing and checking it takes 4 us, this 1.5. The
        parser is between two requests, as it was when it read the same bytes before, so it would find the same.
        """
        end = data.find(END_OF_HEAD) + len(END_OF_HEAD)
        size = len(data) - end
        site = self.site
        known = site.heads.get(data[:end] if size else data)
        if known is None or known[1] != size:
            return False
        scope = known[0].copy()
        scope["server"], scope["client"], scope["scheme"] = self.server, self.client, self.scheme
        scope["asgi"], scope["state"], scope["extensions"] = site.asgi.copy(), site.app_state.copy(), EXTENSIONS.copy()
        scope["headers"] = scope["headers"].copy()
        whole: Any = self  # the subclass is a whole connection
        cycle = self.active = Cycle(whole, scope, 0, True, True)
        cycle.more_body = False
        if size:
            cycle.feed(data[end:])
        if site.access_logger is not None:
            cycle.begun = perf_counter()
        return True

    def note_end(self, data: bytes, cycle: Cycle | None, left: int | None, *, is_whole: bool) -> None:
        """Note whether the parser has read to the end of a request; remember a head that the client repeats.

        Parameters:
            cycle: the request whose body the data has begun with.
            left: how many bytes of that body were still to come.
            is_whole: whether the data has begun with a request.
        """
        if self.incoming is not None or self.url or self.headers or self.empty_bytes:
            return
        # A part of a request never ends with an empty line without having a URL or a head that says so.
        if cycle is not None or not is_whole or self.latest is None:
            self.is_between = data.endswith(END_OF_HEAD) or left == len(data)
            return
        end = data.find(END_OF_HEAD) + len(END_OF_HEAD)
        latest, self.latest = self.latest, None
        # If there were another request before it, its head and body would be longer than the rest of the data.
        self.is_between = latest.received == len(data) - end
        if self.is_between and self.is_plain and end <= LONGEST_HEAD:
            head = data[:end]
            before, self.last_head = self.last_head, hash(head)
            if before == self.last_head:
                self.site.remember_head(head, latest.scope, latest.received)
