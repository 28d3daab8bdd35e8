"""Typeway: APIs written as typed functions, on Starlette and Pydantic, over ASGI."""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from typeway import status as status
    from typeway.app import Typeway as FastAPI
    from typeway.app import Typeway as Typeway
    from typeway.background import BackgroundTasks as BackgroundTasks
    from typeway.datastructures import UploadFile as UploadFile
    from typeway.declare.mark import Body as Body
    from typeway.declare.mark import Cookie as Cookie
    from typeway.declare.mark import Depends as Depends
    from typeway.declare.mark import File as File
    from typeway.declare.mark import Form as Form
    from typeway.declare.mark import Header as Header
    from typeway.declare.mark import Path as Path
    from typeway.declare.mark import Query as Query
    from typeway.declare.mark import Security as Security
    from typeway.exceptions import HTTPException as HTTPException
    from typeway.exceptions import WebSocketException as WebSocketException
    from typeway.guard.changes import apply as apply
    from typeway.guard.changes import changes as changes
    from typeway.guard.derive import AllRequired as AllRequired
    from typeway.guard.derive import Omit as Omit
    from typeway.guard.derive import Partial as Partial
    from typeway.guard.derive import Pick as Pick
    from typeway.guard.merge_patch import MergePatch as MergePatch
    from typeway.problem import Problem as Problem
    from typeway.requests import Request as Request
    from typeway.responses import Response as Response
    from typeway.router import Router as APIRouter
    from typeway.router import Router as Router
    from typeway.version import __version__ as __version__
    from typeway.websockets import WebSocket as WebSocket
    from typeway.websockets import WebSocketDisconnect as WebSocketDisconnect

# Where each name stands. It is looked up when it is first used, so that importing one part of the package, such as
# `typeway.compat` in a process that never serves, does not load the others.
_HOMES: Final = {
    "APIRouter": "typeway.router:Router",
    "AllRequired": "typeway.guard.derive:AllRequired",
    "BackgroundTasks": "typeway.background:BackgroundTasks",
    "Body": "typeway.declare.mark:Body",
    "Cookie": "typeway.declare.mark:Cookie",
    "Depends": "typeway.declare.mark:Depends",
    "FastAPI": "typeway.app:Typeway",
    "File": "typeway.declare.mark:File",
    "Form": "typeway.declare.mark:Form",
    "HTTPException": "typeway.exceptions:HTTPException",
    "Header": "typeway.declare.mark:Header",
    "MergePatch": "typeway.guard.merge_patch:MergePatch",
    "Omit": "typeway.guard.derive:Omit",
    "Partial": "typeway.guard.derive:Partial",
    "Path": "typeway.declare.mark:Path",
    "Pick": "typeway.guard.derive:Pick",
    "Problem": "typeway.problem:Problem",
    "Query": "typeway.declare.mark:Query",
    "Request": "typeway.requests:Request",
    "Response": "typeway.responses:Response",
    "Router": "typeway.router:Router",
    "Security": "typeway.declare.mark:Security",
    "Typeway": "typeway.app:Typeway",
    "UploadFile": "typeway.datastructures:UploadFile",
    "WebSocket": "typeway.websockets:WebSocket",
    "WebSocketDisconnect": "typeway.websockets:WebSocketDisconnect",
    "WebSocketException": "typeway.exceptions:WebSocketException",
    "__version__": "typeway.version:__version__",
    "apply": "typeway.guard.changes:apply",
    "changes": "typeway.guard.changes:changes",
}

__all__ = [
    "APIRouter", "AllRequired", "BackgroundTasks", "Body", "Cookie", "Depends", "FastAPI", "File", "Form",
    "HTTPException", "Header", "MergePatch", "Omit", "Partial", "Path", "Pick", "Problem", "Query", "Request",
    "Response", "Router", "Security", "Typeway", "UploadFile", "WebSocket", "WebSocketDisconnect",
    "WebSocketException", "__version__", "apply", "changes", "status",
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
