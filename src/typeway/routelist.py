"""Show a router's routes as one flat list whose changes are changes of the router."""

from __future__ import annotations

from collections.abc import Iterable
from functools import wraps
from typing import Any, Final, Protocol

from starlette.routing import BaseRoute


class Owner(Protocol):
    """What a route list needs of its router."""

    routes: Any


class RouteList(list[BaseRoute]):
    """A list of routes that its router takes over whenever it has been changed.

    Parameters:
        routes: the routes, included ones as they stand in the router.
        owner: the router.
    """

    def __init__(self, routes: Iterable[BaseRoute], owner: Owner) -> None:
        super().__init__(routes)
        self.owner = owner


CHANGES: Final = (
    "append", "extend", "insert", "remove", "pop", "clear", "reverse", "sort",
    "__iadd__", "__imul__", "__setitem__", "__delitem__",
)  # fmt: skip


def telling(change: Any) -> Any:
    """A list's method that also tells the router what the list shows now."""

    @wraps(change)
    def changed(routes: RouteList, *values: Any, **options: Any) -> Any:
        result = change(routes, *values, **options)
        routes.owner.routes = list(routes)
        return result

    return changed


for name in CHANGES:
    setattr(RouteList, name, telling(getattr(list, name)))
