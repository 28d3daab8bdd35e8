"""Show what an application consists of: its routes as a table, its OpenAPI document as JSON."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from starlette.routing import BaseRoute, Host, Mount, Route, WebSocketRoute

from typeway.cli.error import CommandError
from typeway.cli.load import Loaded, in_user_code
from typeway.declare.scope import place_in_source


@dataclass(frozen=True, slots=True)
class Row:
    """One route, as text."""

    methods: str
    path: str
    name: str
    endpoint: str
    policies: str = ""


# Folders that hold installed packages, whether or not they are below the current one.
INSTALLED = frozenset({"site-packages", "dist-packages"})

HEADINGS = Row("METHODS", "PATH", "NAME", "ENDPOINT", "POLICIES")


def route_table(application: Any) -> str:
    """Return one line per route, in the order in which they are tried.

    Parameters:
        application: any application with Starlette's `routes`.

    Raises:
        CommandError: the application has no routes to list.
    """
    rows = [HEADINGS, *_rows(application)]
    if not any(row.policies for row in rows[1:]):
        rows[0] = replace(HEADINGS, policies="")
    widths = [max(len(cell) for cell in column) for column in zip(*map(astuple, rows), strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(astuple(row), widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def routes_json(application: Any) -> str:
    """Return the routes as a JSON array of objects, in the order in which they are tried.

    Parameters:
        application: any application with Starlette's `routes`.

    Raises:
        CommandError: the application has no routes to list.
    """
    shown = [
        {
            "methods": row.methods.split(","),
            "path": row.path,
            "name": row.name,
            "endpoint": row.endpoint,
            "policies": row.policies.split("; ") if row.policies else [],
        }
        for row in _rows(application)
    ]
    return json.dumps(shown, indent=2, ensure_ascii=False)


def _rows(application: Any) -> list[Row]:
    levels = getattr(getattr(application, "router", application), "policies", ())
    found = [(route, path, _policies(route, levels)) for route, path in _leaves(_routes_of(application), "")]
    # A mount has the policies of its level, around those of what is mounted.
    around = [(route, _policies(route, levels)) for route in _routes_of(application) if isinstance(route, Mount)]
    outer = {id(inner): policies for mount, policies in around for inner, _ in _leaves([mount], "")}
    return [
        replace(_row(route, path), policies="; ".join(dict.fromkeys((*outer.get(id(route), ()), *own))))
        for route, path, own in found
    ]


def _policies(route: BaseRoute, levels: Sequence[Any]) -> list[str]:
    """Return the policies that act on a route, each in a few words.

    Parameters:
        levels: the policies of the application, for routes that do not have them.
    """
    from typeway.application.indexing import is_documentation
    from typeway.declare.policy import effective

    if is_documentation(route):
        return []
    return [policy.summary for policy in effective(getattr(route, "policies", levels) or (), route)]


def plan_lines(application: Any, folder: Path) -> str:
    """Return one line per route with the functions that a request calls, in order.

    A route that serves itself, such as a mount, has no plan; its name stands there.

    Parameters:
        application: any application with Starlette's `routes`.
        folder: where it was found.

    Raises:
        CommandError: the application has no routes to list, or declares something that cannot be planned.
    """
    from typeway.serve.plans import PlanCache

    lines = []
    for route, path in _leaves(_routes_of(application), ""):
        row, plans = _row(route, path), getattr(route, "plans", None)
        calls = row.name or row.endpoint
        if isinstance(plans, PlanCache):
            plan, _ = in_user_code(partial(plans.ready, {}), folder)
            calls = plan.outline
        lines.append(f"{row.methods} {row.path}: {calls}".removesuffix(": "))
    return "\n".join(lines)


def openapi_text(loaded: Loaded, indent: int | None) -> str:
    """Return the application's OpenAPI document as JSON text.

    Parameters:
        loaded: a Typeway application, or its factory.
        indent: how far to indent; None for one line.

    Raises:
        CommandError: the application describes itself in no OpenAPI document, or fails while it does.
    """
    application = loaded.application()
    describe = getattr(application, "openapi", None)
    if not callable(describe):
        raise CommandError(f"{type(application).__name__} has no OpenAPI document")
    return json.dumps(in_user_code(describe, loaded.folder), indent=indent, ensure_ascii=False)


def _routes_of(application: Any) -> Iterable[BaseRoute]:
    routes: Iterable[BaseRoute] | None = getattr(application, "routes", None)
    if routes is None:
        raise CommandError(f"{type(application).__name__} has no routes to show")
    return routes


def _leaves(routes: Iterable[BaseRoute], prefix: str) -> Iterator[tuple[BaseRoute, str]]:
    """Walk the routes, those of mounted applications too, each with its whole path."""
    for route in routes:
        path = prefix + getattr(route, "path", "")
        if isinstance(route, Mount) and route.routes:
            yield from _leaves(route.routes, path)
        elif isinstance(route, Host):
            yield from _leaves(route.routes, f"//{route.host}{prefix}")
        else:
            yield route, path


def _row(route: BaseRoute, path: str) -> Row:
    match route:
        case Route():
            return Row(
                ",".join(sorted(route.methods or ())) or "ANY",
                path,
                route.name,
                place_in_source(route.endpoint, _shortened),
            )
        case WebSocketRoute():
            return Row("WEBSOCKET", path, route.name, place_in_source(route.endpoint, _shortened))
        case Mount():
            return Row("MOUNT", path, route.name or "", type(route.app).__name__)
        case _:
            return Row(type(route).__name__, path, getattr(route, "name", None) or "", "")


def _shortened(path: Path) -> Path:
    """Name the author's own files from the current folder, and those of installed packages as they are imported."""
    if path.is_relative_to(Path.cwd()) and INSTALLED.isdisjoint(path.parts):
        return path.relative_to(Path.cwd())
    imported = [path.relative_to(folder) for folder in sys.path if folder and path.is_relative_to(folder)]
    return min(imported, key=lambda name: len(name.parts), default=path)
