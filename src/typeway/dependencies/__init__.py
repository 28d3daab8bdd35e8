"""Offer a view of endpoints and their dependencies under FastAPI's paths; each module says what it holds."""
