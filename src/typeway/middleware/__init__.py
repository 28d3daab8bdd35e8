"""Offer ready-made ASGI middleware; each module holds one."""

from starlette.middleware import Middleware as Middleware
