"""Serve WebSocket connections: find the route, run its plan, and close the connection after an exception."""

import logging
from collections.abc import Awaitable
from contextlib import suppress
from typing import Final

from starlette.exceptions import WebSocketException as StarletteWebSocketException
from starlette.status import WS_1000_NORMAL_CLOSURE, WS_1011_INTERNAL_ERROR
from starlette.websockets import WebSocket, WebSocketClose, WebSocketDisconnect

from typeway.errors.detail import cut_reason
from typeway.errors.handlers import Handlers, identify
from typeway.headers import UnsafeHeaderError, name_place, verify_headers
from typeway.serve.asgi import Snapshot, add_to_scope, handle_by_route, path_of
from typeway.serve.handle import SOCKET
from typeway.serve.match import NoRoute
from typeway.types import Message, Receive, Scope, Send

logger: Final = logging.getLogger("typeway")

# The messages that become the head of an HTTP response.
HEADS: Final = frozenset({"websocket.accept", "websocket.http.response.start"})


def verified(message: Message, scope: Scope) -> Message:
    """Return a message that is not a frame, as every server can send it; the reason of a close is cut at 123 bytes.

    Raises:
        UnsafeHeaderError: a header of the answer to the handshake has a character that is not allowed; nothing has been sent.
    """
    kind = message["type"]
    if kind in HEADS:
        chosen = (message.get("subprotocol") or "").encode("utf-8", "surrogatepass")
        headers = [*message.get("headers", ())]  # any iterable, which may end after one pass
        try:
            verify_headers([*headers, (b"sec-websocket-protocol", chosen)])
        except UnsafeHeaderError as error:
            name_place(error, scope)
            raise
        return {**message, "headers": headers}
    reason = message.get("reason")
    # In compat mode it may be a list of errors, as from FastAPI, which test clients pass on.
    return (
        {**message, "reason": cut_reason(reason)} if kind == "websocket.close" and isinstance(reason, str) else message
    )


async def serve_socket(snapshot: Snapshot, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one connection; after an exception, a handler closes it, or the code of a WebSocketException does."""
    found = snapshot.sockets.find(path_of(scope), "", scope)
    if isinstance(found, NoRoute):
        scope.setdefault("router", snapshot.router)
        await (snapshot.default or WebSocketClose())(scope, receive, send)
        return
    add_to_scope(snapshot, found, scope)
    last = "websocket.connect"

    def note_and_send(message: Message) -> Awaitable[None]:
        # PERF: a coroutine around each frame would cost 0.2 us; a frame leaves the connection as open as it was.
        return send(message) if message["type"] == "websocket.send" else note(message)

    async def note(message: Message) -> None:
        nonlocal last
        await send(verified(message, scope))
        last = message["type"]

    try:
        guard = found[0].guard
        if guard is None:
            await handle_by_route(found, scope, receive, note_and_send)
        else:
            await guard.serve_socket(scope, lambda: handle_by_route(found, scope, receive, note_and_send))
        if last == "websocket.accept" and snapshot.conventions.closes_sockets:
            # RFC 6455 section 7.1.2: without a close frame clients could not tell the end from a broken connection.
            with suppress(Exception):  # the client may have gone
                await note({"type": "websocket.close", "code": WS_1000_NORMAL_CLOSURE})
    except Exception as raised:
        socket = scope.pop(SOCKET, None) or WebSocket(scope, receive, note_and_send)
        if not await is_answered(raised, snapshot, socket, note_and_send, is_open=last == "websocket.accept"):
            raise


async def is_answered(raised: Exception, snapshot: Snapshot, socket: WebSocket, send: Send, *, is_open: bool) -> bool:
    """Close a connection whose endpoint has raised, and return whether that is all there is to do.

    Parameters:
        send: sends what the answer of a handler is, instead of the socket.
        is_open: whether the handshake is over, and no close frame has been sent.
    """
    handlers: Handlers = snapshot.app._handlers
    handler, error = handlers.find_in(raised)
    if handler is not None:
        response = await handler.call(socket, error)
        if response is not None:
            await response(socket.scope, socket.receive, send)
    elif isinstance(error, StarletteWebSocketException):
        await socket.close(code=error.code, reason=error.reason)
    elif isinstance(error, WebSocketDisconnect) and snapshot.conventions.quiet_disconnects:
        logger.debug("WebSocket %s: the client has gone (%s)", socket.scope["path"], error.code)
    else:
        identify(raised, socket.scope, snapshot.conventions)
        if is_open and snapshot.conventions.closes_sockets:
            # Clients could not tell an error from a broken connection either (RFC 6455 section 7.4.1).
            with suppress(Exception):
                await socket.close(WS_1011_INTERNAL_ERROR)
        return False
    return True
