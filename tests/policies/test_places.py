"""A policy holds whatever stands around its route, and however the route is served."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.protocol.connect import Server, answers
from typeway import Depends, Router, Typeway
from typeway.application.routes import APIRoute
from typeway.middleware.securityheaders import SecurityHeadersMiddleware
from typeway.policies import RateLimit
from typeway.testclient import TestClient

Next = Callable[[Request], Awaitable[Response]]


class Passing(BaseHTTPMiddleware):
    """Middleware of Starlette's class."""

    async def dispatch(self, request: Request, call_next: Next) -> Response:
        """Hand the request on."""
        return await call_next(request)


class Plain:
    """Middleware that knows only ASGI."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on."""
        await self.app(scope, receive, send)


class OwnHandler(APIRoute):
    """A route whose handler is its author's."""

    def get_route_handler(self):  # type: ignore[no-untyped-def]
        """Return a handler around the framework's."""
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            return await inner(request)

        return handler


async def answer() -> dict[str, bool]:
    return {"here": True}


async def opened() -> AsyncIterator[int]:
    yield 1


def around(*, route_class: type[APIRoute] | None = None, dependencies: list[object] | None = None) -> Typeway:
    """Return an application with one route that answers two requests a minute."""
    options = {} if route_class is None else {"route_class": route_class}
    router = Router(prefix="/in", **options)  # type: ignore[arg-type]
    router.get("/here", policies=[RateLimit("2/minute")], dependencies=dependencies or [])(answer)
    app = Typeway()
    app.include_router(router)
    return app


def plainly() -> Typeway:
    return around()


def with_function() -> Typeway:
    app = around()
    app.middleware("http")(lambda request, call_next: call_next(request))
    return app


def with_three_functions() -> Typeway:
    app = with_function()
    for _ in range(2):
        app.middleware("http")(lambda request, call_next: call_next(request))
    return app


def with_subclass() -> Typeway:
    app = around()
    app.add_middleware(Passing)
    return app


def with_asgi() -> Typeway:
    app = around()
    app.add_middleware(Plain)
    return app


def with_both() -> Typeway:
    app = with_function()
    app.add_middleware(Plain)
    app.add_middleware(Passing)
    return app


def with_headers() -> Typeway:
    app = around()
    app.add_middleware(SecurityHeadersMiddleware)
    return app


def with_trusted_hosts() -> Typeway:
    app = around()
    app.trusted_hosts = ["testserver", "localhost"]
    return app


def with_own_handler() -> Typeway:
    return around(route_class=OwnHandler)


def with_generator() -> Typeway:
    return around(dependencies=[Depends(opened)])


def with_generator_and_function() -> Typeway:
    app = around(dependencies=[Depends(opened)])
    app.middleware("http")(lambda request, call_next: call_next(request))
    return app


def mounted() -> Typeway:
    app = Typeway()
    app.mount("/in", in_a_mount())
    return app


def in_a_mount() -> Typeway:
    inner = Typeway()
    inner.get("/here", policies=[RateLimit("2/minute")])(answer)
    inner.middleware("http")(lambda request, call_next: call_next(request))
    return inner


def on_a_plain_route() -> Typeway:
    app = Typeway(policies=[RateLimit("2/minute")])
    app.router.routes.append(Route("/in/here", lambda request: PlainTextResponse("here")))
    app.middleware("http")(lambda request, call_next: call_next(request))
    return app


PLACES = [
    plainly,
    with_function,
    with_three_functions,
    with_subclass,
    with_asgi,
    with_both,
    with_headers,
    with_trusted_hosts,
    with_own_handler,
    with_generator,
    with_generator_and_function,
    mounted,
    on_a_plain_route,
]

each_place = pytest.mark.parametrize("build", PLACES, ids=lambda build: build.__name__)


@each_place
def test_a_limit_counts_over_asgi(build: Callable[[], Typeway]) -> None:
    """Two requests are answered and the third is refused, whatever stands between the server and the route."""
    with TestClient(build()) as client:
        assert [client.get("/in/here").status_code for _ in range(3)] == [200, 200, 429]


@each_place
def test_a_limit_counts_behind_the_protocol_class(build: Callable[[], Typeway]) -> None:
    """Two requests are answered and the third is refused where requests reach their plans without ASGI messages."""
    get = b"GET /in/here HTTP/1.1\r\nHost: localhost\r\n\r\n"

    async def ask() -> bytes:
        app = build()
        async with app.router.lifespan_context(app):
            return await Server(app).converse([get, get, get])

    # The last answer is that to the client's question whether the connection is still open.
    assert [answer.status for answer in answers(asyncio.run(ask()))[:3]] == [200, 200, 429]
