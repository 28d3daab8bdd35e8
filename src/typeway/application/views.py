"""Show routes as they stand in the router that serves them: with whole paths, joined options, and an index."""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette import routing
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.routing import BaseRoute, compile_path

from typeway.application.routes import APIRoute, APIWebSocketRoute
from typeway.declare.conventions import Conventions
from typeway.declare.options import nearest
from typeway.exceptions import calling_line, declaration_error
from typeway.serve.frontend import Frontend
from typeway.serve.match import Entry, Index


def check_prefix(prefix: str) -> str:
    """The prefix itself, if paths may start with it."""
    given: Any = prefix
    if not isinstance(given, str):
        problem, hint = f"A path prefix must be a string, not {prefix!r}", "Write prefix='/items'."
        raise declaration_error(problem, hint=hint, where=calling_line(), also=AttributeError)
    if not prefix or (prefix.startswith("/") and not prefix.endswith("/")):
        return prefix
    problem = "A path prefix must start with '/'"
    if prefix.startswith("/"):
        problem = "A path prefix must not end with '/', as the routes will start with it"
    meant = prefix.strip("/")
    hint = f"Write prefix={meant and '/' + meant!r}."
    raise declaration_error(problem, hint=hint, where=calling_line(), also=AssertionError)


def view_of(route: BaseRoute, prefix: str, outer: Mapping[str, Any], limit: int | None) -> BaseRoute:
    """A route of a router that holds bodies to a limit, as it stands below a prefix and inside further options."""
    if isinstance(route, (APIRoute, APIWebSocketRoute, Frontend)):
        return route.inside(prefix, outer)
    view = copy.copy(route)
    vars(view)["max_body_size"] = limit_of(route, nearest(outer.get("max_body_size"), limit))
    if isinstance(view, (routing.Route, routing.WebSocketRoute, routing.Mount)):
        view.path = prefix + view.path
        pattern = view.path + "/{path:path}" if isinstance(view, routing.Mount) else view.path
        view.path_regex, view.path_format, view.param_convertors = compile_path(pattern)
    return view


def indexes_of(
    routes: Sequence[BaseRoute],
    conventions: Conventions,
    limit: int | None = None,
    is_held: Callable[[int | None], bool] = bool,
) -> tuple[Index, Index]:
    """The indexes of HTTP and of WebSocket routes; `is_held` if plans, or what is around, hold a route to its limit."""
    requests, sockets = [], []
    for number, route in enumerate(routes):
        own = limit_of(route, limit)
        entry = entry_of(number, route, conventions, own, plans=is_held(own))
        if not isinstance(route, routing.WebSocketRoute):
            requests.append(entry)
        if not isinstance(route, routing.Route):
            sockets.append(entry)
    reads_encoded = conventions.encoded_slashes
    return Index(requests, reads_encoded=reads_encoded), Index(sockets, reads_encoded=reads_encoded)


def limit_of(route: BaseRoute, limit: int | None) -> int | None:
    """The most bytes of a body that a route takes: its own limit, or else that of its router."""
    inside = getattr(route, "app", None)
    holder = inside if isinstance(inside, RequestBodyLimitMiddleware) else route
    own: int | None = getattr(holder, "max_body_size", None)
    return limit if own is None else own


def entry_of(number: int, route: BaseRoute, conventions: Conventions, limit: int | None, *, plans: bool) -> Entry:
    """The index entry of a route, whom a plan may serve or not; one that matches in its own way is asked itself."""
    if isinstance(route, (APIRoute, APIWebSocketRoute)):
        route.refresh()
    original = getattr(route, "original_route", None)
    shows_original = conventions.original_scope_route and isinstance(route, APIRoute)
    shown = original if original is not None and shows_original else route
    marks = getattr(route, "scope_marks", None)
    # By path and method, and nothing else.
    matches_as_starlette = type(route).matches in (routing.Route.matches, routing.WebSocketRoute.matches)
    if not matches_as_starlette or not isinstance(route, (routing.Route, routing.WebSocketRoute)):
        anchor = route.path if type(route) is routing.Mount and "{" not in route.path else ""
        return Entry(number, route, shown, path=None, methods=None, anchor=anchor, limit=limit, marks=marks)
    methods = getattr(route, "methods", None)
    return Entry(
        number,
        route,
        shown,
        path=route.path,
        methods=frozenset(methods) if methods else None,
        convertors=route.param_convertors,
        endpoint=route.endpoint,
        target=route.target if plans and isinstance(route, APIRoute) and route.is_planned else None,
        limit=limit,
        marks=marks,
    )
