"""Write the head of a response as bytes, and refuse what would split it."""

import json
from collections.abc import Container, Iterable, Mapping, Sequence
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


def header_text(headers: Sequence[RawHeader], known: Container[bytes]) -> bytes:
    """Return headers as lines.

    Parameters:
        known: names that are known to be valid.

    Raises:
        UnsafeHeaderError: a name is no token, or a value has CR, LF, NUL or another control character.
    """
    text = lines_of(headers)
    # PERF: one pass over the whole text, 0.2 us; a search in each value takes 0.25 us for each.
    if len(text) - len(text.translate(None, CONTROLS)) != 2 * len(headers):
        refuse_values(headers)
    for name, _ in headers:
        if name not in known and not token_pattern.fullmatch(name):
            raise UnsafeHeaderError(f"the name of the response header {name!r} has a character that is not allowed")
    return text


def refuse_values(headers: Iterable[RawHeader]) -> None:
    """Raise the error for the first header with a control character."""
    for name, value in headers:
        if (name + value).translate(None, CONTROLS) != name + value:
            raise UnsafeHeaderError(
                f"the response header {name!r} has a control character: {value[:100]!r}. CR and LF would end it early."
            )


def refusal(status: int, reason: str, default_lines: bytes, *, is_head: bool, keeps: bool) -> bytes:
    """Return a whole response in JSON that does not come from the application; without the body for a HEAD."""
    body = json.dumps({"detail": reason}).encode()
    also = b"sec-websocket-version: 13\r\nupgrade: websocket\r\n" if status == 426 else b""
    head = b"content-type: application/json\r\ncontent-length: %d\r\n" % len(body)
    end = b"\r\n" if keeps else CLOSE + b"\r\n"
    return b"".join((status_line(status), default_lines, head, also, end, b"" if is_head else body))


def lines_of(headers: Iterable[RawHeader]) -> bytes:
    return b"".join([b"%b: %b\r\n" % (name, value) for name, value in headers])
