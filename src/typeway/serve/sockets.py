"""Serve WebSocket connections: find the route, run its plan, and close the connection after an exception."""

import logging

from starlette.exceptions import WebSocketException as StarletteWebSocketException
from starlette.websockets import WebSocket, WebSocketClose, WebSocketDisconnect

from typeway.errors.handlers import Handlers
from typeway.serve.asgi import Snapshot, add_to_scope, handle_by_route, path_of
from typeway.serve.match import NoRoute
from typeway.types import Receive, Scope, Send

logger = logging.getLogger("typeway")


async def serve_socket(snapshot: Snapshot, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one connection; after an exception, a handler closes it, or the code of a WebSocketException does."""
    found = snapshot.sockets.find(path_of(scope), "", scope)
    if isinstance(found, NoRoute):
        scope.setdefault("router", snapshot.router)
        await (snapshot.default or WebSocketClose())(scope, receive, send)
        return
    add_to_scope(snapshot, found, scope)
    try:
        await handle_by_route(found, scope, receive, send)
    except Exception as error:
        socket = WebSocket(scope, receive, send)
        handlers: Handlers = snapshot.app.prepared_handlers
        handler = handlers.find(error)
        if handler is not None:
            response = await handler.call(socket, error)
            if response is not None:
                await response(scope, receive, send)
        elif isinstance(error, StarletteWebSocketException):
            await socket.close(code=error.code, reason=error.reason)
        elif isinstance(error, WebSocketDisconnect) and snapshot.conventions.quiet_disconnects:
            logger.debug("WebSocket %s: the client has gone (%s)", scope["path"], error.code)
        else:
            raise
