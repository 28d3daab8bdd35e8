"""Check routes in the application that serves them: their full paths, and whether their functions use the path's names."""

import difflib
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from starlette.convertors import PathConvertor
from starlette.routing import BaseRoute

from typeway.application.routes import PlannedRoute
from typeway.declare.conventions import Conventions
from typeway.declare.paths import names_in, read_path, verify_path, verify_whole_path
from typeway.exceptions import DeclarationError, declaration_error
from typeway.plan.path_use import PathUse, use_of


def verify_placed(route: BaseRoute, conventions: Conventions) -> None:
    """Refuse a route that no request can reach, or whose path does not fit its parameters.

    Parameters:
        route: a route of the application.
        conventions: the conventions of the application's router.
    """
    verify_at(route, getattr(route, "path", None), conventions, lambda: route)


def verify_included(route: BaseRoute, prefix: str, outer: Mapping[str, Any], conventions: Conventions) -> None:
    """Refuse a route as `verify_placed` does, with the prefix and the options of an inclusion."""
    path = getattr(route, "path", None)
    inside: Any = getattr(route, "inside", None)
    whole = prefix + path if isinstance(path, str) else None
    verify_at(route, whole, conventions, lambda: inside(prefix, outer))


def verify_at(route: BaseRoute, path: Any, conventions: Conventions, shown: Callable[[], Any]) -> None:
    """Check a route on a full path; an error names the route with that path.

    Parameters:
        route: the route in its own router.
        path: the full path.
        conventions: the conventions of the application's router.
        shown: returns the route as the application lists it; called only if its names may not fit.
    """
    if not isinstance(path, str):
        return
    try:
        if conventions.checks_paths:
            verify_whole_path(path)
            verify_path(path, partial(aliases_of, route))
            # The route has checked its own path; a prefix may repeat one of its names.
            if path.count("{") > getattr(route, "path", "").count("{"):
                read_path(path)
        if isinstance(route, PlannedRoute) and conventions.checks_path_names and may_not_fit(route, route.path_use):
            verify_names(shown())
    except DeclarationError as error:
        if isinstance(route, PlannedRoute):
            error.add_step(route.titled(path), route.declaration.where)
        raise


def aliases_of(route: BaseRoute) -> list[str]:
    """Return the wire names of all functions of a route."""
    nodes = route.tree().walk() if isinstance(route, PlannedRoute) else ()
    return [wire for node in nodes for entry in node.inputs for wire in entry.wires]


def unread(route: PlannedRoute, use: PathUse) -> list[str]:
    """Return the names in a route's own path that no function uses; names in a prefix may be for other routes."""
    if use.takes_all or not getattr(route, "is_planned", True):
        return []
    shown: Any = route.original_route or route
    own = set(names_in(shown.path)) - route.prefix_names - use.taken
    return [
        name
        for name, convertor in route.param_convertors.items()
        if name in own and not name.startswith("_") and not isinstance(convertor, PathConvertor)
    ]


def may_not_fit(route: PlannedRoute, use: PathUse) -> bool:
    """Whether the path seems to lack a parameter, judged without the prefixes and options of inclusions."""
    return bool(use.unfilled or (use.asked and ("/:" in route.path or unread(route, use))))


def verify_names(route: PlannedRoute) -> None:
    """Refuse a path parameter that the path lacks, and a name in the path that no parameter has but one resembles."""
    use = use_of(route.tree(), route.path)  # the dependencies of inclusions may use names too
    left = unread(route, use)
    for entry, where in use.unfilled:
        hint = f"Write {{{entry.wire}}} in the path, or remove Path()."
        if left:
            hint = f"No parameter takes {{{left[0]}}} from the path: use the same name for both."
        raise declaration_error(
            f"it is marked Path(), but the path {route.path!r} has no {{{entry.wire}}}.",
            hint=hint,
            where=where,
            chain=(f"parameter {entry.name!r}",),
        )
    asked = [name for name in use.asked if name not in route.param_convertors]
    for name in re.findall(r"/:(\w+)", route.path):
        if name in asked:
            problem = (
                f"':{name}' in the path {route.path!r} is not a parameter, so {name!r} would be a query parameter."
            )
            raise declaration_error(problem, hint=f"Write {{{name}}}.", where=route.declaration.where)
    if left and asked:
        nearest = difflib.get_close_matches(left[0], asked, n=1, cutoff=0)[0]
        raise declaration_error(
            f"no parameter takes {{{left[0]}}} from the path, and {nearest!r} would be a query parameter.",
            hint=f"Use the same name for both. If {nearest} is in the query, mark it with Query(); if the value is not "
            f"used, write {{_{left[0]}}}.",
            where=route.declaration.where,
        )
