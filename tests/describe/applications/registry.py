"""Keep the table of small applications, which are written against a namespace so that two frameworks can run them."""

import importlib
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
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

    conventions = replace(TYPEWAY, documents_failures=False)


class PlainApplication(typeway.Typeway):
    """An application whose operations document no failure that nobody declares, like FastAPI's."""

    conventions = PlainRouter.conventions
    router_class = PlainRouter


# What stands in the place of names, so that all else can be compared.
PLAIN = {"typeway": {"FastAPI": PlainApplication, "APIRouter": PlainRouter}}


def framework(name: str) -> SimpleNamespace:
    """The names of a framework, with its submodules."""
    module = importlib.import_module(name)
    parts = {part: importlib.import_module(f"{name}.{part}") for part in ("responses", "security", "sse")}
    names = {public: getattr(module, public) for public in dir(module)}
    return SimpleNamespace(**names | parts | PLAIN.get(name, {}))


def post(web: Any, *endpoints: Callable[..., Any], **options: Any) -> Any:
    """An application with each endpoint under POST on a path of its own."""
    app = web.FastAPI(title="T", **options)
    for number, endpoint in enumerate(endpoints):
        app.post(f"/{number}")(endpoint)
    return app
