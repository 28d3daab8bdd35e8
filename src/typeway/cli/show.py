"""Show the routes of an application: as a table, a tree, JSON, or with the functions that serve each."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from enum import Enum
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any

from starlette.routing import BaseRoute, Host, Mount, Route, WebSocketRoute

from typeway.cli.error import CommandError
from typeway.cli.load import in_user_code
from typeway.declare.scope import place_in_source
from typeway.source.files import INSTALLED


@dataclass(frozen=True, slots=True)
class Row:
    """One route, as text."""

    methods: str
    path: str
    name: str
    endpoint: str
    policies: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One route, with what is shown of it."""

    route: BaseRoute
    row: Row
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which routes to show: those that fit everything that is given.

    Parameters:
        methods: HTTP methods, or WEBSOCKET and MOUNT; a route has one of them.
        path, name: a pattern with `*` and `?`, or a part of the text.
        tag: one of the route's tags.
    """

    methods: Sequence[str] = ()
    path: str | None = None
    tag: str | None = None
    name: str | None = None

    def fits(self, entry: Entry) -> bool:
        """Whether a route is shown."""
        methods = entry.row.methods.upper().split(",")
        return (
            (not self.methods or any(method.upper() in methods for method in self.methods))
            and is_like(entry.row.path, self.path)
            and is_like(entry.row.name, self.name)
            and (self.tag is None or self.tag.lower() in map(str.lower, entry.tags))
        )


def is_like(text: str, pattern: str | None) -> bool:
    """Whether a text fits a pattern, or contains it; upper and lower case are the same."""
    if pattern is None:
        return True
    text, pattern = text.lower(), pattern.lower()
    # Brackets would be a set of characters, and paths have none.
    return fnmatchcase(text, pattern.replace("[", "[[]")) if {"*", "?"} & set(pattern) else pattern in text


HEADINGS = Row("METHODS", "PATH", "NAME", "ENDPOINT", "POLICIES")


def entries(application: Any, wanted: Wanted) -> list[Entry]:
    """Return the routes to show, in the order in which they are tried; those of the documentation last.

    Parameters:
        application: any application with Starlette's `routes`.

    Raises:
        CommandError: the application has no routes to list.
    """
    from typeway.application.indexing import is_documentation

    levels = getattr(getattr(application, "router", application), "policies", ())
    routes = _routes_of(application)
    # A mount has the policies of its level, around those of what is mounted.
    around = [(route, _policies(route, levels)) for route in routes if isinstance(route, Mount)]
    outer = {id(inner): policies for mount, policies in around for inner, _ in _leaves([mount], "")}
    found = []
    for route, path in _leaves(routes, ""):
        policies = dict.fromkeys((*outer.get(id(route), ()), *_policies(route, levels)))
        row = replace(_row(route, path), policies="; ".join(policies))
        tags = tuple(str(tag.value if isinstance(tag, Enum) else tag) for tag in getattr(route, "tags", None) or ())
        found.append(Entry(route, row, tags))
    found.sort(key=lambda entry: is_documentation(entry.route))
    return [entry for entry in found if wanted.fits(entry)]


def route_table(found: Sequence[Entry]) -> str:
    """Return one line per route."""
    rows = [HEADINGS, *(entry.row for entry in found)]
    if not any(row.policies for row in rows[1:]):
        rows[0] = replace(HEADINGS, policies="")
    widths = [max(len(cell) for cell in column) for column in zip(*map(astuple, rows), strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(astuple(row), widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def routes_json(found: Sequence[Entry]) -> str:
    """Return the routes as a JSON array of objects."""
    shown = [
        {
            "methods": entry.row.methods.split(","),
            "path": entry.row.path,
            "name": entry.row.name,
            "endpoint": entry.row.endpoint,
            "policies": entry.row.policies.split("; ") if entry.row.policies else [],
            "tags": list(entry.tags),
        }
        for entry in found
    ]
    return json.dumps(shown, indent=2, ensure_ascii=False)


def route_tree(found: Sequence[Entry]) -> str:
    """Return the paths as a tree of their segments, with the methods and names of the routes at each."""
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    root = Tree(Text("/"))
    nodes: dict[tuple[str, ...], Tree] = {(): root}
    labels: dict[tuple[str, ...], list[str]] = {}
    for entry in found:
        # A route of a host has the path //host/path, one without a path has none.
        segments = tuple(filter(None, entry.row.path.split("/")))
        for depth in range(1, len(segments) + 1):
            if segments[:depth] not in nodes:
                parent = nodes[segments[: depth - 1]]
                nodes[segments[:depth]] = parent.add(Text(segments[depth - 1]))
        labels.setdefault(segments, []).append(f"{entry.row.methods} {entry.row.name}".strip())
    for key, routes in labels.items():
        nodes[key].label = Text(f"{key[-1] if key else '/'}  {'; '.join(routes)}")
    console = Console(width=10_000, color_system=None, soft_wrap=True)
    with console.capture() as capture:
        console.print(root)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def plan_lines(found: Sequence[Entry], folder: Path) -> str:
    """Return one line per route with the functions that a request calls, in order.

    A route that serves itself, such as a mount, has no plan; its name stands there.

    Parameters:
        folder: where the application was found.

    Raises:
        CommandError: the application declares something that cannot be planned.
    """
    from typeway.serve.plans import PlanCache

    lines = []
    for entry in found:
        row, plans = entry.row, getattr(entry.route, "plans", None)
        calls = row.name or row.endpoint
        if isinstance(plans, PlanCache):
            plan, _ = in_user_code(partial(plans.ready, {}), folder)
            calls = plan.outline
        lines.append(f"{row.methods} {row.path}: {calls}".removesuffix(": "))
    return "\n".join(lines)


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


def _routes_of(application: Any) -> Iterable[BaseRoute]:
    routes: Iterable[BaseRoute] | None = getattr(application, "routes", None)
    if routes is None:
        raise CommandError(f"{type(application).__name__} has no routes to show")
    return routes


def _leaves(routes: Iterable[BaseRoute], prefix: str, around: tuple[Any, ...] = ()) -> Iterator[tuple[BaseRoute, str]]:
    """Walk the routes, those of mounted applications too, each with its whole path.

    Parameters:
        around: the routes of the applications around; one that is mounted inside of itself stays a mount.
    """
    around += (routes,)
    for route in routes:
        path, inner = prefix + getattr(route, "path", ""), getattr(route, "routes", None)
        is_again = any(inner is each for each in around)
        if isinstance(route, Mount) and inner and not is_again:
            yield from _leaves(inner, path, around)
        elif isinstance(route, Host) and inner is not None and not is_again:
            yield from _leaves(inner, f"//{route.host}{prefix}", around)
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
