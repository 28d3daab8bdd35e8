"""Include routers: link them, and list their routes with the paths and options that they have in the outer router."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import RLock
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias

from starlette import routing
from starlette.routing import BaseRoute, compile_path

from typeway.application.hosts import PlacedHost
from typeway.application.indexing import INSIDE, limit_of
from typeway.application.routes import APIRoute
from typeway.application.socket_routes import APIWebSocketRoute
from typeway.declare.inherit import inherit
from typeway.serve.frontend import Frontend


class RouterLike(Protocol):
    """The attributes of a router that including it needs."""

    prefix: str
    _version: int
    _own_routes: list[BaseRoute | Inclusion]  # its own routes and inclusions, in order

    @property
    def _group_options(self) -> dict[str, Any]:
        """The options that it adds to its routes."""
        ...

    @property
    def _defaults(self) -> dict[str, Any]:
        """The options of its routes that do not set them."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Inclusion:
    """The link to a router that `include_router()` makes."""

    router: Any  # the included `Router`; routes that are added to it later are included as well
    options: Mapping[str, Any]  # the options of the inclusion


# A route as it is listed, with the item of the router's `_own_routes` that it comes from.
Listed: TypeAlias = tuple[BaseRoute | Inclusion, BaseRoute]


class FlatRoutes:
    """The routes of one router and of those that it includes, each with its full path.

    An included route is a copy. The same copy is used until the original is removed, because programs keep it and set
    its attributes.
    """

    def __init__(self, router: RouterLike) -> None:
        self.router = router
        self.lock: RLock = RLock()
        self.listed: tuple[int, list[Listed]] = (-1, [])  # the version of the router, and its list
        # The copies by their key: the inclusions that lead to the route, and its id. The original beside each copy
        # keeps that id from being reused. The copy is None if it was removed from the including router only.
        self.copies: dict[tuple[Any, ...], tuple[BaseRoute, BaseRoute | None]] = {}

    def list(self) -> Sequence[Listed]:
        """Return the present routes of the router."""
        version = self.router._version
        if self.listed[0] != version:
            with self.lock:
                used: dict[tuple[Any, ...], tuple[BaseRoute, BaseRoute | None]] = {}
                found = [*self.walk(self.router, used)]
                self.copies = used  # copies of removed routes are dropped
                self.listed = version, found
        return self.listed[1]

    def walk(
        self,
        router: RouterLike,
        used: dict[tuple[Any, ...], tuple[BaseRoute, BaseRoute | None]],
        prefix: str = "",
        outer: Mapping[str, Any] = MappingProxyType({}),
        chain: tuple[Inclusion, ...] = (),
    ) -> Iterator[Listed]:
        """Yield the routes of a router to which a chain of inclusions leads, as they are listed here."""
        for item in list(router._own_routes):
            if isinstance(item, Inclusion):
                options = inherit(inherit(outer, inherit(router._group_options, item.options)), item.router._defaults)
                below = prefix + router.prefix + item.options["prefix"]
                for _, route in self.walk(item.router, used, below, options, (*chain, item)):
                    yield item, route
            elif not chain:
                yield item, item
            else:
                key = (*chain, id(item))
                copied = self.copies.get(key) or (item, included_copy(item, prefix, outer, router._group_options))
                used[key] = copied
                if copied[1] is not None:
                    yield item, copied[1]

    def hide(self, gone: set[int]) -> None:
        """Stop listing included routes, given the ids of their copies; their own routers keep them."""
        with self.lock:
            for key, (route, copied) in self.copies.items():
                if id(copied) in gone:
                    self.copies[key] = (route, None)


def included_copy(route: BaseRoute, prefix: str, outer: Mapping[str, Any], own: Mapping[str, Any]) -> BaseRoute:
    """Return a copy of a route with the prefix and the options of its inclusions.

    Parameters:
        route: the route in its own router.
        prefix: the path in front of its own.
        outer: the options of the outer levels.
        own: the options of its own router.
    """
    if isinstance(route, (APIRoute, APIWebSocketRoute, Frontend)):
        return route.inside(prefix, outer)
    copied = PlacedHost(route, prefix) if prefix and type(route) is routing.Host else copy.copy(route)
    around = inherit(outer, own)
    limits = {
        "max_body_size": limit_of(route, around.get("max_body_size")),
        "limits_inside": {name: around[name] for name in INSIDE if around.get(name)},
        "policies": list(around.get("policies") or ()),
    }
    vars(copied).update(limits)
    if isinstance(copied, (routing.Route, routing.WebSocketRoute, routing.Mount)):
        copied.path = prefix + copied.path
        pattern = copied.path + "/{path:path}" if isinstance(copied, routing.Mount) else copied.path
        copied.path_regex, copied.path_format, copied.param_convertors = compile_path(pattern)
    return copied
