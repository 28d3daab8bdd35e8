"""Refuse requests for other hosts than those that the application has."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from starlette.requests import Request
from starlette.websockets import WebSocketClose

from typeway.declare.conventions import Conventions
from typeway.errors.detail import http_exception_handler
from typeway.errors.handlers import Handler, handlers_of
from typeway.exceptions import HTTPException
from typeway.plan.exchange import WriteReply
from typeway.serve.asgi import Serve
from typeway.types import ASGIApp, Receive, Scope, Send

REFUSED: Final = "The Host header names no host of this application."

port_pattern: Final = re.compile(rb":[0-9]*$")

# A name below another one. Some servers pass on what is no name, and in the URL of "evil.example/.example.com" the host is another.
name_pattern: Final = re.compile(rb"[a-z0-9_-][a-z0-9_.-]*")


@dataclass(frozen=True, slots=True, eq=False)
class TrustedHosts:
    """An ASGI application that serves only requests whose Host header is one of some hosts; others get a 400.

    Links and redirects that an application makes from the Host header lead where the client, or a cache, wants them to.
    """

    app: ASGIApp
    exact: frozenset[bytes]  # in small letters, without ports
    suffixes: tuple[bytes, ...]  # ".example.com" for all hosts below example.com
    conventions: Conventions

    @classmethod
    def made_of(cls, app: ASGIApp, hosts: Sequence[str], conventions: Conventions) -> Self:
        """Return the application that accepts these hosts: "example.com", "*.example.com" for those below, "*" for all."""
        names = [host.lower().encode("idna" if host.isascii() is False else "ascii") for host in hosts]
        suffixes = tuple(b"" if name == b"*" else name[1:] for name in names if name.startswith(b"*"))
        return cls(app, frozenset(names), suffixes, conventions)

    def is_trusted(self, scope: Scope) -> bool:
        """Whether a request has one Host header, and it names a host of the application."""
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1:
            return False
        host = port_pattern.sub(b"", hosts[0]).lower()
        if host in self.exact or b"*" in self.exact:
            return True
        return host.endswith(self.suffixes) and name_pattern.fullmatch(host) is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or self.is_trusted(scope):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
        else:
            await self.refuse(scope, receive, send)

    async def refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        error = HTTPException(400, REFUSED)
        handler = handlers_of(scope.get("app"), self.conventions).find(error) or Handler(http_exception_handler)
        response: Any = await handler.call(Request(scope, receive), error)
        await response(scope, receive, send)

    def around(self, serve: Serve) -> Serve:
        """Return what serves a request without ASGI messages, after the same question."""

        def serve_trusted(
            scope: Scope, receive: Receive, send: Send, write: WriteReply, is_whole: bool
        ) -> Awaitable[None] | None:
            if self.is_trusted(scope):
                return serve(scope, receive, send, write, is_whole)
            return self.refuse(scope, receive, send)

        return serve_trusted
