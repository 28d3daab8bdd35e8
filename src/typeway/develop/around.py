"""Stand around an application during development: show its unhandled errors to a browser, and tell the log their request."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from ipaddress import ip_address
from typing import Any, Final

from typeway.develop.page import error_page
from typeway.develop.tracebacks import shortened
from typeway.negotiation import accepts_html
from typeway.types import ASGIApp, Message, Receive, Scope, Send

logger: Final = logging.getLogger("typeway")

# The request or WebSocket that a task serves, for the messages that are logged meanwhile.
REQUEST: Final[ContextVar[Scope | None]] = ContextVar("typeway.develop.request", default=None)

# No script, nothing from elsewhere, not inside of another page.
POLICY: Final = (
    b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)

HEADERS: Final = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", POLICY),
    (b"x-content-type-options", b"nosniff"),
)

# What a browser on this machine calls it.
LOCAL_NAMES: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})

# What proxies and tunnels add to a request.
FORWARDED: Final = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip", b"via"})


class ErrorPages:
    """An application that shows the unhandled errors of another one as pages, to browsers on this machine only.

    Parameters:
        app: the application.
        is_full: whether the traceback of an application that does not start is shown as a whole.
    """

    def __init__(self, app: ASGIApp, *, is_full: bool = False) -> None:
        self.app = app
        self.is_full = is_full

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.start(scope, receive, send)
            return
        # It is not reset: the server logs an error after this call, in the same task.
        REQUEST.set(scope)
        if scope["type"] != "http" or not wants_page(scope):
            await self.app(scope, receive, send)
            return
        answer = Answer(send)
        try:
            await self.app(scope, receive, answer.send)
        except Exception as error:
            page = page_of(error, scope) if answer.is_replaceable and not has_own_page(scope) else None
            if page is not None:
                await answer.replace(page)
            else:
                await answer.release()
            raise
        await answer.release()

    async def start(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the lifespan; if it fails, the log gets the short traceback instead of the whole one."""
        failed: list[Message] = []

        async def hold(message: Message) -> None:
            if message["type"].endswith(".failed"):
                failed.append(message)
            else:
                await send(message)

        try:
            await self.app(scope, receive, hold)
        except Exception as error:
            for message in failed:
                await send(message if self.is_full else {**message, "message": shortened(error)})
            raise
        for message in failed:
            await send(message)


class Answer:
    """A response, which is held back while it may be that of an unhandled error: a 500 that is sent at once."""

    __slots__ = ("held", "is_begun", "sender")

    def __init__(self, send: Send) -> None:
        self.sender: Send = send
        self.held: list[Message] = []
        self.is_begun: bool = False

    @property
    def is_replaceable(self) -> bool:
        """Whether the client has received nothing yet."""
        return not self.is_begun

    async def send(self, message: Message) -> None:
        """Take a message of the response."""
        is_start = message["type"] == "http.response.start"
        if not self.is_begun and (self.held or (is_start and message["status"] == 500)):
            self.held.append(message)
            if message.get("more_body"):
                await self.release()
            return
        self.is_begun = True
        await self.sender(message)

    async def release(self) -> None:
        """Send what is held back."""
        held, self.held = self.held, []
        for message in held:
            self.is_begun = True
            await self.sender(message)

    async def replace(self, page: str) -> None:
        """Send a page in the place of what is held back; other headers stay, such as the id of the request."""
        body, before = page.encode(), self.held[0]["headers"] if self.held else ()
        names = {b"content-length", *(name for name, _ in HEADERS)}
        kept = [(name, value) for name, value in before if name.lower() not in names]
        headers = [*kept, *HEADERS, (b"content-length", str(len(body)).encode())]
        self.held = [
            {"type": "http.response.start", "status": 500, "headers": headers},
            {"type": "http.response.body", "body": body},
        ]
        await self.release()


def page_of(error: Exception, scope: Scope) -> str | None:
    """Return the page of an error; None if it cannot be written, because an object of the author's has no representation."""
    try:
        return error_page(error, scope)
    except Exception:
        logger.exception("The page of the following error cannot be written")
        return None


def wants_page(scope: Scope) -> bool:
    """Whether a request is that of a browser on this machine for a page.

    The name in the field Host counts too: with a name of his own that leads to this machine, the author of a web page
    could read what its visitors' servers answer (DNS rebinding), and a tunnel would show the page to everyone. A proxy may
    put in a name of this machine; then its own fields tell that somebody else has asked.
    """
    fields = dict(scope["headers"])
    host = fields.get(b"host", b"").decode("latin-1").lower()
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    is_near = name in LOCAL_NAMES and is_local(scope.get("client")) and FORWARDED.isdisjoint(fields)
    return is_near and scope["method"] != "HEAD" and accepts_html(scope)


def is_local(client: Any) -> bool:
    """Whether a client is on this machine; one of a Unix socket has no address."""
    if not client:
        return True
    try:
        return ip_address(client[0]).is_loopback
    except ValueError:
        return False


def has_own_page(scope: Scope) -> bool:
    """Whether the author answers unhandled errors: with a handler for 500 or Exception."""
    handlers = getattr(scope.get("app"), "_handlers", None)
    return getattr(handlers, "last", None) is not None
