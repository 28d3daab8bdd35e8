"""Offer the application that serves a directory of files."""

from starlette.staticfiles import StaticFiles as StaticFiles
