"""Offer the function that builds an OpenAPI document from routes under FastAPI's path."""

from typeway.compat.shapes.document import describe_routes as get_openapi

__all__ = ["get_openapi"]
