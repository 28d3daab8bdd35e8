"""Show a router's routes as one flat list that is always up to date; changing the list changes the router."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Final, Protocol

from starlette.routing import BaseRoute


class Holder(Protocol):
    """What has routes to show: a router."""

    version: int

    def shown(self) -> Sequence[BaseRoute]:
        """Every route, included ones too."""
        ...

    def show(self, routes: Sequence[BaseRoute]) -> None:
        """Take these routes over in the place of those that were shown."""
        ...

    def add(self, route: BaseRoute) -> None:
        """Add a route that already exists."""
        ...


class RouteList(list[BaseRoute]):
    """A router's routes: one list for the router's life, in which every method sees the routes as they are now."""

    def __init__(self, holder: Holder) -> None:
        super().__init__()
        self.holder = holder
        self.version = -1

    def __reduce__(self) -> tuple[Any, ...]:
        return RouteList, (self.holder,)

    def refresh(self) -> None:
        """Take over what the router has come to show."""
        version = self.holder.version
        if self.version != version:
            list.__setitem__(self, slice(None), self.holder.shown())
            self.version = version

    def append(self, route: BaseRoute) -> None:
        """Add a route that already exists: what Starlette's own methods do that add one."""
        self.holder.add(route)


def reading(read: Callable[..., Any]) -> Any:
    """A list's method that looks at the routes as they are now."""

    @wraps(read)
    def look(routes: RouteList, *values: Any, **options: Any) -> Any:
        routes.refresh()
        return read(routes, *values, **options)

    return look


def changing(change: Callable[..., Any]) -> Any:
    """A list's method that changes the routes as they are now, and then the router."""

    @wraps(change)
    def apply(routes: RouteList, *values: Any, **options: Any) -> Any:
        routes.refresh()
        result = change(routes, *values, **options)
        routes.holder.show(list.copy(routes))
        return result

    return apply


READ: Final = (
    "__add__", "__contains__", "__eq__", "__ge__", "__getitem__", "__gt__", "__iter__", "__le__", "__len__", "__lt__",
    "__mul__", "__ne__", "__repr__", "__reversed__", "__rmul__", "copy", "count", "index",
)  # fmt: skip
CHANGE: Final = (
    "__delitem__", "__iadd__", "__imul__", "__setitem__", "clear", "extend", "insert", "pop", "remove", "reverse", "sort",
)  # fmt: skip

for names, wrapped in ((READ, reading), (CHANGE, changing)):
    for name in names:
        setattr(RouteList, name, wrapped(getattr(list, name)))
