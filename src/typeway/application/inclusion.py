"""Include routers: link them, and show each of their routes as it stands in the router that includes it."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import RLock
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias

from starlette import routing
from starlette.routing import BaseRoute, compile_path

from typeway.application.routes import APIRoute, APIWebSocketRoute
from typeway.application.views import limit_of
from typeway.declare.inherit import inherit, innermost
from typeway.serve.frontend import Frontend


class Group(Protocol):
    """A router, as far as it is needed to show its routes elsewhere."""

    prefix: str
    max_body_size: int | None
    version: int
    own_routes: list[BaseRoute | Inclusion]  # what was added to it, in order

    @property
    def group_options(self) -> dict[str, Any]:
        """What it adds to its routes."""
        ...

    @property
    def defaults(self) -> dict[str, Any]:
        """What applies to its routes that say nothing of their own."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Inclusion:
    """A link to a router whose routes are part of another's."""

    router: Any  # the included `Router`; routes added to it later are included as well
    options: Mapping[str, Any]  # what the inclusion adds to them


# A route as it stands in a router, with the item of that router's own list that it comes from.
Placed: TypeAlias = tuple[BaseRoute | Inclusion, BaseRoute]


class FlatRoutes:
    """The routes of one router, included ones too, each with its whole path.

    An included route is a copy. It is made once and stays the same object, because programs keep it and set
    attributes of it, until the route that it was made of is removed.
    """

    def __init__(self, router: Group) -> None:
        self.router = router
        self.lock = RLock()
        self.listed: tuple[int, list[Placed]] = (-1, [])  # the list, and of which version of the router it is
        # The copies by the way to each: the inclusions, and the id of the route. The route beside a copy is that very
        # one: while it is kept here, no other can have its id. The copy is None where it has been removed here only.
        self.copies: dict[tuple[Any, ...], tuple[BaseRoute, BaseRoute | None]] = {}

    def list(self) -> Sequence[Placed]:
        """Every route as the router has it now."""
        version = self.router.version
        if self.listed[0] != version:
            with self.lock:
                used: dict[tuple[Any, ...], tuple[BaseRoute, BaseRoute | None]] = {}
                found = [*self.walk(self.router, used)]
                self.copies = used  # those of removed routes are dropped
                self.listed = version, found
        return self.listed[1]

    def walk(
        self,
        router: Group,
        used: dict[tuple[Any, ...], tuple[BaseRoute, BaseRoute | None]],
        prefix: str = "",
        outer: Mapping[str, Any] = MappingProxyType({}),
        chain: tuple[Inclusion, ...] = (),
    ) -> Iterator[Placed]:
        """The routes of a router that a chain of inclusions leads to, as they stand here."""
        for item in list(router.own_routes):
            if isinstance(item, Inclusion):
                options = inherit(inherit(outer, inherit(router.group_options, item.options)), item.router.defaults)
                below = prefix + router.prefix + item.options["prefix"]
                for _, route in self.walk(item.router, used, below, options, (*chain, item)):
                    yield item, route
            elif not chain:
                yield item, item
            else:
                key = (*chain, id(item))
                copied = self.copies.get(key) or (item, included(item, prefix, outer, router.max_body_size))
                used[key] = copied
                if copied[1] is not None:
                    yield item, copied[1]

    def hide(self, gone: set[int]) -> None:
        """Show included routes no longer, given the ids of their copies; they stay in their own routers."""
        with self.lock:
            for key, (route, copied) in self.copies.items():
                if id(copied) in gone:
                    self.copies[key] = (route, None)


def included(route: BaseRoute, prefix: str, outer: Mapping[str, Any], limit: int | None) -> BaseRoute:
    """A copy of a route as it stands below a prefix and inside the options of everything around it.

    Parameters:
        limit: the most bytes of a body that the route's own router accepts.
    """
    if isinstance(route, (APIRoute, APIWebSocketRoute, Frontend)):
        return route.inside(prefix, outer)
    copied = copy.copy(route)
    vars(copied)["max_body_size"] = limit_of(route, innermost(outer.get("max_body_size"), limit))
    if isinstance(copied, (routing.Route, routing.WebSocketRoute, routing.Mount)):
        copied.path = prefix + copied.path
        pattern = copied.path + "/{path:path}" if isinstance(copied, routing.Mount) else copied.path
        copied.path_regex, copied.path_format, copied.param_convertors = compile_path(pattern)
    return copied
