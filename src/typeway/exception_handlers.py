"""Offer the default exception handlers, for handlers of one's own to call, under FastAPI's path."""

from typeway.errors.detail import http_exception_handler as http_exception_handler
from typeway.errors.detail import request_validation_exception_handler as request_validation_exception_handler
from typeway.errors.detail import (
    websocket_request_validation_exception_handler as websocket_request_validation_exception_handler,
)
