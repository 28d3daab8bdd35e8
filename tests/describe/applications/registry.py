"""Keep the table of small applications, which are written against a namespace so that two frameworks can run them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import typeway
from typeway.declare.conventions import TYPEWAY

APPLICATIONS: list[Callable[[Any], Any]] = []


def application(build: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Add a builder to the table."""
    APPLICATIONS.append(build)
    return build


class PlainRouter(typeway.Router):
    """A router whose operations document no failure that nobody declares, like FastAPI's."""

    conventions = replace(TYPEWAY, documents_failures=False, documents_wire=False)


class PlainApplication(typeway.Typeway):
    """An application whose operations document no failure that nobody declares, like FastAPI's."""

    conventions = PlainRouter.conventions
    router_class = PlainRouter


class Plain:
    """Typeway's names, for applications that document no failure that nobody declares."""

    FastAPI = PlainApplication
    APIRouter = PlainRouter

    def __getattr__(self, name: str) -> Any:
        return getattr(typeway, name)


PLAIN: Any = Plain()


def post(web: Any, *endpoints: Callable[..., Any], **options: Any) -> Any:
    """An application with each endpoint under POST on a path of its own."""
    app = web.FastAPI(title="T", **options)
    for number, endpoint in enumerate(endpoints):
        app.post(f"/{number}")(endpoint)
    return app
