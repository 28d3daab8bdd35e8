"""Find what a route declares but hardly means: it may be meant, so it is shown and not refused."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel
from starlette.convertors import FloatConvertor, IntegerConvertor, UUIDConvertor
from starlette.routing import BaseRoute

from typeway.application.placement import unread, verify_placed
from typeway.application.routes import APIRoute, PlannedRoute
from typeway.application.socket_routes import APIWebSocketRoute
from typeway.declare import shapes
from typeway.declare.conventions import TYPEWAY
from typeway.declare.signature import is_bare, name_of
from typeway.describe.responses import key_of
from typeway.exceptions import DeclarationError, declaration_error
from typeway.plan.path_use import use_of
from typeway.plan.tree import Node
from typeway.plan.verify import takes_connection
from typeway.source.words import words_of

Doubt = Callable[..., DeclarationError]

# For each convertor, the types that never accept its values.
MADE: Final[Mapping[type[Any], tuple[str, tuple[type[Any], ...]]]] = {
    IntegerConvertor: ("int", (str, bytes, UUID)),
    FloatConvertor: ("float", (str, bytes, UUID)),
    UUIDConvertor: ("uuid", (str, bytes, int, float, Decimal)),
}
# Words that say nothing about what a key is the key of.
KEYS: Final = frozenset({"id", "key", "name", "slug", "code", "number"})
# What continues the last word of a prefix on purpose: a plural, the number of a version, or all the rest of a path.
CONTINUES: Final = re.compile(r"e?s(?=/|$)|(?<=/v)\d|\{\w+:path\}")
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")


def doubts(route: BaseRoute, tree: Node | None = None) -> Iterator[DeclarationError]:
    """What a route declares but hardly means: errors to show, not to raise.

    Parameters:
        route: the route.
        tree: its endpoint with everything that it depends on, where the caller has it.
    """
    if not isinstance(route, PlannedRoute):
        return
    title, where = route.titled(route.path), route.declaration.where
    doubt = partial(declaration_error, where=where)
    try:
        # Also what an application for FastAPI may declare, and what was added after its router had been included.
        verify_placed(route, TYPEWAY)
        tree = tree or route.tree()
        found = [*doubts_of_path(route, tree, doubt), *doubts_of_types(route, tree)]
        is_socket = isinstance(route, APIWebSocketRoute)
        found += doubts_of_socket(route, tree, doubt) if is_socket else doubts_of_options(route)
    except DeclarationError as refused:
        found = [refused]
    for error in found:
        error.add_step(title, where)
        yield error


def doubts_of_path(route: PlannedRoute, tree: Node, doubt: Doubt) -> Iterator[DeclarationError]:
    use = use_of(tree, route.path)
    # What a browser asks before it sends a request is answered alike for every value.
    own = unread(route, use) if getattr(route, "methods", ()) != {"OPTIONS"} else []
    for name in own:
        hint = f"Add the parameter {name} to a function, or write {{_{name}}} if nothing needs the value."
        yield doubt(f"nothing takes {{{name}}} from the path.", hint=hint)
    # A name in a prefix may be for other routes, unless a parameter that means the same has to be in the query.
    left = [] if use.takes_all else sorted(route.param_convertors.keys() - use.taken - {*own})
    for asked, name in ((asked, name) for asked in use.asked for name in left):
        if (set(words_of(asked)) & set(words_of(name))) - KEYS:
            problem = f"nothing takes {{{name}}} from the prefix, and {asked!r} has to be in the query."
            yield doubt(problem, hint=f"Use the same name for both: {name} or {asked}.")
    shown: Any = route.original_route or route
    if route.path == "":
        hint = 'Write "/", or give the router a prefix.'
        yield doubt("the path is empty, so no request matches it unless the application is mounted.", hint=hint)
    elif lacks_slash(shown.tail, route.path):
        hint = f"Write {'/' + shown.tail!r}."
        yield doubt(f"{shown.tail!r} follows its prefix without a slash: the path is {route.path!r}.", hint=hint)
    first = next(iter(route.declaration.parameters), None)
    if first is not None and first.name == "self" and is_bare(first, route.declaration):
        hint = "Register the method of an instance, or remove `self` from its parameters."
        yield doubt(f"{name_of(route.endpoint)} is not bound to an object, so 'self' is a query parameter.", hint=hint)


def lacks_slash(tail: str, path: str) -> bool:
    """Whether the end of a path, as it was declared, seems to have lost the slash after its prefixes."""
    is_joined = path.endswith(tail) and (tail[:1].isalnum() or tail[:1] == "{")
    return is_joined and not CONTINUES.match(path, len(path) - len(tail))


def doubts_of_types(route: PlannedRoute, tree: Node) -> Iterator[DeclarationError]:
    for node in tree.walk():
        for entry in node.inputs:
            convertor = route.param_convertors.get(entry.wire) if entry.location == "path" else None
            kinds = shapes.members(entry.kind)
            if type(convertor) in MADE and len(kinds) == 1 and not entry.metadata:
                name, strangers = MADE[type(convertor)]
                if kinds[0] in strangers:
                    hint = f"Write {{{entry.wire}}} in the path, or annotate it with {name.replace('uuid', 'UUID')}."
                    yield declaration_error(
                        f"{{{entry.wire}:{name}}} in the path is never a {kinds[0].__name__}.",
                        hint=hint,
                        where=node.declaration.where,
                        chain=(f"parameter {entry.name!r}",),
                    )


def doubts_of_socket(route: PlannedRoute, tree: Node, doubt: Doubt) -> Iterator[DeclarationError]:
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


def doubts_of_options(route: PlannedRoute) -> Iterator[DeclarationError]:
    if not isinstance(route, APIRoute):
        return
    for code in route.responses:
        try:
            key_of(code, route.declaration.where)
        except DeclarationError as error:
            yield error
    yield from doubts_of_fields(route)
    yield from doubts_of_items(route)
    for method in sorted(route.methods - set(METHODS)):
        close = difflib.get_close_matches(method, METHODS, n=1)
        if close:
            hint = f"Did you mean {close[0]}?"
            yield declaration_error(f"{method} is not an HTTP method.", hint=hint, where=route.declaration.where)


def doubts_of_fields(route: APIRoute) -> Iterator[DeclarationError]:
    """Names in `response_model_exclude` that are nearly those of fields: a typo shows what was to be hidden."""
    model: Any = route.response_model
    if not shapes.is_subclass(model, BaseModel):
        return
    known = [*model.model_fields, *model.model_computed_fields]
    for option in ("response_model_include", "response_model_exclude"):
        given = [name for name in getattr(route, option) or () if isinstance(name, str)]
        for name in given:
            close = difflib.get_close_matches(name, [field for field in known if field not in given], n=1)
            if name not in known and close:
                problem, hint = (
                    f"{option} names {name!r}, which {model.__name__} does not have.",
                    f"Did you mean {close[0]!r}?",
                )
                yield declaration_error(problem, hint=hint, where=route.declaration.where)


def doubts_of_items(route: APIRoute) -> Iterator[DeclarationError]:
    """Names in `response_model_exclude` for a list: Pydantic compares them with positions, so nothing is left out."""
    kinds = [member for member in shapes.members(route.response_model) if member not in (None, type(None))]
    if not kinds or not all(shapes.is_sequence(kind) for kind in kinds):
        return
    for option in ("response_model_include", "response_model_exclude"):
        given = getattr(route, option) or ()
        names = sorted(name for name in given if isinstance(name, str) and name != "__all__")
        if names:
            problem = f"{option} names {names[0]!r}, but the response is a list, whose items are numbered."
            hint = f"Write {option}={{'__all__': {{{names[0]!r}}}}} for the fields of all items."
            yield declaration_error(problem, hint=hint, where=route.declaration.where)
