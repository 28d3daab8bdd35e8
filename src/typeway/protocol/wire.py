"""Write the head of a response as bytes, and refuse what would split it."""

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final

from typeway.protocol.head import token_pattern

RawHeader = tuple[bytes, bytes]

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK: Final = b"0\r\n\r\n"
CLOSE: Final = b"connection: close\r\n"

STATUS_LINES: Final[Mapping[int, bytes]] = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus if status >= 200
}

# RFC 9110 section 5.5: a value has no control character but the tab.
CONTROLS: Final = bytes([*range(9), *range(10, 32), 127])


class UnsafeHeaderError(ValueError):
    """A response header that would end early, or smuggle another header or a second response."""


def status_line(status: int) -> bytes:
    """Return the status line; the phrase is empty for codes that have none.

    Raises:
        ValueError: the status is not that of a final response (RFC 9110 section 15).
    """
    known = STATUS_LINES.get(status)
    if known is None:
        if not 200 <= status <= 999:
            raise ValueError(f"the status of a response is between 200 and 999, not {status!r}")
        known = b"HTTP/1.1 %d \r\n" % status
    return known


def line_of(header: RawHeader) -> bytes:
    """Return a header as a line.

    Raises:
        UnsafeHeaderError: the name is no token, or the value has CR, LF, NUL or another control character.
    """
    name, value = header
    line = b"%b: %b\r\n" % (name, value)
    if len(line) - len(line.translate(None, CONTROLS)) != 2:
        raise UnsafeHeaderError(
            f"the response header {name!r} has a control character: {value[:100]!r}. CR and LF would end it early."
        )
    if not token_pattern.fullmatch(name):
        raise UnsafeHeaderError(f"the name of the response header {name!r} has a character that is not allowed")
    return line


def refusal(status: int, reason: str, default_lines: bytes, *, is_head: bool) -> bytes:
    """Return a whole response in JSON for a request that does not reach the application; without the body for a HEAD."""
    body = json.dumps({"detail": reason}).encode()
    also = b"sec-websocket-version: 13\r\nupgrade: websocket\r\n" if status == 426 else b""
    head = b"content-type: application/json\r\ncontent-length: %d\r\n" % len(body)
    return b"".join((status_line(status), default_lines, head, also, CLOSE, b"\r\n", b"" if is_head else body))


def lines_of(headers: Iterable[RawHeader]) -> bytes:
    return b"".join([b"%b: %b\r\n" % (name, value) for name, value in headers])
