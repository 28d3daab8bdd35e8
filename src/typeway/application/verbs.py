"""Define the decorators of applications and routers: one for each HTTP method, and those for WebSockets."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from typing_extensions import Unpack, deprecated

from typeway.application.routes import APIRoute
from typeway.datastructures import Default
from typeway.declare.conventions import Conventions
from typeway.declare.given import check_names
from typeway.declare.options import ApiRouteOptions, RouteOptions, WebSocketOptions
from typeway.declare.paths import verify_decorator, without_parentheses
from typeway.declare.shown import shows_options
from typeway.exceptions import UnknownOptionError, calling_line
from typeway.serve.frontend import Build, Fallback, read_build
from typeway.types import DecoratedCallable, Endpoint, Register

# The attributes of a route class are the values of options that are not given; True here would be given.
ROUTE: Final[dict[str, Any]] = {**vars(APIRoute), "strict_content_type": Default(True)}

# The values of options of applications, routers and inclusions that are not given, where these are no attributes.
GROUP: Final[dict[str, Any]] = {"prefix": "", "include_in_schema": True, "redirect_slashes": True}


def registering(add: Callable[[Any], Any]) -> Register:
    """Return a decorator that passes the decorated function to another function and returns it unchanged."""

    def register(decorated: DecoratedCallable) -> DecoratedCallable:
        add(decorated)
        return decorated

    return register


class Verbs:
    """The decorators that applications and routers share; each calls an `add_` method of the class."""

    conventions: ClassVar[Conventions]

    if TYPE_CHECKING:  # implemented by the router; the application passes calls on to its router

        def add_api_route(self, path: str, endpoint: Endpoint, **options: Unpack[ApiRouteOptions]) -> None: ...

        def add_api_websocket_route(
            self, path: str, endpoint: Endpoint, name: str | None = None, **options: Unpack[WebSocketOptions]
        ) -> None: ...

        def add_websocket_route(self, path: str, endpoint: Endpoint, name: str | None = None) -> None: ...

        def add_event_handler(self, event_type: str, func: Callable[[], Any]) -> None: ...

        def add_frontend(self, path: str, build: Build) -> None: ...

    @shows_options(ApiRouteOptions, ROUTE)
    def api_route(self, path: str, **options: Unpack[ApiRouteOptions]) -> Register:
        """Register an endpoint for the methods in `methods`."""
        verify_decorator(path, "api_route()", self.conventions)
        return registering(lambda endpoint: self.add_api_route(path, endpoint, **options))

    def _verb(self, method: str, path: str, options: Any) -> Register:
        """Register an endpoint for one method; errors name the decorator of that method."""
        owner = f"{method.lower()}()"
        verify_decorator(path, owner, self.conventions)
        for name in ("method", "methods"):
            if name in options:
                hint = f"{owner} is for {method}. Use the decorator of the other method, or api_route(path, methods=[...])."
                raise UnknownOptionError(f"{owner} takes no option {name!r}.", hint=hint, where=calling_line())
        check_names(owner, options, RouteOptions)
        return self.api_route(path, methods=[method], **options)

    @shows_options(RouteOptions, ROUTE)
    def get(self, path: str, **options: Unpack[RouteOptions]) -> Register:
        """Register an endpoint for GET (RFC 9110 section 9.3.1).

        Example:
            ```python
            @app.get("/tasks/{task_id}", tags=["tasks"])
            async def read_task(task_id: int) -> Task:
                return TASKS[task_id]
            ```
        """
        return self._verb("GET", path, options)

    @shows_options(RouteOptions, ROUTE)
    def put(self, path: str, **options: Unpack[RouteOptions]) -> Register:
        """Register an endpoint for PUT (RFC 9110 section 9.3.4)."""
        return self._verb("PUT", path, options)

    @shows_options(RouteOptions, ROUTE)
    def post(self, path: str, **options: Unpack[RouteOptions]) -> Register:
        """Register an endpoint for POST (RFC 9110 section 9.3.3)."""
        return self._verb("POST", path, options)

    @shows_options(RouteOptions, ROUTE)
    def delete(self, path: str, **options: Unpack[RouteOptions]) -> Register:
        """Register an endpoint for DELETE (RFC 9110 section 9.3.5)."""
        return self._verb("DELETE", path, options)

    @shows_options(RouteOptions, ROUTE)
    def options(self, path: str, **options: Unpack[RouteOptions]) -> Register:
        """Register an endpoint for OPTIONS (RFC 9110 section 9.3.7)."""
        return self._verb("OPTIONS", path, options)

    @shows_options(RouteOptions, ROUTE)
    def head(self, path: str, **options: Unpack[RouteOptions]) -> Register:
        """Register an endpoint for HEAD (RFC 9110 section 9.3.2)."""
        return self._verb("HEAD", path, options)

    @shows_options(RouteOptions, ROUTE)
    def patch(self, path: str, **options: Unpack[RouteOptions]) -> Register:
        """Register an endpoint for PATCH (RFC 5789)."""
        return self._verb("PATCH", path, options)

    @shows_options(RouteOptions, ROUTE)
    def trace(self, path: str, **options: Unpack[RouteOptions]) -> Register:
        """Register an endpoint for TRACE (RFC 9110 section 9.3.8)."""
        return self._verb("TRACE", path, options)

    @shows_options(WebSocketOptions)
    def websocket(self, path: str, name: str | None = None, **options: Unpack[WebSocketOptions]) -> Register:
        """Register a WebSocket endpoint (RFC 6455).

        Example:
            ```python
            @app.websocket("/echo")
            async def echo(socket: WebSocket) -> None:
                await socket.accept()
                async for text in socket.iter_text():
                    await socket.send_text(text)
            ```
        """
        verify_decorator(path, "websocket()", self.conventions)
        check_names("websocket()", options, WebSocketOptions)
        return registering(lambda endpoint: self.add_api_websocket_route(path, endpoint, name=name, **options))

    def websocket_route(self, path: str, name: str | None = None) -> Register:
        """Register a plain Starlette WebSocket endpoint, which receives only the WebSocket."""
        verify_decorator(path, "websocket_route()", self.conventions)
        return registering(lambda endpoint: self.add_websocket_route(path, endpoint, name=name))

    def frontend(
        self,
        path: str,
        *,
        directory: str | PathLike[str],
        fallback: Fallback = "auto",
        check_dir: bool | Literal["auto"] = "auto",
    ) -> None:
        """Serve the files of a built frontend for requests that no route, 405 or slash redirect answers.

        If several frontends match, the one with the longest path answers. The dependencies of the application, of
        routers and of inclusions run first. A frontend is not documented.

        Parameters:
            path: the path below which the frontend is served, after the router's prefix; `"/"` for every path.
            directory: the output directory of the build; links that lead out of it are not followed.
            fallback: the response to GET and HEAD if there is no such file. `"index.html"`: that page with 200, for
                requests that accept HTML explicitly. `"404.html"`: that page with 404. `"auto"`: the second if the
                build has it, else the first. None: 404.
            check_dir: whether directory and fallback must exist now. `"auto"`: they must, except that with
                `TYPEWAY_ENV=development` (as under `typeway dev`) a missing directory is only a warning.

        Raises:
            DeclarationError: an argument is not valid, or the directory or fallback does not exist.

        Example:
            ```python
            app = Typeway()
            app.frontend("/", directory="dist")
            ```
        """
        self.add_frontend(path, read_build(path, directory, fallback, check_dir, self.conventions))

    @deprecated("on_event is deprecated, use lifespan event handlers instead: `Typeway(lifespan=...)`.")
    def on_event(self, event_type: str) -> Register:
        """Register a function that runs at `"startup"` or `"shutdown"`; prefer a lifespan."""
        if callable(event_type) and self.conventions.checks_decorators:
            raise without_parentheses(event_type, "on_event()", "'startup'")
        return registering(lambda function: self.add_event_handler(event_type, function))
