"""Decide, for each connection of an application, whether it is observed, and observe it from outside."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from opentelemetry.context import attach, detach, get_value, set_value

from typeway.serve.target import WATCH, Instrument
from typeway.telemetry.attributes import known_methods
from typeway.telemetry.bystander import Bystander, Observed
from typeway.telemetry.data import OBSERVATION
from typeway.telemetry.exporters import EXPORTERS, exports
from typeway.telemetry.instrument import observed_plan, observed_responder
from typeway.telemetry.observation import Observation, RequestObservation, SocketObservation
from typeway.telemetry.route import declared_path
from typeway.telemetry.signals import Receivers, Signals
from typeway.types import ASGIApp, Receive, Scope, Send

# The third party's middleware that does the same; who has installed it wants it to.
FOREIGN: Final = "opentelemetry.instrumentation."

INSTRUMENT: Final = Instrument(observed_plan, observed_responder)


class Observer(Bystander):
    """Observes the connections of one application.

    Parameters:
        app: the application.
        config: what its author has set.
    """

    def __init__(self, app: Observed, config: Mapping[str, Any]) -> None:
        self.app = app
        self.config = config
        self.exclude = config.get("exclude")
        self.title = app.conventions.default_title
        self.receivers = Receivers(config, self.title)
        self.methods = known_methods()
        self.looked_through: tuple[Any, bool] = (None, False)

    def around(self, stack: ASGIApp, scope: Scope) -> ASGIApp:
        """What shall serve a connection: the application's own stack, or the same under observation.

        PERF: 0.4 us as long as there is no provider.
        """
        if scope["type"] == "lifespan":
            return partial(self.export_during, stack)
        if OBSERVATION in scope:  # mounted in an application that has decided
            return stack
        signals = self.receivers.now()
        if signals is None:
            return stack
        is_request = scope["type"] == "http"
        if not is_request and signals.tracer is None and signals.logger is None:
            return stack
        if self.is_instrumented_by_others() or (self.exclude is not None and self.exclude(scope)):
            return partial(leave_alone, stack)
        if WATCH.instrument is None:
            WATCH.begin(INSTRUMENT)
        return partial(self.observe, stack, signals)

    async def observe(self, stack: ASGIApp, signals: Signals, scope: Scope, receive: Receive, send: Send) -> None:
        root_path = scope.get("root_path", "")
        # What a server is told. What mounts add to it are paths as they were asked for: too many to count.
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
            observation.fail(error)
            raise
        finally:
            observation.close()

    async def export_during(self, stack: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Set exporters up when the application starts, if its author wants that, and empty them when it ends."""
        if exports(self.config, self.title):
            EXPORTERS.set_up(self.config, self.title)
        await stack(scope, receive, EXPORTERS.flush_before_end(send))

    def is_instrumented_by_others(self) -> bool:
        """Whether OpenTelemetry's own instrumentation for ASGI is among the application's middleware."""
        stack = self.app.middleware_stack
        if self.looked_through[0] is not stack:
            inner: Any = stack
            while inner is not None and not type(inner).__module__.startswith(FOREIGN):
                inner = getattr(inner, "app", None)
            self.looked_through = (stack, inner is not None)
        return self.looked_through[1]


async def leave_alone(stack: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a connection that is not to be observed, even where an observed one is around it."""
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
