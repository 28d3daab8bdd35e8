"""Offer what builds and shows OpenAPI documents under FastAPI's paths; each module says what it holds."""
