"""Offer the function that splits an `Authorization` header under FastAPI's path."""

from typeway.security.base import split_authorization as get_authorization_scheme_param

__all__ = ["get_authorization_scheme_param"]
