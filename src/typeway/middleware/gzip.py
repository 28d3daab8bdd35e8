"""Offer the middleware that compresses responses for clients that accept gzip."""

from starlette.middleware.gzip import GZipMiddleware as GZipMiddleware
