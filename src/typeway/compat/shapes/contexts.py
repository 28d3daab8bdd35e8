"""Show routes as FastAPI's route contexts: what was declared, and how it is reached where it was included."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from starlette.routing import BaseRoute

from typeway.application.routes import Planned


class IncludedRouter(BaseRoute):
    """What FastAPI wraps an included router in.

    Typeway shows the routes themselves, each with its whole path, so nothing is an instance of this class: code that
    looks for such wrappers in order to look inside them finds that there is nothing to unwrap.
    """


class EffectiveRouteContext:
    """A route as it stands in the application that includes it; every attribute is that route's.

    Parameters:
        view: the route with its whole path and all options.
    """

    def __init__(self, view: BaseRoute) -> None:
        self.view = view
        self.original_route: BaseRoute = getattr(view, "original_route", None) or view
        # The context itself describes a route of the framework; for any other there is the route.
        self.starlette_route: BaseRoute | None = None if isinstance(view, Planned) else view

    def __getattr__(self, name: str) -> Any:
        if name == "view":
            raise AttributeError(name)  # while an instance is copied or unpickled
        return getattr(self.view, name)


class RouteContext:
    """One route of an application: what was declared, and how it is reached.

    Parameters:
        route: the route as it was declared.
    """

    def __init__(self, route: BaseRoute, _route_context: EffectiveRouteContext | None = None) -> None:
        self.route = route
        self._route_context = _route_context

    @property
    def original_route(self) -> BaseRoute:
        """The route as it was declared."""
        return self.route

    @property
    def reached(self) -> Any:
        """The route as it is reached."""
        return self.route if self._route_context is None else self._route_context.view

    @property
    def path(self) -> str | None:
        """The whole path."""
        return getattr(self.reached, "path", None)

    @property
    def path_format(self) -> str | None:
        """The whole path, parameters as `{name}`."""
        return getattr(self.reached, "path_format", None)

    @property
    def name(self) -> str | None:
        """The route's name."""
        return getattr(self.reached, "name", None)

    @property
    def methods(self) -> set[str] | None:
        """The HTTP methods; None where the route is not about methods."""
        return getattr(self.reached, "methods", None)

    @property
    def endpoint(self) -> Callable[..., Any] | None:
        """The function that answers."""
        return getattr(self.reached, "endpoint", None)

    def __getattr__(self, name: str) -> Any:
        if name in ("route", "_route_context"):
            raise AttributeError(name)  # while an instance is copied or unpickled
        return getattr(self.reached if self._route_context is None else self._route_context, name)

    def __repr__(self) -> str:
        return f"RouteContext(route={self.route!r})"


def iter_route_contexts(routes: Sequence[BaseRoute | RouteContext]) -> Iterator[RouteContext]:
    """The routes of an application, each with its whole path.

    Example:
        ```python
        paths = [context.path for context in iter_route_contexts(app.routes)]
        ```
    """
    for route in routes:
        if isinstance(route, RouteContext):
            yield route
            continue
        original = getattr(route, "original_route", None)
        yield RouteContext(route) if original is None else RouteContext(original, EffectiveRouteContext(route))


def reached_route(route: BaseRoute | RouteContext) -> BaseRoute:
    """The route that a context speaks of, as it is reached."""
    if not isinstance(route, RouteContext):
        return route
    reached: BaseRoute = route.reached
    return reached
