"""Define the options that authors can pass; each is documented once, as a key of a TypedDict."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal

from pydantic import AliasChoices, AliasPath, ConfigDict, Discriminator, NonNegativeInt, with_config
from starlette.responses import Response
from starlette.routing import BaseRoute
from typing_extensions import TypedDict, deprecated

from typeway.declare.policy import Policy
from typeway.declare.problem import Problem
from typeway.types import ASGIApp, IncEx, Scope

if TYPE_CHECKING:
    from opentelemetry._logs import LoggerProvider
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider


@with_config(ConfigDict(extra="forbid", strict=True))
class FormLimits(TypedDict, total=False):
    """The limits of the form parser; a limit that is left out comes from the outer level, or is Starlette's."""

    max_fields: NonNegativeInt
    """The largest number of fields without a file; 1,000 unless given. Example: `"max_fields": 50`."""
    max_files: NonNegativeInt
    """The largest number of files; 100 unless given, 1,000 in FastAPI. Example: `"max_files": 5`."""
    max_part_size: NonNegativeInt
    """The largest field without a file, in bytes; 1 MiB unless given. Example: `"max_part_size": 64 * 1024`."""
    duplicate_fields: bool
    """Whether a field may be sent twice where the parameter is no list, so that the last one counts; True unless given.
    Example: `"duplicate_fields": False`."""


@with_config(ConfigDict(extra="forbid", strict=True))
class JSONLimits(TypedDict, total=False):
    """The limits of the JSON reader; a limit that is left out comes from the outer level."""

    max_depth: NonNegativeInt
    """How deeply arrays and objects may be nested in one another; 200 unless given, and at most about 900.
    Example: `"max_depth": 20`."""
    max_values: NonNegativeInt
    """The largest number of values, keys not counted and empty objects and arrays counted twice; 100,000 unless given.
    Example: `"max_values": 1_000`."""
    duplicate_keys: bool
    """Whether an object may have a key twice, of which the last counts; a 400 unless given.
    Example: `"duplicate_keys": True`."""


@with_config(ConfigDict(extra="forbid", strict=True))
class ParameterLimits(TypedDict, total=False):
    """How many parameters are read from outside the body; a limit that is left out comes from the outer level."""

    max_query: NonNegativeInt
    """The largest number of query parameters, declared or not; 1,000 unless given. More are a 400.
    Example: `"max_query": 100`."""
    max_headers: NonNegativeInt
    """The largest number of headers for a model of headers; 100 unless given. More are a 431.
    Example: `"max_headers": 50`."""
    max_cookies: NonNegativeInt
    """The largest number of cookies for a model of cookies; 100 unless given. More are a 431.
    Example: `"max_cookies": 20`."""


@with_config(ConfigDict(extra="forbid", strict=True))
class ErrorLimits(TypedDict, total=False):
    """How much the response to an invalid request says; a limit that is left out comes from the outer level."""

    max_errors: NonNegativeInt
    """The largest number of errors in the list; 100 unless given. The response counts those that are left out.
    Example: `"max_errors": 10`."""
    max_size: NonNegativeInt
    """The largest body of the response in bytes; 64 KiB unless given. Errors that do not fit are counted.
    Example: `"max_size": 8 * 1024`."""


class EndpointOptions(TypedDict, total=False):
    """The options of HTTP and WebSocket endpoints alike, and of everything that contains them."""

    dependencies: Sequence[Any] | None
    """`Depends(...)` whose results are not used; the outer ones run first, and all of them before the endpoint's own.
    Example: `dependencies=[Depends(require_login)]`."""
    cancel_on_disconnect: float | bool | None
    """How many seconds after its client has left an endpoint is cancelled; True: at once, False: never, None: a WebSocket
    after 10 seconds, a request never. The innermost value applies. Example: `cancel_on_disconnect=True`."""
    policies: Sequence[Policy] | None
    """The policies of `typeway.policies`; added to those of the outer levels, of which a nearer one of a kind takes the place.
    Example: `policies=[RateLimit("100/minute")]`."""
    json_limits: JSONLimits | None
    """The limits of the JSON reader; joined key by key, the innermost value applies. FastAPI has none.
    Example: `json_limits={"max_depth": 20}`."""
    parameter_limits: ParameterLimits | None
    """The limits of query parameters, headers and cookies; joined key by key. FastAPI has none.
    Example: `parameter_limits={"max_query": 100}`."""
    error_limits: ErrorLimits | None
    """The limits of the response to an invalid request; joined key by key. FastAPI has none.
    Example: `error_limits={"max_errors": 10}`."""


