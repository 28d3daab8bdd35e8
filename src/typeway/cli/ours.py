"""Tell Typeway's applications from those of other frameworks, and say how to go on with these."""

from typing import Any, Final

from starlette.applications import Starlette
from starlette.routing import Host, Mount

from typeway.application.app import Typeway
from typeway.application.router import Router
from typeway.cli.failure import Misuse

# How many layers of middleware around an application are looked through.
DEEPEST: Final = 20


def refuse_foreign(application: Any, name: str) -> None:
    """Refuse an application of Starlette or FastAPI in which nothing is Typeway's.

    Parameters:
        application: what was found in the user's module; one of which nothing is known is taken as it is.
        name: where it was found, `module:app`.

    Raises:
        Misuse: it is another framework's.
    """
    if not isinstance(application, Starlette) or holds_ours(application):
        return
    kinds = [kind for kind in type(application).__mro__ if not kind.__module__.startswith("typeway.")]
    framework = "FastAPI" if any(kind.__module__.partition(".")[0] == "fastapi" for kind in kinds) else "Starlette"
    if framework == "FastAPI":
        hint = "add --compat, with which `import fastapi` means Typeway, or import from typeway in its place"
    else:
        hint = f"serve it with `uvicorn {name}`, or mount it in an application of Typeway"
        hint += "; if it is written for FastAPI, add --compat"
    raise Misuse(f"{name} is an application of {framework}, not of Typeway: {hint}")


def holds_ours(application: Any, depth: int = 0) -> bool:
    """Whether an application is Typeway's, or one is mounted in it or wrapped by it."""
    if isinstance(application, (Typeway, Router)):
        return True
    if depth == DEEPEST:
        return False
    routes = getattr(application, "routes", None)
    mounted = [route.app for route in routes or () if isinstance(route, (Mount, Host))]
    wrapped = getattr(application, "app", None)
    return any(holds_ours(inner, depth + 1) for inner in [*mounted, wrapped] if inner is not None)
