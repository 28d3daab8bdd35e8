"""Record one request or WebSocket connection: its spans, its metrics and its failures."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextvars import Token
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
    HeaderGetter,
    request_attributes,
    request_span_attributes,
    socket_attributes,
    type_name,
)  # fmt: skip
from typeway.telemetry.data import OBSERVATION, TelemetryData
from typeway.telemetry.signals import Signals
from typeway.types import Message, Receive, Scope, Send

# Exceptions that an endpoint raises on purpose, to answer the request.
ANSWERS: Final = (HTTPException, WebSocketException, RequestValidationError, WebSocketRequestValidationError)

# RFC 6455 section 7.4.1: the connection is complete, or the client leaves the page.
NORMAL_CLOSURES: Final = frozenset({1000, 1001})

HEADER_GETTER: Final = HeaderGetter()

Phase = Literal["dependencies", "endpoint", "serialization", "background_task"]
FindRoute = Callable[[Scope], str | None]


def is_failure(error: BaseException | None) -> bool:
    """Whether an exception is a failure; cancellation and the regular end of a WebSocket connection are not."""
    if isinstance(error, WebSocketDisconnect):
        return error.code not in NORMAL_CLOSURES
    return isinstance(error, Exception)


class Observation:
    """The record of one connection, from its first event to its last.

    Parameters:
        signals: where to report.
        scope: the ASGI scope of the connection.
        event: the name of the log event for an exception that is not handled.
        span_name: the name of the span until the route is known.
        attributes: the attributes of the span.
        find_route: returns the declared path of the route that a scope has reached.
    """

    __slots__ = (
        "context", "data", "event", "find_route", "has_ended", "route", "scope", "signals", "span", "span_name", "token",
    )  # fmt: skip

    kind: ClassVar[str]

    def __init__(
        self,
        signals: Signals,
        scope: Scope,
        event: str,
        span_name: str,
        attributes: Attributes,
        find_route: FindRoute,
    ) -> None:
        self.signals: Signals = signals
        self.scope: Scope = scope
        self.event: str = event
        self.span_name: str = span_name
        self.find_route: FindRoute = find_route
        self.route: str | None = None
        self.has_ended: bool = False
        self.data: TelemetryData | None = TelemetryData()
        context = propagate.extract(scope["headers"], getter=HEADER_GETTER)
        self.span: Span = trace.INVALID_SPAN
        if signals.tracer is not None:
            self.span = signals.tracer.start_span(span_name, context, SpanKind.SERVER, attributes)
            context = trace.set_span_in_context(self.span, context)
        self.context: Context = set_value(OBSERVATION, self, context)
        scope[OBSERVATION] = self
        self.token: Token[Context] = attach(self.context)

    def set_route(self, scope: Scope) -> None:
        """Add the route to the name of the span, as soon as it is known."""
        # Routing has happened once the scope has path parameters.
        if self.route is None and "path_params" in scope:
            self.route = self.find_route(scope)
            if self.route is not None:
                self.span.update_name(f"{self.span_name} {self.route}")
                self.span.set_attribute("http.route", self.route)

    def child_span(self, phase: Phase, name: str) -> ChildSpan:
        """Return a context manager that records a span around a phase of the request.

        Parameters:
            phase: the phase, which names the span.
            name: the name of the function that runs in it.
        """
        answers = () if phase == "background_task" else ANSWERS
        return ChildSpan(self.signals.child_tracer, f"{self.signals.name}.{phase}", name, self.signals.name, answers)

    def report_invalid(self, errors: int) -> None:
        """Report that the request is not valid, without the details: they may be confidential."""
        name = self.signals.name
        attributes = {**self.route_attributes, f"{name}.validation.error_count": errors}
        self.log(SeverityNumber.WARN, f"{name}.validation.failed", "Request validation failed", attributes)

    def report_exception(self, error: BaseException) -> None:
        """Report an exception that the application does not handle."""
        self.set_route(self.scope)
        if is_failure(error):
            text = f"Unhandled exception in {self.signals.title} {self.kind}"
            attributes = {**self.route_attributes, "exception.type": type_name(error, self.signals.name)}
            self.log(SeverityNumber.ERROR, self.event, text, attributes, error)

    @property
    def route_attributes(self) -> Attributes:
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
            problem: the value of `error.type`; None if the request did not fail.
        """
        self.has_ended = True
        span = self.span
        if problem is not None:
            span.set_attribute("error.type", problem)
            span.set_status(StatusCode.ERROR)
        span.end(end_time)

    def close(self) -> None:
        """Drop the references to the request, because a stored context may outlive it."""
        self.data = None
        self.scope.pop(OBSERVATION, None)
        detach(self.token)