class WebSocketOptions(EndpointOptions, total=False, closed=True):
    """The options of `websocket()` and `add_api_websocket_route()`, besides the name of the route."""


class SharedOptions(EndpointOptions, total=False):
    """The options that an application, a router, an inclusion and a route all take."""

    responses: Mapping[int | str, dict[str, Any]] | None
    """Additional responses for the documentation, by status code, `"4XX"` or `"default"`; inner ones take precedence.
    Example: `responses={404: {"model": Message}}`."""
    raises: Sequence[type[Problem]] | None
    """The `Problem` classes that may be raised, for the documentation; added to those of the outer levels.
    Example: `raises=[TaskNotFound]`."""
    callbacks: list[BaseRoute] | None
    """Requests that the API sends to its clients, as the routes of a router that is not served.
    Example: `callbacks=payment_events.routes`."""
    deprecated: bool | None
    """Whether the documentation marks the operations as deprecated. Example: `deprecated=True`."""
    include_in_schema: bool
    """Whether the operations are documented. Example: `include_in_schema=False`."""
    generate_unique_id_function: Callable[[Any], str]
    """Returns the operation id for a route. Example: `generate_unique_id_function=lambda route: route.name`."""
    strict_content_type: bool
    """Whether a JSON body must have a Content-Type header; if False, a body without one is read as JSON.
    Example: `strict_content_type=False`."""
    max_body_size: int | None
    """The largest request body in bytes, 0 for no body; the innermost value applies, None uses the outer one.

    Unless a level sets it, it is 10 MB, for bodies that something reads; FastAPI has no limit.
    Example: `max_body_size=1024 * 1024`.
    """
    form_limits: FormLimits | None
    """The limits of the form parser; joined key by key, the innermost value applies.
    Example: `form_limits={"max_files": 5}`."""


class TaggedOptions(SharedOptions, total=False):
    """The options that a router, an inclusion and a route take."""

    tags: list[str | Enum] | None
    """The groups of the documentation to which the operations belong; added to those of the outer levels.
    Example: `tags=["tasks"]`."""


class RouteBaseOptions(TaggedOptions, total=False):
    """The options of every kind of HTTP route."""

    response_model: Any
    """The type that validates, filters and documents responses; None switches that off.
    Example: `response_model=list[Task]`."""
    status_code: int | None
    """The status of a successful response; 200 unless given. Example: `status_code=201`."""
    summary: str | None
    """A short title for the documentation; made from the function's name unless given.
    Example: `summary="Create a task"`."""
    description: str | None
    """Markdown for the documentation; the function's docstring unless given.
    Example: `description="Only for *admins*."`."""
    response_description: str
    """The description of a successful response, for the documentation.
    Example: `response_description="The new task"`."""
    operation_id: str | None
    """The unique id of the operation, for client generators. Example: `operation_id="createTask"`."""
    response_model_include: IncEx | None
    """The fields to keep in responses. Example: `response_model_include={"id", "title"}`."""
    response_model_exclude: IncEx | None
    """The fields to leave out of responses. Example: `response_model_exclude={"notes"}`."""
    response_model_by_alias: bool
    """Whether responses use the aliases of fields; True unless given. Example: `response_model_by_alias=False`."""
    response_model_exclude_unset: bool
    """Whether fields that were not set are left out of responses. Example: `response_model_exclude_unset=True`."""
    response_model_exclude_defaults: bool
    """Whether fields that equal their default are left out of responses.
    Example: `response_model_exclude_defaults=True`."""
    response_model_exclude_none: bool
    """Whether fields that are None are left out of responses. Example: `response_model_exclude_none=True`."""
    response_class: type[Response]
    """The response class for what the endpoint returns. Example: `response_class=HTMLResponse`."""
    name: str | None
    """The name of the route for `url_path_for`; the function's name unless given. Example: `name="task"`."""
    openapi_extra: dict[str, Any] | None
    """Members to merge into the OpenAPI document of the operation. Example: `openapi_extra={"x-internal": True}`."""


