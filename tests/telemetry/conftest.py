"""Record what applications report, in memory, and leave the process as it was."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind


class Recorder:
    """Providers to hand to an application, and what they have received."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.tracers = TracerProvider(shutdown_on_exit=False)
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.reader = InMemoryMetricReader()
        self.meters = MeterProvider(metric_readers=[self.reader], shutdown_on_exit=False)
        self.log_exporter = InMemoryLogRecordExporter()
        self.loggers = LoggerProvider(shutdown_on_exit=False)
        self.loggers.add_log_record_processor(SimpleLogRecordProcessor(self.log_exporter))

    def config(self, **settings: Any) -> dict[str, Any]:
        providers = {
            "tracer_provider": self.tracers, "meter_provider": self.meters, "logger_provider": self.loggers,
        }  # fmt: skip
        return {**providers, **settings}

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self.exporter.get_finished_spans()

    @property
    def names(self) -> list[str]:
        """The names of all spans, in the order in which they ended; without the framework's own name."""
        return [span.name.removeprefix("typeway.").removeprefix("fastapi.") for span in self.spans]

    @property
    def server(self) -> ReadableSpan:
        """The one span of a request or connection."""
        (span,) = [span for span in self.spans if span.kind is SpanKind.SERVER]
        return span

    def span(self, name: str) -> ReadableSpan:
        (span,) = [span for span in self.spans if span.name.endswith(name)]
        return span

    def points(self, metric: str = "http.server.request.duration") -> list[Any]:
        data = self.reader.get_metrics_data()
        return [
            point
            for resource in (data.resource_metrics if data is not None else ())
            for scope in resource.scope_metrics
            for entry in scope.metrics
            if entry.name == metric
            for point in entry.data.data_points
        ]

    @property
    def events(self) -> list[Any]:
        """What has been logged."""
        return [entry.log_record for entry in self.log_exporter.get_finished_logs()]

    def shut_down(self) -> None:
        for provider in (self.tracers, self.meters, self.loggers):
            provider.shutdown()


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    recorder = Recorder()
    yield recorder
    recorder.shut_down()


@pytest.fixture(autouse=True)
def unobserved_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is set up from the machine's environment."""
    for name in os.environ:
        if name.startswith(("OTEL_", "TYPEWAY_OTEL_", "FASTAPI_OTEL_")):
            monkeypatch.delenv(name)
