"""Adapt plans to ASGI: a scope comes in, messages go out."""

from __future__ import annotations  # PERF: else those of inner functions would be evaluated again by every request

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from typeway.declare.conventions import Conventions
from typeway.errors.handlers import Handlers, handled, handler_for, http_error, last_answer, split_handlers
from typeway.plan.build import Plan
from typeway.plan.exchange import Exchange
from typeway.serve.execute import execute, run
from typeway.serve.exits import UPLOADS, close_uploads
from typeway.serve.lifecycle import see_through, send_reply
from typeway.serve.limits import ACTIVE, LimitedApp, change_limit, limit_body, refuse_declared
from typeway.serve.match import Found, Index, encoded_path
from typeway.serve.mounted import MOUNTED, serve_with_state, state_of
from typeway.serve.plans import Overrides, PlanCache
from typeway.serve.reply import from_response
from typeway.serve.respond import Responder
from typeway.types import ASGIApp, Receive, Scope, Send

STARTED_TOO_LATE: Final = "Caught handled exception, but response already started."


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """What serving needs to know of the application or router that is served."""

    index: Index  # finds HTTP routes
    sockets: Index  # finds WebSocket routes
    app: Any  # the application, whose handlers and overrides count as they are at each request, or `NoApplication`
    conventions: Conventions  # which of the two ways to go where there are two
    redirects: bool  # whether paths that differ by a last slash are redirected
    default: ASGIApp | None  # what answers when nothing matches; None for 404
    router: Any  # what `scope["router"]` shall be
    limit: int | None = None  # the most bytes of a body for requests that no route takes
    frontends: Sequence[Any] = ()  # what is asked before the default, the longest prefix first

    @property
    def handlers(self) -> Handlers:
        """What answers exceptions, by class or status code."""
        handlers: Handlers = self.app.exception_handlers
        return handlers


class NoApplication:
    """Stands for the application where a router serves by itself."""

    exception_handlers: Handlers = MappingProxyType({})
    overrides_in_force: Overrides = MappingProxyType({})
    answers_errors = True
    is_bare = False


def path_of(scope: Scope) -> str:
    """The path below the root path under which the application is mounted."""
    path: str = scope["path"]
    root_path: str = scope.get("root_path", "")
    if root_path and path.startswith(root_path) and (len(path) == len(root_path) or path[len(root_path)] == "/"):
        return path[len(root_path) :]
    return path


def planned(
    snapshot: Snapshot, scope: Scope, receive: Receive, send: Send, method: str
) -> tuple[Plan, Responder, Exchange] | None:
    """What it takes to serve a request by a plan; None if no route with a plan takes it."""
    found = snapshot.index.find(path_of(scope), method, scope)
    return None if found is None else prepared(snapshot, found, scope, receive, send)


def prepared(
    snapshot: Snapshot, found: Found, scope: Scope, receive: Receive, send: Send
) -> tuple[Plan, Responder, Exchange] | None:
    """What it takes to serve a request by the plan of the route that was found; None if that has no plan."""
    entry, path_params, _ = found
    plans: PlanCache | None = entry.plans
    if plans is None:
        return None
    if "path_params" in scope:
        # A mount has been here: what it found belongs to the request, and a limit around it holds its routes too.
        path_params = {**scope["path_params"], **path_params}
        if entry.limit is None:
            refuse_declared(scope, snapshot.conventions)
    scope["path_params"] = path_params
    scope["route"] = entry.shown
    scope["endpoint"] = entry.endpoint
    if entry.marks is not None:
        scope.update(entry.marks)
    if "router" not in scope:
        scope["router"] = snapshot.router
    overrides = snapshot.app.overrides_in_force
    plan, responder = plans.ready(overrides) if overrides or plans.prepared is None else plans.prepared
    return plan, responder, Exchange(scope, receive, send, path_params)