class RouteOptions(RouteBaseOptions, total=False, closed=True):
    """The options of `get()`, `post()` and the other verbs."""


class ApiRouteOptions(RouteBaseOptions, total=False, closed=True):
    """The options of `api_route()` and `add_api_route()`."""

    methods: Sequence[str] | set[str] | None
    """The HTTP methods of the route; GET unless given. Example: `methods=["GET", "POST"]`."""


class ContainerOptions(SharedOptions, total=False):
    """The options of everything that contains routes: an application, a router, an inclusion."""

    default_response_class: type[Response]
    """The response class of routes that do not set one. Example: `default_response_class=HTMLResponse`."""


class GroupOptions(ContainerOptions, TaggedOptions, total=False):
    """The options of a group of routes: an inclusion or a router."""

    prefix: str
    """The path with which all paths of the group start; it starts with a slash and does not end with one.
    Example: `prefix="/tasks"`."""


class IncludeOptions(GroupOptions, total=False, closed=True):
    """The options of `include_router()`."""


class ServerOptions(ContainerOptions, total=False):
    """The options of what can be served: an application or a router."""

    routes: list[BaseRoute] | None
    """The first routes. Example: `routes=[Mount("/files", StaticFiles())]`."""
    redirect_slashes: bool
    """Whether a path that only differs by its trailing slash is redirected. Example: `redirect_slashes=False`."""
    on_startup: Sequence[Callable[[], Any]] | None
    """Functions that run before the first request; prefer `lifespan`. Example: `on_startup=[connect]`."""
    on_shutdown: Sequence[Callable[[], Any]] | None
    """Functions that run after the last request; prefer `lifespan`. Example: `on_shutdown=[disconnect]`."""
    lifespan: Any
    """An async context manager around the application's life: it starts before the first request.
    Example: `lifespan=lifespan`."""


class RouterOptions(GroupOptions, ServerOptions, total=False, closed=True):
    """The options of a router."""

    route_class: type[Any]
    """The class of the router's HTTP routes. Example: `route_class=TimedRoute`."""
    default: ASGIApp | None
    """The ASGI application that serves requests which no route matches. Example: `default=not_found`."""


class AboutOptions(TypedDict, total=False):
    """The options that describe the API as a whole."""

    title: str
    """The name of the API, for the documentation. Example: `title="Tasks"`."""
    summary: str | None
    """A description of the API in one line. Example: `summary="Tasks of a team"`."""
    description: str
    """A description of the API in Markdown. Example: `description="Tasks, *shared*."`."""
    version: str
    """The version of the API. Example: `version="2.1.0"`."""
    terms_of_service: str | None
    """The URL of the terms of service. Example: `terms_of_service="https://example.com/terms"`."""
    contact: Mapping[str, Any] | None
    """The contact for questions about the API: name, url, email.
    Example: `contact={"name": "Ann", "email": "ann@example.com"}`."""
    license_info: Mapping[str, Any] | None
    """The license: name, and identifier or url. Example: `license_info={"name": "MIT", "identifier": "MIT"}`."""
    servers: Sequence[Mapping[str, Any]] | None
    """The servers of the API: url, description. Example: `servers=[{"url": "https://api.example.com"}]`."""


class TelemetryConfig(TypedDict, total=False, closed=True):
    """The settings of `Typeway(telemetry={...})`; a setting that is left out keeps its default."""

    tracer_provider: TracerProvider | None
    """The provider for spans, instead of the global one. The application that creates it must shut it down.
    Example: `"tracer_provider": TracerProvider()`."""
    meter_provider: MeterProvider | None
    """The provider for metrics, instead of the global one. Example: `"meter_provider": MeterProvider()`."""
    logger_provider: LoggerProvider | None
    """The provider for log events, instead of the global one. Example: `"logger_provider": LoggerProvider()`."""
    tracing: bool
    """Whether requests and WebSocket connections have spans; True unless given. Example: `"tracing": False`."""
    metrics: bool
    """Whether the duration of requests and the number of active requests are measured; True unless given.
    Example: `"metrics": False`."""
    logs: bool
    """Whether invalid requests and unhandled exceptions, with tracebacks, are logged; True unless given.
    Example: `"logs": False`."""
    operation_spans: bool
    """Whether dependencies, endpoint, serialization and background tasks have spans; True unless given.
    Example: `"operation_spans": False`."""
    auto_configure: bool | None
    """Whether exporters are set up from the environment; by default if TYPEWAY_OTEL_AUTO_CONFIGURE is "true".
    Example: `"auto_configure": False`."""
    exclude: Callable[[Scope], bool] | None
    """Returns for an ASGI scope whether it is not observed.
    Example: `"exclude": lambda scope: scope["path"] == "/health"`."""


