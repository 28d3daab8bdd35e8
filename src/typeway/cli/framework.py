"""Recognize applications of other frameworks, and say how to serve them."""

from typing import Any, Final

from starlette.applications import Starlette
from starlette.routing import Host, Mount

from typeway.application.app import Typeway
from typeway.application.router import Router
from typeway.cli.error import UsageError

# How many applications are looked at: what wraps one may make another at each look.
MAX_PARTS: Final = 500


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


def contains_typeway(application: Any) -> bool:
    """Whether an application is Typeway's, or mounts or wraps one that is."""
    waiting, seen = [application], {id(None)}
    while waiting:
        part = waiting.pop()
        if isinstance(part, (Typeway, Router)):
            return True
        if id(part) not in seen and len(seen) < MAX_PARTS:
            seen.add(id(part))
            waiting += [route.app for route in getattr(part, "routes", None) or () if isinstance(route, (Mount, Host))]
            waiting.append(getattr(part, "app", None))
    return False
