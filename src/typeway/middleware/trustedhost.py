"""Offer the middleware that answers only requests whose Host header is expected."""

from starlette.middleware.trustedhost import TrustedHostMiddleware as TrustedHostMiddleware
