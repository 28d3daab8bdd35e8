"""Offer the application class under FastAPI's path; it is `typeway.Typeway`."""

from typeway.application.app import Typeway as FastAPI

__all__ = ["FastAPI"]
