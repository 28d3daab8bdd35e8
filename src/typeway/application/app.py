"""Assemble an application: a router, middleware, exception handlers, a lifespan and documentation."""

from __future__ import annotations

import inspect
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from os import environ
from sys import modules
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from anyio.to_thread import current_default_thread_limiter
from starlette.applications import Starlette
from starlette.datastructures import State
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.routing import BaseRoute
from typing_extensions import Unpack

from typeway.application.documentation import Pages, add_documentation
from typeway.application.inject import Resolving
from typeway.application.lifespan import ApplicationLifespan, mounted_routers
from typeway.application.router import Router
from typeway.application.routes import APIRoute
from typeway.application.verbs import GROUP, ROUTE, Verbs, registering
from typeway.application.verify import verify_entries, verify_handled, verify_handler, verify_middleware
from typeway.declare.conventions import TYPEWAY, Conventions
from typeway.declare.given import given_options
from typeway.declare.operation import Operation
from typeway.declare.options import (
    AboutOptions,
    ApiRouteOptions,
    AppOptions,
    IncludeOptions,
    RouterOptions,
    WebSocketOptions,
)
from typeway.declare.paths import without_parentheses
from typeway.declare.shown import shows_options
from typeway.describe.document import build_document
from typeway.errors.detail import handlers_for
from typeway.errors.handlers import Handlers, Shown
from typeway.exceptions import TypewayDeprecationWarning, calling_line, declaration_error
from typeway.serve.asgi import Serve
from typeway.serve.cors import SharedErrors, is_cors
from typeway.serve.frontend import Build
from typeway.serve.hosts import TrustedHosts
from typeway.serve.limits import DefaultLimit, LimitedApp, excess_response
from typeway.serve.onion import Onion, composed
from typeway.serve.originals import ORIGINAL_CALL, function_of, has_own_layers
from typeway.serve.plans import Instrument, PlanCache
from typeway.types import ASGIApp, Endpoint, ExceptionHandler, Receive, Register, Scope, Send

if TYPE_CHECKING:
    from typeway.telemetry.null import NullObserver

# Until this module has been imported, there is no provider to report to.
OPENTELEMETRY: Final = "opentelemetry.trace"

# The attributes that a copy of an application makes for itself when it needs them.
REMADE: Final = (
    "_document_lock",
    "middleware_stack",
    "_directly",
    "_handlers_shown",
    "_prepared_handlers",
    "_observer",
    "_instrument",
    "_injected",
    "_overrides_in_force",
    "_open_blocks",
)

# The options that are the router's.
ROUTED: Final = RouterOptions.__annotations__.keys() & AppOptions.__annotations__.keys()


