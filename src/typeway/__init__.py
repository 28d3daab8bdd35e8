"""Typeway: APIs written as typed functions, on Starlette and Pydantic, over ASGI."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typeway import status
    from typeway.application.app import Typeway
    from typeway.application.app import Typeway as FastAPI
    from typeway.application.router import Router
    from typeway.application.router import Router as APIRouter
    from typeway.background import BackgroundTasks
    from typeway.datastructures import UploadFile
    from typeway.declare.mark import Body, Cookie, Depends, File, Form, Header, Path, Query, Security
    from typeway.declare.problem import Problem
    from typeway.derive.changes import apply, changes
    from typeway.derive.merge_patch import MergePatch
    from typeway.derive.models import AllRequired, Omit, Partial, Pick
    from typeway.exceptions import HTTPException, WebSocketException
    from typeway.requests import Request
    from typeway.responses import Response
    from typeway.version import __version__
    from typeway.websockets import WebSocket, WebSocketDisconnect

__all__ = [
    "APIRouter", "AllRequired", "BackgroundTasks", "Body", "Cookie", "Depends", "FastAPI", "File", "Form", "HTTPException",
    "Header", "MergePatch", "Omit", "Partial", "Path", "Pick", "Problem", "Query", "Request", "Response", "Router",
    "Security", "Typeway", "UploadFile", "WebSocket", "WebSocketDisconnect", "WebSocketException", "__version__", "apply",
    "changes", "status",
]  # fmt: skip


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:  # noqa: C901  a table of imports, which tools and readers see as such
        # A name is imported when it is first used, so that a process that uses one part of the package, such as
        # `typeway.compat` in a process that never serves, does not load the others.
        match name:
            case "Typeway" | "FastAPI":
                from typeway.application import app as home
            case "Router" | "APIRouter":
                from typeway.application import router as home
            case "Body" | "Cookie" | "Depends" | "File" | "Form" | "Header" | "Path" | "Query" | "Security":
                from typeway.declare import mark as home
            case "AllRequired" | "Omit" | "Partial" | "Pick":
                from typeway.derive import models as home
            case "apply" | "changes":
                from typeway.derive import changes as home
            case "MergePatch":
                from typeway.derive import merge_patch as home
            case "HTTPException" | "WebSocketException":
                from typeway import exceptions as home
            case "Problem":
                from typeway.declare import problem as home
            case "BackgroundTasks":
                from typeway import background as home
            case "UploadFile":
                from typeway import datastructures as home
            case "Request":
                from typeway import requests as home
            case "Response":
                from typeway import responses as home
            case "WebSocket" | "WebSocketDisconnect":
                from typeway import websockets as home
            case "__version__":
                from typeway import version as home
            case _:
                return _submodule(name)
        value = globals()[name] = getattr(home, {"FastAPI": "Typeway", "APIRouter": "Router"}.get(name, name))
        return value

    def _submodule(name: str) -> Any:
        # `import typeway` is enough to write `typeway.responses.JSONResponse`.
        from importlib import import_module
        from importlib.util import find_spec

        if not name.startswith("_") and find_spec(f"{__name__}.{name}") is not None:
            return import_module(f"{__name__}.{name}")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__} - {"Any", "TYPE_CHECKING", "_submodule"})
