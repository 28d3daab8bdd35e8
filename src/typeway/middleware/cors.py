"""Offer the middleware that lets pages of other origins call the application (CORS)."""

from starlette.middleware.cors import CORSMiddleware as CORSMiddleware
