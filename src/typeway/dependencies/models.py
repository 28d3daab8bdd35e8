"""Offer the class that shows one callable with its parameters and dependencies under FastAPI's path."""

from typeway.compat.shapes.dependant import Dependant as Dependant
