"""Recognize applications of other frameworks, and say how to serve them."""

from typing import Any, Final

from starlette.applications import Starlette
from starlette.routing import Host, Mount

from typeway.application.app import Typeway
from typeway.application.router import Router
from typeway.cli.error import UsageError

# How many layers of middleware and mounts are searched for an application of Typeway.
MAX_DEPTH: Final = 20


def require_typeway(application: Any, name: str) -> None:
    """Check that an application is not one of Starlette or FastAPI in which nothing is Typeway's.

    Parameters:
        application: what the module contains; an object that is not a Starlette application is accepted.
        name: its import string, `module:app`.

    Raises:
        UsageError: it is an application of another framework.
    """
    if not isinstance(application, Starlette) or contains_typeway(application):
        return
    kinds = [kind for kind in type(application).__mro__ if not kind.__module__.startswith("typeway.")]
    framework = "FastAPI" if any(kind.__module__.partition(".")[0] == "fastapi" for kind in kinds) else "Starlette"
    if framework == "FastAPI":
        hint = "add --compat, which lets `import fastapi` import Typeway, or import from typeway instead"
    else:
        hint = f"serve it with `uvicorn {name}`, or mount it in a Typeway application"
        hint += "; if it is written for FastAPI, add --compat"
    raise UsageError(f"{name} is a {framework} application, not a Typeway application: {hint}")


def contains_typeway(application: Any, depth: int = 0) -> bool:
    """Whether an application is Typeway's, or mounts or wraps one that is."""
    if isinstance(application, (Typeway, Router)):
        return True
    if depth == MAX_DEPTH:
        return False
    routes = getattr(application, "routes", None)
    mounted = [route.app for route in routes or () if isinstance(route, (Mount, Host))]
    wrapped = getattr(application, "app", None)
    return any(contains_typeway(inner, depth + 1) for inner in [*mounted, wrapped] if inner is not None)
