"""Serve HTTP requests over ASGI: find the route of a scope, run its plan, send the messages of the response."""

from __future__ import annotations  # PERF: annotations of inner functions would be evaluated for every request

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from starlette.datastructures import URL
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from typeway.declare.conventions import TYPEWAY, Conventions
from typeway.decoders import AROUND
from typeway.errors.handlers import HANDLERS, Handlers, http_error, identify
from typeway.headers import name_place, verify_headers
from typeway.plan.build import Plan
from typeway.plan.exchange import Exchange, WriteReply
from typeway.policies.guard import Guard
from typeway.requests import IN_QUERY
from typeway.serve.execute import execute, run
from typeway.serve.exits import UPLOADS, close_uploads
from typeway.serve.lifecycle import complete, send_reply
from typeway.serve.limits import (
    ACTIVE,
    LimitedApp,
    change_limit,
    is_answered,
    limit_body,
    limit_by_default,
    refuse_declared,
)
from typeway.serve.match import Found, Index, IndexedRoute, NoRoute, encoded_path
from typeway.serve.mounted import MOUNTED, serve_with_state, state_of
from typeway.serve.plans import Instrument, Overrides, PlanCache
from typeway.serve.reply import error_reply, from_response
from typeway.serve.respond import Responder
from typeway.types import ASGIApp, Receive, Scope, Send

# Serves one request without ASGI messages where it can: the scope, `receive`, `send`, what sends a whole response, and whether
# the body has arrived. It returns what is to be awaited in a task, or None if the response has been written.
Serve = Callable[[Scope, Receive, Send, WriteReply, bool], Awaitable[None] | None]

logger: Final = logging.getLogger("typeway")
# What may stand unescaped in a path, and the percent sign of what is escaped already (RFC 3986, section 3.3).
IN_PATH: Final = "/%!$&'()*+,;=:@"

STARTED_TOO_LATE: Final = "Caught handled exception, but response already started."


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """Everything the request path reads about a router and its application; rebuilt after each change."""

    index: Index  # finds HTTP routes
    sockets: Index  # finds WebSocket routes
    app: Any  # the application, or `NoApplication`; its handlers and overrides are read at each request
    conventions: Conventions  # Typeway's behaviour or FastAPI's
    redirects: bool  # whether a path is redirected to the same path with or without a trailing slash
    default: ASGIApp | None  # answers when no route matches; None for a 404
    router: Any  # the value of `scope["router"]`
    limit: int | None = None  # the maximum size of a body for requests that match no route
    frontends: Sequence[Any] = ()  # they are tried before the default, the longest prefix first
    instrument: Instrument | None = None  # observes the operations


class NoApplication:
    """Takes the place of the application where a router is served without one."""

    _handlers: Handlers = Handlers({}, TYPEWAY)
    _overrides_in_force: Overrides = MappingProxyType({})


# Everything that serves a request by a plan.
Ready: TypeAlias = tuple[Plan, Responder, Exchange]

# How a router answers an exception; it raises an exception that it does not answer.
AnswerError = Callable[[Snapshot, Exception, Exchange], Awaitable[None]]


async def answer_error(snapshot: Snapshot, error: Exception, exchange: Exchange) -> None:
    """Answer an exception for which the application has a handler.

    Raises:
        Exception: the error itself if it has no handler; a RuntimeError if the response has already started.
    """
    exchange.background = None  # the background tasks of a request that has failed do not run
    handlers: Handlers = snapshot.app._handlers
    handler, error = handlers.find_in(error)
    if handler is None:
        if isinstance(error, ClientDisconnect) and snapshot.conventions.quiet_disconnects:
            logger.debug("%s %s: the client has gone", exchange.scope["method"], exchange.scope["path"])
            return
        identify(error, exchange.scope, snapshot.conventions)
        raise error
    if exchange.started:
        late = RuntimeError(STARTED_TOO_LATE)
        identify(late, exchange.scope, snapshot.conventions)
        raise late from error
    parts = handler.parts(error)
    reply = (*parts, None) if parts is not None else await error_reply(handlers, handler, error, exchange)
    if reply is not None:
        await send_reply(reply, exchange)
    # The application may raise the same instance again; it must not collect the frames of every request.
    error.with_traceback(None)  # an assignment would call the `__setattr__` of a class such as a frozen dataclass


