"""Offer ready-made ASGI middleware, one in each module."""

from starlette.middleware import Middleware as Middleware
