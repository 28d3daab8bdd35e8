"""Add the response headers that tell browsers to be careful."""

from collections.abc import Mapping
from typing import Any, ClassVar

from typeway.headers import verify_headers
from typeway.types import ASGIApp, Message, Receive, Scope, Send


class SecurityHeadersMiddleware:
    """Adds headers to every response that does not set them itself, the 500 of an unhandled error included.

    Parameters:
        frame_options: `X-Frame-Options`, whether pages may be shown in frames: "DENY" or "SAMEORIGIN"; None for none.
        referrer_policy: `Referrer-Policy`, what links and requests of pages tell other sites; None for none. Do not use
            "no-referrer" with `CSRFMiddleware`: old browsers then send forms with the origin "null".
        opener_policy: `Cross-Origin-Opener-Policy`, which keeps pages of other sites from a handle on the window.
        hsts: for how many seconds browsers use HTTPS only (RFC 6797), such as 31_536_000 for a year, for this host and
            all below it; browsers ignore it without HTTPS. None for none: browsers cannot be told to forget it.
        content_security_policy: `Content-Security-Policy`, what pages may load. The documentation pages work with
            "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src 'self' blob:".
        permissions_policy: `Permissions-Policy`, which features of the browser pages may use.

    Raises:
        ValueError: `frame_options` or `hsts` is no such value.
        UnsafeHeaderError: a value cannot stand in a header.

    `X-Content-Type-Options: nosniff` (Fetch standard, section 3.6) is always added.

    Example:
        ```python
        app.add_middleware(SecurityHeadersMiddleware, hsts=31_536_000)
        ```
    """

    # Whether the answers to unhandled errors, which are sent outside all middleware, get its headers too.
    adds_to_errors: ClassVar[bool] = True

    def __init__(
        self,
        app: ASGIApp,
        *,
        frame_options: str | None = "DENY",
        referrer_policy: str | None = "strict-origin-when-cross-origin",
        opener_policy: str | None = "same-origin",
        hsts: int | None = None,
        content_security_policy: str | None = None,
        permissions_policy: str | None = None,
    ) -> None:
        if frame_options not in ("DENY", "SAMEORIGIN", None):
            raise ValueError(f'frame_options must be "DENY", "SAMEORIGIN" or None, not {frame_options!r}.')
        seconds: Any = hsts
        if seconds is not None and not (isinstance(seconds, int) and seconds >= 0):
            raise ValueError(f"hsts must be a number of seconds or None, not {hsts!r}.")
        values: Mapping[bytes, str | None] = {
            b"x-content-type-options": "nosniff",
            b"x-frame-options": frame_options,
            b"referrer-policy": referrer_policy,
            b"cross-origin-opener-policy": opener_policy,
            b"strict-transport-security": None if hsts is None else f"max-age={hsts}; includeSubDomains",
            b"content-security-policy": content_security_policy,
            b"permissions-policy": permissions_policy,
        }
        self.app = app
        self.headers: list[tuple[bytes, bytes]] = [
            (name, value.encode("latin-1")) for name, value in values.items() if value is not None
        ]
        verify_headers(self.headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers: list[Any] = list(message.get("headers", ()))
                present = {name.lower() for name, _ in headers}
                # A new message: a response that is kept may send the same list again.
                message = {**message, "headers": headers + [pair for pair in self.headers if pair[0] not in present]}
            await send(message)

        await self.app(scope, receive, send_with_headers)
