"""opentelemetry-instrumentation-fastapi: a span per request, named by the route's whole template, and metrics."""

import logging
from typing import Any

from fastapi import APIRouter, BackgroundTasks, FastAPI, HTTPException, WebSocket
from fastapi.testclient import TestClient
from opentelemetry import trace
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

exporter = InMemorySpanExporter()
tracers = TracerProvider()
tracers.add_span_processor(SimpleSpanProcessor(exporter))
reader = InMemoryMetricReader()
meters = MeterProvider([reader])


class Records(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        raise AssertionError(record.getMessage())


# The instrumentation logs an error where an application is built in a way that it does not know.
logging.getLogger("opentelemetry.instrumentation.fastapi").addHandler(Records())


def build() -> FastAPI:
    import fastapi  # the instrumentation may have replaced the class

    app = fastapi.FastAPI()
    router = APIRouter(prefix="/items")

    @router.get("/{item_id}")
    async def read(item_id: int, tasks: BackgroundTasks) -> int:
        tasks.add_task(tasked, item_id)
        with trace.get_tracer("shop", tracer_provider=tracers).start_as_current_span("inside"):
            if item_id == 418:
                raise HTTPException(418)
            if item_id == 500:
                raise ValueError("broken")
        return item_id

    def tasked(item_id: int) -> None:
        trace.get_current_span()

    @app.exception_handler(KeyError)
    def handled(request: Any, error: KeyError) -> Any:
        from fastapi.responses import JSONResponse

        return JSONResponse({"key": str(error)}, 400)

    @app.get("/keys/{key}")
    def keys(key: str) -> None:
        raise KeyError(key)

    @app.websocket("/socket/{name}")
    async def socket(socket: WebSocket, name: str) -> None:
        await socket.accept()
        await socket.send_text(name)
        await socket.close()

    outer = APIRouter(prefix="/shop")
    outer.include_router(router)
    app.include_router(outer, prefix="/api")
    return app


def told(span: ReadableSpan) -> Any:
    attributes = span.attributes or {}
    kept = {
        name: attributes[name]
        for name in ("http.route", "http.method", "http.status_code", "http.target")
        if name in attributes
    }
    return (
        span.name,
        span.kind.name,
        kept,
        span.status.status_code.name,
        span.status.description,
        [(event.name, str((event.attributes or {}).get("exception.type")).rpartition(".")[2]) for event in span.events],
        span.parent is not None,
    )


def ask(app: FastAPI) -> Any:
    client = TestClient(app, raise_server_exceptions=False)
    statuses = [
        client.request(method, path).status_code
        for method, path in (
            ("GET", "/api/shop/items/1"), ("GET", "/api/shop/items/418"), ("GET", "/api/shop/items/500"),
            ("GET", "/api/shop/items/x"), ("GET", "/keys/a"), ("GET", "/nowhere"), ("DELETE", "/api/shop/items/1"),
            ("GET", "/health"),
        )
    ]  # fmt: skip
    with client.websocket_connect("/socket/ada") as socket:
        assert socket.receive_text() == "ada"
    spans = [told(span) for span in exporter.get_finished_spans()]
    exporter.clear()
    return statuses, spans


def play() -> Any:
    app = build()
    FastAPIInstrumentor.instrument_app(app, tracer_provider=tracers, meter_provider=meters, excluded_urls="health")
    one = ask(app)
    FastAPIInstrumentor.uninstrument_app(app)
    none = ask(app)
    FastAPIInstrumentor().instrument(tracer_provider=tracers, meter_provider=meters)
    every = ask(build())
    data = reader.get_metrics_data()
    assert data is not None
    measured = sorted(
        (metric.name, str(dict(point.attributes or {}).get("http.target")))
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        for point in metric.data.data_points
    )
    assert "GET /api/shop/items/{item_id}" in [span[0] for span in one[1]]
    return {"one": one, "none": none, "every": every, "measured": measured}
