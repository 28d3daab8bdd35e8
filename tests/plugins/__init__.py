"""Plugins that many FastAPI applications use, unmodified, on Typeway."""
