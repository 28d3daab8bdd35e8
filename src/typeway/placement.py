"""Judge routes where an application serves them: their whole paths, and what their functions take from these."""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, Final
from uuid import UUID

from starlette.convertors import FloatConvertor, IntegerConvertor, PathConvertor, UUIDConvertor
from starlette.routing import BaseRoute

from typeway.conventions import Conventions
from typeway.declare import shapes
from typeway.declare.signature import is_bare, name_of
from typeway.describe.responses import key_of
from typeway.exceptions import DeclarationError, declaration_error
from typeway.paths import names_in, read_path, verify_path, verify_whole_path
from typeway.plan.path_use import PathUse, use_of
from typeway.plan.verify import takes_connection
from typeway.routes import APIRoute, APIWebSocketRoute, Planned

Doubt = Callable[..., DeclarationError]


def verify_placed(route: BaseRoute, conventions: Conventions) -> None:
    """Refuse a route that no request could reach, or whose path and parameters do not fit.

    Parameters:
        conventions: those of the application's router.
    """
    path = getattr(route, "path", None)
    if not isinstance(path, str):
        return
    try:
        if conventions.checks_paths:
            verify_whole_path(path)
            verify_path(path, partial(aliases_of, route))
        if isinstance(route, Planned) and conventions.checks_path_names:
            verify_names(route)
    except DeclarationError as error:
        if isinstance(route, Planned):
            error.add_step(route.titled(path), route.declaration.where)
        raise


def verify_included(route: BaseRoute, prefix: str, outer: Mapping[str, Any], conventions: Conventions) -> None:
    """Refuse a route as `verify_placed` does, as it will stand below a prefix and inside the options around it."""
    if not conventions.checks_paths or not isinstance(getattr(route, "path", None), str):
        return
    if not isinstance(route, Planned):
        verify_path(prefix + getattr(route, "path", ""))
        return
    path = prefix + route.path
    try:
        read_path(path)
    except DeclarationError as error:
        error.add_step(route.titled(path), route.declaration.where)
        raise
    verify_placed(route.inside(prefix, outer), conventions)


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


def verify_names(route: Planned) -> None:
    """Refuse a parameter that is to be in the path and is not, and a name in the path that a parameter misses."""
    use = route.path_use
    if not use.unfilled and not (use.asked and (":" in route.path or unread(route, use))):
        return
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


# --- what is only warned of: it may be meant ------------------------------------------------------------------------

# Of each convertor the types that never accept what it makes.
MADE: Final[Mapping[type[Any], tuple[str, tuple[type[Any], ...]]]] = {
    IntegerConvertor: ("int", (str, bytes, UUID)),
    FloatConvertor: ("float", (str, bytes, UUID)),
    UUIDConvertor: ("uuid", (str, bytes, int, float, Decimal)),
}
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")


def doubts(route: BaseRoute) -> Iterator[DeclarationError]:
    """What a route declares but can hardly mean: errors to show, not to raise."""
    if not isinstance(route, Planned):
        return
    title, where = route.titled(route.path), route.declaration.where
    doubt = partial(declaration_error, where=where)
    try:
        verify_placed(route, route.conventions)
        found = [*doubts_of_path(route, doubt), *doubts_of_types(route)]
        found += doubts_of_socket(route, doubt) if isinstance(route, APIWebSocketRoute) else doubts_of_options(route)
    except DeclarationError as refused:  # a route that was added after its router had been included
        found = [refused]
    for error in found:
        error.add_step(title, where)
        yield error


def doubts_of_path(route: Planned, doubt: Doubt) -> Iterator[DeclarationError]:
    for name in unread(route, use_of(route.tree(), route.path)):
        hint = f"Give a function the parameter {name}, or write {{_{name}}} if nothing needs the value."
        yield doubt(f"nothing takes {{{name}}} from the path.", hint=hint)
    shown: Any = route.original_route or route
    if route.path == "":
        hint = 'Write "/", or give the router a prefix.'
        yield doubt("the path is empty, so no request matches it unless the application is mounted.", hint=hint)
    elif shown.tail[:1].isalnum() or shown.tail[:1] == "{":
        hint = f"Write {'/' + shown.tail!r}."
        yield doubt(f"{shown.tail!r} follows its prefix without a slash: the path is {route.path!r}.", hint=hint)
    first = next(iter(route.declaration.parameters), None)
    if first is not None and first.name == "self" and is_bare(first, route.declaration):
        hint = "Register the method of an instance, or take `self` from its parameters."
        yield doubt(f"{name_of(route.endpoint)} has no object, so 'self' is a query parameter.", hint=hint)


def doubts_of_types(route: Planned) -> Iterator[DeclarationError]:
    for node in route.tree().walk():
        for entry in node.inputs:
            convertor = route.param_convertors.get(entry.wire) if entry.location == "path" else None
            kinds = shapes.members(entry.kind)
            if type(convertor) in MADE and len(kinds) == 1 and not entry.metadata:
                name, strangers = MADE[type(convertor)]
                if kinds[0] in strangers:
                    hint = f"Write {{{entry.wire}}} in the path, or annotate it with {name.replace('uuid', 'UUID')}."
                    yield declaration_error(
                        f"{{{entry.wire}:{name}}} in the path never is a {kinds[0].__name__}.",
                        hint=hint,
                        where=node.declaration.where,
                        chain=(f"parameter {entry.name!r}",),
                    )


def doubts_of_socket(route: APIWebSocketRoute, doubt: Doubt) -> Iterator[DeclarationError]:
    tree = route.tree()
    if not takes_connection(tree):
        hint = "Take one: `socket: WebSocket`."
        yield doubt(f"{name_of(route.endpoint)}() takes no WebSocket, so nothing accepts the connection.", hint=hint)
    for node in tree.walk():
        for entry in node.inputs:
            if entry.in_body and entry.is_required:
                yield declaration_error(
                    "it is read from the body, and a WebSocket has none.",
                    hint="Receive it, `await socket.receive_json()`, or take it from the path, the query or a header.",
                    where=node.declaration.where,
                    chain=(f"parameter {entry.name!r}",),
                )


def doubts_of_options(route: Planned) -> Iterator[DeclarationError]:
    if not isinstance(route, APIRoute):
        return
    for code in route.responses:
        try:
            key_of(code, route.declaration.where)
        except DeclarationError as error:
            yield error
    for method in sorted(route.methods - set(METHODS)):
        close = difflib.get_close_matches(method, METHODS, n=1)
        if close:
            hint = f"Did you mean {close[0]}?"
            yield declaration_error(f"{method} is no method of HTTP.", hint=hint, where=route.declaration.where)
