"""The options that authors can give, each documented once, as a key of a TypedDict."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal

from pydantic import AliasChoices, AliasPath, ConfigDict, Discriminator, NonNegativeInt, with_config
from starlette.responses import Response
from starlette.routing import BaseRoute
from typing_extensions import TypedDict, deprecated

from typeway.declare.problem import Problem
from typeway.types import ASGIApp, IncEx, Scope

if TYPE_CHECKING:
    from opentelemetry._logs import LoggerProvider
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider


@with_config(ConfigDict(extra="forbid", strict=True))
class FormLimits(TypedDict, total=False):
    """How much the parser of forms accepts; what is left out stays as the outer levels or Starlette have it."""

    max_fields: NonNegativeInt
    """The most fields without a file; 1000 unless given."""
    max_files: NonNegativeInt
    """The most files; 1000 unless given."""
    max_part_size: NonNegativeInt
    """The most bytes in one field without a file; 1 MiB unless given."""


class SharedOptions(TypedDict, total=False):
    """What an application, a router, an inclusion and a route all understand."""

    dependencies: Sequence[Any] | None
    """`Depends(...)` whose results nobody needs; they run from the outside in, before the endpoint's own."""
    responses: Mapping[int | str, dict[str, Any]] | None
    """Further responses for the documentation, by status code, `"4XX"` or `"default"`; the innermost wins."""
    raises: Sequence[type[Problem]] | None
    """The problems that may be raised, for the documentation; joined from the outside in."""
    callbacks: list[BaseRoute] | None
    """Requests that the API will send to its clients, as the routes of a router that is never served."""
    deprecated: bool | None
    """Whether the documentation marks the operations as deprecated."""
    include_in_schema: bool
    """Whether the operations are documented."""
    generate_unique_id_function: Callable[[Any], str]
    """Computes the operation id from a route."""
    strict_content_type: bool
    """Whether a body without a Content-Type header is left unparsed instead of being read as JSON."""
    max_body_size: int | None
    """The largest request body in bytes, 0 for none at all; the innermost that is given counts, None leaves it open."""
    form_limits: FormLimits | None
    """How much the parser of forms accepts; joined key by key, the innermost counts."""


class TaggedOptions(SharedOptions, total=False):
    """What a router, an inclusion and a route understand."""

    tags: list[str | Enum] | None
    """Groups of the documentation that the operations belong to; joined from the outside in."""


class RouteBaseOptions(TaggedOptions, total=False):
    """What every kind of HTTP route understands."""

    response_model: Any
    """The type that responses are validated against, filtered to and documented by; None switches that off."""
    status_code: int | None
    """The status of a successful response; 200 unless given."""
    summary: str | None
    """A short title for the documentation; the function's name unless given."""
    description: str | None
    """Markdown for the documentation; the function's docstring unless given."""
    response_description: str
    """What a successful response means, for the documentation."""
    operation_id: str | None
    """The operation's unique id, for client generators."""
    response_model_include: IncEx | None
    """The fields to keep in responses."""
    response_model_exclude: IncEx | None
    """The fields to leave out of responses."""
    response_model_by_alias: bool
    """Whether responses use the fields' aliases; they do unless told otherwise."""
    response_model_exclude_unset: bool
    """Whether fields that nobody set are left out of responses."""
    response_model_exclude_defaults: bool
    """Whether fields that equal their default are left out of responses."""
    response_model_exclude_none: bool
    """Whether fields that are None are left out of responses."""
    response_class: type[Response]
    """The class of responses made from what the endpoint returns."""
    name: str | None
    """The route's name for `url_path_for`; the function's name unless given."""
    openapi_extra: dict[str, Any] | None
    """Members to merge into the operation's documentation."""


class RouteOptions(RouteBaseOptions, total=False, closed=True):
    """The options of `get()`, `post()` and the other verbs."""


class ApiRouteOptions(RouteBaseOptions, total=False, closed=True):
    """The options of `api_route()` and `add_api_route()`."""

    methods: Sequence[str] | set[str] | None
    """The HTTP methods of the route; GET unless given."""