async def answer_every_error(snapshot: Snapshot, error: Exception, exchange: Exchange) -> None:
    """Answer any exception: this router is the outermost layer, so no layer around it does.

    Raises:
        Exception: an error that no handler answers, after a 500 has been sent, so that the server logs it.
    """
    try:
        await answer_error(snapshot, error, exchange)
    except Exception as unhandled:
        name_place(unhandled, exchange.scope)
        if not exchange.started:
            request = Request(exchange.scope, exchange.receive)
            response = await snapshot.app._handlers.answer_last(request, unhandled)
            await send_reply(from_response(response), exchange)
        raise


async def raise_error(snapshot: Snapshot, error: Exception, exchange: Exchange) -> None:
    """Raise every exception: a layer around this router answers it."""
    raise error


def path_of(scope: Scope) -> str:
    """Return the path below the root path under which the application is mounted."""
    path: str = scope["path"]
    root_path: str = scope.get("root_path", "")
    if root_path and path.startswith(root_path) and (len(path) == len(root_path) or path[len(root_path)] == "/"):
        return path[len(root_path) :]
    return path


def prepared(snapshot: Snapshot, found: Found, scope: Scope, receive: Receive, send: Send) -> Ready | None:
    """Return everything that serves a request by the plan of its route; None if the route has no plan."""
    entry, path_params, _ = found
    plans: PlanCache | None = entry.plans
    if plans is None:
        return None
    if "path_params" in scope:
        # The router is mounted: the path parameters of the mount belong to the request, and a body limit around the
        # mount applies to its routes.
        path_params = {**scope["path_params"], **path_params}
        if entry.limit is None:
            refuse_declared(scope, snapshot.conventions)
    scope["path_params"] = path_params
    scope["route"] = entry.shown
    scope["endpoint"] = entry.endpoint
    if entry.marks is not None:
        put_marks(entry, scope)
    if "router" not in scope:
        scope["router"] = snapshot.router
    overrides, instrument = snapshot.app._overrides_in_force, snapshot.instrument
    if overrides or instrument is not None or plans.prepared is None:
        plan, responder = plans.ready(overrides, instrument)
    else:
        plan, responder = plans.prepared
    return plan, responder, Exchange(scope, receive, send, path_params)


async def serve_http(
    snapshot: Snapshot,
    scope: Scope,
    receive: Receive,
    send: Send,
    answer: AnswerError = answer_error,
    found: Found | NoRoute | None = None,
    write: WriteReply | None = None,
) -> None:
    """Answer one request.

    Parameters:
        answer: how exceptions are answered.
        write: sends a whole response at once, where the server can; all others go through `send`.
        found: the result of the look-up of the route, if it has already been made.

    Raises:
        Exception: an exception that `answer` does not answer.
    """
    try:
        path = path_of(scope) if scope.get("root_path") else scope["path"]
        if found is None:
            found = snapshot.index.find(path, scope["method"], scope)
        # PERF: isinstance() takes 0.05 of 4 us longer where the answer is no.
        ready = None if type(found) is NoRoute else prepared(snapshot, found, scope, receive, send)
    except Exception as error:
        await answer(snapshot, error, Exchange(scope, receive, send, {}))
        return
    if ready is None:
        await serve_without_plan(snapshot, found, path, scope, receive, send, answer)
        return
    plan, responder, exchange = ready
    exchange.write = write
    # PERF: each part that were a function of its own would cost one frame, 0.2 of 4.5 us.
    try:
        if plan.takes_body:
            limit_body(exchange, plan.operation.max_body_size, snapshot.conventions)
        if plan.is_wrapped:
            if plan.guard is None:
                await complete(execute(plan, responder, exchange), exchange, shields=plan.shields)
            else:
                await serve_with_policies(snapshot, plan, responder, exchange, answer)
            return
        reply = await run(plan, responder, exchange)
        status, headers, body, response = reply
        if response is None and exchange.background is None and scope["method"] != "HEAD":
            # PERF: nearly every response is these two messages; a Response object would cost 3 us more.
            if write is not None:
                write(status, headers, body)
                exchange.started = True
                return
            if len(headers) > 2:  # length and type are ours
                verify_headers(headers)
            exchange.started = True
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})
        else:
            await send_reply(reply, exchange)
    except Exception as error:
        name_place(error, scope)
        await answer(snapshot, error, exchange)
    finally:
        if exchange.form is not None:
            await close_uploads(exchange.form)


