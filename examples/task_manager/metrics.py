"""Count requests and measure their time, for Prometheus."""

import os
import time

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from typeway import APIRouter, Response


class Metrics:
    """The metrics of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "http_requests", "Requests that were answered.", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "http_request_duration_seconds",
            "Time until the response ended.",
            ["method", "route"],
            registry=self.registry,
        )

    def text(self) -> bytes:
        """Return what Prometheus reads."""
        registry = self.registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            # Each worker writes files into that folder, and whichever is asked adds them all up.
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)

    def router(self) -> APIRouter:
        """Return the endpoint for Prometheus; a proxy should keep it from others."""
        router = APIRouter()

        @router.get("/metrics", include_in_schema=False)
        def show_metrics() -> Response:
            return Response(self.text(), media_type=CONTENT_TYPE_LATEST)

        return router


class MetricsMiddleware:
    """Count each request by its route, method and status."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started_at, status = time.perf_counter(), 500

        async def send_counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_counted)
        finally:
            # The route and not the path: each label is kept for ever, and a scanner asks for thousands of paths.
            route = getattr(scope.get("route"), "path", "unmatched")
            method = scope["method"] if route != "unmatched" else "any"
            self.metrics.requests.labels(method, route, str(status)).inc()
            self.metrics.seconds.labels(method, route).observe(time.perf_counter() - started_at)
