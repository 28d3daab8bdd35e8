"""Offer rendering of Jinja2 templates; it needs the `jinja2` package."""

from starlette.templating import Jinja2Templates as Jinja2Templates
