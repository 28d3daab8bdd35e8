"""Tell Starlette's own functions from what instrumentation has put in their place."""

import sys
from types import FunctionType
from typing import Any, Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import Route

# Instrumentation may have come first, so that what stood there at import proves nothing: where a function was written
# does, and a wrapper cannot copy that.
REPLACED = object()


def original(owner: type[Any], name: str) -> Any:
    """The method that Starlette wrote; something that is like nothing else if it has been replaced already."""
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
    """The methods of Starlette's own layers, as they are now."""
    return tuple(getattr(owner, name) for owner, name in LAYERS)


ORIGINAL_CALL = original(Starlette, "__call__")
ORIGINAL_HANDLE = original(Route, "handle")
ORIGINAL_LAYERS = tuple(original(owner, name) for owner, name in LAYERS)
