"""Show a router's routes as one flat list whose changes are changes of the router."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, Self, SupportsIndex

from starlette.routing import BaseRoute


class Owner(Protocol):
    """What a route list needs of its router."""

    routes: Any

    def discard(self, route: BaseRoute) -> None: ...

    def insert(self, route: BaseRoute, before: BaseRoute | None) -> None: ...


class RouteList(list[BaseRoute]):
    """A list of routes that tells its router what is done to it.

    Parameters:
        routes: the routes, included ones as they stand in the router.
        owner: the router.
    """

    def __init__(self, routes: Iterable[BaseRoute], owner: Owner) -> None:
        super().__init__(routes)
        self.owner = owner

    def append(self, route: BaseRoute, /) -> None:
        super().append(route)
        self.owner.insert(route, None)

    def extend(self, routes: Iterable[BaseRoute], /) -> None:
        for route in list(routes):
            self.append(route)

    def __iadd__(self, routes: Iterable[BaseRoute], /) -> Self:  # type: ignore[override, misc]  # as a list's own is
        self.extend(routes)
        return self

    def insert(self, index: SupportsIndex, route: BaseRoute, /) -> None:
        following = self[index.__index__() :]
        super().insert(index, route)
        self.owner.insert(route, following[0] if following else None)

    def remove(self, route: BaseRoute, /) -> None:
        place = self.index(route)
        self.pop(place)

    def pop(self, index: SupportsIndex = -1, /) -> BaseRoute:
        route = super().pop(index)
        self.owner.discard(route)
        return route

    def clear(self) -> None:
        super().clear()
        self.owner.routes = []

    def __delitem__(self, index: SupportsIndex | slice, /) -> None:
        gone = self[index] if isinstance(index, slice) else [self[index]]
        super().__delitem__(index)
        for route in gone:
            self.owner.discard(route)

    def __setitem__(self, index: Any, value: Any, /) -> None:
        super().__setitem__(index, value)
        self.replace()

    def reverse(self) -> None:
        super().reverse()
        self.replace()

    def sort(self, **options: Any) -> None:
        super().sort(**options)
        self.replace()

    def replace(self) -> None:
        """Make the router's routes what the list shows now; what was included stays as it was shown."""
        routes: Sequence[BaseRoute] = list(self)
        self.owner.routes = routes
