"""What serves is what was built for it: building a stack once more, or wrapping one, changes no answer."""

from typing import Any

import fastapi
import pytest
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.middleware import Middleware

import typeway
from tests.frameworks import client
from typeway.compat.shapes.application import FastAPI as CompatibleFastAPI

FRAMEWORKS = [typeway.Typeway, CompatibleFastAPI, fastapi.FastAPI]

each_framework = pytest.mark.parametrize("framework", FRAMEWORKS, ids=["typeway", "compat", "fastapi"])


class Seeing:
    """ASGI middleware that notes what comes out of the application inside it."""

    def __init__(self, app: Any, seen: list[str]) -> None:
        self.app = app
        self.seen = seen

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await self.app(scope, receive, send)
        except Exception as error:
            self.seen.append(type(error).__name__)
            raise
        self.seen.append("answer")


def fill(app: Any) -> Any:
    """Give an application endpoints that answer, refuse and fail."""

    @app.get("/fine")
    async def fine() -> int:
        return 1

    @app.get("/refused")
    async def refused() -> None:
        raise StarletteHTTPException(409)

    @app.get("/broken")
    async def broken() -> None:
        raise ValueError("secret")

    return app


def answers(app: Any) -> list[tuple[int, str]]:
    """Status and body of one request to each endpoint."""
    responses = [client(app).get(path) for path in ("/fine", "/refused", "/broken")]
    return [(response.status_code, response.text) for response in responses]


@each_framework
def test_building_a_stack_does_not_change_the_one_that_serves(framework: Any) -> None:
    """`build_middleware_stack()` only returns a stack: an unhandled error is still answered with a 500."""
    app = fill(framework())
    before = answers(app)
    assert [status for status, _ in before] == [200, 409, 500]
    app.build_middleware_stack()
    assert answers(app) == before


@each_framework
def test_a_subclass_may_build_on_the_stack_of_its_base(framework: Any) -> None:
    """A `build_middleware_stack` that wraps what `super()` returns sees every request, and may be called again."""
    seen: list[str] = []

    class Own(framework):
        def build_middleware_stack(self) -> Any:
            return Seeing(super().build_middleware_stack(), seen)

    app = fill(Own())
    before = answers(app)
    app.build_middleware_stack()
    assert answers(app) == before
    assert seen == ["answer", "answer", "ValueError"] * 2
    assert [status for status, _ in before] == [200, 409, 500]


@each_framework
def test_instrumentation_may_put_a_stack_of_its_own_in_place(framework: Any) -> None:
    """As OpenTelemetry does on a serving application: build again, wrap, serve by that, and take it back."""
    app, seen = fill(framework()), []
    before = answers(app)
    build = app.build_middleware_stack
    app.build_middleware_stack = lambda: Seeing(build(), seen)
    app.middleware_stack = app.build_middleware_stack()
    assert answers(app) == before
    assert seen == ["answer", "answer", "ValueError"]
    app.build_middleware_stack = build
    app.middleware_stack = app.build_middleware_stack()
    assert answers(app) == before
    assert len(seen) == 3


@each_framework
def test_a_serving_stack_may_be_wrapped(framework: Any) -> None:
    """A tool that wraps `app.middleware_stack` leaves the answers as they are, to unhandled errors too."""
    app, seen = fill(framework()), []
    assert app.middleware_stack is None
    before = answers(app)
    app.middleware_stack = Seeing(app.middleware_stack, seen)
    assert answers(app) == before
    assert seen == ["answer", "answer", "ValueError"]


@each_framework
def test_a_stack_that_is_taken_away_is_built_again(framework: Any) -> None:
    """With `app.middleware_stack = None`, middleware added meanwhile is part of what the next request is served by."""
    app, seen = fill(framework()), []
    before = answers(app)
    app.user_middleware.append(Middleware(Seeing, seen=seen))
    assert answers(app) == before
    app.middleware_stack = None
    assert answers(app) == before
    assert seen == ["answer", "answer", "ValueError"]
