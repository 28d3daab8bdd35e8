"""Offer the dependency for OpenID Connect under FastAPI's path."""

from typeway.security.oauth2 import OpenIdConnect as OpenIdConnect