async def serve_with_policies(
    snapshot: Snapshot, plan: Plan, responder: Responder, exchange: Exchange, answer: AnswerError
) -> None:
    """Answer one request by the plan of a route with policies."""

    async def work() -> None:
        await complete(execute(plan, responder, exchange), exchange, shields=plan.shields)

    await plan.guard.serve(exchange, work, partial(answer, snapshot))


async def serve_without_plan(
    snapshot: Snapshot,
    found: Found | NoRoute,
    path: str,
    scope: Scope,
    receive: Receive,
    send: Send,
    answer: AnswerError,
) -> None:
    """Answer a request that matches a route without a plan, or no route."""
    limit = snapshot.limit if isinstance(found, NoRoute) else found[0].limit
    if limit is not None and ACTIVE not in scope:
        serve = partial(serve_without_plan, snapshot, found, path, answer=answer)
        catches = snapshot.app is not NoApplication
        await LimitedApp(serve, limit, snapshot.conventions, catches=catches)(scope, receive, send)
        return
    if limit is None and (type(found) is not NoRoute or snapshot.frontends or snapshot.default is not None):
        receive = limit_by_default(scope, receive, snapshot.conventions)
    exchange = Exchange(scope, receive, send, {})
    try:
        if limit is not None:
            change_limit(scope, limit, snapshot.conventions)
        if isinstance(found, NoRoute):
            await unmatched(snapshot, found, path, scope)(scope, receive, exchange.pass_on)
        elif found[0].guard is None:
            await serve_foreign(snapshot, found, scope, receive, exchange.pass_on)
        else:
            await serve_guarded(snapshot, found[0].guard, found, exchange, answer)
    except Exception as error:
        name_place(error, scope)
        if not is_answered(scope, error):
            await answer(snapshot, error, exchange)
    finally:
        if UPLOADS in scope:
            await close_uploads(scope[UPLOADS])


async def serve_guarded(
    snapshot: Snapshot, guard: Guard, found: Found, exchange: Exchange, answer: AnswerError
) -> None:
    """Let a route with policies serve a request itself."""
    scope = exchange.scope

    async def work() -> None:
        await serve_foreign(snapshot, found, scope, exchange.receive, exchange.pass_on)

    async def answer_unless_answered(error: Exception, exchange: Exchange) -> None:
        if not is_answered(scope, error):
            await answer(snapshot, error, exchange)

    await guard.serve(exchange, work, answer_unless_answered)


async def serve_foreign(snapshot: Snapshot, found: Found, scope: Scope, receive: Receive, send: Send) -> None:
    """Let a route serve a request itself: a mount, a Starlette route, an author's own route class."""
    add_to_scope(snapshot, found, scope)
    if found[2] is None:
        refuse_declared(scope, snapshot.conventions)
    await handle_by_route(found, scope, receive, send)