class HolderOptions(SharedOptions, total=False):
    """What everything that holds routes understands: an application, a router, an inclusion."""

    default_response_class: type[Response]
    """The response class of routes that name none."""


class GroupOptions(HolderOptions, TaggedOptions, total=False):
    """What a group of routes understands: an inclusion or a router."""

    prefix: str
    """The path that all paths of the group start with: it begins with a slash and does not end with one."""


class IncludeOptions(GroupOptions, total=False, closed=True):
    """The options of `include_router()`."""


class ServerOptions(HolderOptions, total=False):
    """What can be served understands: an application or a router."""

    routes: list[BaseRoute] | None
    """Routes to begin with."""
    redirect_slashes: bool
    """Whether a path that differs by its last slash is answered with a redirect."""
    on_startup: Sequence[Callable[[], Any]] | None
    """Functions to run before the first request; prefer `lifespan`."""
    on_shutdown: Sequence[Callable[[], Any]] | None
    """Functions to run after the last request; prefer `lifespan`."""
    lifespan: Any
    """An async context manager that runs around the application's life."""


class RouterOptions(GroupOptions, ServerOptions, total=False, closed=True):
    """The options of a router."""

    route_class: type[Any]
    """The class of the router's HTTP routes."""
    default: ASGIApp | None
    """What answers when nothing matches."""


class AboutOptions(TypedDict, total=False):
    """What is said of the whole API."""

    title: str
    """The API's name, for the documentation."""
    summary: str | None
    """What the API is, in one line."""
    description: str
    """What the API is, in Markdown."""
    version: str
    """The API's own version."""
    terms_of_service: str | None
    """Where the terms of service are."""
    contact: Mapping[str, Any] | None
    """Whom to ask: name, url, email."""
    license_info: Mapping[str, Any] | None
    """The licence: name, and identifier or url."""
    servers: Sequence[Mapping[str, Any]] | None
    """The servers that offer the API: url, description."""


class TelemetryConfig(TypedDict, total=False, closed=True):
    """The settings of `Typeway(telemetry={...})`; what is left out keeps its default."""

    tracer_provider: TracerProvider | None
    """Takes the spans, instead of the global provider. Who made it shuts it down."""
    meter_provider: MeterProvider | None
    """Takes the measurements, instead of the global provider."""
    logger_provider: LoggerProvider | None
    """Takes the events, instead of the global provider."""
    tracing: bool
    """Whether requests and WebSocket connections have spans; True unless given."""
    metrics: bool
    """Whether the duration of requests and their number in flight are measured; True unless given."""
    logs: bool
    """Whether refused requests and unhandled exceptions, tracebacks included, are reported; True unless given."""
    operation_spans: bool
    """Whether dependencies, endpoint, serialization and background tasks have spans; True unless given."""
    auto_configure: bool | None
    """Whether exporters are set up from the environment; unless given, TYPEWAY_OTEL_AUTO_CONFIGURE=true says so."""
    exclude: Callable[[Scope], bool] | None
    """Says of an ASGI scope whether it shall not be observed."""


class AppOptions(ServerOptions, AboutOptions, total=False, closed=True):
    """The options of an application."""

    debug: bool
    """Whether unhandled errors are answered with their traceback: for development only."""
    openapi_url: str | None
    """Where the OpenAPI document is; None switches it and the pages off."""
    openapi_tags: list[dict[str, Any]] | None
    """Descriptions and the order of tags."""
    openapi_external_docs: dict[str, Any] | None
    """Where more is written: description, url."""
    docs_url: str | None
    """Where Swagger UI is; None switches it off."""
    redoc_url: str | None
    """Where ReDoc is; None switches it off."""
    swagger_ui_oauth2_redirect_url: str | None
    """Where OAuth2 providers send the user of Swagger UI back to."""
    swagger_ui_init_oauth: dict[str, Any] | None
    """What Swagger UI's OAuth2 dialogue starts with."""
    swagger_ui_parameters: dict[str, Any] | None
    """Settings of Swagger UI."""
    middleware: Sequence[Any] | None
    """Middleware, the outermost first."""
    exception_handlers: Mapping[int | type[Exception], Callable[[Any, Any], Any]] | None
    """What answers exceptions, by class or status code."""
    root_path: str
    """The path under which a proxy offers the application."""
    root_path_in_servers: bool
    """Whether the root path is documented as a server."""
    webhooks: Any
    """A router whose routes document what the API sends of its own accord."""
    separate_input_output_schemas: bool
    """Whether a model may have two schemas, one for requests and one for responses."""
    errors: Literal["detail", "problem"]
    """How errors are answered: as `{"detail": …}`, or as problem documents (RFC 9457)."""
    telemetry: TelemetryConfig | None
    """Settings of OpenTelemetry's traces, metrics and logs."""
    watchdog: float | bool | None
    """How long the event loop may not turn before that is logged, in seconds; False switches the watchdog off."""
    thread_pool_size: int | None
    """How many threads run `def` functions, in each event loop; 40 unless given."""


