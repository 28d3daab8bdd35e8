"""Show routes as they stand in the router that serves them: with whole paths, joined options, and an index."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from starlette import routing
from starlette.routing import BaseRoute, compile_path

from typeway.conventions import Conventions
from typeway.exceptions import declaration_error
from typeway.routes import APIRoute, APIWebSocketRoute
from typeway.serve.match import Entry, Index


def check_prefix(prefix: str) -> str:
    """The prefix itself, if paths may start with it.

    Raises:
        DeclarationError: it does not start with a slash, or ends with one.
    """
    if prefix and not prefix.startswith("/"):
        raise declaration_error(
            "A path prefix must start with '/'", hint=f"Write prefix={'/' + prefix!r}.", also=AssertionError
        )
    if prefix.endswith("/"):
        raise declaration_error(
            "A path prefix must not end with '/', as the routes will start with it",
            hint=f"Write prefix={prefix.rstrip('/')!r}.",
            also=AssertionError,
        )
    return prefix


def view_of(route: BaseRoute, prefix: str, outer: Mapping[str, Any]) -> BaseRoute:
    """A route as it stands in a router that includes it."""
    if isinstance(route, (APIRoute, APIWebSocketRoute)):
        return route.inside(prefix, outer)
    view = copy.copy(route)
    if isinstance(view, (routing.Route, routing.WebSocketRoute)):
        view.path = prefix + view.path
        view.path_regex, view.path_format, view.param_convertors = compile_path(view.path)
    elif isinstance(view, routing.Mount):
        view.path = prefix + view.path
        view.path_regex, view.path_format, view.param_convertors = compile_path(view.path + "/{path:path}")
    return view


def indexes_of(routes: Sequence[BaseRoute], conventions: Conventions) -> tuple[Index, Index]:
    """The index of HTTP routes and the index of WebSocket routes."""
    requests, sockets = [], []
    for number, route in enumerate(routes):
        entry = entry_of(number, route, conventions)
        if not isinstance(route, routing.WebSocketRoute):
            requests.append(entry)
        if not isinstance(route, routing.Route):
            sockets.append(entry)
    return Index(requests), Index(sockets)


def entry_of(number: int, route: BaseRoute, conventions: Conventions) -> Entry:
    """The index entry of a route; a route that matches in its own way is asked itself."""
    original = getattr(route, "original_route", None)
    shown = original if original is not None and conventions.original_scope_route else route
    if not isinstance(route, (routing.Route, routing.WebSocketRoute)) or not matches_by_path(route):
        anchor = route.path if type(route) is routing.Mount and "{" not in route.path else ""
        return Entry(number, route, shown, path=None, methods=None, anchor=anchor)
    methods = getattr(route, "methods", None)
    return Entry(
        number,
        route,
        shown,
        path=route.path,
        methods=frozenset(methods) if methods else None,
        regex=route.path_regex,
        convertors=route.param_convertors,
        endpoint=route.endpoint,
        target=route.target if isinstance(route, APIRoute) and route.is_planned else None,
    )


def matches_by_path(route: routing.Route | routing.WebSocketRoute) -> bool:
    """Whether the route's class matches as Starlette's does: by path and method, and nothing else."""
    return type(route).matches in (routing.Route.matches, routing.WebSocketRoute.matches)
