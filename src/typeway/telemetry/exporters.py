"""Set up OTLP exporters over HTTP from the environment while the application starts.

The variables are OpenTelemetry's own: https://opentelemetry.io/docs/specs/otel/protocol/exporter/.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import anyio.to_thread
from opentelemetry import _logs, metrics, trace

from typeway.telemetry.signals import LOGS, METRICS, TRACES, GlobalProvider, configured_provider, is_inert
from typeway.types import Message, Send

PROTOCOL: Final = "http/protobuf"

# The last messages of a lifespan: the exporters must send what is buffered before them.
LIFESPAN_ENDS: Final = frozenset({"lifespan.startup.failed", "lifespan.shutdown.failed", "lifespan.shutdown.complete"})


class ExportError(Exception):
    """The environment asks for an exporter that is not available."""


@dataclass(frozen=True, slots=True)
class SignalExport:
    """How one signal gets an exporter.

    Parameters:
        name: the signal, as environment variables name it.
        setting: the setting that switches it off.
        provider_setting: the setting that holds the application's own provider.
        global_provider: where the API keeps the global provider.
        install: creates a provider and tries to make it the global one.
        connect: creates the processor or reader that exports to an endpoint.
        add: the method of a provider that takes it.
    """

    name: str
    setting: str
    provider_setting: str
    global_provider: GlobalProvider
    install: Callable[[], Any]
    connect: Callable[[str], Any]
    add: str


def install_tracer_provider() -> Any:
    from opentelemetry.sdk.trace import TracerProvider

    provider = TracerProvider(shutdown_on_exit=False)
    trace.set_tracer_provider(provider)
    return provider


def connect_traces(endpoint: str) -> Any:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    return BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint))


def install_meter_provider() -> Any:
    from opentelemetry.sdk.metrics import MeterProvider

    provider = MeterProvider(shutdown_on_exit=False)
    metrics.set_meter_provider(provider)
    return provider


def connect_metrics(endpoint: str) -> Any:
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

    return PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=endpoint))


def install_logger_provider() -> Any:
    from opentelemetry.sdk._logs import LoggerProvider

    provider = LoggerProvider(shutdown_on_exit=False)
    _logs.set_logger_provider(provider)
    return provider


def connect_logs(endpoint: str) -> Any:
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

    return BatchLogRecordProcessor(OTLPLogExporter(endpoint=endpoint))


EXPORTS: Final = (
    SignalExport(
        "TRACES", "tracing", "tracer_provider", TRACES, install_tracer_provider,
        connect_traces, "add_span_processor",
    ),
    SignalExport(
        "METRICS", "metrics", "meter_provider", METRICS, install_meter_provider,
        connect_metrics, "add_metric_reader",
    ),
    SignalExport(
        "LOGS", "logs", "logger_provider", LOGS, install_logger_provider,
        connect_logs, "add_log_record_processor",
    ),
)  # fmt: skip


def wants_exporters(config: Mapping[str, Any], title: str) -> bool:
    """Whether an application wants exporters; its own setting takes precedence over the environment."""
    wanted: bool | None = config.get("auto_configure")
    if wanted is None:
        return os.environ.get(f"{title.upper()}_OTEL_AUTO_CONFIGURE", "").lower() == "true"
    return wanted


def endpoint_of(signal: str) -> str | None:
    """Return the URL to which a signal is exported; None if it is not exported.

    Parameters:
        signal: `"TRACES"`, `"METRICS"` or `"LOGS"`.

    Raises:
        ExportError: the environment names an exporter or a protocol that is not supported, or an invalid URL.
    """
    exporter = os.environ.get(f"OTEL_{signal}_EXPORTER") or "otlp"
    if exporter == "none":
        return None
    if exporter != "otlp":
        raise ExportError(f"OTEL_{signal}_EXPORTER is {exporter!r}; it must be otlp or none.")
    own = f"OTEL_EXPORTER_OTLP_{signal}_"
    endpoint, variable = os.environ.get(f"{own}ENDPOINT"), f"{own}ENDPOINT"
    if not endpoint:
        base, variable = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"), "OTEL_EXPORTER_OTLP_ENDPOINT"
        if not base:
            return None
        endpoint = f"{base.rstrip('/')}/v1/{signal.lower()}"
    protocol = os.environ.get(f"{own}PROTOCOL") or os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL") or PROTOCOL
    if protocol != PROTOCOL:
        raise ExportError(f"The OTLP protocol for {signal.lower()} is {protocol!r}; it must be {PROTOCOL}.")
    try:
        parts = urlsplit(endpoint)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_url = False
    if not is_url:
        # The value is not shown, because a URL may contain credentials.
        raise ExportError(f"{variable} must be an absolute HTTP or HTTPS URL.")
    return endpoint


class Exporters:
    """The exporters of this process; its applications share them, as they share the global providers."""

    def __init__(self) -> None:
        self.lock: threading.Lock = threading.Lock()
        # The components that were added, and the providers that have one, so that a second start adds nothing.
        self.owned: list[Any] = []
        self.configured: list[tuple[str, Any]] = []
        self.logger: logging.Logger = logging.getLogger("typeway")

    def set_up(self, config: Mapping[str, Any], title: str) -> None:
        """Add an exporter for every signal that has an endpoint; a failure is logged, not raised.

        Parameters:
            config: the settings of the application.
            title: the name of the framework, which is also the name of the logger.
        """
        self.logger = logger = logging.getLogger(title.lower())
        with self.lock:
            try:
                if os.environ.get("OTEL_SDK_DISABLED", "").lower() != "true":
                    self.add_all(config)
            except ImportError as error:
                logger.warning(
                    "Telemetry is not exported: %s is missing. Install it with: pip install 'typeway[telemetry]'",
                    error.name or "a package",
                )
            except Exception as error:  # noqa: BLE001  # an application must start without its telemetry
                logger.warning(
                    "Telemetry is not exported: %s Correct the environment, or set auto_configure to False.", error
                )

    def add_all(self, config: Mapping[str, Any]) -> None:
        wanted = [(export, endpoint_of(export.name)) for export in EXPORTS if config.get(export.setting, True)]
        for export, endpoint in wanted:
            if endpoint is not None:
                self.add(export, endpoint, config.get(export.provider_setting))

    def add(self, export: SignalExport, endpoint: str, given: Any) -> None:
        """Add an exporter to the application's provider, the global one, or a new one.

        Raises:
            ExportError: the provider does not take exporters.
        """
        provider = configured_provider(given, export.global_provider)
        if provider is None or (provider is not given and is_inert(provider)):
            own = export.install()
            provider = export.global_provider.provider()
            if provider is not own:  # another part of the process has set one in the meantime
                own.shutdown()
        provider = accepting_provider(provider, export.add)
        if any(export.name == name and provider is known for name, known in self.configured):
            return
        component = export.connect(endpoint)
        try:
            getattr(provider, export.add)(component)
        except BaseException:
            component.shutdown()
            raise
        if not self.owned:
            atexit.register(self.shut_down)
        self.owned.append(component)
        self.configured.append((export.name, provider))

    def flush_before_end(self, send: Send) -> Send:
        """Wrap the `send` of a lifespan so that what is buffered is exported before its last message."""

        async def send_flushed(message: Message) -> None:
            if self.owned and message["type"] in LIFESPAN_ENDS:
                await anyio.to_thread.run_sync(self.flush)
            await send(message)

        return send_flushed

    def flush(self) -> None:
        """Export what is buffered."""
        for component in list(self.owned):
            self.attempt(component.force_flush)

    def shut_down(self) -> None:
        """Export what is buffered and stop the exporters; the providers keep running."""
        with self.lock:
            owned, self.owned, self.configured = self.owned, [], []
        for component in owned:
            self.attempt(component.shutdown)

    def attempt(self, clean_up: Callable[[], Any]) -> None:
        try:
            clean_up()
        except Exception:
            self.logger.warning("Telemetry cleanup failed.", exc_info=True)


EXPORTERS: Final = Exporters()


def accepting_provider(provider: Any, method: str) -> Any:
    """Return the provider, or the one that it wraps, whichever takes exporters.

    Raises:
        ExportError: neither of them does.
    """
    for candidate in (provider, getattr(provider, "provider", None)):
        if hasattr(candidate, method):
            return candidate
    raise ExportError(f"{type(provider).__name__} does not support adding an OTLP exporter.")
