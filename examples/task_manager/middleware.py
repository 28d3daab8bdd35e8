"""Add an id and the processing time to every request, and log it in one line."""

import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from examples.task_manager.logs import current_request

logger = logging.getLogger(__name__)

REQUEST_ID = "X-Request-ID"
PROCESS_TIME = "X-Process-Time-Ms"

# Any other id could forge log lines or be too long.
ACCEPTED_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


class RequestTrackingMiddleware:
    """Add `X-Request-ID` and `X-Process-Time-Ms` to every response, and log one line per request or WebSocket.

    An id from a proxy or a client is kept, so that the logs of all of them have the same id. This is plain
    ASGI: it sees streams, preflight requests and failures too, and costs almost nothing.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["request_id"] = _request_id(scope)
        state["started_at"] = time.perf_counter()
        current = current_request.set(state["request_id"])
        # The status that the server sends if an error occurs before the response starts.
        status = 500

        async def send_tracked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).update(tracking_headers(scope))
            elif message["type"] == "websocket.accept":
                status = 101
            elif message["type"] == "websocket.close" and status == 500:
                status = 403
            await send(message)

        try:
            await self.app(scope, receive, send_tracked)
        finally:
            _log(scope, status)
            current_request.reset(current)


def tracking_headers(scope: Scope) -> dict[str, str]:
    """Return the headers for a request that passed this middleware, and none for other requests.

    The response to an unexpected error is sent outside all middleware, so its handler adds the headers.
    """
    state = scope.get("state", {})
    if "request_id" not in state:
        return {}
    return {REQUEST_ID: state["request_id"], PROCESS_TIME: f"{_milliseconds(scope):.2f}"}


def _request_id(scope: Scope) -> str:
    received = Headers(scope=scope).get(REQUEST_ID, "")
    return received if ACCEPTED_ID.fullmatch(received) else str(uuid.uuid4())


def _milliseconds(scope: Scope) -> float:
    started_at: float = scope["state"]["started_at"]
    return (time.perf_counter() - started_at) * 1000


def _log(scope: Scope, status: int) -> None:
    """Log the method, path and status; the query string may contain private text and is not logged."""
    client = scope.get("client")
    logger.info(
        "request",
        extra={
            "request_id": scope["state"]["request_id"],
            "method": scope.get("method", "WEBSOCKET"),
            "path": scope["path"],
            "status": status,
            "duration_ms": round(_milliseconds(scope), 2),
            "client": client[0] if client else None,
        },
    )