class MarkerBaseOptions(TypedDict, total=False):
    """What every parameter marker understands."""

    default_factory: Callable[[], Any] | None
    """Makes the value where the request has none."""
    alias: str | None
    """The name on the wire."""
    alias_priority: int | None
    """Whether an alias generator may replace the alias: not if 2."""
    validation_alias: str | AliasPath | AliasChoices | None
    """The name on the wire, or several of which the first that is present counts."""
    serialization_alias: str | None
    """The name in answers; of use where a marker describes a model's field."""
    title: str | None
    """A title for the documentation."""
    description: str | None
    """Markdown for the documentation."""
    gt: float | None
    """The value is greater than this."""
    ge: float | None
    """The value is this or greater."""
    lt: float | None
    """The value is less than this."""
    le: float | None
    """The value is this or less."""
    multiple_of: float | None
    """The value is a multiple of this."""
    allow_inf_nan: bool | None
    """Whether infinities and NaN are numbers."""
    max_digits: int | None
    """The most digits of a Decimal."""
    decimal_places: int | None
    """The most decimal places of a Decimal."""
    min_length: int | None
    """The least length of a string or list."""
    max_length: int | None
    """The greatest length of a string or list."""
    pattern: str | re.Pattern[str] | None
    """A regular expression that the string matches somewhere."""
    regex: str | None
    """Deprecated: `pattern`."""
    discriminator: str | Discriminator | None
    """The field that selects a member of a union."""
    strict: bool | None
    """Whether values are taken as they are, without conversion."""
    union_mode: Literal["smart", "left_to_right"] | None
    """How a member of a union is chosen."""
    fail_fast: bool | None
    """Whether the first wrong item of a list ends its validation."""
    validate_default: bool | None
    """Whether defaults are validated."""
    examples: list[Any] | None
    """Example values, as JSON Schema has them."""
    example: Any
    """Deprecated: `examples`."""
    openapi_examples: dict[str, Any] | None
    """Named examples, as OpenAPI's Example Objects."""
    deprecated: deprecated | str | bool | None
    """Whether the documentation marks the parameter as deprecated."""
    include_in_schema: bool
    """Whether the parameter is documented."""
    json_schema_extra: dict[str, Any] | Callable[[dict[str, Any]], None] | None
    """Members to add to the parameter's JSON Schema, or a function that changes it."""


class MarkerOptions(MarkerBaseOptions, total=False, closed=True):
    """The options of `Path()`, `Query()` and `Cookie()`."""


class HeaderOptions(MarkerBaseOptions, total=False, closed=True):
    """The options of `Header()`."""

    convert_underscores: bool
    """Whether underscores in the parameter's name stand for hyphens in the header's."""


class FormOptions(MarkerBaseOptions, total=False, closed=True):
    """The options of `Form()` and `File()`."""

    media_type: str
    """The media type in the documentation."""


class BodyOptions(MarkerBaseOptions, total=False, closed=True):
    """The options of `Body()`."""

    media_type: str
    """The media type in the documentation."""
    embed: bool | None
    """Whether the value is a member of the body's object instead of the whole body."""
