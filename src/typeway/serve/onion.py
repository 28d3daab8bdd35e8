"""Compose http middleware: functions from request to response, around the router or another application."""

from __future__ import annotations  # PERF: annotations of inner functions would be evaluated for every request

import asyncio
from collections.abc import Awaitable, Callable
from copy import copy
from functools import partial
from typing import Any

from starlette.background import BackgroundTask
from starlette.datastructures import FormData
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import Response

from typeway.background import TasksBeside
from typeway.errors.handlers import Handlers
from typeway.headers import name_place, verify_headers
from typeway.plan.exchange import Exchange, WriteReply
from typeway.serve.answer import Answer, BodyIterator, answer_of
from typeway.serve.asgi import Snapshot, path_of, prepared, serve_http
from typeway.serve.bridge import Bridge
from typeway.serve.execute import run
from typeway.serve.exits import close_uploads
from typeway.serve.feed import Feed, Inner, LayerRequest
from typeway.serve.lifecycle import send_reply
from typeway.serve.limits import limit_body, limit_by_default
from typeway.serve.match import NoRoute
from typeway.serve.originals import ORIGINAL_LAYER
from typeway.serve.reply import error_reply, from_response, no_response, task_of
from typeway.serve.stream import Closing
from typeway.types import ASGIApp, Message, Receive, Scope, Send

Dispatch = Callable[[Request, Any], Awaitable[Response]]


class Flight(Feed):
    """One request in the middleware, and the work that is left after its response has been sent.

    It is also the `receive` of the outermost middleware.
    """

    # PERF: class attributes instead of a constructor that sets each of them.
    bridges: tuple[Bridge, ...] = ()
    forms: tuple[FormData, ...] = ()  # forms whose uploads must be closed
    tasks: tuple[BackgroundTask, ...] = ()  # the outermost first; they run even if middleware replaces the response

    started: bool = False  # whether the start of the response has been sent

    def __init__(self, snapshot: Snapshot, scope: Scope, receive: Receive, to_server: Send) -> None:
        self.source = receive
        self.snapshot = snapshot
        self.scope = scope
        self.to_server = to_server

    async def send(self, message: Message) -> None:
        """Send a message, and record the start of the response."""
        if message["type"] == "http.response.start":
            self.started = True
        await self.to_server(message)

    def bridge(self, app: ASGIApp, receive: Receive) -> Bridge:
        """Start an application in a child task of this request."""
        bridge = Bridge(app, self.scope, receive, self.send)
        self.bridges += (bridge,)
        return bridge


class Onion:
    """An ASGI application: a run of http middleware around a router or another application.

    Parameters:
        classic: the outermost middleware of the run.
        router: the router of the application.
    """

    def __init__(self, classic: BaseHTTPMiddleware, router: Any) -> None:
        # Tools that walk from layer to layer find the middleware itself; it also serves as Starlette composes it.
        self.app = classic
        self.router = router
        inner: Any = classic.app
        self.dispatch: Dispatch = classic.dispatch_func
        self.inner: Inner
        if isinstance(inner, Onion):
            self.inner = layer(inner.dispatch, inner.inner)
        else:
            self.inner = serve_inner if inner is router else serve_by(inner)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            await self.app(scope, receive, send)  # trio, which Starlette's own classes support
            return
        await self.serve(scope, receive, send, None)

    def serve_directly(
        self, scope: Scope, receive: Receive, send: Send, write: WriteReply, is_whole: bool
    ) -> Awaitable[None]:
        """Serve one request, and send a whole response by one call of `write`; no other layer is around this one.

        Raises:
            Exception: an error that no handler answers, after a 500 has been sent, so that the server logs it.
        """
        return self.serve(scope, receive, send, write)

    async def serve(self, scope: Scope, receive: Receive, send: Send, write: WriteReply | None) -> None:
        snapshot = self.router._snapshot_for(scope)
        flight = Flight(snapshot, scope, limit_by_default(scope, receive, snapshot.conventions), send)
        try:
            # The outermost layer, whose response is sent as it is. PERF: a function for it would cost a frame.
            request = LayerRequest(flight, flight, self.inner)
            try:
                response = await self.dispatch(request, request.call_next)
            except Exception as error:
                response = await answer_of_layer(flight, request, error)
            if flight.bridges and not flight.tasks and task_of(response) is None:
                for bridge in flight.bridges:
                    bridge.waits = False
            whole = response.whole if write is not None and type(response) is Answer else None
            if write is not None and whole is not None:
                write(response.status_code, response.raw_headers, whole)
                flight.started = True
            else:
                if not callable(response):
                    raise no_response(response, self.dispatch, "middleware")
                verify_headers(getattr(response, "raw_headers", ()))
                await response(scope, flight, send if write is None else flight.send)
            for task in flight.tasks:
                await task()
            for bridge in flight.bridges:
                await bridge.finish()
        except BaseException as error:
            name_place(error, scope)
            for bridge in flight.bridges:
                await bridge.cancel()
            if write is not None and not flight.started and isinstance(error, Exception):
                await self.answer_last(flight, error)
            raise
        finally:
            for form in flight.forms:
                await close_uploads(form)

    async def answer_last(self, flight: Flight, error: Exception) -> None:
        """Send a 500: this is the outermost layer."""
        exchange = Exchange(flight.scope, flight.source, flight.send, {})
        handlers: Handlers = flight.snapshot.app._handlers
        response = await handlers.answer_last(Request(flight.scope, flight.source), error)
        await send_reply(from_response(response), exchange)


