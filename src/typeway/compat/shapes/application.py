"""Offer application and router classes that follow FastAPI's conventions."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, ClassVar, Final

from starlette.responses import JSONResponse
from starlette.routing import BaseRoute
from typing_extensions import Unpack

from typeway.application.app import Typeway
from typeway.application.documentation import add_documentation
from typeway.application.router import Router
from typeway.application.routes import APIRoute as Route
from typeway.application.routes import Route as AnyRoute
from typeway.application.socket_routes import APIWebSocketRoute as WebSocketRoute
from typeway.application.verbs import GROUP, ROUTE
from typeway.application.weak_routers import WeakRouters
from typeway.compat.shapes import pages
from typeway.compat.shapes.conventions import FASTAPI
from typeway.compat.shapes.document import checked
from typeway.compat.shapes.facade import watch
from typeway.compat.shapes.routes import APIRoute, APIWebSocketRoute, Planned, generate_unique_id
from typeway.compat.shapes.steps import STEPS
from typeway.datastructures import Default
from typeway.declare.conventions import Conventions
from typeway.declare.options import ApiRouteOptions, RouterOptions
from typeway.declare.shown import shows_options
from typeway.types import DecoratedCallable

logger: Final = logging.getLogger("fastapi")


# The routers that there are; each indexes its routes again when a function that takes part in serving is replaced.
ROUTERS: Final = WeakRouters()


def serve_anew() -> None:
    """Let every router decide again which of its routes a plan serves."""
    for router in ROUTERS:
        router._changed()


watch("fastapi.routing", ["get_request_handler", *STEPS], serve_anew)


class APIRouter(Router):
    """A router that follows FastAPI's conventions."""

    conventions: ClassVar[Conventions] = FASTAPI
    default_route_class: ClassVar[type[Route]] = APIRoute
    websocket_route_class: ClassVar[type[WebSocketRoute]] = APIWebSocketRoute
    default_response_class: Any = Default(JSONResponse)
    generate_unique_id_function: Any = Default(generate_unique_id)
    strict_content_type: Any = Default(True)

    # Overrides are always those of the serving application; some code reads this attribute of a router.
    dependency_overrides_provider: Any = None

    @shows_options(RouterOptions, {**GROUP, **vars()})
    def __init__(self, *, dependency_overrides_provider: Any = None, **options: Unpack[RouterOptions]) -> None:
        self.dependency_overrides_provider = dependency_overrides_provider
        super().__init__(**options)

    def _start_unshared(self) -> None:
        """Set the attributes that copies do not share, and serve anew when instrumentation replaces a function."""
        super()._start_unshared()
        ROUTERS.add(self)

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        state.pop("dependency_overrides_provider", None)  # a copy of a router must not copy the application
        return state

    def _placed(self, route: AnyRoute, path: str) -> AnyRoute:
        """Return a new route that knows its router's prefix, and the application whose overrides apply."""
        if isinstance(route, Planned):
            route.dependency_overrides_provider = self.dependency_overrides_provider
        return super()._placed(route, path)

    def _shown(self) -> list[BaseRoute]:
        """Return the routes that the application shows, each with the application whose overrides apply."""
        routes = super()._shown()
        for route in routes:
            if isinstance(route, Planned) and route.original_route is not None:
                route.dependency_overrides_provider = self.dependency_overrides_provider
        return routes

    @property
    def on_startup(self) -> list[Callable[[], Any]]:
        """Return the list of the functions that run at start-up; more can be added."""
        return self._events["startup"]

    @property
    def on_shutdown(self) -> list[Callable[[], Any]]:
        """Return the list of the functions that run at shut-down; more can be added."""
        return self._events["shutdown"]

    @shows_options(ApiRouteOptions, ROUTE)
    def api_route(
        self, path: str, **options: Unpack[ApiRouteOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Register an endpoint; the `add_api_route` of a subclass gets a placeholder where no response model was given."""
        options.setdefault("response_model", Default(None))
        return super().api_route(path, **options)

    @shows_options(ApiRouteOptions, ROUTE)
    def add_api_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        route_class_override: type[Route] | None = None,
        **options: Any,
    ) -> None:
        """Register an endpoint for one or several methods, with a route class of its own if one is given."""
        self._add(self._new_route(route_class_override or self.route_class, path, endpoint, options))


class FastAPI(Typeway):
    """An application that follows FastAPI's conventions."""

    conventions: ClassVar[Conventions] = FASTAPI
    router_class: ClassVar[type[Router]] = APIRouter

    def setup(self) -> None:
        """Add the routes of the OpenAPI document and its pages, and set what plugins expect to find."""
        router: Any = self.router
        router.dependency_overrides_provider = self
        self.servers: list[dict[str, Any]] | None = self.servers or []
        add_documentation(self, pages.PAGES)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        router: Any = self.router
        router.dependency_overrides_provider = router.dependency_overrides_provider or self

    def _described(self) -> dict[str, Any]:
        """Return the OpenAPI document of the routes as they are now, checked against the specification."""
        return checked(Typeway.describe(self))  # an author's own `describe` is another
