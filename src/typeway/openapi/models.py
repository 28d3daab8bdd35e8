"""Offer Pydantic models of the objects of OpenAPI documents under FastAPI's path."""

from typeway.compat.shapes.models import *  # noqa: F403
