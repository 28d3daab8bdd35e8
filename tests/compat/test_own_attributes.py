"""Applications keep their own things as attributes of the application and its routers, under any name but FastAPI's."""

from types import ModuleType
from typing import Any

import fastapi
import pytest

from tests.frameworks import COMPAT, compat_and_fastapi
from typeway.declare.options import AppOptions, RouterOptions
from typeway.testclient import TestClient

# What Typeway documents beyond FastAPI, beside the options.
DOCUMENTED = {"add_frontend", "inject", "override", "resolve", "describe", "add_event_handler", "add_websocket_route"}
# Class attributes by which a subclass is given its classes and conventions.
CLASSES = {"conventions", "router_class", "default_route_class", "websocket_route_class"}

# Names of attributes and methods that public applications set, or that were Typeway's own once.
NAMES = [
    "versions", "version_format", "injected", "instrument", "observer", "describe", "direct", "verb", "snapshot",
    "defaults", "frontends", "events", "show", "add", "changed", "contains", "is_root", "own_routes", "placed",
]  # fmt: skip


def served(web: ModuleType, app: Any, router: Any) -> Any:
    """What an application answers, whose router is included before and after its routes are declared."""
    router.get("/before")(lambda number: number)
    app.include_router(router, prefix="/in")
    router.add_api_route("/after", lambda: 2, tags=["after"])
    app.get("/own")(lambda: 3)
    paths = ("/in/before?number=1", "/in/before", "/in/after", "/own", "/no", "/openapi.json")
    with TestClient(app) as client:
        return [(client.get(path).status_code, client.get(path).json()) for path in paths]


@compat_and_fastapi
@pytest.mark.parametrize("kind", ["FastAPI", "APIRouter"])
@pytest.mark.parametrize("name", NAMES)
def test_an_own_attribute_changes_nothing(web: ModuleType, name: str, kind: str) -> None:
    """It is what was set, on the instance or in a subclass, and the application serves as without it."""
    expected = served(web, web.FastAPI(), web.APIRouter())
    made = {"FastAPI": web.FastAPI, "APIRouter": web.APIRouter}
    objects = {of: make() for of, make in made.items()}
    setattr(objects[kind], name, mine := ["mine"])
    assert served(web, *objects.values()) == expected
    assert getattr(objects[kind], name) is mine
    made[kind] = type("Own", (made[kind],), {name: mine})
    assert served(web, *(make() for make in made.values())) == expected


@pytest.mark.parametrize("kind", ["FastAPI", "APIRouter"])
def test_no_other_public_name_is_taken(kind: str) -> None:
    """What an application or a router has beside FastAPI's names is documented, or begins with an underscore."""
    ours, theirs = getattr(COMPAT, kind)(), getattr(fastapi, kind)()
    added = {name for name in {*dir(ours)} - {*dir(theirs)} if not name.startswith("_")}
    options = AppOptions.__annotations__.keys() | RouterOptions.__annotations__.keys()
    assert added - options <= DOCUMENTED | CLASSES
