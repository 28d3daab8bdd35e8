"""Give every request an id, and say how long its answer took."""

import re
import time
import uuid
from collections.abc import Awaitable, Callable

from typeway import Request, Response

REQUEST_ID = "X-Request-ID"
PROCESS_TIME = "X-Process-Time"

# Anything else could forge log lines or grow without bound.
ACCEPTED_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")

CallNext = Callable[[Request], Awaitable[Response]]


async def add_request_id(request: Request, call_next: CallNext) -> Response:
    """Put an id on the request, for logs, and on its answer.

    A valid id that a proxy or a client sends is kept, so that one id leads through the logs of all of them.
    """
    received = request.headers.get(REQUEST_ID, "")
    request.state.request_id = received if ACCEPTED_ID.fullmatch(received) else str(uuid.uuid4())
    response = await call_next(request)
    response.headers[REQUEST_ID] = request.state.request_id
    return response


async def add_process_time(request: Request, call_next: CallNext) -> Response:
    """Say on the answer how many seconds passed until its headers were ready."""
    request.state.started_at = time.perf_counter()
    response = await call_next(request)
    response.headers[PROCESS_TIME] = process_time(request)
    return response


def process_time(request: Request) -> str:
    """Return the seconds since the request came, to the microsecond."""
    return f"{time.perf_counter() - request.state.started_at:.6f}"


def tracking_headers(request: Request) -> dict[str, str]:
    """Return both headers for an answer that is sent outside of all middleware, as that to an unexpected error is."""
    return {REQUEST_ID: request.state.request_id, PROCESS_TIME: process_time(request)}
