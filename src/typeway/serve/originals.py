"""Detect whether instrumentation has replaced functions of Starlette."""

import sys
from types import FunctionType
from typing import Any, Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import Route

# Instrumentation may have replaced a function before this import, so the function found here proves nothing. Its
# globals do: a wrapper cannot copy them.
REPLACED = object()


def original(owner: type[Any], name: str) -> Any:
    """Return Starlette's own method; an object that equals no method if it has been replaced already."""
    found = vars(owner).get(name)
    written_there = type(found) is FunctionType and found.__globals__ is vars(sys.modules[owner.__module__])
    return found if written_there else REPLACED


LAYERS: Final[tuple[tuple[type[Any], str], ...]] = (
    (Middleware, "__init__"),
    (ExceptionMiddleware, "__init__"),
    (ExceptionMiddleware, "__call__"),
    (BaseHTTPMiddleware, "__call__"),
)


def layers() -> tuple[Any, ...]:
    """Return the present methods of Starlette's middleware classes."""
    return tuple(getattr(owner, name) for owner, name in LAYERS)


ORIGINAL_CALL = original(Starlette, "__call__")
ORIGINAL_HANDLE = original(Route, "handle")
ORIGINAL_LAYERS = tuple(original(owner, name) for owner, name in LAYERS)
ORIGINAL_LAYER = original(BaseHTTPMiddleware, "__call__")
