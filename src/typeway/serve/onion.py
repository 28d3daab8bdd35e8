"""Compose http middleware: functions from request to response, around what serves the request."""

from __future__ import annotations  # PERF: else those of inner functions would be evaluated again by every request

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.background import BackgroundTask
from starlette.datastructures import FormData
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import Response

from typeway.background import TasksBeside
from typeway.serve.answer import Answer, answer_of
from typeway.serve.asgi import Site, planned, serve_http
from typeway.serve.bridge import Bridge
from typeway.serve.errors import call_handler, handled, handler_for
from typeway.serve.execute import run
from typeway.serve.exits import close_uploads
from typeway.serve.limits import limit_body
from typeway.serve.reply import from_response
from typeway.types import ASGIApp, Message, Receive, Scope, Send

Dispatch = Callable[[Request, Any], Awaitable[Response]]
Inner = Callable[["Flight", Receive], Awaitable[Response]]


@dataclass(slots=True, eq=False)
class Flight:
    """One request on its way through the middleware, and what is left to do once it has been answered."""

    site: Site  # what serves it in the end
    scope: Scope
    send: Send
    bridges: tuple[Bridge, ...] = ()
    forms: tuple[FormData, ...] = ()  # whose uploads are to be closed
    tasks: tuple[BackgroundTask, ...] = ()  # the outermost first; run whatever becomes of the responses that had them

    def bridge(self, app: ASGIApp, receive: Receive) -> Bridge:
        """Run an application in a child task of this request."""
        bridge = Bridge(app, self.scope, receive)
        self.bridges += (bridge,)
        return bridge


class LayerRequest(Request):
    """The request as one middleware sees it: what the middleware reads of the body is there again further in."""

    def downstream(self) -> Receive:
        """Where what is further in receives from."""
        is_untouched = "_body" not in self.__dict__ and not self._stream_consumed
        return self._receive if is_untouched else self.replay()

    def replay(self) -> Receive:
        held: list[Message] = [{"type": "http.request", "body": self.__dict__.get("_body", b""), "more_body": False}]

        async def receive() -> Message:
            return held.pop() if held else await self._receive()

        return receive


class Onion:
    """An ASGI application: a run of http middleware around a router, the outermost first."""

    def __init__(self, dispatches: Sequence[Dispatch], router: Any) -> None:
        self.router = router
        self.outermost: Inner = serve_inner
        self.classic: ASGIApp = router  # the same run of middleware as Starlette composes it
        for dispatch in reversed(dispatches):
            self.outermost = layer(dispatch, self.outermost)
            self.classic = BaseHTTPMiddleware(self.classic, dispatch=dispatch)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.router(scope, receive, send)
            return
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            await self.classic(scope, receive, send)  # another event loop: Starlette's own classes know it
            return
        flight = Flight(self.router.site(scope), scope, send)
        try:
            response = await self.outermost(flight, receive)
            await response(scope, receive, send)
        except BaseException:
            for bridge in flight.bridges:
                await bridge.cancel()
            raise
        else:
            if flight.tasks or flight.bridges:
                for task in flight.tasks:
                    await task()
                for bridge in flight.bridges:
                    await bridge.finish()
        finally:
            for form in flight.forms:
                await close_uploads(form)


def layer(dispatch: Dispatch, inner: Inner) -> Inner:
    """One middleware around what is further in."""

    async def run(flight: Flight, receive: Receive) -> Response:
        request = LayerRequest(flight.scope, receive, flight.send)

        async def call_next(_: Request) -> Response:
            response = await inner(flight, request.downstream())
            if type(response) is Answer and response.background is None:
                return response  # PERF: what nearly every layer hands on; asking further costs 0.3 us a layer
            return await shown(flight, response, receive)

        try:
            return await dispatch(request, call_next)
        except Exception as error:
            site = flight.site
            handler = handler_for(error, site.handlers, site.conventions)
            if handler is None or not site.conventions.middleware_errors_answered:
                raise
            response: Response = await call_handler(handler, request, error)
            return response

    return run


async def shown(flight: Flight, response: Response, receive: Receive) -> Response:
    """A response as middleware sees it: its body can be iterated, and its background tasks are the request's."""
    if response.background is not None:
        flight.tasks = (response.background, *flight.tasks)
        response.background = None
    answer = answer_of(response, is_head=flight.scope["method"] == "HEAD")
    if answer is not None:
        return answer
    return await flight.bridge(response, receive).answer()


async def serve_inner(flight: Flight, receive: Receive) -> Response:
    """Serve the request itself, and return its response instead of sending it."""
    site, scope, send = flight.site, flight.scope, flight.send
    ready = planned(site, scope, receive, send, scope["method"])
    if ready is None or ready[0].has_exits:
        # Generators may hold cancel scopes, and foreign applications send as they like: both get a task of their own.
        return await flight.bridge(partial(serve_http, site), receive).answer()
    plan, responder, exchange = ready
    try:
        if plan.operation.max_body_size is not None:
            limit_body(exchange, plan.operation.max_body_size, site.conventions)
        reply = await run(plan, responder, exchange)
    except Exception as error:
        handler = handler_for(error, site.handlers, site.conventions)
        if handler is None:
            raise
        response = await handled(error, handler, exchange.connection, site.handlers, site.conventions)
        exchange.background = None  # the tasks of a request that has failed do not run
        reply = from_response(response)
        error.__traceback__ = None
    finally:
        if exchange.form is not None:
            flight.forms += (exchange.form,)
    status, headers, body, response = reply
    if exchange.background is not None:
        own = None if response is None else response.background
        flight.tasks = (TasksBeside(exchange.background, own), *flight.tasks)
    if response is not None:
        return response
    return Answer(status, headers, b"" if scope["method"] == "HEAD" else body)
