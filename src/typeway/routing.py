"""Offer the classes of routes and routers, and what lists an application's routes, under FastAPI's path."""

from starlette.routing import BaseRoute, Match, Mount, websocket_session

from typeway.application.router import Router as APIRouter
from typeway.application.routes import APIRoute
from typeway.application.socket_routes import APIWebSocketRoute
from typeway.compat.shapes.contexts import RouteContext, iter_route_contexts
from typeway.compat.shapes.routes import request_response

__all__ = [
    "APIRoute", "APIRouter", "APIWebSocketRoute", "BaseRoute", "Match", "Mount", "RouteContext", "iter_route_contexts",
    "request_response", "websocket_session",
]  # fmt: skip
