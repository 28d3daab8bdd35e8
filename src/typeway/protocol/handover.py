"""Hand a connection over to uvicorn's WebSocket implementation, after checking the handshake."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import quote

from typeway.protocol.cycle import Cycle
from typeway.protocol.frames import Frames
from typeway.protocol.head import Decisive
from typeway.protocol.wire import lines_of


def hand_over(cycle: Cycle, found: Decisive) -> None:
    """Let the WebSocket implementation of the server read the handshake again, and what has come after it.

    Parameters:
        found: the decisive fields of the handshake.
    """
    connection, scope = cycle.connection, cycle.scope
    refused = refuse_handshake(cycle, found)
    if refused is not None:
        cycle.refuse(*refused)
        return
    site = connection.site
    connection.leave()
    path = scope["raw_path"].removeprefix(site.root_path.encode()) or quote(scope["path"]).encode()
    target = path + (b"?" + scope["query_string"] if scope["query_string"] else b"")
    head = b"%b %b HTTP/1.1\r\n%b\r\n" % (scope["method"].encode(), target, lines_of(scope["headers"]))
    protocol = site.sockets(config=site.config, server_state=site.server_state, app_state=site.app_state)
    frames = Frames(protocol, connection.transport, site.loop)
    connection.transport.set_protocol(frames)
    rest, connection.rest = connection.rest, b""
    frames.begin(head, rest)
    connection.resume_reading()


def refuse_handshake(cycle: Cycle, found: Decisive) -> tuple[int, str] | None:
    """Return the status and the reason for a handshake that must not succeed (RFC 6455 section 4.2.1)."""
    scope = cycle.scope
    values: dict[bytes, list[bytes]] = {}
    for name, value in scope["headers"]:
        values.setdefault(name, []).append(value.strip())
    if scope["method"] != "GET" or found.length or found.is_chunked:
        return 400, "A WebSocket handshake is a GET request without a body."
    if values.get(b"sec-websocket-version") != [b"13"]:
        return 426, "The supported version of the WebSocket protocol is 13."
    if not all(value.isascii() for name, value in scope["headers"] if name.startswith(b"sec-websocket-")):
        return 400, "The fields of a WebSocket handshake consist of ASCII characters."
    keys = values.get(b"sec-websocket-key", [])
    if len(keys) != 1 or not is_key(keys[0]):
        return 400, "A WebSocket handshake needs one Sec-WebSocket-Key of 16 bytes in Base64."
    origins = cycle.connection.site.settings.origins
    for origin in values.get(b"origin", []) if origins is not None else []:
        if origin.decode("latin-1") not in (origins or ()):
            return 403, "Pages of this origin may not open a WebSocket here."
    return None


def is_key(value: bytes) -> bool:
    try:
        return len(base64.b64decode(value, validate=True)) == 16
    except binascii.Error:
        return False