class RequestObservation(Observation):
    """The record of one request. Its span ends with the response; background tasks and clean-up may run after that."""

    __slots__ = ("answered_error", "common", "completed", "has_trailers", "is_disconnected", "started", "status")

    kind = "request"

    def __init__(self, signals: Signals, scope: Scope, methods: frozenset[str], find_route: FindRoute) -> None:
        self.started: float = perf_counter()
        common = request_attributes(scope, methods)
        self.common: Attributes = common
        method = common["http.request.method"]
        self.status: int | None = None
        self.has_trailers: bool = False
        self.is_disconnected: bool = False
        # The exception that led to the response, and when the response was complete.
        self.answered_error: BaseException | None = None
        self.completed: tuple[int, float] | None = None
        name = "HTTP" if method == OTHER_METHOD else method
        event = "http.server.request.exception"
        super().__init__(signals, scope, event, name, request_span_attributes(scope, common), find_route)
        self.count(1)

    def wrap_receive(self, receive: Receive) -> Receive:
        """Wrap `receive` to notice when the client disconnects."""

        async def receive_noticing() -> Message:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.is_disconnected = True
            return message

        return receive_noticing

    def wrap_send(self, send: Send) -> Send:
        """Wrap `send` to notice the start and the end of the response."""

        async def send_noticing(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.start(message)
            await send(message)
            if not self.has_ended and self.completed is None and self.is_last(message):
                self.complete()

        return send_noticing

    def start(self, message: Message) -> None:
        """Record the status of a response that is about to be sent."""
        self.set_route(self.scope)
        self.status = status = message["status"]
        self.has_trailers = message.get("trailers", False)
        self.span.set_attribute("http.response.status_code", status)
        if status >= 500:
            self.answered_error = sys.exc_info()[1]

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
        """End the span, because the response is complete."""
        # If the response answers an exception, the span stays open until it is known whether the exception leaves the
        # application: it does so unless the application has a handler for it.
        self.completed = (time_ns(), perf_counter())
        if self.answered_error is None:
            self.finish()

    def report_exception(self, error: BaseException) -> None:
        """Report an exception that the application does not handle, and end the span."""
        super().report_exception(error)
        if not self.has_ended and (self.completed is None or error is self.answered_error):
            self.record(type_name(error, self.signals.name))

    def finish(self) -> None:
        """End the span if it is open: the response is complete, or the application has returned without one."""
        if self.has_ended:
            return
        if self.completed is None:
            self.record("ConnectionError" if self.is_disconnected else "RuntimeError")
        else:
            self.record(str(self.status) if self.status is not None and self.status >= 500 else None)

    def record(self, problem: str | None) -> None:
        end_time, ended = self.completed or (None, perf_counter())
        self.end(problem, end_time)
        if self.signals.duration is not None:
            attributes = {**self.common, **self.route_attributes}
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
        """End the span if it is open, and drop the references to the request."""
        self.finish()
        self.answered_error = None
        super().close()


class SocketObservation(Observation):
    """The record of one WebSocket connection. Its span ends after the clean-up of the connection."""

    __slots__ = ()

    kind = "WebSocket connection"

    def __init__(self, signals: Signals, scope: Scope, find_route: FindRoute) -> None:
        event = f"{signals.name}.websocket.exception"
        super().__init__(signals, scope, event, "WS", socket_attributes(scope), find_route)

    def report_exception(self, error: BaseException) -> None:
        """Report an exception that the application does not handle, and end the span."""
        super().report_exception(error)
        is_normal = isinstance(error, WebSocketDisconnect) and not is_failure(error)
        self.end(None if is_normal else type_name(error, self.signals.name))

    def close(self) -> None:
        """End the span if it is open, and drop the references to the connection."""
        if not self.has_ended:
            self.set_route(self.scope)
            self.end(None)
        super().close()


class ChildSpan:
    """Context manager that records a span inside of a request; does nothing without a tracer.

    Parameters:
        tracer: starts the span; None to record nothing.
        span_name: the name of the span.
        name: the name of the function that runs in it.
        framework: the name of the framework, for the types of exceptions.
        answers: exceptions that do not mark the span as failed.
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
        self.tracer: Tracer | None = tracer
        self.span_name: str = span_name
        self.name: str = name
        self.framework: str = framework
        self.answers: tuple[type[Exception], ...] = answers

    def __enter__(self) -> None:
        if self.tracer is not None:
            self.span: Span = self.tracer.start_span(self.span_name, attributes={"code.function.name": self.name})
            self.token: Token[Context] = attach(trace.set_span_in_context(self.span))

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