class AppOptions(ServerOptions, AboutOptions, total=False, closed=True):
    """The options of an application."""

    debug: bool
    """Whether the response to an unhandled error shows the traceback; for development only. Example: `debug=True`."""
    openapi_url: str | None
    """The path of the OpenAPI document; None switches it and its pages off.
    Example: `openapi_url="/api/openapi.json"`."""
    openapi_tags: list[dict[str, Any]] | None
    """The tags with their descriptions, in order.
    Example: `openapi_tags=[{"name": "tasks", "description": "What to do"}]`."""
    openapi_external_docs: dict[str, Any] | None
    """A link to further documentation: description, url.
    Example: `openapi_external_docs={"url": "https://example.com/docs"}`."""
    docs_url: str | None
    """The path of Swagger UI; None switches it off. Example: `docs_url="/api/docs"`."""
    redoc_url: str | None
    """The path of ReDoc; None switches it off. Example: `redoc_url=None`."""
    swagger_ui_oauth2_redirect_url: str | None
    """The path to which OAuth2 providers redirect the user of Swagger UI.
    Example: `swagger_ui_oauth2_redirect_url="/docs/redirect"`."""
    swagger_ui_init_oauth: dict[str, Any] | None
    """The initial values of Swagger UI's OAuth2 dialog. Example: `swagger_ui_init_oauth={"clientId": "docs"}`."""
    swagger_ui_parameters: dict[str, Any] | None
    """The settings of Swagger UI. Example: `swagger_ui_parameters={"deepLinking": False}`."""
    middleware: Sequence[Any] | None
    """Middleware, the outermost first. Example: `middleware=[Middleware(GZipMiddleware)]`."""
    exception_handlers: Mapping[int | type[Exception], Callable[[Any, Any], Any]] | None
    """Handlers of exceptions, by class or status code. Example: `exception_handlers={404: show_not_found}`."""
    trusted_hosts: Sequence[str] | None
    """The hosts that requests may name, "*.example.com" for all below one; others get 400. None accepts every host.
    Example: `trusted_hosts=["*.example.com"]`."""
    root_path: str
    """The path under which a proxy serves the application. Example: `root_path="/api"`."""
    root_path_in_servers: bool
    """Whether the root path is listed under `servers` in the OpenAPI document.
    Example: `root_path_in_servers=False`."""
    webhooks: Any
    """A router whose routes document the requests that the API sends to subscribers. Example: `webhooks=webhooks`."""
    separate_input_output_schemas: bool
    """Whether a model may have two schemas in the documentation, one for requests and one for responses.
    Example: `separate_input_output_schemas=False`."""
    errors: Literal["detail", "problem"]
    """The format of error responses: `{"detail": …}`, or problem documents (RFC 9457).
    Example: `errors="problem"`."""
    telemetry: TelemetryConfig | None
    """The settings of OpenTelemetry's traces, metrics and logs. Example: `telemetry={"logs": False}`."""
    watchdog: float | bool | None
    """How long code may block the event loop before that is logged, in seconds; False switches the watchdog off.
    Example: `watchdog=0.5`."""
    thread_pool_size: int | None
    """The number of threads that run `def` functions, in each event loop; 40 unless given.
    Example: `thread_pool_size=100`."""


