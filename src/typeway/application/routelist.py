"""Show the routes of a router as one flat list that is always up to date; changes of the list change the router."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Final, Protocol

from starlette.routing import BaseRoute


class RouteHolder(Protocol):
    """The part of a router that its list of routes uses."""

    _version: int

    def _shown(self) -> Sequence[BaseRoute]:
        """Return every route, included ones too."""
        ...

    def _show(self, routes: Sequence[BaseRoute]) -> None:
        """Replace the listed routes by these."""
        ...

    def _add(self, route: BaseRoute) -> None:
        """Add a route that already exists."""
        ...


class RouteList(list[BaseRoute]):
    """The routes of a router: the same list until another is assigned, whose methods see the router's present routes."""

    def __init__(self, holder: RouteHolder) -> None:
        super().__init__()
        self.holder: RouteHolder | None = holder
        self.version: int = -1

    def __reduce__(self) -> tuple[Any, ...]:
        return (list, (list.copy(self),)) if self.holder is None else (RouteList, (self.holder,))

    def detach(self) -> None:
        """Become an ordinary list of the routes that there are now, as a list does that is no longer the router's."""
        self.refresh()
        self.holder = None

    def refresh(self) -> None:
        """Update the list if the routes of the router have changed."""
        if self.holder is not None and self.version != (version := self.holder._version):
            list.__setitem__(self, slice(None), self.holder._shown())
            self.version = version

    def append(self, route: BaseRoute) -> None:
        """Add a route that already exists; Starlette's methods for adding routes call this."""
        if self.holder is None:
            super().append(route)
        else:
            self.holder._add(route)


def reading(read: Callable[..., Any]) -> Any:
    """Return a method of list that reads the present routes."""

    @wraps(read)
    def look(routes: RouteList, *values: Any, **options: Any) -> Any:
        routes.refresh()
        return read(routes, *values, **options)

    return look


def changing(change: Callable[..., Any]) -> Any:
    """Return a method of list that changes the present routes, and then the router."""

    @wraps(change)
    def apply(routes: RouteList, *values: Any, **options: Any) -> Any:
        routes.refresh()
        result = change(routes, *values, **options)
        if routes.holder is not None:
            routes.holder._show(list.copy(routes))
        return result

    return apply


READ: Final = (
    "__add__", "__contains__", "__eq__", "__ge__", "__getitem__", "__gt__", "__iter__", "__le__", "__len__", "__lt__",
    "__mul__", "__ne__", "__repr__", "__reversed__", "__rmul__", "copy", "count", "index",
)  # fmt: skip
CHANGE: Final = (
    "__delitem__", "__iadd__", "__imul__", "__setitem__", "clear", "extend", "insert", "pop", "remove", "reverse", "sort",
)  # fmt: skip

for name in READ:
    setattr(RouteList, name, reading(getattr(list, name)))
for name in CHANGE:
    setattr(RouteList, name, changing(getattr(list, name)))
