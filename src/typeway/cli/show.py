"""Show what an application consists of: its routes as a table, its OpenAPI document as JSON."""

import inspect
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from starlette.routing import BaseRoute, Host, Mount, Route, WebSocketRoute

from typeway.cli.error import CommandError
from typeway.cli.load import Loaded, in_user_code


@dataclass(frozen=True, slots=True)
class Row:
    """One route, as text."""

    methods: str
    path: str
    name: str
    endpoint: str


# Folders that hold installed packages, whether or not they are below the current one.
INSTALLED = frozenset({"site-packages", "dist-packages"})

HEADINGS = Row("METHODS", "PATH", "NAME", "ENDPOINT")


def route_table(application: Any) -> str:
    """Return one line per route, in the order in which they are tried.

    Parameters:
        application: any application with Starlette's `routes`.

    Raises:
        CommandError: the application has no routes to list.
    """
    routes = getattr(application, "routes", None)
    if routes is None:
        raise CommandError(f"{type(application).__name__} has no routes to show")
    rows = [HEADINGS, *_rows(routes, "")]
    widths = [max(len(cell) for cell in column) for column in zip(*map(astuple, rows), strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(astuple(row), widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


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


def _rows(routes: Iterable[BaseRoute], prefix: str) -> Iterator[Row]:
    for route in routes:
        match route:
            case Route():
                methods = ",".join(sorted(route.methods or ())) or "ANY"
                yield Row(methods, prefix + route.path, route.name, _where(route.endpoint))
            case WebSocketRoute():
                yield Row("WEBSOCKET", prefix + route.path, route.name, _where(route.endpoint))
            case Mount() if route.routes:
                yield from _rows(route.routes, prefix + route.path)
            case Mount():
                yield Row("MOUNT", prefix + route.path, route.name or "", type(route.app).__name__)
            case Host():
                yield from _rows(route.routes, f"//{route.host}{prefix}")
            case _:
                path = getattr(route, "path", "")
                yield Row(type(route).__name__, f"{prefix}{path}", getattr(route, "name", None) or "", "")


def _where(endpoint: Any) -> str:
    """Name file and line of a function or class."""
    while hasattr(endpoint, "func"):
        endpoint = endpoint.func
    try:
        place = inspect.unwrap(endpoint)
        file, line = inspect.getsourcefile(place), inspect.getsourcelines(place)[1]
    except (OSError, TypeError):
        return getattr(endpoint, "__qualname__", type(endpoint).__qualname__)
    return f"{_shortened(Path(file or ''))}:{line}"


def _shortened(path: Path) -> Path:
    """Name the author's own files from the current folder, and those of installed packages as they are imported."""
    if path.is_relative_to(Path.cwd()) and INSTALLED.isdisjoint(path.parts):
        return path.relative_to(Path.cwd())
    imported = [path.relative_to(folder) for folder in sys.path if folder and path.is_relative_to(folder)]
    return min(imported, key=lambda name: len(name.parts), default=path)
