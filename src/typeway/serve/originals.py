"""Detect whether instrumentation has replaced functions of Starlette."""

import sys
from collections.abc import Sequence
from operator import is_
from types import FunctionType, MethodType
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


def function_of(method: Any) -> Any:
    """Return the function of a method; None for a wrapper of instrumentation, which shows the attributes of its method."""
    return method.__func__ if type(method) is MethodType else None


def are_original(steps: Sequence[Any], originals: Sequence[Any]) -> bool:
    """Return whether nothing has been replaced, by identity: wrappers of instrumentation equal what they wrap."""
    return all(map(is_, steps, originals))


LAYERS: Final[tuple[tuple[type[Any], str], ...]] = (
    (Middleware, "__init__"),
    (ExceptionMiddleware, "__init__"),
    (ExceptionMiddleware, "__call__"),
    (BaseHTTPMiddleware, "__call__"),
)


def has_own_layers() -> bool:
    """Return whether the methods of Starlette's middleware classes are Starlette's."""
    return are_original([getattr(owner, name) for owner, name in LAYERS], ORIGINAL_LAYERS)


ORIGINAL_CALL = original(Starlette, "__call__")
ORIGINAL_HANDLE = original(Route, "handle")
ORIGINAL_LAYERS = tuple(original(owner, name) for owner, name in LAYERS)
ORIGINAL_LAYER = original(BaseHTTPMiddleware, "__call__")
