"""Offer the models that FastAPI's module of exceptions holds beside the exceptions."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, create_model

RequestErrorModel: Final[type[BaseModel]] = create_model("Request")
"""A model without fields, with which older code raises validation errors of requests."""

WebSocketErrorModel: Final[type[BaseModel]] = create_model("WebSocket")
"""A model without fields, with which older code raises validation errors of WebSockets."""
