"""Say what can be set about telemetry, and check what was set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from typing_extensions import TypedDict

from typeway.declare.options import given_options
from typeway.exceptions import declaration_error
from typeway.types import Scope

if TYPE_CHECKING:
    from opentelemetry._logs import LoggerProvider
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider


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


def checked(config: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the settings, their names checked.

    Raises:
        UnknownOptionError: a name is none of `TelemetryConfig`'s.
        DeclarationError: they are no mapping, or `exclude` cannot be called.
    """
    if not isinstance(config, Mapping):
        raise declaration_error(
            f"telemetry must be a dict, not {type(config).__name__}.",
            hint='Write telemetry={"tracing": False}, for example.',
            also=TypeError,
        )
    given = given_options("telemetry", config, TelemetryConfig)
    if given.get("exclude") is not None and not callable(given["exclude"]):
        raise declaration_error(
            "telemetry's exclude must be a function.",
            hint='Write {"exclude": lambda scope: scope["path"] == "/health"}, for example.',
            also=TypeError,
        )
    return given
