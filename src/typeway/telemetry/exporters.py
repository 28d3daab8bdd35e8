"""Send what is recorded to where the environment says: OTLP over HTTP, set up while the application starts.

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

from typeway.telemetry.signals import LOGS, METRICS, TRACES, Global, chosen, is_inert
from typeway.types import Message, Send

PROTOCOL: Final = "http/protobuf"

# After these nothing more will come: what waits must go out now.
ENDS: Final = frozenset({"lifespan.startup.failed", "lifespan.shutdown.failed", "lifespan.shutdown.complete"})


class ExportError(Exception):
    """The environment asks for something that cannot be done."""


@dataclass(frozen=True, slots=True)
class Export:
    """How one signal gets an exporter.

    Parameters:
        name: the signal, as variables and paths name it.
        setting: the setting that switches it off.
        given: the setting that names its provider.
        kept: where the API keeps the global provider.
        install: makes a provider and tries to make it the global one.
        connect: makes what a provider sends to an endpoint with.
        add: the method of a provider that takes it.
    """

    name: str
    setting: str
    given: str
    kept: Global
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
    Export(
        "TRACES", "tracing", "tracer_provider", TRACES, install_tracer_provider,
        connect_traces, "add_span_processor",
    ),
    Export(
        "METRICS", "metrics", "meter_provider", METRICS, install_meter_provider,
        connect_metrics, "add_metric_reader",
    ),
    Export(
        "LOGS", "logs", "logger_provider", LOGS, install_logger_provider,
        connect_logs, "add_log_record_processor",
    ),
)  # fmt: skip


def exports(config: Mapping[str, Any], title: str) -> bool:
    """Whether an application wants exporters: its author's word counts more than the environment's."""
    wanted: bool | None = config.get("auto_configure")
    if wanted is None:
        return os.environ.get(f"{title.upper()}_OTEL_AUTO_CONFIGURE", "").lower() == "true"
    return wanted


def endpoint_of(signal: str) -> str | None:
    """Where a signal is to be sent; None if nowhere.

    Parameters:
        signal: `"TRACES"`, `"METRICS"` or `"LOGS"`.

    Raises:
        ExportError: the environment names an exporter or a protocol that is not offered here, or no URL.
    """
    exporter = os.environ.get(f"OTEL_{signal}_EXPORTER") or "otlp"
    if exporter == "none":
        return None
    if exporter != "otlp":
        raise ExportError(f"OTEL_{signal}_EXPORTER is {exporter!r}: it must be otlp or none.")
    own = f"OTEL_EXPORTER_OTLP_{signal}_"
    endpoint, variable = os.environ.get(f"{own}ENDPOINT"), f"{own}ENDPOINT"
    if not endpoint:
        base, variable = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"), "OTEL_EXPORTER_OTLP_ENDPOINT"
        if not base:
            return None
        endpoint = f"{base.rstrip('/')}/v1/{signal.lower()}"
    protocol = os.environ.get(f"{own}PROTOCOL") or os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL") or PROTOCOL
    if protocol != PROTOCOL:
        raise ExportError(f"OTLP's protocol is {protocol!r} for {signal.lower()}: it must be {PROTOCOL}.")
    try:
        parts = urlsplit(endpoint)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_url = False
    if not is_url:
        # The value is not shown: URLs may hold credentials.
        raise ExportError(f"{variable} must be an absolute HTTP or HTTPS URL.")
    return endpoint


class Exporters:
    """The exporters of this process, shared by its applications as the global providers are."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        # What has been added, and the providers that have it, so that a second start adds nothing.
        self.owned: list[Any] = []
        self.configured: list[tuple[str, Any]] = []
        self.logger = logging.getLogger("typeway")

    def set_up(self, config: Mapping[str, Any], title: str) -> None:
        """Give every signal that has an endpoint its exporter; what cannot be done is logged, never raised.

        Parameters:
            config: the application's settings.
            title: what the framework is called; its logger is named after it.
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
                    "Telemetry is not exported: %s Mend the environment, or set auto_configure to False.", error
                )

    def add_all(self, config: Mapping[str, Any]) -> None:
        wanted = [(export, endpoint_of(export.name)) for export in EXPORTS if config.get(export.setting, True)]
        for export, endpoint in wanted:
            if endpoint is not None:
                self.add(export, endpoint, config.get(export.given))

    def add(self, export: Export, endpoint: str, given: Any) -> None:
        """Add an exporter to a provider: the given one, the global one, or a new one.

        Raises:
            ExportError: the provider takes none.
        """
        provider = chosen(given, export.kept)
        if provider is None or (provider is not given and is_inert(provider)):
            own = export.install()
            provider = export.kept.provider()
            if provider is not own:  # somebody else was first
                own.shutdown()
        provider = takes(provider, export.add)
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
        """The same messages of a lifespan; before the last one, what waits is sent."""

        async def send_flushed(message: Message) -> None:
            if self.owned and message["type"] in ENDS:
                await anyio.to_thread.run_sync(self.flush)
            await send(message)

        return send_flushed

    def flush(self) -> None:
        """Send what waits."""
        for component in list(self.owned):
            self.attempt(component.force_flush)

    def shut_down(self) -> None:
        """Send what waits, and stop; providers stay as they are."""
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


def takes(provider: Any, method: str) -> Any:
    """The provider itself, or the one that it stands for, whichever takes exporters.

    Raises:
        ExportError: neither does.
    """
    for candidate in (provider, getattr(provider, "provider", None)):
        if hasattr(candidate, method):
            return candidate
    raise ExportError(f"{type(provider).__name__} does not support adding an OTLP exporter.")
