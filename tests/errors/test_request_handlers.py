"""Handlers that code adds to `scope["starlette.exception_handlers"]` while a request is served."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse

from tests.frameworks import COMPAT, answer, client, compat_and_fastapi
from typeway import HTTPException, Request, WebSocket

KEY = "starlette.exception_handlers"


class Failure(Exception): ...


class Inner(Failure): ...


async def handled(connection: Any, error: Exception) -> Any:
    return PlainTextResponse(f"{type(error).__name__} at {connection.url.path}", 418)


def handled_in_thread(connection: Any, error: Exception) -> Any:
    return PlainTextResponse(f"{type(error).__name__} in a thread", 418)


def own(connection: Any, error: Exception) -> Any:
    return PlainTextResponse("the application's own", 417)


class Unhashable:
    """A handler that is an object without a hash."""

    __hash__ = None  # type: ignore[assignment]

    async def __call__(self, connection: Any, error: Exception) -> Any:
        return PlainTextResponse("by an object", 418)


def build(web: Any, where: str, error: Exception, add: Any, **options: Any) -> Any:
    """An application in which `add` changes both mappings in a dependency, before an exception is raised."""
    app = web.FastAPI(**options)

    def adds(request: Request) -> None:
        add(*request.scope[KEY])

    def adds_by_connection(connection: HTTPConnection) -> None:
        add(*connection.scope[KEY])

    async def adds_for_a_while(request: Request) -> Any:
        add(*request.scope[KEY])
        yield

    def raises() -> None:
        if where == "dependency":
            raise error

    for path, dependency in (("a", adds), ("b", adds_by_connection), ("c", adds_for_a_while)):

        @app.get(f"/{path}", dependencies=[web.Depends(dependency), web.Depends(raises)])
        async def read() -> None:
            raise error

    @app.get("/checked", dependencies=[web.Depends(adds)])
    async def checked(number: int) -> int:
        return number

    return app


@compat_and_fastapi
@pytest.mark.parametrize("where", ["endpoint", "dependency"])
@pytest.mark.parametrize("path", ["a", "b", "c"])
@pytest.mark.parametrize(
    ("error", "key", "handler", "text"),
    [
        (Failure(), Failure, handled, "Failure at "),
        (Inner(), Failure, handled, "Inner at "),
        (Failure(), Failure, handled_in_thread, "Failure in a thread"),
        (Failure(), Failure, Unhashable(), "by an object"),
        (Failure(), Exception, handled, "Failure at "),
        (HTTPException(409), 409, handled, "HTTPException at "),
        (HTTPException(409), HTTPException, handled, "HTTPException at "),
    ],
)
def test_a_handler_that_a_dependency_adds_answers(
    web: Any, where: str, path: str, error: Exception, key: Any, handler: Any, text: str
) -> None:
    """It answers what is raised after it, by class, by base class or by status, for this request and later ones."""

    def add(by_class: dict[Any, Any], by_status: dict[Any, Any]) -> None:
        (by_status if isinstance(key, int) else by_class)[key] = handler

    if isinstance(error, HTTPException) and not isinstance(key, int):
        key = web.HTTPException
        error = web.HTTPException(409)
    app = build(web, where, error, add)
    expected = text + f"/{path}" * text.endswith(" at ")
    for _ in range(2):
        assert client(app).get(f"/{path}").text == expected


@compat_and_fastapi
def test_a_handler_is_replaced_for_what_the_framework_raises(web: Any) -> None:
    """What a dependency adds replaces the handler of the application, also that for invalid requests."""

    def add(by_class: dict[Any, Any], _: Any) -> None:
        by_class[web.exceptions.RequestValidationError] = handled
        by_class[Failure] = handled

    app = build(web, "endpoint", Failure(), add, exception_handlers={Failure: own})
    assert answer(app, "GET /checked?number=x")[0] == 418
    assert answer(app, "GET /a")[0] == 418


@compat_and_fastapi
def test_what_the_application_registers_later_keeps_what_was_added(web: Any) -> None:
    """A handler that is registered on the serving application does not remove those of requests."""
    app = build(web, "endpoint", Failure(), lambda by_class, _: by_class.setdefault(Failure, handled))
    assert answer(app, "GET /a")[0] == 418
    app.add_exception_handler(KeyError, own)

    @app.get("/plain")
    async def plain() -> None:
        raise Failure

    assert answer(app, "GET /plain")[0] == 418


def test_registered_handlers_are_followed() -> None:
    """Both mappings show what the application registers, replaces and removes while it serves."""
    app, seen = COMPAT.FastAPI(), []

    @app.get("/")
    async def read(request: Request) -> None:
        by_class, by_status = request.scope[KEY]
        seen.append([by_class.get(Failure), by_status.get(404)])
        raise Failure

    def asked() -> Any:
        return answer(app, "GET /")[0], seen[-1]

    assert asked() == (500, [None, None])
    app.add_exception_handler(Failure, own)
    app.add_exception_handler(404, own)
    assert answer(app, "GET /")[0] == 417
    assert asked() == (417, [own, own])
    app.exception_handlers[Failure] = handled
    assert answer(app, "GET /")[0] == 418
    assert asked() == (418, [handled, own])
    del app.exception_handlers[Failure], app.exception_handlers[404]
    assert answer(app, "GET /")[0] == 500
    assert asked() == (500, [None, None])


@compat_and_fastapi
def test_two_applications_have_handlers_of_their_own(web: Any) -> None:
    """A handler that is added inside a mounted application answers there only."""
    inner = build(web, "endpoint", Failure(), lambda by_class, _: by_class.update({Failure: handled}))
    outer = web.FastAPI(exception_handlers={Failure: own})
    outer.mount("/inner", inner)

    @outer.get("/")
    async def read(request: Request) -> None:
        raise Failure

    assert [answer(outer, f"GET {path}")[0] for path in ("/", "/inner/a", "/")] == [417, 418, 417]


@compat_and_fastapi
def test_routes_of_a_class_and_middleware_see_added_handlers(web: Any) -> None:
    """Handlers are found where a route class serves the route, and where http middleware is around it."""

    class Route(web.routing.APIRoute):  # type: ignore[name-defined, misc]
        def get_route_handler(self) -> Any:
            serve = super().get_route_handler()

            async def handler(request: Request) -> Any:
                request.scope[KEY][0][Failure] = handled
                return await serve(request)

            return handler

    app = build(web, "endpoint", Inner(), lambda by_class, _: by_class.update({Inner: handled_in_thread}))
    router = web.APIRouter(route_class=Route)

    @router.get("/route")
    async def read() -> None:
        raise Failure

    app.include_router(router)

    @app.middleware("http")
    async def pass_on(request: Any, call_next: Any) -> Any:
        return await call_next(request)

    assert client(app).get("/route").text == "Failure at /route"
    assert client(app).get("/a").text == "Inner in a thread"


@compat_and_fastapi
@pytest.mark.parametrize("path", ["accepted", "early", "by-a-dependency", "registered"])
def test_a_websocket_handler_gets_the_socket_of_the_endpoint(web: Any, path: str) -> None:
    """A handler goes on with the connection as the endpoint has left it: accepted or not."""
    app = web.FastAPI()

    async def says(socket: Any, error: Exception) -> None:
        if socket.application_state.name == "CONNECTING":
            await socket.accept()
        await socket.send_text(f"handled {type(error).__name__}")
        await socket.close()

    async def accepts(socket: WebSocket) -> Any:
        await socket.accept()
        raise Failure
        yield

    app.add_exception_handler(Inner, says)

    @app.websocket("/accepted")
    async def accepted(socket: WebSocket) -> None:
        socket.scope[KEY][0][Failure] = says
        await socket.accept()
        raise Failure

    @app.websocket("/early")
    async def early(socket: WebSocket) -> None:
        socket.scope[KEY][0][Failure] = says
        raise Failure

    @app.websocket("/by-a-dependency", dependencies=[web.Depends(accepts)])
    async def by_a_dependency() -> None: ...

    @app.websocket("/registered")
    async def registered(socket: WebSocket) -> None:
        await socket.accept()
        raise Inner

    if path == "by-a-dependency":
        app.add_exception_handler(Failure, says)
    with client(app).websocket_connect(f"/{path}") as socket:
        assert socket.receive_text().startswith("handled ")


@pytest.fixture
def observed_layers() -> Iterator[list[str]]:
    """Starlette's layer for exceptions is replaced, as instrumentation does it."""
    serve, log = ExceptionMiddleware.__call__, []

    async def observe(self: Any, *connection: Any) -> None:
        try:
            await serve(self, *connection)
        finally:
            log.append("seen")

    ExceptionMiddleware.__call__ = observe  # type: ignore[method-assign]
    yield log
    ExceptionMiddleware.__call__ = serve  # type: ignore[method-assign]


@compat_and_fastapi
def test_added_handlers_answer_under_instrumentation(web: Any, observed_layers: list[str]) -> None:
    """Where instrumentation has replaced Starlette's layers, these find the handlers as well."""
    app = build(web, "endpoint", Failure(), lambda by_class, _: by_class.update({Failure: handled}))
    assert answer(app, "GET /a")[0] == 418
    assert observed_layers
