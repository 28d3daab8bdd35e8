"""Offer the middleware that runs a WSGI application; Starlette recommends the package `a2wsgi` instead."""

from starlette.middleware.wsgi import WSGIMiddleware as WSGIMiddleware
