"""Judge routes where an application serves them: their whole paths, and what their functions take from these."""

import difflib
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from starlette.convertors import PathConvertor
from starlette.routing import BaseRoute

from typeway.application.routes import Planned
from typeway.declare.conventions import Conventions
from typeway.declare.paths import names_in, read_path, verify_path, verify_whole_path
from typeway.exceptions import DeclarationError, declaration_error
from typeway.plan.path_use import PathUse, use_of


def verify_placed(route: BaseRoute, conventions: Conventions) -> None:
    """Refuse a route that no request could reach, or whose path and parameters do not fit.

    Parameters:
        conventions: those of the application's router.
    """
    with_title(route, getattr(route, "path", None), conventions, lambda: route)


def verify_included(route: BaseRoute, prefix: str, outer: Mapping[str, Any], conventions: Conventions) -> None:
    """Refuse a route as `verify_placed` does, as it will stand below a prefix and inside the options around it."""
    path = getattr(route, "path", None)
    inside: Any = getattr(route, "inside", None)
    whole = prefix + path if isinstance(path, str) else None
    with_title(route, whole, conventions, lambda: inside(prefix, outer))


def with_title(route: BaseRoute, path: Any, conventions: Conventions, shown: Callable[[], Any]) -> None:
    """Refuse a route on a whole path; an error names it.

    Parameters:
        shown: makes the route as it stands there, of which little is asked: most fit.
    """
    if not isinstance(path, str):
        return
    try:
        if conventions.checks_paths:
            verify_whole_path(path)
            verify_path(path, partial(aliases_of, route))
            # The route has read its own path; a prefix may repeat a name of it.
            if path.count("{") > getattr(route, "path", "").count("{"):
                read_path(path)
        if isinstance(route, Planned) and conventions.checks_path_names and is_open(route, route.path_use):
            verify_names(shown())
    except DeclarationError as error:
        if isinstance(route, Planned):
            error.add_step(route.titled(path), route.declaration.where)
        raise


def aliases_of(route: BaseRoute) -> list[str]:
    """The names under which the functions of a route take values."""
    nodes = route.tree().walk() if isinstance(route, Planned) else ()
    return [wire for node in nodes for entry in node.inputs for wire in entry.wires]


def unread(route: Planned, use: PathUse) -> list[str]:
    """The names of a route's own path that nothing takes: what stands in a prefix is there for other routes too."""
    if use.takes_all or not getattr(route, "is_planned", True):
        return []
    shown: Any = route.original_route or route
    own = set(names_in(shown.path)) - route.prefix_names - use.taken
    return [
        name
        for name, convertor in route.param_convertors.items()
        if name in own and not name.startswith("_") and not isinstance(convertor, PathConvertor)
    ]


def is_open(route: Planned, use: PathUse) -> bool:
    """Whether parameters miss something in the path, as far as the route says by itself."""
    return bool(use.unfilled or (use.asked and ("/:" in route.path or unread(route, use))))


def verify_names(route: Planned) -> None:
    """Refuse a parameter that is to be in the path and is not, and a name in the path that a parameter misses."""
    use = use_of(route.tree(), route.path)  # what is around an included route may take names, and has some
    left = unread(route, use)
    for entry, where in use.unfilled:
        hint = f"Write {{{entry.wire}}} in the path, or take Path() away."
        if left:
            hint = f"Nothing takes {{{left[0]}}} from the path: give both the same name."
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
                f"':{name}' in the path {route.path!r} is no parameter, and {name!r} would have to be in the query."
            )
            raise declaration_error(problem, hint=f"Write {{{name}}}.", where=route.declaration.where)
    if left and asked:
        meant = difflib.get_close_matches(left[0], asked, n=1, cutoff=0)[0]
        raise declaration_error(
            f"no parameter takes {{{left[0]}}} from the path, and {meant!r} would have to be in the query.",
            hint=f"Give both the same name. If {meant} is in the query, mark it Query(); if nothing needs the value, "
            f"write {{_{left[0]}}}.",
            where=route.declaration.where,
        )
