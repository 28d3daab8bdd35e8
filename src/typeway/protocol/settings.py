"""The limits of the HTTP protocol class: sizes in bytes, times in seconds."""

from dataclasses import dataclass
from typing import Final

KIB: Final = 1024

# How much is still read before a connection is closed, and for how many seconds, so that the client can read the last response
# or frame (RFC 9112 section 9.6).
LINGER_SIZE: Final = 1024 * KIB
LINGER_SECONDS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class HTTPSettings:
    """What the protocol class accepts and how long it waits; the defaults are safe for a server on the Internet.

    Attributes:
        request_line_size: the longest request target, in bytes; a longer one is answered with 414.
        header_size: the longest header field, in bytes; a longer one is answered with 431.
        headers_size: the largest head of a request, in bytes; a larger one is answered with 431.
        header_count: the largest number of header fields; more are answered with 431.
        header_timeout: how long a client may take to send a head, in seconds, from the first byte or from the
            connection; then it is answered with 408.
        body_rate: the slowest body, in bytes per second; a slower one is answered with 408. 0 switches this off.
        body_grace: for how many seconds a body may be slower than `body_rate`.
        write_timeout: how long a client may leave a response unread, in seconds; then its connection is cut.
        max_body_size: the largest body, in bytes, for all applications of the server; None leaves it to the
            applications, whose own limit is the option `max_body_size`.
        pipeline: how many requests of one connection may wait for their turn; then no more are read.
        drain_size: how much of an unread body is received after its response so that the connection can be kept, in
            bytes; with more to come, the connection is closed.
        origins: the origins from which a browser may open a WebSocket, for example `https://example.com`; None allows
            every origin. A request without an Origin header does not come from a page, and is always allowed.

    Example:
        ```python
        server = HTTPProtocol.with_settings(HTTPSettings(header_timeout=5, max_body_size=1_000_000))
        uvicorn.run(app, http=server)
        ```
    """

    request_line_size: int = 8 * KIB
    header_size: int = 16 * KIB
    headers_size: int = 64 * KIB
    header_count: int = 100
    header_timeout: float = 15
    body_rate: float = 240
    body_grace: float = 5
    write_timeout: float = 30
    max_body_size: int | None = None
    pipeline: int = 64
    drain_size: int = 64 * KIB
    origins: frozenset[str] | None = None


DEFAULTS: Final = HTTPSettings()
