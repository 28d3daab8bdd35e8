"""Offer the middleware that compresses answers for clients that accept gzip."""

from starlette.middleware.gzip import GZipMiddleware as GZipMiddleware
