"""Offer the middleware that lets browsers call from other origins (CORS)."""

from starlette.middleware.cors import CORSMiddleware as CORSMiddleware
