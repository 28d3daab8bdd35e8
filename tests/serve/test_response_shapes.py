"""Responses that are known by their shape: ASGI applications, and responses that lack what the constructor sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from starlette.background import BackgroundTask
from starlette.responses import Response

from tests.frameworks import client, every_mode
from typeway import BackgroundTasks

log: list[str] = []


async def send_part(send: Any) -> None:
    headers = [(b"content-type", b"text/plain"), (b"content-range", b"bytes 0-3/9")]
    await send({"type": "http.response.start", "status": 206, "headers": headers})
    await send({"type": "http.response.body", "body": b"part"})


class Application:
    """An ASGI application without any attribute."""

    __slots__ = ()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send_part(send)


class WithBackground:
    """An ASGI application with a background task and nothing else, which it runs itself."""

    __slots__ = ("background",)

    def __init__(self) -> None:
        self.background: Any = BackgroundTask(log.append, "its task")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send_part(send)
        if self.background is not None:
            await self.background()


class Bare(Response):
    """A response whose constructor is not that of its class: it has neither status nor headers nor a body."""

    def __init__(self) -> None:
        self.background = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send_part(send)


class BareWithTask(Bare):
    def __init__(self) -> None:
        self.background = BackgroundTask(log.append, "its task")  # type: ignore[assignment]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send_part(send)
        if self.background is not None:
            await self.background()


def function() -> Any:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send_part(send)

    return application


class Failure(Exception): ...


def build(web: Any, make: Callable[[], Any], layer: str) -> Any:
    class Route(web.routing.APIRoute):  # type: ignore[name-defined, misc]
        def get_route_handler(self) -> Any:
            async def handler(request: Any) -> Any:
                return make()

            return handler

    app = web.FastAPI()

    @app.get("/endpoint")
    async def endpoint() -> Any:
        return make()

    @app.get("/typed")
    def typed() -> dict[str, int]:
        return make()  # type: ignore[no-any-return]

    @app.get("/handled")
    async def handled() -> None:
        raise Failure

    @app.get("/unhandled")
    async def unhandled() -> None:
        raise LookupError

    @app.get("/task")
    async def task(tasks: BackgroundTasks) -> Any:
        tasks.add_task(log.append, "injected")
        return make()

    async def handler(request: Any, error: Any) -> Any:
        return make()

    app.add_exception_handler(Failure, handler)
    app.add_exception_handler(500, handler)
    router = web.APIRouter(route_class=Route)
    router.add_api_route("/route", endpoint)
    app.include_router(router)

    @app.get("/replaced")
    async def replaced() -> str:
        return "replaced"

    async def passes(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        if request.url.path == "/replaced":
            return make()
        response.headers["x-passed"] = "1"
        return response

    for _ in range(2 if layer else 0):
        app.middleware("http")(passes)
    return app


@every_mode
@pytest.mark.parametrize("layer", ["", "http middleware"])
@pytest.mark.parametrize("make", [Application, WithBackground, Bare, BareWithTask, function])
def test_a_response_is_sent_whatever_it_lacks(web: Any, make: Any, layer: str) -> None:
    """Handlers, route classes and middleware may return any ASGI application, endpoints any instance of Response."""
    app = build(web, make, layer)
    is_response = isinstance(make(), Response)
    paths = ["/handled", "/route", *(["/endpoint", "/typed"] if is_response else []), *(["/replaced"] if layer else [])]
    for path in [*paths, "/unhandled"]:
        log.clear()
        response = client(app).get(path)
        assert (response.status_code, response.text, response.headers["content-range"]) == (206, "part", "bytes 0-3/9")
        assert log == ["its task"] * ("Task" in str(make) or "Background" in str(make)) * (path != "/replaced") or layer
        assert response.headers.get("x-passed") == ("1" if layer and path not in ("/replaced", "/unhandled") else None)


@pytest.mark.parametrize("make", [Bare, BareWithTask])
def test_injected_tasks_run_after_a_bare_response(make: Any) -> None:
    """The background tasks of the request run after those of a response, whatever else that lacks."""
    import typeway

    log.clear()
    assert client(build(typeway, make, "")).get("/task").status_code == 206
    assert log == [*(["its task"] if make is BareWithTask else []), "injected"]


@pytest.mark.parametrize("make", [Application, WithBackground, Bare, function])
def test_a_head_request_gets_the_status_and_headers_of_an_application(make: Any) -> None:
    """HEAD on a GET route sends what the application sends, without the body."""
    import typeway

    for path in ("/handled", *(["/endpoint"] if make is Bare else [])):
        response = client(build(typeway, make, "")).head(path)
        assert (response.status_code, response.content) == (206, b"")
