"""Offer the middleware that accepts only requests with an expected Host header."""

from starlette.middleware.trustedhost import TrustedHostMiddleware as TrustedHostMiddleware