def layer(dispatch: Dispatch, inner: Inner) -> Inner:
    """Return one middleware around the inner layers; what it returns has the form that other middleware sees."""

    async def run(flight: Flight, receive: Feed) -> Response:
        request = LayerRequest(flight, receive, inner)
        try:
            response = await dispatch(request, request.call_next)
        except Exception as error:
            response = await answer_of_layer(flight, request, error)
        if type(response) is Answer and response.background is None:
            return response  # PERF: nearly every response; the call below costs 0.3 us per layer
        if not callable(response):
            raise no_response(response, dispatch, "middleware")
        return await for_middleware(flight, response, receive)

    return run


async def answer_of_layer(flight: Flight, request: Request, raised: Exception) -> Response:
    """Return the answer to an exception that a middleware has raised.

    Raises:
        Exception: the exception, if it has no handler, or the application leaves such exceptions to the server.
    """
    snapshot = flight.snapshot
    handlers: Handlers = snapshot.app._handlers
    handler, error = handlers.find_in(raised)
    if handler is None or not snapshot.conventions.middleware_errors_answered:
        raise raised
    response: Response = await handler.call(request, error)
    return response


async def for_middleware(flight: Flight, response: Response, receive: Feed) -> Response:
    """Return a response in the form that middleware sees; its background tasks become tasks of the request."""
    task = task_of(response)
    if task is not None:
        flight.tasks = (task, *flight.tasks)
        response = copy(response)  # the author may return the same instance again
        response.background = None
    return answer_of(response, flight.scope, receive) or await flight.bridge(response, receive).answer()


def serve_by(app: ASGIApp) -> Inner:
    """Return what serves the request by another application: it may send at any time, and gets a task of its own."""

    async def serve(flight: Flight, receive: Feed) -> Response:
        return await flight.bridge(app, receive).answer()

    return serve


def composed(app: ASGIApp, router: Any) -> ASGIApp:
    """Return a middleware as a layer of an Onion if it is Starlette's class for functions, or a subclass of it.

    A subclass with its own `__call__` does more than to run its function, and stays as it is.
    """
    if not isinstance(app, BaseHTTPMiddleware) or type(app).__call__ is not ORIGINAL_LAYER:
        return app
    return Onion(app, router) if vars(app).keys() >= {"app", "dispatch_func"} else app


async def serve_inner(flight: Flight, receive: Feed) -> Response:
    """Serve the request, and return its response instead of sending it."""
    snapshot, scope, send = flight.snapshot, flight.scope, flight.send
    found = snapshot.index.find(path_of(scope), scope["method"], scope)
    ready = None if isinstance(found, NoRoute) else prepared(snapshot, found, scope, receive, send)
    if ready is None or ready[0].is_wrapped:
        # Generators may open cancel scopes, and other applications may send at any time: both get a task of their own.
        return await flight.bridge(partial(serve_http, snapshot, found=found), receive).answer()
    plan, responder, exchange = ready
    try:
        if plan.takes_body:
            limit_body(exchange, plan.operation.max_body_size, snapshot.conventions)
        reply = await run(plan, responder, exchange)
        if reply[3] is not None and isinstance(reply[3], Closing) and scope["method"] != "HEAD":
            # If the generator raises before its first item, the error is answered like one of any other endpoint.
            reply = from_response(await flight.bridge(reply[3], receive).answer())
    except Exception as raised:
        handlers: Handlers = snapshot.app._handlers
        handler, error = handlers.find_in(raised)
        if handler is None:
            raise
        parts = handler.parts(error)
        answer = (*parts, None) if parts is not None else await error_reply(handlers, handler, error, exchange)
        if answer is None:
            raise
        reply = answer
        exchange.background = None  # the background tasks of a request that has failed do not run
        error.with_traceback(None)
    finally:
        if exchange.form is not None:
            flight.forms += (exchange.form,)
    status, headers, body, response = reply
    if exchange.background is not None:
        flight.tasks = (TasksBeside(exchange.background, task_of(response)), *flight.tasks)
    if response is not None:
        return await for_middleware(flight, response, receive)
    return Answer(status, headers, BodyIterator(b"" if scope["method"] == "HEAD" else body))
