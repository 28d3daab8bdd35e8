"""Offer the middleware that sends plain-text clients to https and wss."""

from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware as HTTPSRedirectMiddleware
