"""Instrumentation that replaces Starlette's own parts sees every request and error, whenever it comes."""

import functools
import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.middleware import Middleware
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import Route

from typeway import HTTPException, Request, Response, Typeway
from typeway.responses import PlainTextResponse
from typeway.serve.originals import REPLACED, original
from typeway.testclient import TestClient


class Teapot(Exception):
    pass


def application() -> Typeway:
    app = Typeway()

    @app.get("/errors/{name}")
    def fail(name: str) -> None:
        raise {"http": HTTPException(409), "starlette": StarletteHTTPException(410), "teapot": Teapot()}.get(
            name, ValueError("broken")
        )

    @app.get("/fine")
    def fine() -> int:
        return 1

    @app.exception_handler(Teapot)
    def teapot(request: Request, error: Teapot) -> Response:
        return PlainTextResponse("short and stout", 418)

    return app


def statuses(app: Typeway) -> list[int]:
    client = TestClient(app, raise_server_exceptions=False)
    return [
        client.get(path).status_code
        for path in ("/fine", "/errors/http", "/errors/starlette", "/errors/teapot", "/errors/other", "/nowhere")
    ]


EXPECTED = [200, 409, 410, 418, 500, 404]


@pytest.fixture
def handled(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What an instrumented ExceptionMiddleware sees its handlers called with."""
    seen: list[str] = []
    init = ExceptionMiddleware.__init__

    def instrumented(self: Any, *args: Any, **options: Any) -> None:
        init(self, *args, **options)
        for kind, handler in list(self._exception_handlers.items()):

            async def call(request: Any, error: Exception, handler: Any = handler) -> Any:
                seen.append(type(error).__name__)
                answer = handler(request, error)
                return await answer if inspect.isawaitable(answer) else answer

            self._exception_handlers[kind] = call

    monkeypatch.setattr(ExceptionMiddleware, "__init__", instrumented)
    return seen


def test_replaced_layers_are_built_and_see_the_errors(handled: list[str]) -> None:
    """Where Starlette's exception layer has been replaced, it answers; the answers stay the same."""
    app = application()
    assert statuses(app) == EXPECTED
    assert handled == ["HTTPException", "HTTPException", "Teapot", "HTTPException"]


def test_errors_of_middleware_are_answered_there_too(handled: list[str]) -> None:
    """An HTTPException raised in http middleware is answered like any other, instrumented or not."""
    app = application()

    @app.middleware("http")
    async def refuse(request: Request, call_next: Any) -> Any:
        if request.url.path == "/fine":
            raise HTTPException(403)
        return await call_next(request)

    assert statuses(app) == [403, *EXPECTED[1:]]


def test_a_replaced_call_sees_every_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever replaces Starlette.__call__, even after the first request, is called from then on."""
    app, seen, call = application(), [], Starlette.__call__
    assert statuses(app) == EXPECTED

    async def instrumented(self: Any, scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["path"])
        await call(self, scope, receive, send)

    monkeypatch.setattr(Starlette, "__call__", instrumented)
    assert statuses(app) == EXPECTED
    assert len(seen) == len(EXPECTED)


def test_a_replaced_stack_is_used_and_can_be_taken_back() -> None:
    """Instrumentation that wraps the stack finds the error layer outermost, and may restore what was there."""
    app, seen = application(), []
    build = app.build_middleware_stack

    def instrumented() -> Any:
        stack = build()
        assert isinstance(stack, ServerErrorMiddleware)

        async def traced(scope: Any, receive: Any, send: Any) -> None:
            seen.append(scope["path"])
            await stack(scope, receive, send)

        return traced

    app.build_middleware_stack = instrumented  # type: ignore[method-assign]
    assert statuses(app) == EXPECTED
    assert len(seen) == len(EXPECTED)
    app.build_middleware_stack = build  # type: ignore[method-assign]
    app.middleware_stack = app.build_middleware_stack()
    assert statuses(app) == EXPECTED
    assert len(seen) == len(EXPECTED)


def test_what_was_replaced_before_the_import_is_recognized(monkeypatch: pytest.MonkeyPatch) -> None:
    """A method counts as Starlette's own by where it was written: a wrapper may have come first."""
    assert original(Route, "handle") is Route.handle
    monkeypatch.setattr(Route, "handle", functools.wraps(Route.handle)(lambda *args: None))
    assert original(Route, "handle") is REPLACED
    monkeypatch.setattr(Middleware, "__init__", functools.partial(Middleware.__init__))
    assert original(Middleware, "__init__") is REPLACED
