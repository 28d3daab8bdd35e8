"""Offer the classes that stand for what a client sent."""

from starlette.requests import HTTPConnection, Request

__all__ = ["HTTPConnection", "Request"]
