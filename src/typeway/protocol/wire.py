"""Write the head of a response as bytes, and refuse what would split it."""

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final

from typeway.headers import CONTROLS, refuse_names, refuse_values

RawHeader = tuple[bytes, bytes]

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK: Final = b"0\r\n\r\n"
CLOSE: Final = b"connection: close\r\n"

STATUS_LINES: Final[Mapping[int, bytes]] = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus if status >= 200
}


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
        refuse_values([header])
    refuse_names([header])
    return line


def refusal(status: int, reason: str, default_lines: bytes, *, is_head: bool, keeps: bool) -> bytes:
    """Return a whole response in JSON that does not come from the application; without the body for a HEAD."""
    body = json.dumps({"detail": reason}).encode()
    also = b"sec-websocket-version: 13\r\nupgrade: websocket\r\n" if status == 426 else b""
    head = b"content-type: application/json\r\ncontent-length: %d\r\n" % len(body)
    end = b"\r\n" if keeps else CLOSE + b"\r\n"
    return b"".join((status_line(status), default_lines, head, also, end, b"" if is_head else body))


def lines_of(headers: Iterable[RawHeader]) -> bytes:
    return b"".join([b"%b: %b\r\n" % (name, value) for name, value in headers])
