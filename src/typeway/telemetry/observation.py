"""Record one request or WebSocket connection: its span, its measurements and its failures."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import perf_counter, time_ns
from types import TracebackType
from typing import ClassVar, Final, Literal

from opentelemetry import propagate, trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.context import Context, attach, detach, set_value
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer
from starlette.exceptions import HTTPException, WebSocketException
from starlette.websockets import WebSocketDisconnect

from typeway.exceptions import RequestValidationError, WebSocketRequestValidationError
from typeway.telemetry.attributes import (
    OTHER_METHOD,
    Attributes,
    Headers,
    of_request,
    of_request_span,
    of_socket,
    type_name,
)  # fmt: skip
from typeway.telemetry.data import OBSERVATION, TelemetryData
from typeway.telemetry.signals import Signals
from typeway.types import Message, Receive, Scope, Send

# Exceptions that are an answer.
ANSWERS: Final = (HTTPException, WebSocketException, RequestValidationError, WebSocketRequestValidationError)

# RFC 6455 section 7.4.1: the client is done, or goes away.
NORMAL_CLOSURES: Final = frozenset({1000, 1001})

HEADERS: Final = Headers()

Part = Literal["dependencies", "endpoint", "serialization", "background_task"]
FindRoute = Callable[[Scope], str | None]


def is_failure(error: BaseException | None) -> bool:
    """Whether an exception says that something went wrong; cancellation and clients that are done do not."""
    if isinstance(error, WebSocketDisconnect):
        return error.code not in NORMAL_CLOSURES
    return isinstance(error, Exception)


class Observation:
    """What is recorded of one connection, from its first event to its last.

    Parameters:
        signals: where to report.
        scope: the connection's scope.
        event: what an exception that nothing answers is called.
        span_name: the name of its span as long as its route is not known.
        attributes: the span's.
        find_route: finds the path, as declared, of what a scope has been routed to.
    """

    __slots__ = (
        "context", "data", "event", "find_route", "has_ended", "route", "scope", "signals", "span", "span_name", "token",
    )  # fmt: skip

    what: ClassVar[str]

    def __init__(
        self,
        signals: Signals,
        scope: Scope,
        event: str,
        span_name: str,
        attributes: Attributes,
        find_route: FindRoute,
    ) -> None:
        self.signals = signals
        self.scope = scope
        self.event = event
        self.span_name = span_name
        self.find_route = find_route
        self.route: str | None = None
        self.has_ended = False
        self.data: TelemetryData | None = TelemetryData()
        context = propagate.extract(scope["headers"], getter=HEADERS)
        self.span: Span = trace.INVALID_SPAN
        if signals.tracer is not None:
            self.span = signals.tracer.start_span(span_name, context, SpanKind.SERVER, attributes)
            context = trace.set_span_in_context(self.span, context)
        self.context: Context = set_value(OBSERVATION, self, context)
        scope[OBSERVATION] = self
        self.token = attach(self.context)

    def place(self, scope: Scope) -> None:
        """Name the span after the route, as soon as there is one."""
        # Whoever has routed a connection has left this in its scope.
        if self.route is None and "path_params" in scope:
            self.route = self.find_route(scope)
            if self.route is not None:
                self.span.update_name(f"{self.span_name} {self.route}")
                self.span.set_attribute("http.route", self.route)

    def step(self, part: Part, name: str) -> Step:
        """A part of the work, to be entered around it.

        Parameters:
            name: the function that it is about.
        """
        answers = () if part == "background_task" else ANSWERS
        return Step(self.signals.steps, f"{self.signals.name}.{part}", name, self.signals.name, answers)

    def refuse(self, errors: int) -> None:
        """Report that a request did not fit its declaration; not how: that may be confidential."""
        name = self.signals.name
        attributes = {**self.routed, f"{name}.validation.error_count": errors}
        self.log(SeverityNumber.WARN, f"{name}.validation.failed", "Request validation failed", attributes)

    def fail(self, error: BaseException) -> None:
        """Report an exception that nothing in the application has answered."""
        self.place(self.scope)
        if is_failure(error):
            text = f"Unhandled exception in {self.signals.title} {self.what}"
            attributes = {**self.routed, "exception.type": type_name(error, self.signals.name)}
            self.log(SeverityNumber.ERROR, self.event, text, attributes, error)

    @property
    def routed(self) -> Attributes:
        return {} if self.route is None else {"http.route": self.route}

    def log(
        self,
        severity: SeverityNumber,
        event: str,
        body: str,
        attributes: Attributes,
        error: BaseException | None = None,
    ) -> None:
        logger = self.signals.logger
        if logger is not None:
            logger.emit(
                timestamp=time_ns(),
                context=self.context,
                severity_number=severity,
                severity_text=severity.name,
                event_name=event,
                body=body,
                attributes=attributes,
                exception=error,
            )

    def end(self, problem: str | None, end_time: int | None = None) -> None:
        """End the span.

        Parameters:
            problem: the type of what went wrong.
        """
        self.has_ended = True
        span = self.span
        if problem is not None:
            span.set_attribute("error.type", problem)
            span.set_status(StatusCode.ERROR)
        span.end(end_time)

    def close(self) -> None:
        """Let go of the request: contexts that somebody has kept may outlive it."""
        self.data = None
        self.scope.pop(OBSERVATION, None)
        detach(self.token)


class RequestObservation(Observation):
    """What is recorded of one request. Its span ends with its response; tasks and clean-up come later."""

    __slots__ = ("answered", "common", "completed", "has_trailers", "is_disconnected", "started", "status")

    what = "request"

    def __init__(self, signals: Signals, scope: Scope, methods: frozenset[str], find_route: FindRoute) -> None:
        self.started = perf_counter()
        common = of_request(scope, methods)
        self.common = common
        method = common["http.request.method"]
        self.status: int | None = None
        self.has_trailers = False
        self.is_disconnected = False
        # The exception that the response answers, and when the response was complete.
        self.answered: BaseException | None = None
        self.completed: tuple[int, float] | None = None
        name = "HTTP" if method == OTHER_METHOD else method
        event = "http.server.request.exception"
        super().__init__(signals, scope, event, name, of_request_span(scope, common), find_route)
        self.count(1)

    def wrap_receive(self, receive: Receive) -> Receive:
        """The same messages; a disconnect is noticed."""

        async def receive_noticing() -> Message:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.is_disconnected = True
            return message

        return receive_noticing

    def wrap_send(self, send: Send) -> Send:
        """The same messages; the beginning and the end of the response are noticed."""

        async def send_noticing(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.begin(message)
            await send(message)
            if not self.has_ended and self.completed is None and self.is_last(message):
                self.complete()

        return send_noticing

    def begin(self, message: Message) -> None:
        """Take note of a response that is about to be sent."""
        self.place(self.scope)
        self.status = status = message["status"]
        self.has_trailers = message.get("trailers", False)
        self.span.set_attribute("http.response.status_code", status)
        if status >= 500:
            self.answered = sys.exc_info()[1]

    def is_last(self, message: Message) -> bool:
        """Whether a message completes the response."""
        kind = message["type"]
        if kind == "http.response.body":
            return not (message.get("more_body", False) or self.has_trailers)
        if kind == "http.response.trailers":
            return not message.get("more_trailers", False)
        is_path: bool = kind == "http.response.pathsend"
        return is_path

    def complete(self) -> None:
        """End the span, for the response is complete."""
        # Where it answers an exception, whether that comes out of the application must tell first if the author had a
        # handler for it or if it was answered for want of one.
        self.completed = (time_ns(), perf_counter())
        if self.answered is None:
            self.finish()

    def fail(self, error: BaseException) -> None:
        """Report an exception that nothing in the application has answered."""
        super().fail(error)
        if not self.has_ended and (self.completed is None or error is self.answered):
            self.conclude(type_name(error, self.signals.name))

    def finish(self) -> None:
        """End the span if nothing else has: the response is complete, or nothing more will come of it."""
        if self.has_ended:
            return
        if self.completed is None:
            self.conclude("ConnectionError" if self.is_disconnected else "RuntimeError")
        else:
            self.conclude(str(self.status) if self.status is not None and self.status >= 500 else None)

    def conclude(self, problem: str | None) -> None:
        end_time, ended = self.completed or (None, perf_counter())
        self.end(problem, end_time)
        if self.signals.duration is not None:
            attributes = {**self.common, **self.routed}
            if self.status is not None:
                attributes["http.response.status_code"] = self.status
            if problem is not None:
                attributes["error.type"] = problem
            self.signals.duration.record(ended - self.started, attributes, self.context)
        self.count(-1)

    def count(self, change: int) -> None:
        if self.signals.active is not None:
            keys = ("url.scheme", "http.request.method")
            self.signals.active.add(change, {key: self.common[key] for key in keys}, self.context)

    def close(self) -> None:
        """Let go of the request."""
        self.finish()
        self.answered = None
        super().close()


class SocketObservation(Observation):
    """What is recorded of one WebSocket connection. Its span ends when the connection's clean-up has."""

    __slots__ = ()

    what = "WebSocket connection"

    def __init__(self, signals: Signals, scope: Scope, find_route: FindRoute) -> None:
        event = f"{signals.name}.websocket.exception"
        super().__init__(signals, scope, event, "WS", of_socket(scope), find_route)

    def fail(self, error: BaseException) -> None:
        """Report an exception that nothing in the application has answered."""
        super().fail(error)
        is_normal = isinstance(error, WebSocketDisconnect) and not is_failure(error)
        self.end(None if is_normal else type_name(error, self.signals.name))

    def close(self) -> None:
        """Let go of the connection."""
        if not self.has_ended:
            self.place(self.scope)
            self.end(None)
        super().close()


class Step:
    """A span around a part of the work; nothing where nobody wants one.

    Parameters:
        tracer: begins the span.
        span_name: its name.
        name: the function that it is about.
        framework: what the framework is called.
        answers: exceptions that are no failure there.
    """

    __slots__ = ("answers", "framework", "name", "span", "span_name", "token", "tracer")

    def __init__(
        self,
        tracer: Tracer | None,
        span_name: str,
        name: str,
        framework: str,
        answers: tuple[type[Exception], ...],
    ) -> None:
        self.tracer = tracer
        self.span_name = span_name
        self.name = name
        self.framework = framework
        self.answers = answers

    def __enter__(self) -> None:
        if self.tracer is not None:
            self.span = self.tracer.start_span(self.span_name, attributes={"code.function.name": self.name})
            self.token = attach(trace.set_span_in_context(self.span))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.tracer is None:
            return
        detach(self.token)
        if error is not None and is_failure(error) and not isinstance(error, self.answers):
            self.span.set_attribute("error.type", type_name(error, self.framework))
            self.span.set_status(StatusCode.ERROR)
        self.span.end()
