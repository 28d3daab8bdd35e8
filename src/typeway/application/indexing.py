"""Make the index entries of the routes that a router serves."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from starlette import routing
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.routing import BaseRoute

from typeway.application import documentation
from typeway.application.routes import APIRoute, PlannedRoute
from typeway.application.socket_routes import APIWebSocketRoute
from typeway.declare.conventions import Conventions
from typeway.declare.policy import Policy, effective
from typeway.describe import pages
from typeway.errors.handlers import HANDLERS, Shown
from typeway.policies.guard import Guard, guard_of
from typeway.serve.match import Index, IndexedRoute

# The options whose values count inside of what is mounted too.
INSIDE: Final = ("form_limits", "json_limits", "parameter_limits", "error_limits")

# The modules of the functions that show the OpenAPI document.
DOCUMENTATION: Final = frozenset({documentation.__name__, pages.__name__})


def indexes_of(
    routes: Sequence[BaseRoute],
    conventions: Conventions,
    limit: int | None = None,
    limits: Mapping[str, Mapping[str, Any]] | None = None,
    is_held: Callable[[int | None], bool] = bool,
    handlers: Shown | None = None,
    policies: Sequence[Policy] = (),
) -> tuple[Index, Index]:
    """Return the indexes of HTTP and of WebSocket routes.

    Parameters:
        limit: the maximum size of a request body, in bytes, for routes that set none.
        limits: the options of the router that are in `INSIDE`, for what is mounted and for routes that it has not made.
        is_held: whether a plan may serve a route with this limit; else the route enforces it by itself.
        handlers: the exception handlers for the scope of routes that add to it.
        policies: the policies of the router, for routes that have none because they were not made by it.
    """
    requests, sockets = [], []
    for number, route in enumerate(routes):
        own, around = limit_of(route, limit), limits_around(route, limits or {})
        entry = indexed_route(number, route, conventions, own, plans=is_held(own), handlers=handlers)
        if around:
            entry = replace(entry, limits=around, marks=entry.marks or {})
        if entry.plans is None:
            entry = replace(entry, guard=guard_for(route, getattr(route, "policies", policies)))
        if not isinstance(route, routing.WebSocketRoute):
            requests.append(entry)
        if not isinstance(route, routing.Route):
            sockets.append(entry)
    reads_encoded = conventions.encoded_slashes
    index = Index(requests, reads_encoded=reads_encoded, answers_head=conventions.answers_head)
    return index, Index(sockets, reads_encoded=reads_encoded)


def limits_around(route: BaseRoute, limits: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    """Return the options of the router that a route does not know: all of them, or what it lacks as an APIRoute."""
    if isinstance(route, APIRoute):
        return {
            name: own for name, own in limits.items() if not own.keys() <= (getattr(route, name, None) or {}).keys()
        }
    inside: Mapping[str, Mapping[str, Any]] | None = getattr(route, "limits_inside", limits)
    return {} if inside is None or isinstance(route, PlannedRoute) else inside


def guard_for(route: BaseRoute, policies: Sequence[Policy]) -> Guard | None:
    """Return what applies the policies of a route that no plan serves; None if it has none."""
    if not policies or is_documentation(route):
        return None
    functions = [node.function for node in route.tree().walk()] if isinstance(route, PlannedRoute) else ()
    return guard_of(effective(policies, route), functions)


def is_documentation(route: BaseRoute) -> bool:
    """Whether a route shows the OpenAPI document; policies do not apply to it."""
    endpoint = getattr(route, "endpoint", None)
    return getattr(endpoint, "__module__", "") in DOCUMENTATION


def limit_of(route: BaseRoute, limit: int | None) -> int | None:
    """Return the maximum size of a request body for a route, in bytes: its own limit, or else that of its router."""
    inside = getattr(route, "app", None)
    holder = inside if isinstance(inside, RequestBodyLimitMiddleware) else route
    own: int | None = getattr(holder, "max_body_size", None)
    return limit if own is None else own


def indexed_route(
    number: int, route: BaseRoute, conventions: Conventions, limit: int | None, *, plans: bool, handlers: Shown | None
) -> IndexedRoute:
    """Return the index entry of a route.

    Parameters:
        plans: whether the route may be served by its plan; a route with its own `matches` or handler never is.
    """
    if isinstance(route, (APIRoute, APIWebSocketRoute)):
        route.refresh()
    original = getattr(route, "original_route", None)
    shows_original = conventions.original_scope_route and isinstance(route, APIRoute)
    shown = original if original is not None and shows_original else route
    marks = getattr(route, "scope_marks", None)
    if marks is not None and handlers is not None:
        marks = {**marks, HANDLERS: handlers}
    # Such a route matches by its path and its methods only.
    matches_as_starlette = type(route).matches in (routing.Route.matches, routing.WebSocketRoute.matches)
    if not matches_as_starlette or not isinstance(route, (routing.Route, routing.WebSocketRoute)):
        anchor = route.path if type(route) is routing.Mount and "{" not in route.path else ""
        return IndexedRoute(number, route, shown, path=None, methods=None, anchor=anchor, limit=limit, marks=marks)
    methods = getattr(route, "methods", None)
    return IndexedRoute(
        number,
        route,
        shown,
        path=route.path,
        methods=frozenset(methods) if methods else None,
        convertors=route.param_convertors,
        endpoint=route.endpoint,
        plans=route.plans if plans and isinstance(route, APIRoute) and route.is_planned else None,
        limit=limit,
        marks=marks,
    )
