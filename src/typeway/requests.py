"""Offer the classes that stand for what a client sent."""

from starlette.requests import HTTPConnection as HTTPConnection
from starlette.requests import Request as Request
