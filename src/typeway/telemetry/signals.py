"""Find out to whom there is anything to report: the tracer, the instruments and the logger that are in force."""

from __future__ import annotations

import inspect
import os
import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

from opentelemetry import _logs, metrics, trace
from opentelemetry._logs import Logger
from opentelemetry.metrics import Histogram, Meter, UpDownCounter
from opentelemetry.trace import Tracer

from typeway.telemetry.config import TelemetryConfig
from typeway.telemetry.attributes import DURATION_BUCKETS, SCHEMA_URL
from typeway.version import __version__

# The API's own providers record nothing: they only stand where none has been set.
INERT_MODULES: Final = ("opentelemetry.trace", "opentelemetry.metrics", "opentelemetry._logs")

# Older versions cannot take an exception with a log.
TAKES_EXCEPTIONS: Final = "exception" in inspect.signature(Logger.emit).parameters
MISSING: Final = object()


# What a process is started with; reading it again and again costs more than the rest.
ENVIRONMENT: Final = frozenset(name for name in os.environ if name.startswith("OTEL_PYTHON_"))


@dataclass(frozen=True, slots=True)
class Global:
    """Where OpenTelemetry's API keeps one global provider.

    Parameters:
        api: the public module.
        getter: the function there that returns the provider.
        inner: the module that keeps it.
        variable: its name there.
        environment: the environment variable that names a provider to load.
    """

    api: ModuleType
    getter: str
    inner: ModuleType
    variable: str
    environment: str

    def provider(self) -> Any:
        """The provider that is in force; None if none has been set."""
        getter = getattr(self.api, self.getter)
        # PERF: asking costs 0.7 us as long as there is none, three times per request; looking costs 0.1.
        if (
            getattr(self.inner, self.variable, MISSING) is None
            and getattr(getter, "__globals__", None) is vars(self.inner)
            and self.environment not in ENVIRONMENT
        ):
            return None
        return getter()


TRACES: Final = Global(trace, "get_tracer_provider", trace, "_TRACER_PROVIDER", "OTEL_PYTHON_TRACER_PROVIDER")
METRICS: Final = Global(
    metrics, "get_meter_provider", sys.modules[metrics.MeterProvider.__module__], "_METER_PROVIDER",
    "OTEL_PYTHON_METER_PROVIDER",
)  # fmt: skip
LOGS: Final = Global(
    _logs, "get_logger_provider", sys.modules[_logs.LoggerProvider.__module__], "_LOGGER_PROVIDER",
    "OTEL_PYTHON_LOGGER_PROVIDER",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Signals:
    """Where to report; None for a signal that nobody wants or that is switched off.

    Parameters:
        name: what the framework is called in names of spans and events.
        title: what it is called in sentences.
        tracer: begins spans of requests and connections.
        steps: begins spans of what happens inside them.
        duration: measures how long requests take.
        active: counts the requests in flight.
        logger: takes failures.
    """

    name: str
    title: str
    tracer: Tracer | None
    steps: Tracer | None
    duration: Histogram | None
    active: UpDownCounter | None
    logger: Logger | None


class Receivers:
    """The receivers of one application's reports, looked up again at every request: providers may come late.

    Parameters:
        config: what the author has set.
        title: what the framework is called.
    """

    def __init__(self, config: TelemetryConfig, title: str) -> None:
        self.config = config
        self.title = title
        self.known: tuple[Any, Any, Any, Signals | None] = (None, None, None, None)

    def now(self) -> Signals | None:
        """What is in force now; None if there is nobody to report to."""
        config = self.config
        tracers = provider_of(config.get("tracer_provider"), TRACES) if config.get("tracing", True) else None
        meters = provider_of(config.get("meter_provider"), METRICS) if config.get("metrics", True) else None
        loggers = provider_of(config.get("logger_provider"), LOGS) if config.get("logs", True) else None
        if tracers is None and meters is None and loggers is None:
            return None
        known = self.known
        if known[0] is not tracers or known[1] is not meters or known[2] is not loggers:
            known = self.known = (tracers, meters, loggers, self.find(tracers, meters, loggers))
        return known[3]

    def find(self, tracers: Any, meters: Any, loggers: Any) -> Signals:
        """Ask providers, once each: SDKs build a new tracer at every call."""
        name = self.title.lower()
        scope: Any = {"schema_url": SCHEMA_URL}
        tracer = None if tracers is None else tracers.get_tracer(name, __version__, **scope)
        meter = None if meters is None else meters.get_meter(name, __version__, **scope)
        logger = None
        if loggers is not None and TAKES_EXCEPTIONS:
            logger = loggers.get_logger(name, version=__version__, **scope)
        return Signals(
            name=name,
            title=self.title,
            tracer=tracer,
            steps=tracer if self.config.get("operation_spans", True) else None,
            duration=None if meter is None else duration_of(meter),
            active=None if meter is None else active_of(meter),
            logger=logger,
        )


def provider_of(given: Any, fallback: Global) -> Any:
    """A provider that records something: the given one or else the global one; None if neither does."""
    if given is None or (is_inert(given) and "Proxy" in type(given).__name__):
        given = fallback.provider()
    return None if given is None or is_inert(given) else given


def is_inert(provider: Any) -> bool:
    return type(provider).__module__.startswith(INERT_MODULES)


def duration_of(meter: Meter) -> Histogram:
    return meter.create_histogram(
        "http.server.request.duration",
        unit="s",
        description="Duration of HTTP server requests.",
        explicit_bucket_boundaries_advisory=DURATION_BUCKETS,
    )


def active_of(meter: Meter) -> UpDownCounter:
    return meter.create_up_down_counter(
        "http.server.active_requests", unit="{request}", description="Number of active HTTP server requests."
    )