async def serve_http(snapshot: Snapshot, scope: Scope, receive: Receive, send: Send, method: str | None = None) -> None:
    """Answer one request by the route for its own method, or for another if one is given.

    Raises:
        Exception: what no handler of the application answers; if the router is the outermost, a 500 has been sent.
    """
    try:
        path = path_of(scope) if scope.get("root_path") else scope["path"]
        found = snapshot.index.find(path, method or scope["method"], scope)
        ready = None if found is None else prepared(snapshot, found, scope, receive, send)
    except Exception as error:
        await answer_error(snapshot, error, Exchange(scope, receive, send, {}))
        return
    if ready is None:
        await serve_without_plan(snapshot, found, path, scope, receive, send)
        return
    plan, responder, exchange = ready
    # PERF: what follows could be functions of their own; each frame costs 0.2 of 4.5 us.
    try:
        if plan.operation.max_body_size is not None:
            limit_body(exchange, plan.operation.max_body_size, snapshot.conventions)
        if plan.has_exits:
            await see_through(execute(plan, responder, exchange), exchange, shields=plan.shields)
            return
        reply = await run(plan, responder, exchange)
        status, headers, body, response = reply
        if response is None and exchange.background is None and scope["method"] != "HEAD":
            # PERF: nearly every answer is these two messages; a Response object would cost 3 us more.
            exchange.started = True
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})
        else:
            await send_reply(reply, exchange)
    except Exception as error:
        await answer_error(snapshot, error, exchange)
    finally:
        if exchange.form is not None:
            await close_uploads(exchange.form)


