"""Check the head of a request: its version, target, Host, and how its body is delimited (RFC 9112)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

Headers = Sequence[tuple[bytes, bytes]]

# The fields that decide how a connection goes on; all others are the application's.
DECISIVE: Final = frozenset({
    b"host", b"connection", b"content-length", b"transfer-encoding", b"expect", b"upgrade",
    b"x-forwarded-for", b"x-forwarded-proto",
})  # fmt: skip

# RFC 3986 section 3.2.2: a registered name, an IPv4 address, or an IP literal in brackets; then a port.
host_pattern: Final = re.compile(
    rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=%]+|\[[0-9A-Fa-f:.]+\]|\[v[0-9A-Fa-f]+\.[^\]\s/?#@]+\])(?::[0-9]*)?"
)
absolute_pattern: Final = re.compile(rb"https?://([^/?#]*)([^#]*)", re.IGNORECASE)
METHODS: Final[Mapping[bytes, str]] = {
    name.encode(): name for name in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE")
}

# What the parser knows beside HTTP's methods, of RTSP and Icecast; and CONNECT, which is for proxies.
NOT_HTTP: Final = frozenset(
    b"CONNECT SOURCE DESCRIBE ANNOUNCE SETUP PLAY PAUSE TEARDOWN GET_PARAMETER SET_PARAMETER REDIRECT RECORD FLUSH".split()
)

# A token (RFC 9110 section 5.6.2): methods and names of header fields are tokens.
token_pattern: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")

UNKNOWN_METHOD: Final = "This method is not implemented."


class Refused(Exception):
    """A request that is answered without the application, and after which the connection is closed.

    Attributes:
        status: the status of the answer; the message says to the client what is wrong.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(slots=True)
class Decisive:
    """What the decisive fields of a head say."""

    length: int | None = None  # the declared size of the body, in bytes
    is_chunked: bool = False
    keeps: bool = False  # the connection is kept after the response
    host: bytes | None = None
    expects: bool = False  # the client waits for a 100 before it sends the body
    upgrade: bytes = b""  # the protocol that the client asks for
    is_forwarded: bool = False  # a proxy may have told the address of the client


def decide(headers: Headers, is_old: bool) -> Decisive:
    """Read the decisive fields.

    Parameters:
        is_old: whether the request is of HTTP/1.0.

    Raises:
        Refused: a field is malformed, contradicts another, or is not supported.
    """
    found = Decisive()
    hosts = 0
    tokens: list[bytes] = []
    for name, raw in headers:
        if name not in DECISIVE:
            continue
        value = raw.strip()
        if name == b"host":
            hosts += 1
            found.host = raw
            if not host_pattern.fullmatch(value):
                raise Refused(400, "The Host header is not the name or the address of a host.")
        elif name == b"connection":
            tokens += [token.strip().lower() for token in value.split(b",")]
        elif name == b"content-length":
            found.length = int(value)
        elif name == b"transfer-encoding":
            refuse_codings(value, is_old, found)
        elif name == b"upgrade":
            found.upgrade = value.lower()
        elif name == b"expect":
            found.expects = expects(value, is_old)
        else:
            found.is_forwarded = True
    if hosts != 1 and not (is_old and hosts == 0):  # RFC 9112 section 3.2
        raise Refused(400, "A request of HTTP/1.1 needs exactly one Host header.")
    # RFC 9112 section 9.3: connections of HTTP/1.1 are kept unless one side objects, those of HTTP/1.0 if asked.
    found.keeps = b"close" not in tokens and (not is_old or b"keep-alive" in tokens)
    if b"upgrade" not in tokens or is_old:  # RFC 9110 section 7.8
        found.upgrade = b""
    return found


def expects(value: bytes, is_old: bool) -> bool:
    """Whether a client waits for a 100 (RFC 9110 section 10.1.1); HTTP/1.0 has no expectations."""
    if not is_old and value.lower() != b"100-continue":
        raise Refused(417, "The only supported expectation is 100-continue.")
    return not is_old


def refuse_codings(value: bytes, is_old: bool, found: Decisive) -> None:
    """Raise an error unless a Transfer-Encoding is exactly `chunked` (RFC 9112 section 6.1)."""
    if is_old:
        raise Refused(400, "HTTP/1.0 has no Transfer-Encoding.")
    if found.is_chunked or value.lower() != b"chunked":
        raise Refused(501, "The only supported transfer coding is chunked, once.")
    found.is_chunked = True


def split_target(target: bytes, method: bytes, headers: list[tuple[bytes, bytes]]) -> tuple[bytes, bytes]:
    """Return the raw path and the query of a request target (RFC 9112 section 3.2).

    The authority of a target in absolute form replaces the Host header, as section 3.2.2 demands.

    Raises:
        Refused: the target has another form, a fragment, or bytes that are not ASCII.
    """
    if method in NOT_HTTP:
        raise Refused(501, UNKNOWN_METHOD)
    if b"#" in target:
        raise Refused(400, "A request target has no fragment.")
    if not target.isascii():
        raise Refused(400, "A request target consists of ASCII characters; others are percent-encoded.")
    if target == b"*" and method == b"OPTIONS":
        return b"*", b""
    if not target.startswith(b"/"):
        absolute = absolute_pattern.fullmatch(target)
        if absolute is None or not host_pattern.fullmatch(absolute[1]):
            raise Refused(400, "A request target is a path, or a URL with http or https.")
        headers[:] = [(name, absolute[1] if name == b"host" else value) for name, value in headers]
        target = absolute[2] if absolute[2].startswith(b"/") else b"/" + absolute[2]
    path, _, query = target.partition(b"?")
    return path, query
