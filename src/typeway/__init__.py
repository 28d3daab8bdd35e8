"""Typeway: APIs written as typed functions, on Starlette and Pydantic, over ASGI."""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from typeway import status
    from typeway.app import Typeway
    from typeway.app import Typeway as FastAPI
    from typeway.background import BackgroundTasks
    from typeway.datastructures import UploadFile
    from typeway.declare.mark import Body, Cookie, Depends, File, Form, Header, Path, Query, Security
    from typeway.exceptions import HTTPException, WebSocketException
    from typeway.guard.changes import apply, changes
    from typeway.guard.derive import AllRequired, Omit, Partial, Pick
    from typeway.guard.merge_patch import MergePatch
    from typeway.problem import Problem
    from typeway.requests import Request
    from typeway.responses import Response
    from typeway.router import Router
    from typeway.router import Router as APIRouter
    from typeway.version import __version__
    from typeway.websockets import WebSocket, WebSocketDisconnect

# Where each name stands. It is looked up when it is first used, so that importing one part of the package, such as
# `typeway.compat` in a process that never serves, does not load the others.
_NAMES: Final = {
    "app": "Typeway",
    "background": "BackgroundTasks",
    "datastructures": "UploadFile",
    "declare.mark": "Body Cookie Depends File Form Header Path Query Security",
    "exceptions": "HTTPException WebSocketException",
    "guard.changes": "apply changes",
    "guard.derive": "AllRequired Omit Partial Pick",
    "guard.merge_patch": "MergePatch",
    "problem": "Problem",
    "requests": "Request",
    "responses": "Response",
    "router": "Router",
    "version": "__version__",
    "websockets": "WebSocket WebSocketDisconnect",
}
_HOMES: Final = {
    **{name: f"typeway.{module}:{name}" for module, names in _NAMES.items() for name in names.split()},
    "APIRouter": "typeway.router:Router",
    "FastAPI": "typeway.app:Typeway",
}

__all__ = [
    "APIRouter", "AllRequired", "BackgroundTasks", "Body", "Cookie", "Depends", "FastAPI", "File", "Form", "HTTPException",
    "Header", "MergePatch", "Omit", "Partial", "Path", "Pick", "Problem", "Query", "Request", "Response", "Router",
    "Security", "Typeway", "UploadFile", "WebSocket", "WebSocketDisconnect", "WebSocketException", "__version__", "apply",
    "changes", "status",
]  # fmt: skip


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        from importlib import import_module
        from importlib.util import find_spec

        if name in _HOMES:
            module, _, attribute = _HOMES[name].partition(":")
            value = globals()[name] = getattr(import_module(module), attribute)
            return value
        if not name.startswith("_") and find_spec(f"{__name__}.{name}") is not None:
            return import_module(f"{__name__}.{name}")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
