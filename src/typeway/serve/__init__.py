"""Serve requests: find the route, run its plan, send the response."""
