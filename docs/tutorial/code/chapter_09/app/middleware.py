"""Middleware for every request: a request id, and the processing time."""

import re
import time
import uuid
from collections.abc import Awaitable, Callable

from typeway import Request, Response, Typeway

CallNext = Callable[[Request], Awaitable[Response]]

# An id that a client may send: short, and without characters that could break a log line.
GOOD_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


async def add_process_time(request: Request, call_next: CallNext) -> Response:
    """Add a header with the processing time in seconds."""
    start = time.perf_counter()
    response = await call_next(request)
    response.headers["X-Process-Time"] = f"{time.perf_counter() - start:.6f}"
    return response


async def add_request_id(request: Request, call_next: CallNext) -> Response:
    """Give the request an id, or keep the id that the client sent, and return it in a header."""
    given = request.headers.get("X-Request-ID", "")
    request.state.request_id = given if GOOD_ID.fullmatch(given) else str(uuid.uuid4())
    response = await call_next(request)
    response.headers["X-Request-ID"] = request.state.request_id
    return response


def add_middleware(app: Typeway) -> None:
    """Add the middleware to an application; the last one is the outermost."""
    app.middleware("http")(add_process_time)
    app.middleware("http")(add_request_id)