class MarkerBaseOptions(TypedDict, total=False):
    """The options of every parameter marker."""

    default_factory: Callable[[], Any] | None
    """Returns the value if the request has none. Example: `default_factory=list`."""
    alias: str | None
    """The wire name. Example: `alias="itemQuery"`."""
    alias_priority: int | None
    """Whether an alias generator may replace the alias: it may not if this is 2. Example: `alias_priority=2`."""
    validation_alias: str | AliasPath | AliasChoices | None
    """The wire name, or several wire names of which the first one in the request is used.
    Example: `validation_alias=AliasChoices("q", "query")`."""
    serialization_alias: str | None
    """The name in responses, for a marker on a field of a model. Example: `serialization_alias="itemName"`."""
    title: str | None
    """A title for the documentation. Example: `title="Search text"`."""
    description: str | None
    """Markdown for the documentation. Example: `description="What to search for"`."""
    gt: float | None
    """The value must be greater than this. Example: `gt=0`."""
    ge: float | None
    """The value must be greater than or equal to this. Example: `ge=1`."""
    lt: float | None
    """The value must be less than this. Example: `lt=100`."""
    le: float | None
    """The value must be less than or equal to this. Example: `le=100`."""
    multiple_of: float | None
    """The value must be a multiple of this. Example: `multiple_of=5`."""
    allow_inf_nan: bool | None
    """Whether infinity and NaN are accepted. Example: `allow_inf_nan=False`."""
    max_digits: int | None
    """The maximum number of digits of a Decimal. Example: `max_digits=8`."""
    decimal_places: int | None
    """The maximum number of decimal places of a Decimal. Example: `decimal_places=2`."""
    min_length: int | None
    """The minimum length of a string or list. Example: `min_length=3`."""
    max_length: int | None
    """The maximum length of a string or list. Example: `max_length=50`."""
    pattern: str | re.Pattern[str] | None
    """A regular expression that must match a part of the string. Example: `pattern="^[a-z]+$"`."""
    regex: str | None
    """Deprecated: use `pattern`. Example: `regex="^[a-z]+$"`."""
    discriminator: str | Discriminator | None
    """The field that selects a member of a union. Example: `discriminator="kind"`."""
    strict: bool | None
    """Whether values of another type are rejected instead of converted. Example: `strict=True`."""
    union_mode: Literal["smart", "left_to_right"] | None
    """How the member of a union is chosen. Example: `union_mode="left_to_right"`."""
    fail_fast: bool | None
    """Whether the validation of a list stops at the first error. Example: `fail_fast=True`."""
    validate_default: bool | None
    """Whether defaults are validated. Example: `validate_default=True`."""
    examples: list[Any] | None
    """Example values in the JSON Schema. Example: `examples=["chair", "table"]`."""
    example: Any
    """Deprecated: use `examples`. Example: `example="chair"`."""
    openapi_examples: dict[str, Any] | None
    """Named examples, as Example Objects of OpenAPI. Example: `openapi_examples={"one": {"value": "chair"}}`."""
    deprecated: deprecated | str | bool | None
    """Whether the documentation marks the parameter as deprecated. Example: `deprecated=True`."""
    include_in_schema: bool
    """Whether the parameter is documented. Example: `include_in_schema=False`."""
    json_schema_extra: dict[str, Any] | Callable[[dict[str, Any]], None] | None
    """Members to add to the parameter's JSON Schema, or a function that changes it.
    Example: `json_schema_extra={"x-unit": "kg"}`."""


class MarkerOptions(MarkerBaseOptions, total=False, closed=True):
    """The options of `Path()`, `Query()` and `Cookie()`."""


class HeaderOptions(MarkerBaseOptions, total=False, closed=True):
    """The options of `Header()`."""

    convert_underscores: bool
    """Whether underscores in the name of the parameter become hyphens in the name of the header.
    Example: `convert_underscores=False`."""


class FormOptions(MarkerBaseOptions, total=False, closed=True):
    """The options of `Form()` and `File()`."""

    media_type: str
    """The media type in the documentation. Example: `media_type="multipart/form-data"`."""


class BodyOptions(MarkerBaseOptions, total=False, closed=True):
    """The options of `Body()`."""

    media_type: str
    """The media type in the documentation. Example: `media_type="application/xml"`."""
    embed: bool | None
    """Whether the value is a member of a JSON object instead of the whole body. Example: `embed=True`."""
