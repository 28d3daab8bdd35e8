"""Add a request id and the processing time to every response."""

import re
import time
import uuid
from collections.abc import Awaitable, Callable

from typeway import Request, Response

REQUEST_ID = "X-Request-ID"
PROCESS_TIME = "X-Process-Time"

# Any other id could forge log lines or be too long.
ACCEPTED_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")

CallNext = Callable[[Request], Awaitable[Response]]


async def add_request_id(request: Request, call_next: CallNext) -> Response:
    """Add an id to the request, for logs, and to its response.

    A valid id from a proxy or a client is kept, so that the logs of all of them have the same id.
    """
    received = request.headers.get(REQUEST_ID, "")
    request.state.request_id = received if ACCEPTED_ID.fullmatch(received) else str(uuid.uuid4())
    response = await call_next(request)
    response.headers[REQUEST_ID] = request.state.request_id
    return response


async def add_process_time(request: Request, call_next: CallNext) -> Response:
    """Add a header with the seconds until the response's headers were ready."""
    request.state.started_at = time.perf_counter()
    response = await call_next(request)
    response.headers[PROCESS_TIME] = process_time(request)
    return response


def process_time(request: Request) -> str:
    """Return the seconds since the request arrived, to the microsecond."""
    return f"{time.perf_counter() - request.state.started_at:.6f}"


def tracking_headers(request: Request) -> dict[str, str]:
    """Return both headers for a response that is sent outside all middleware, such as that of an unexpected error."""
    return {REQUEST_ID: request.state.request_id, PROCESS_TIME: process_time(request)}
