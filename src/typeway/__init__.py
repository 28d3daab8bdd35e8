"""Typeway: APIs written as typed functions, on Starlette and Pydantic, over ASGI."""

from starlette import status as status

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
from typeway.requests import Request as Request
from typeway.responses import Response as Response
from typeway.router import Router as APIRouter
from typeway.router import Router as Router
from typeway.version import __version__ as __version__
from typeway.websockets import WebSocket as WebSocket
from typeway.websockets import WebSocketDisconnect as WebSocketDisconnect

__all__ = [
    "APIRouter",
    "BackgroundTasks",
    "Body",
    "Cookie",
    "Depends",
    "FastAPI",
    "File",
    "Form",
    "HTTPException",
    "Header",
    "Path",
    "Query",
    "Request",
    "Response",
    "Router",
    "Security",
    "Typeway",
    "UploadFile",
    "WebSocket",
    "WebSocketDisconnect",
    "WebSocketException",
    "__version__",
    "status",
]
