"""Offer the client that drives an application in tests, without a server."""

from starlette.testclient import TestClient

__all__ = ["TestClient"]
