"""Decide for each connection of an application whether it is observed, and wrap the application if it is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from opentelemetry.context import attach, detach, get_value, set_value

from typeway.serve.plans import Instrument
from typeway.telemetry.attributes import known_methods
from typeway.telemetry.data import OBSERVATION
from typeway.telemetry.exporters import EXPORTERS, wants_exporters
from typeway.telemetry.instrument import observed_plan, observed_responder
from typeway.telemetry.null import NullObserver, ObservedApplication
from typeway.telemetry.observation import Observation, RequestObservation, SocketObservation
from typeway.telemetry.route import declared_path
from typeway.telemetry.signals import SignalResolver, Signals
from typeway.types import ASGIApp, Receive, Scope, Send

# OpenTelemetry's own ASGI middleware takes precedence where an application has added it.
OTEL_INSTRUMENTATION: Final = "opentelemetry.instrumentation."

INSTRUMENT: Final = Instrument(observed_plan, observed_responder)


class Observer(NullObserver):
    """Observes the connections of one application.

    Parameters:
        app: the application.
        config: the settings of the application.
    """

    def __init__(self, app: ObservedApplication, config: Mapping[str, Any]) -> None:
        self.app = app
        self.config = config
        self.exclude: Any | None = config.get("exclude")
        self.title: str = app.conventions.default_title
        self.resolver: SignalResolver = SignalResolver(config, self.title)
        self.methods: frozenset[str] = known_methods()
        self.instrumented: tuple[Any, bool] = (None, False)

    def around(self, stack: ASGIApp, scope: Scope) -> ASGIApp:
        """Return the ASGI application that serves a connection: the middleware stack, or a wrapper that observes it.

        PERF: 0.4 us while there is no provider.
        """
        if scope["type"] == "lifespan":
            return partial(self.export_during, stack)
        if OBSERVATION in scope:  # an outer application has decided
            if scope[OBSERVATION] is not None:
                self.app._observe_with(INSTRUMENT)
            return stack
        signals = self.resolver.current()
        if signals is None:
            return stack
        is_request = scope["type"] == "http"
        if not is_request and signals.tracer is None and signals.logger is None:
            return stack
        if self.is_instrumented_by_others() or (self.exclude is not None and self.exclude(scope)):
            return partial(serve_unobserved, stack)
        self.app._observe_with(INSTRUMENT)
        return partial(self.observe, stack, signals)

    async def observe(self, stack: ASGIApp, signals: Signals, scope: Scope, receive: Receive, send: Send) -> None:
        root_path = scope.get("root_path", "")
        # The server's root path only: what mounts add to it comes from the URL, and so has too many values for metrics.
        prefix = scope.get("app_root_path", root_path)

        def find_route(scope: Scope) -> str | None:
            path = declared_path(self.app, {**scope, "root_path": root_path})
            return None if path is None else prefix + path

        observation: Observation
        if scope["type"] == "http":
            observation = request = RequestObservation(signals, scope, self.methods, find_route)
            receive, send = request.wrap_receive(receive), request.wrap_send(send)
        else:
            observation = SocketObservation(signals, scope, find_route)
        try:
            await stack(scope, receive, send)
        except BaseException as error:
            observation.report_exception(error)
            raise
        finally:
            observation.close()

    async def export_during(self, stack: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Set exporters up when the application starts, if it wants them, and flush them before it ends."""
        if wants_exporters(self.config, self.title):
            EXPORTERS.set_up(self.config, self.title)
        await stack(scope, receive, EXPORTERS.flush_before_end(send))

    def is_instrumented_by_others(self) -> bool:
        """Whether OpenTelemetry's own ASGI instrumentation is among the middleware of the application."""
        stack = self.app.middleware_stack
        if self.instrumented[0] is not stack:
            inner: Any = stack
            while inner is not None and not type(inner).__module__.startswith(OTEL_INSTRUMENTATION):
                inner = getattr(inner, "app", None)
            self.instrumented = (stack, inner is not None)
        return self.instrumented[1]


async def serve_unobserved(stack: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a connection that is not to be observed, even inside of an observed one."""
    scope[OBSERVATION] = None
    token = None
    if get_value(OBSERVATION) is not None:
        token = attach(set_value(OBSERVATION, None))
    try:
        await stack(scope, receive, send)
    finally:
        scope.pop(OBSERVATION, None)
        if token is not None:
            detach(token)