class Typeway(Verbs, Resolving, Starlette):
    """An application: an ASGI callable that serves endpoints written as typed functions.

    Its options are `typeway.declare.options.AppOptions`.

    Raises:
        UnknownOptionError: an option does not exist.
        DeclarationError: the documentation is on but title or version is empty.

    Example:
        ```python
        from typeway import Typeway

        app = Typeway(title="Greetings")

        @app.get("/hello/{name}")
        async def hello(name: str, times: int = 1) -> dict[str, str]:
            return {"message": "hello " * min(times, 10) + name}
        ```
    """

    conventions: ClassVar[Conventions] = TYPEWAY
    router_class: ClassVar[type[Router]] = Router
    openapi_version: str = "3.1.0"
    router: Router
    # The options that are attributes, with what counts where the author says nothing.
    title: str
    summary: str | None = None
    description: str = ""
    version: str = "0.1.0"
    openapi_url: str | None = "/openapi.json"
    openapi_tags: list[dict[str, Any]] | None = None
    servers: list[dict[str, Any]] | None = None
    docs_url: str | None = "/docs"
    redoc_url: str | None = "/redoc"
    swagger_ui_oauth2_redirect_url: str | None = "/docs/oauth2-redirect"
    swagger_ui_init_oauth: dict[str, Any] | None = None
    swagger_ui_parameters: dict[str, Any] | None = None
    terms_of_service: str | None = None
    contact: dict[str, Any] | None = None
    license_info: dict[str, Any] | None = None
    openapi_external_docs: dict[str, Any] | None = None
    debug: bool = False
    root_path: str = ""
    root_path_in_servers: bool = True
    separate_input_output_schemas: bool = True
    errors: Literal["detail", "problem"] = "detail"
    telemetry: Mapping[str, Any] | None = None
    watchdog: float | bool | None = None
    thread_pool_size: int | None = None
    max_body_size: int | None = None
    trusted_hosts: Sequence[str] | None = None
    _instrument: Instrument | None = None  # what observes the operations
    _handlers_shown: Shown | None = (
        None  # the handlers in the scope of requests, unless a layer of Starlette's adds them
    )
    _prepared_handlers: Handlers | None = None
    _directly: tuple[ASGIApp, Serve] | None = None  # the stack, and what serves without ASGI in its place

    @shows_options(AppOptions, {**GROUP, **vars()})
    def __init__(self, **options: Unpack[AppOptions]) -> None:
        owner = f"{type(self).__name__}()"
        given = given_options(owner, options, AppOptions, self.conventions)
        self.title = getattr(type(self), "title", self.conventions.default_title)
        for name in Typeway.__annotations__.keys() & given.keys():
            setattr(self, name, given[name])
        if self.openapi_url and not (self.title and self.version):
            problem = "A title must be provided for OpenAPI, e.g.: 'My API'"
            if self.title:
                problem = "A version must be provided for OpenAPI, e.g.: '2.1.0'"
            hint = "Give the application one, or switch the documentation off with openapi_url=None."
            raise declaration_error(problem, hint=hint, where=calling_line(), chain=(owner,), also=AssertionError)
        if self.root_path:
            command = f"{self.conventions.default_title.lower()} run --root-path {self.root_path}"
            message = f"`root_path` is deprecated: tell the server instead, for example `{command}`."
            warnings.warn(message, TypewayDeprecationWarning, stacklevel=2)
        self.state: State = State()
        self.router = self.router_class(**{name: value for name, value in given.items() if name in ROUTED})
        self.router._is_root = True
        if self.conventions.mounted_lifespans:
            self.router.lifespan_context = ApplicationLifespan(self.router.lifespan_context, self.router)
        self.webhooks: Router = given.get("webhooks") or self.router_class()
        self._start_without_overrides()
        self.exception_handlers: dict[Any, ExceptionHandler] = handlers_for(self.errors)
        for key, handler in (given.get("exception_handlers") or {}).items():
            self.add_exception_handler(key, handler)
        self.user_middleware: list[Middleware] = list(given.get("middleware") or ())
        verify_entries(self.user_middleware, self.conventions)
        self.middleware_stack: ASGIApp | None = None
        if self.telemetry is not None or f"{self.conventions.default_title.upper()}_OTEL_AUTO_CONFIGURE" in environ:
            from typeway.telemetry.setup import load_opentelemetry

            self.telemetry = load_opentelemetry(self.telemetry, self.conventions.default_title)
        self.openapi_schema: dict[str, Any] | None = None
        self._document_lock = threading.Lock()
        self._documented: tuple[int, int] | None = None
        self.setup()

    def __getstate__(self) -> dict[str, Any]:
        state = {name: value for name, value in vars(self).items() if name not in REMADE}
        # Starlette's State looks for every attribute in itself, also while it is copied, and finds no end.
        return {**state, "state": self.state._state}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update({**state, "state": State(state["state"])})
        self._start_without_overrides(state["_dependency_overrides"])
        self.middleware_stack = None
        self._document_lock = threading.Lock()

    # --- documentation ------------------------------------------------------------------------------------------

    def setup(self) -> None:
        """Add the routes of the OpenAPI document and its pages."""
        add_documentation(self, Pages())

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document, which is built again if the routes have changed since the last call."""
        if self.openapi_schema is None or self._documented != self._versions:
            with self._document_lock:
                # Another thread may have built it while this one waited.
                if self.openapi_schema is None or self._documented != self._versions:
                    versions = self._versions
                    self.openapi_schema = self._described()
                    self._documented = versions
        return self.openapi_schema

    def _described(self) -> dict[str, Any]:
        return self.describe()

    @property
    def _versions(self) -> tuple[int, int]:
        """Two numbers that change whenever the routes or the webhooks change."""
        return self.router._version, self.webhooks._version

    def describe(self) -> dict[str, Any]:
        """Build the OpenAPI document of the current routes."""
        from typeway.describe.failures import Failures

        defaults = handlers_for(self.errors).values()
        is_handled = partial(self._handlers.is_own, defaults=list(defaults))
        about: Any = {name: getattr(self, name) for name in AboutOptions.__annotations__}
        return build_document(
            **about,
            openapi_version=self.openapi_version,
            tags=self.openapi_tags,
            external_docs=self.openapi_external_docs,
            operations=operations_of(self.routes),
            webhooks=operations_of(self.webhooks.routes),
            separate_input_output_schemas=self.separate_input_output_schemas,
            failures=Failures(self.errors, is_handled).responses,
        )

    # --- routes: kept by the router -----------------------------------------------------------------------------

    @shows_options(IncludeOptions, GROUP)
    def include_router(self, router: Router, **options: Unpack[IncludeOptions]) -> None:
        """Make a router's routes part of the application; see `Router.include_router`."""
        self.router.include_router(router, **options)

    @shows_options(ApiRouteOptions, ROUTE)
    def add_api_route(self, path: str, endpoint: Endpoint, **options: Unpack[ApiRouteOptions]) -> None:
        """Add an endpoint for one or several methods; see `Router.add_api_route`."""
        self.router.add_api_route(path, endpoint, **options)

    @shows_options(WebSocketOptions)
    def add_api_websocket_route(
        self, path: str, endpoint: Endpoint, name: str | None = None, **options: Unpack[WebSocketOptions]
    ) -> None:
        """Add a WebSocket endpoint; see `Router.add_api_websocket_route`."""
        self.router.add_api_websocket_route(path, endpoint, name=name, **options)

    def add_websocket_route(self, path: str, endpoint: Endpoint, name: str | None = None) -> None:
        """Add a plain Starlette WebSocket endpoint, which receives nothing but the WebSocket."""
        self.router.add_websocket_route(path, endpoint, name=name)

    def add_event_handler(self, event_type: str, func: Callable[[], Any]) -> None:
        """Run a function at `"startup"` or `"shutdown"`; prefer a lifespan."""
        self.router.add_event_handler(event_type, func)

    def add_frontend(self, path: str, build: Build) -> None:
        """Add a frontend; see `frontend()`."""
        self.router.add_frontend(path, build)

    # --- middleware and handlers --------------------------------------------------------------------------------

    @property
    def _handlers(self) -> Handlers:
        """The exception handlers as they stand now, prepared for serving."""
        handlers = self._prepared_handlers
        # Applications may change the mapping at any time, also by assigning to an item.
        if handlers is None or handlers.given != self.exception_handlers:
            handlers = Handlers(self.exception_handlers, self.conventions, self.errors, before=handlers)
            self._prepared_handlers = handlers
        return handlers

    def build_middleware_stack(self) -> ASGIApp:
        """Return the application as one ASGI callable: error responses outermost, then middleware, then the router."""
        app: ASGIApp = self.router
        middleware = list(self.user_middleware)
        handlers = self._handlers
        self._handlers_shown = handlers.shown
        if not has_own_layers():
            # Instrumentation has replaced Starlette's own layers. These must handle the errors, so that it sees them.
            app, self._handlers_shown = self.router._without_answers, None
            answered = {**handlers.by_class, **handlers.by_status}
            layer = Middleware(ExceptionMiddleware, handlers=answered, debug=self.debug)
            if self.conventions.middleware_errors_answered:
                middleware = [inserted for entry in middleware for inserted in (layer, entry)]
            middleware.append(layer)
        cors: list[ASGIApp] = []
        for entry in reversed(middleware):
            app = composed(entry.cls(app, *entry.args, **entry.kwargs), self.router)
            if self.conventions.cors_on_errors and is_cors(app):
                cors.append(app)
        if self.trusted_hosts:
            app = TrustedHosts.made_of(app, self.trusted_hosts, self.conventions)
        if self.max_body_size is not None:
            app = LimitedApp(app, self.max_body_size, self.conventions, cors=cors)
        elif middleware and type(app) is not Onion and self.conventions.limits.max_body_size is not None:
            app = DefaultLimit(app, self.conventions)
        if cors or self.debug:
            return SharedErrors(app, cors, self.debug, self._answer_last, self._answer_excess)
        return ServerErrorMiddleware(app, handler=self._answer_last, debug=self.debug)

    async def _answer_last(self, request: Request, error: Exception) -> Any:
        """The answer to an exception that nothing else answers."""
        return await self._answer_excess(request, error) or await self._handlers.answer_last(request, error)

    async def _answer_excess(self, request: Request, error: Exception) -> ASGIApp | None:
        """The answer to a body over the limit of an application around this one; None to another exception."""
        return await excess_response(request, error, self._handlers)

    def _choose_stack(self) -> ASGIApp:
        """What serves: the router itself where nothing has to stand around it, else the whole stack."""
        is_held = self.max_body_size is None or self.conventions.limits_before_endpoint
        is_own = (
            function_of(self.build_middleware_stack) is BUILD_MIDDLEWARE_STACK
            and function_of(self.router.app) is Router.app
        )
        if is_held and is_own and not self.user_middleware and not self.debug and has_own_layers():
            self._handlers_shown = self._handlers.shown
            # PERF: 1.2 of 6 us; nothing is around the router, so it answers unhandled errors as well.
            stack: ASGIApp = self.router._with_every_answer
            directly: Serve = self.router._serve_directly
            if self.trusted_hosts:
                hosts = TrustedHosts.made_of(stack, self.trusted_hosts, self.conventions)
                stack, directly = hosts, hosts.around(directly)
            self._directly = stack, directly
            return stack
        stack = self.build_middleware_stack()
        onion = getattr(stack, "app", None)
        if is_held and is_own and not self.debug and type(stack) is ServerErrorMiddleware and type(onion) is Onion:
            self._directly = stack, onion.serve_directly
        return stack

    if not TYPE_CHECKING:  # Starlette's own signatures tell type checkers more

        def add_middleware(self, middleware_class: Any, *args: Any, **kwargs: Any) -> None:
            """Add middleware as the outermost layer: a class that is called with the application and the options.

            Raises:
                DeclarationError: the class cannot be called with these arguments.

            Example: `app.add_middleware(GZipMiddleware, minimum_size=1000)`
            """
            verify_middleware(middleware_class, args, kwargs, self.conventions)
            super().add_middleware(middleware_class, *args, **kwargs)

        def add_exception_handler(self, exc_class_or_status_code: Any, handler: Any) -> None:
            """Register a function `(request, error) -> response` for a class of exceptions or a status code.

            Raises:
                DeclarationError: it is neither an exception class nor a status code, or the function cannot be called so.
            """
            verify_handler(exc_class_or_status_code, handler, self.conventions)
            super().add_exception_handler(exc_class_or_status_code, handler)

    def middleware(self, middleware_type: str) -> Register:
        """Register a function `(request, call_next) -> response` for the type `"http"`: it runs around every request.

        Example:
            ```python
            @app.middleware("http")
            async def timed(request: Request, call_next: RequestResponseEndpoint) -> Response:
                response = await call_next(request)
                response.headers["X-Served-By"] = "typeway"
                return response
            ```
        """
        if middleware_type != "http":
            problem, hint = (
                f"there is no middleware of type {middleware_type!r}.",
                'Use "http": @app.middleware("http").',
            )
            raise declaration_error(problem, hint=hint, where=calling_line(), also=AssertionError)
        return registering(lambda function: self.add_middleware(BaseHTTPMiddleware, dispatch=function))

    def exception_handler(self, exc_class_or_status_code: int | type[Exception]) -> Register:
        """Register a function `(request, error) -> response` for a class of exceptions or a status code.

        Example:
            ```python
            @app.exception_handler(LookupError)
            async def not_found(request: Request, error: LookupError) -> JSONResponse:
                return JSONResponse({"detail": "There is no such thing."}, 404)
            ```
        """
        given: Any = exc_class_or_status_code
        if inspect.isroutine(given) and self.conventions.checks_decorators:
            raise without_parentheses(given, "exception_handler()", "ValueError")
        verify_handled(exc_class_or_status_code, self.conventions)
        return registering(lambda function: self.add_exception_handler(exc_class_or_status_code, function))

    # --- serving ------------------------------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.root_path:
            scope["root_path"] = self.root_path
        stack: ASGIApp | None
        if Starlette.__call__ is ORIGINAL_CALL:
            scope["app"] = self
            stack = self.middleware_stack
            if stack is None:
                stack = self.middleware_stack = self._set_up_loop(self._choose_stack(), scope)
        else:
            stack = super().__call__
        if OPENTELEMETRY in modules:
            stack = self._observer.around(stack, scope)
        await stack(scope, receive, send)

    def _direct(self) -> Serve | None:
        """Return what serves a request without ASGI; None if something stands around the router and its middleware.

        A server that has parsed a request itself asks for each request: applications and tools may change at any time
        what stands around the router.
        """
        directly = self._directly
        if (
            directly is None
            or self.middleware_stack is not directly[0]
            or self.root_path
            or Starlette.__call__ is not ORIGINAL_CALL
            or OPENTELEMETRY in modules
        ):
            return None
        return directly[1]

    def _set_up_loop(self, stack: ASGIApp, scope: Scope) -> ASGIApp:
        """Set the event loop of a first connection or a lifespan up; return the ASGI application that serves it."""
        if self.thread_pool_size is not None:
            # The pool is anyio's: everything that uses its default limiter shares it.
            current_default_thread_limiter().total_tokens = self.thread_pool_size
        if self.watchdog is not False:
            from typeway.watch.start import with_watchdog

            return with_watchdog(self, stack, scope, once=[PlanCache.build.__code__])
        return stack

    def _observe_with(self, instrument: Instrument) -> None:
        """Serve with the plans that an instrument makes of the application's own.

        A router that is mounted without an application of its own belongs to this one.
        """
        if self._instrument is not instrument:
            self._instrument = instrument
            self.router._changed()
            for router in mounted_routers(self.routes, set()):
                if isinstance(router, Router):
                    router._changed()

    @cached_property
    def _observer(self) -> NullObserver:
        """The observer that reports to OpenTelemetry once a provider exists."""
        from typeway.telemetry.setup import observer_of

        return observer_of(self)


def operations_of(routes: Sequence[BaseRoute]) -> list[Operation]:
    """The documented operations among routes."""
    return [route.to_operation() for route in routes if isinstance(route, APIRoute) and route.include_in_schema]


# The original: instrumentation may have replaced it, in the class, in a subclass or in one application.
BUILD_MIDDLEWARE_STACK: Final[Any] = Typeway.build_middleware_stack
