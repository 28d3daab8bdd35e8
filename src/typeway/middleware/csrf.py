"""Refuse requests that other sites let a browser send, with the cookies of its user."""

from collections.abc import Iterable, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.websockets import WebSocketClose

from typeway.exceptions import HTTPException
from typeway.types import ASGIApp, Receive, Scope, Send

# RFC 9110 section 9.2.1: these change nothing, so it does no harm that another site causes them.
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

# The values of Sec-Fetch-Site for requests that no page of another origin has caused.
OWN: Final = frozenset({b"same-origin", b"none"})

REFUSED: Final = "Cross-origin request refused"


class CSRFMiddleware:
    """Refuses requests that change something, and WebSockets, if a page of another origin has caused them: 403.

    Browsers say in `Sec-Fetch-Site` (Fetch Metadata) who has caused a request, and old ones say in `Origin` which page; a page
    cannot change either header. So no tokens are needed, in forms or elsewhere. A request without both headers does not
    come from a browser, and passes: it carries no cookies but its own.

    An application needs this if it knows its users by a cookie, or by something else that browsers send by themselves,
    such as client certificates and HTTP Basic.

    Parameters:
        trusted_origins: the origins of pages that may send requests, such as "https://app.example.com"; the origin of the
            application itself is always one. These are the same as the `allow_origins` of CORS.
        exempt_paths: paths that are not protected, such as a webhook that other sites' forms are sent to; a path that ends
            with "*" stands for all that begin with what is before it.

    Raises:
        ValueError: an origin is not a scheme and a host.
        TypeError: a string stands where a list should.

    Example:
        ```python
        app.add_middleware(CSRFMiddleware, trusted_origins=["https://app.example.com"])
        ```
    """

    def __init__(self, app: ASGIApp, *, trusted_origins: Sequence[str] = (), exempt_paths: Sequence[str] = ()) -> None:
        for name, value in (("trusted_origins", trusted_origins), ("exempt_paths", exempt_paths)):
            if isinstance(value, str):
                raise TypeError(f"{name} must be a list of strings, not {value!r}.")
        for origin in trusted_origins:
            parts = urlsplit(origin)
            if not (parts.scheme and parts.netloc) or origin != f"{parts.scheme}://{parts.netloc}":
                raise ValueError(f'an origin looks like "https://app.example.com", not {origin!r}.')
        self.app = app
        self.trusted: frozenset[bytes] = frozenset(origin.lower().encode() for origin in trusted_origins)
        self.exempt: frozenset[str] = frozenset(path for path in exempt_paths if not path.endswith("*"))
        self.exempt_prefixes: tuple[str, ...] = tuple(path[:-1] for path in exempt_paths if path.endswith("*"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        kind = scope["type"]
        is_protected = kind == "websocket" or (kind == "http" and scope["method"] not in SAFE_METHODS)
        if not is_protected or self.is_exempt(scope) or self.is_allowed(scope["headers"]):
            await self.app(scope, receive, send)
            return
        response: Any = WebSocketClose() if kind == "websocket" else await self.refusal(Request(scope, receive))
        await response(scope, receive, send)

    async def refusal(self, request: Request[Any]) -> Any:
        """Return the answer to a refused request: that of the application to HTTPException with status 403."""
        error = HTTPException(403, REFUSED)
        # Applications of other frameworks have no such handlers.
        handlers: Any = getattr(request.scope.get("app"), "_handlers", None)
        handler = handlers and handlers.find(error)
        response = None if handler is None else await handlers.answer(error, handler, request)
        return response or JSONResponse({"detail": REFUSED}, 403)

    def is_exempt(self, scope: Scope) -> bool:
        """Whether a path is not protected. A path that could be another one, with an encoded slash or `..`, always is."""
        path: str = scope["path"]
        if b"%2f" in (scope.get("raw_path") or b"").lower() or ".." in path.split("/"):
            return False
        return path in self.exempt or path.startswith(self.exempt_prefixes)

    def is_allowed(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Whether a request comes from a page of the application, of a trusted origin, or from no page."""
        # Each of these may occur once; of several, none may be wrong.
        found: dict[bytes, list[bytes]] = {b"sec-fetch-site": [], b"origin": [], b"host": []}
        for name, value in headers:
            if name in found:
                found[name].append(value.strip().lower())
        sites, origins, hosts = found.values()
        if origins and all(origin in self.trusted for origin in origins):
            return True
        if sites:
            return all(site in OWN for site in sites)
        # The scheme is not compared: a proxy may have ended TLS.
        return not origins or (
            len(set(hosts)) == 1 and all(origin.partition(b"://")[2] == hosts[0] for origin in origins)
        )
