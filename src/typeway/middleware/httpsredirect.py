"""Offer the middleware that redirects http to https and ws to wss."""

from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware as HTTPSRedirectMiddleware
