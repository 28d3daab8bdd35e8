"""Offer a decorator for each HTTP method, and for WebSockets: what applications and routers have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from typing_extensions import Unpack, deprecated

from typeway.options import ApiRouteOptions, RouteOptions
from typeway.types import DecoratedCallable


class Verbs:
    """Decorators that hand endpoints to `add_api_route` and its kin."""

    @abstractmethod
    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Unpack[ApiRouteOptions]) -> None:
        """Add an endpoint for one or several methods."""

    @abstractmethod
    def add_api_websocket_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        name: str | None = None,
        *,
        dependencies: Sequence[Any] | None = None,
    ) -> None:
        """Add a WebSocket endpoint."""

    @abstractmethod
    def add_websocket_route(self, path: str, endpoint: Callable[..., Any], name: str | None = None) -> None:
        """Add a plain Starlette WebSocket endpoint."""

    @abstractmethod
    def add_event_handler(self, event_type: str, func: Callable[[], Any]) -> None:
        """Run a function at start-up or shut-down."""

    def api_route(
        self, path: str, **options: Unpack[ApiRouteOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Register an endpoint for the methods in `methods`."""

        def register(endpoint: DecoratedCallable) -> DecoratedCallable:
            self.add_api_route(path, endpoint, **options)
            return endpoint

        return register

    def get(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Register an endpoint for GET (RFC 9110 section 9.3.1)."""
        return self.api_route(path, methods=["GET"], **options)

    def put(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Register an endpoint for PUT (RFC 9110 section 9.3.4)."""
        return self.api_route(path, methods=["PUT"], **options)

    def post(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Register an endpoint for POST (RFC 9110 section 9.3.3)."""
        return self.api_route(path, methods=["POST"], **options)

    def delete(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Register an endpoint for DELETE (RFC 9110 section 9.3.5)."""
        return self.api_route(path, methods=["DELETE"], **options)

    def options(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Register an endpoint for OPTIONS (RFC 9110 section 9.3.7)."""
        return self.api_route(path, methods=["OPTIONS"], **options)

    def head(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Register an endpoint for HEAD (RFC 9110 section 9.3.2)."""
        return self.api_route(path, methods=["HEAD"], **options)

    def patch(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Register an endpoint for PATCH (RFC 5789)."""
        return self.api_route(path, methods=["PATCH"], **options)

    def trace(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Register an endpoint for TRACE (RFC 9110 section 9.3.8)."""
        return self.api_route(path, methods=["TRACE"], **options)

    def websocket(
        self, path: str, name: str | None = None, *, dependencies: Sequence[Any] | None = None
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Register a WebSocket endpoint (RFC 6455)."""

        def register(endpoint: DecoratedCallable) -> DecoratedCallable:
            self.add_api_websocket_route(path, endpoint, name=name, dependencies=dependencies)
            return endpoint

        return register

    def websocket_route(self, path: str, name: str | None = None) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Register a plain Starlette WebSocket endpoint, which receives nothing but the WebSocket."""

        def register(endpoint: DecoratedCallable) -> DecoratedCallable:
            self.add_websocket_route(path, endpoint, name=name)
            return endpoint

        return register

    @deprecated("on_event is deprecated, use a lifespan instead: `Typeway(lifespan=...)`.")
    def on_event(self, event_type: str) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Register a function to run at `"startup"` or `"shutdown"`; prefer a lifespan."""

        def register(function: DecoratedCallable) -> DecoratedCallable:
            self.add_event_handler(event_type, function)
            return function

        return register