async def serve_without_plan(
    snapshot: Snapshot, found: Found | None, path: str, scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer a request that a route of another kind takes, or none."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(scope, receive, send, {})
        try:
            if limit is not None:
                change_limit(scope, limit, snapshot.conventions)
            if found is not None:
                await serve_foreign(snapshot, found, scope, receive, exchange.pass_on)
            else:
                await serve_unmatched(snapshot, path, scope, receive, exchange.pass_on)
        except Exception as error:
            await answer_error(snapshot, error, exchange)
        finally:
            if UPLOADS in scope:
                await close_uploads(scope[UPLOADS])

    limit = snapshot.limit if found is None else found[0].limit
    if limit is None or ACTIVE in scope:
        await serve(scope, receive, send)
    else:
        catches = snapshot.app is not NoApplication
        await LimitedApp(serve, limit, snapshot.conventions, catches=catches)(scope, receive, send)


async def answer_error(snapshot: Snapshot, error: Exception, exchange: Exchange) -> None:
    """Answer an exception as the application's handlers say.

    Raises:
        Exception: the error itself where no handler is for it; a RuntimeError where the response has started.
    """
    exchange.background = None  # the tasks of a request that has failed do not run
    try:
        handler = handler_for(error, snapshot.handlers, snapshot.conventions) if snapshot.app.answers_errors else None
        if handler is None:
            raise error
        if exchange.started:
            raise RuntimeError(STARTED_TOO_LATE) from error
        response = await handled(error, handler, exchange.connection, snapshot.handlers, snapshot.conventions)
        if response is not None:
            await send_reply(from_response(response), exchange)
    except Exception as unhandled:
        # Servers log what is raised; clients get an answer that leaks nothing, unless middleware outside may still
        # want to give one.
        if snapshot.app.is_bare and not exchange.started:
            request = Request(exchange.scope, exchange.receive)
            response = await last_answer(request, unhandled, snapshot.handlers, snapshot.conventions)
            await send_reply(from_response(response), exchange)
        raise
    # A raised instance may be kept by its owner: without this it would collect the frames of every request.
    error.__traceback__ = None


async def serve_foreign(snapshot: Snapshot, found: Found, scope: Scope, receive: Receive, send: Send) -> None:
    """Hand a request to a route that serves itself: a mount, a Starlette route, a route class of the author's own."""
    enter(snapshot, found, scope)
    if found[2] is None:
        refuse_declared(scope, snapshot.conventions)
    await hand_over(found, scope, receive, send)


def hand_over(found: Found, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
    """Let a route serve a connection; what is mounted there has the state of its own lifespan."""
    route = found[0].route
    if found[2] is not None and MOUNTED in scope.get("state", ()):
        state = state_of(getattr(route, "app", None), scope)
        if state is not None:
            return serve_with_state(route.handle, state, scope, receive, send)
    return route.handle(scope, receive, send)


def enter(snapshot: Snapshot, found: Found, scope: Scope) -> None:
    """Let the scope show the route that serves itself."""
    entry, path_params, child_scope = found
    scope.setdefault("router", snapshot.router)
    scope["route"] = entry.shown
    scope.update(entry.marks or {})
    # What Starlette's own routes look for when their endpoints raise.
    scope["starlette.exception_handlers"] = split_handlers(snapshot.handlers, snapshot.conventions)
    if child_scope is not None:
        scope.update(child_scope)
    else:
        scope["path_params"] = {**scope.get("path_params", {}), **path_params}
        scope["endpoint"] = entry.endpoint


async def serve_unmatched(snapshot: Snapshot, path: str, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request that no route takes: HEAD for a GET, OPTIONS, 405, a redirect, a frontend, or 404."""
    conventions = snapshot.conventions
    method = scope["method"]
    scope.setdefault("path_params", {})
    if method == "HEAD" and conventions.answers_head:
        found = snapshot.index.find(path, "GET", {**scope, "method": "GET"})
        if found is not None and found[0].plans is not None:
            await serve_http(snapshot, scope, receive, send, method="GET")
            return
    others = snapshot.index.on_path(path, scope)
    if others:
        if len(others) == 1 and others[0][2] is not None:
            await serve_foreign(snapshot, others[0], scope, receive, send)
            return
        scope["route"] = others[0][0].shown
        allow = allowed(others, conventions)
        if method == "OPTIONS" and conventions.answers_options:
            await Response(status_code=204, headers={"Allow": allow})(scope, receive, send)
            return
        raise http_error(conventions, 405, {"Allow": allow})
    scope.setdefault("router", snapshot.router)
    frontend = next((each.handle for each in snapshot.frontends if each.covers(path)), None)
    app = redirected(snapshot, path, scope) or frontend or snapshot.default
    if app is None:
        raise http_error(conventions, 404)
    await app(scope, receive, send)


def allowed(others: list[Found], conventions: Conventions) -> str:
    """What Allow says (RFC 9110 section 10.2.1): the methods of one route, or of every route on the path."""
    methods: set[str] = set()
    for entry, _, _ in others if conventions.union_allow else others[:1]:
        methods.update(entry.methods or getattr(entry.route, "methods", None) or ())
    if conventions.answers_head and "GET" in methods:
        methods.add("HEAD")
    if conventions.answers_options:
        methods.add("OPTIONS")
    return ", ".join(sorted(methods))


def redirected(snapshot: Snapshot, path: str, scope: Scope) -> Response | None:
    """A redirect to the same path with or without its last slash, if a route is there."""
    if not snapshot.redirects or path == "/":
        return None
    other = {**scope, **turned(scope)}
    if not snapshot.index.on_path(path_of(other), other):
        return None
    url = URL(scope=other)
    if snapshot.conventions.encoded_slashes and url.netloc and encoded_path(path, scope) is not None:
        url = url.replace(path=other["raw_path"].decode("latin-1"))
    return RedirectResponse(url)


def turned(scope: Scope) -> Scope:
    """The path of a request with the last slash that it does not have, or without the one that it has."""
    raw = scope.get("raw_path")
    raw = raw if isinstance(raw, bytes) else b""
    if scope["path"].endswith("/"):
        return {"path": scope["path"].rstrip("/"), "raw_path": raw.rstrip(b"/")}
    return {"path": scope["path"] + "/", "raw_path": raw + b"/"}
