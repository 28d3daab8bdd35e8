"""Show routes as FastAPI's route contexts: the route as it was declared, and as the application serves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from starlette.routing import BaseRoute, Host, Match, Mount, Route, WebSocketRoute

from typeway.application.routes import PlannedRoute
from typeway.types import Scope

# The classes whose `matches` looks at the path and the methods only.
PLAIN: Final[tuple[Any, ...]] = (Route, WebSocketRoute, Mount, Host)


class IncludedRouter(BaseRoute):
    """The class in which FastAPI wraps an included router.

    Typeway shows the routes themselves, each with its whole path, so nothing is an instance of this class: code that
    looks for such wrappers finds none to unwrap.
    """


class EffectiveRouteContext:
    """A route as the application that includes it serves it; every attribute is that route's.

    Parameters:
        view: the route with its whole path and all options.
    """

    def __init__(self, view: BaseRoute) -> None:
        self.view = view
        self.original_route: BaseRoute = getattr(view, "original_route", None) or view
        # The context itself describes a route of the framework; for any other there is the route.
        self.starlette_route: BaseRoute | None = None if isinstance(view, PlannedRoute) else view

    def __getattr__(self, name: str) -> Any:
        if name == "view":
            raise AttributeError(name)  # asked for while an instance is copied or unpickled
        return getattr(self.view, name)


class RouteContext:
    """One route of an application: the route as it was declared, and as the application serves it.

    Parameters:
        route: the route as it was declared.
    """

    def __init__(self, route: BaseRoute, _route_context: EffectiveRouteContext | None = None) -> None:
        self.route = route
        self._route_context = _route_context

    @property
    def original_route(self) -> BaseRoute:
        """Return the route as it was declared."""
        return self.route

    @property
    def served(self) -> Any:
        """Return the route as the application serves it."""
        return self.route if self._route_context is None else self._route_context.view

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return how the route matches a scope.

        Of an included route only path and methods count, as in FastAPI: a `matches` of its class is asked by the router
        alone, which has the scope that middleware leaves behind; instrumentation asks before that.
        """
        served = self.served
        plain = [kind for kind in PLAIN if isinstance(served, kind)] if self._route_context is not None else []
        found: tuple[Match, Scope] = plain[0].matches(served, scope) if plain else served.matches(scope)
        return found

    @property
    def path(self) -> str | None:
        """Return the whole path."""
        return getattr(self.served, "path", None)

    @property
    def path_format(self) -> str | None:
        """Return the whole path, with parameters as `{name}`."""
        return getattr(self.served, "path_format", None)

    @property
    def name(self) -> str | None:
        """Return the route's name."""
        return getattr(self.served, "name", None)

    @property
    def methods(self) -> set[str] | None:
        """Return the HTTP methods; None for routes that have none, such as WebSocket routes."""
        return getattr(self.served, "methods", None)

    @property
    def endpoint(self) -> Callable[..., Any] | None:
        """Return the endpoint."""
        return getattr(self.served, "endpoint", None)

    def __getattr__(self, name: str) -> Any:
        if name in ("route", "_route_context"):
            raise AttributeError(name)  # asked for while an instance is copied or unpickled
        return getattr(self.served if self._route_context is None else self._route_context, name)

    def __repr__(self) -> str:
        return f"RouteContext(route={self.route!r})"


def iter_route_contexts(routes: Sequence[BaseRoute | RouteContext]) -> Iterator[RouteContext]:
    """Return a context for each route of an application, with the route's whole path.

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


def served_route(route: BaseRoute | RouteContext) -> BaseRoute:
    """Return the route of a context as the application serves it; any other route as it is."""
    if not isinstance(route, RouteContext):
        return route
    served: BaseRoute = route.served
    return served
