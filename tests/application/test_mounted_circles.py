"""Applications that are mounted inside of themselves: FastAPI serves them, so whatever walks over mounts comes to an end."""

from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Host, Mount

from typeway import Typeway
from typeway.cli.framework import contains_typeway
from typeway.cli.show import Wanted, entries
from typeway.evidence.subject import applications_in
from typeway.migrate.observe import routes_of
from typeway.telemetry.route import declared_path
from typeway.testclient import TestClient


def mutual(app: Any, other: Any) -> None:
    app.mount("/in", other)
    other.mount("/again", app)


def by_name(app: Any) -> None:
    app.routes.append(Mount("/in", routes=[Host("deep.example.org", app), Mount("/again", app)]))


CIRCLES: dict[str, Any] = {
    "itself": lambda app: app.routes.append(Mount("/again", app)),
    "its router": lambda app: app.routes.append(Mount("/again", app.router)),
    "behind middleware": lambda app: app.mount("/again", CORSMiddleware(app)),
    "each other": lambda app: mutual(app, Typeway()),
    "through Starlette": lambda app: mutual(app, Starlette()),
    "twice": lambda app: [mutual(app, inner) for inner in (Typeway(), Typeway())],
    "by host": by_name,
}

WALKS: dict[str, Any] = {
    "typeway routes": lambda app: [entry.row.path for entry in entries(app, Wanted())],
    "typeway check": lambda app: [part.prefix for part in applications_in(app, "")],
    "typeway migrate": lambda app: [route.path for route in routes_of(app.routes, "", Path.cwd())],
    "typeway serve": contains_typeway,
    "the document": lambda app: app.openapi()["paths"],
    "the telemetry": lambda app: declared_path(app, {"type": "http", "path": "/y", "method": "GET"}),
}


@pytest.mark.parametrize("walk", WALKS.values(), ids=WALKS)
@pytest.mark.parametrize("circle", CIRCLES.values(), ids=CIRCLES)
def test_every_walk_over_mounts_ends(circle: Any, walk: Any) -> None:
    """The routes of an application count once in each circle."""
    app = Typeway()
    app.get("/y")(lambda: {"y": 1})
    circle(app)
    assert walk(app)


@pytest.mark.parametrize("circle", CIRCLES.values(), ids=CIRCLES)
def test_an_application_in_a_circle_starts_once_and_serves(circle: Any) -> None:
    """It answers at its own paths and, as in FastAPI, below its own mounts."""
    started = []
    app = Typeway(on_startup=[lambda: started.append(1)])
    app.get("/y")(lambda: {"y": 1})
    circle(app)
    with TestClient(app) as client:
        assert [client.get(path).status_code for path in ("/y", "/n")] == [200, 404]
        assert 200 in [client.get(path).status_code for path in ("/again/y", "/in/again/y")]
    assert started == [1]


def test_a_foreign_application_in_itself_is_not_searched_for_ever() -> None:
    """`typeway serve` says whose application it is."""
    app = Starlette()
    for path in "abcdefgh":
        app.mount(f"/{path}", app)
    assert not contains_typeway(app)