def handle_by_route(found: Found, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
    """Call the `handle` of a route; an application that is mounted there gets the state of its own lifespan."""
    route = found[0].route
    if found[2] is not None and MOUNTED in scope.get("state", ()):
        state = state_of(getattr(route, "app", None), scope)
        if state is not None:
            return serve_with_state(route.handle, state, scope, receive, send)
    return route.handle(scope, receive, send)


def add_to_scope(snapshot: Snapshot, found: Found, scope: Scope) -> None:
    """Add the route to the scope, as Starlette's router does."""
    entry, path_params, child_scope = found
    scope.setdefault("router", snapshot.router)
    scope["route"] = entry.shown
    put_marks(entry, scope)
    # Starlette's own routes look here when their endpoints raise.
    shown = getattr(scope.get("app"), "_handlers_shown", None)
    if shown is not None:
        scope[HANDLERS] = shown
    if child_scope is not None:
        scope.update(child_scope)
    else:
        scope["path_params"] = {**scope.get("path_params", {}), **path_params}
        scope["endpoint"] = entry.endpoint


def put_marks(entry: IndexedRoute, scope: Scope) -> None:
    """Add to the scope what the entry of a route holds for it, and the limits around the route."""
    scope.update(entry.marks or {})
    if entry.limits:
        around = scope.get(AROUND, {})
        scope[AROUND] = {**around, **{name: {**around.get(name, {}), **own} for name, own in entry.limits.items()}}


def unmatched(snapshot: Snapshot, found: NoRoute, path: str, scope: Scope) -> ASGIApp:
    """Return what answers a request without a route: OPTIONS, a redirect, a frontend, or the router's default.

    Raises:
        HTTPException: 405 if routes match the path with another method, else 404.
    """
    conventions, others = snapshot.conventions, found.others
    scope.setdefault("path_params", {})
    if others:
        if len(others) == 1 and others[0][2] is not None:
            return partial(serve_foreign, snapshot, others[0])
        scope["route"] = others[0][0].shown
        allow = found.allow(conventions)
        if scope["method"] == "OPTIONS" and conventions.answers_options:
            return Response(status_code=204, headers={"Allow": allow})
        raise http_error(conventions, 405, {"Allow": allow})
    scope.setdefault("router", snapshot.router)
    other = with_other_slash(snapshot, found, path, scope)
    if other is not None and snapshot.index.any_on(path_of(other), other) is not None:
        return redirect(snapshot, path, scope, other)
    for frontend in snapshot.frontends:
        if frontend.covers(path):
            handle: ASGIApp = frontend.handle
            return handle if frontend.guard is None else partial(serve_app, frontend.guard, handle)
    if snapshot.default is None:
        raise http_error(conventions, 404)
    return snapshot.default


async def serve_app(guard: Guard, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a request by an ASGI application with policies; its errors are answered further out."""
    exchange = Exchange(scope, receive, send, {})
    await guard.serve(exchange, lambda: app(scope, exchange.receive, exchange.send), raise_it)


async def raise_it(error: Exception, exchange: Exchange) -> None:
    raise error


def redirect(snapshot: Snapshot, path: str, scope: Scope, other: Scope) -> Response:
    """Return a redirect to the path of another scope."""
    if snapshot.conventions.relative_redirects:
        return RedirectResponse(relative_url(other))
    url = URL(scope=other)
    if snapshot.conventions.encoded_slashes and url.netloc and encoded_path(path, scope) is not None:
        url = url.replace(path=other["raw_path"].decode("latin-1"))
    return RedirectResponse(url)


def relative_url(scope: Scope) -> str:
    """Return the path and the query of a scope as a reference without a host (RFC 3986 section 4.2)."""
    path, query = scope["raw_path"] or scope["path"].encode(), scope.get("query_string", b"")
    url = quote(path, safe=IN_PATH)
    if url.startswith("//"):
        url = "/." + url  # else the first segment would be read as a host
    return f"{url}?{quote(query, safe=IN_QUERY)}" if query else url


def with_other_slash(snapshot: Snapshot, found: NoRoute, path: str, scope: Scope) -> Scope | None:
    """Return the scope with the trailing slash of its path added or removed; None if no route can match that path."""
    has_slash = path.endswith("/")
    if not snapshot.redirects or path == "/" or (found.is_dead_end and not has_slash):
        return None
    raw = scope.get("raw_path")
    raw = raw if isinstance(raw, bytes) and raw else quote(scope["path"]).encode()
    if has_slash:
        return {**scope, "path": scope["path"].rstrip("/"), "raw_path": raw.rstrip(b"/")}
    return {**scope, "path": scope["path"] + "/", "raw_path": raw + b"/"}
