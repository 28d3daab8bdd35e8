"""Compose http middleware: functions from request to response, around whatever serves the request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.middleware.base import BaseHTTPMiddleware

from typeway.conventions import Conventions
from typeway.serve.errors import Handlers
from typeway.types import ASGIApp


def compose(dispatches: Sequence[Any], app: ASGIApp, handlers: Handlers, conventions: Conventions) -> ASGIApp:
    """The application inside a run of http middleware.

    Parameters:
        dispatches: the functions, the outermost first.
    """
    for dispatch in reversed(dispatches):
        app = BaseHTTPMiddleware(app, dispatch=dispatch)
    return app
