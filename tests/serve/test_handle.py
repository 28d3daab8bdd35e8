"""Route classes of the author's own wrap how a request is handled, and requests of their own making count."""

import json
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from pydantic import BaseModel
from starlette.routing import Match

import typeway
from tests.frameworks import answer, ask, client, each_framework
from typeway import Router, Typeway
from typeway.application.routes import APIRoute
from typeway.responses import JSONResponse


class Item(BaseModel):
    name: str


def route_class(web: Any) -> Any:
    return APIRoute if web is typeway else web.routing.APIRoute


def timed(web: Any) -> Any:
    """A route class that adds a header to every answer and catches one kind of error."""

    class Timed(route_class(web)):
        def get_route_handler(self) -> Callable[..., Any]:
            handler = super().get_route_handler()

            async def around(request: Any) -> Any:
                try:
                    response = await handler(request)
                except ZeroDivisionError:
                    return JSONResponse({"caught": True}, 400)
                response.headers["x-timed"] = type(response).__name__
                return response

            return around

    return Timed


def unpacking(web: Any) -> Any:
    """A route class whose requests read their bodies backwards."""

    class Backwards(web.Request):
        async def body(self) -> bytes:
            if not hasattr(self, "_body"):
                self._body = (await super().body())[::-1]
            return self._body

    class Route(route_class(web)):
        def get_route_handler(self) -> Callable[..., Any]:
            handler = super().get_route_handler()

            async def around(request: Any) -> Any:
                return await handler(Backwards(request.scope, request.receive))

            return around

    return Route


@each_framework
@pytest.mark.parametrize("where", ["router", "included", "app"])
def test_a_route_class_wraps_the_handler(web, where):
    """`get_route_handler` may be wrapped; its result serves, dependencies, errors and clean-up included."""
    log: list[str] = []

    async def session():
        log.append("begins")
        yield "session"
        log.append("ends")

    app = web.FastAPI()
    router = web.APIRouter(route_class=timed(web))
    if where == "app":
        app.router.route_class = timed(web)
        router = app

    @router.get("/ok/{n}")
    def ok(n: int, tasks: web.BackgroundTasks, value: Annotated[str, web.Depends(session)]):
        tasks.add_task(log.append, "task")
        return [n, value]

    @router.get("/fails")
    def fails(value: Annotated[str, web.Depends(session)]):
        return 1 // 0

    if where != "app":
        app.include_router(router, prefix="/r" if where == "included" else "")
    prefix = "/r" if where == "included" else ""
    response = ask(app, f"GET {prefix}/ok/3")
    assert (response.json(), "x-timed" in response.headers) == ([3, "session"], True)
    assert log == ["begins", "task", "ends"]
    assert answer(app, f"GET {prefix}/ok/x")[0] == 422
    assert answer(app, f"GET {prefix}/fails") == (400, {"caught": True})


@each_framework
def test_a_request_class_of_ones_own_is_what_is_read(web):
    """A handler that passes on another Request has the endpoint's values read from that one."""
    app = web.FastAPI()
    app.router.route_class = unpacking(web)

    @app.post("/")
    async def create(item: Item, request: web.Request):
        return [item.name, type(request).__name__, (await request.json())["name"]]

    @app.get("/{key}")
    async def read(key: str, q: int, request: web.Request):
        return [key, q, type(request).__name__]

    sent = json.dumps({"name": "n"}).encode()[::-1]
    assert answer(app, "POST /", content=sent, headers={"content-type": "application/json"}) == (
        200,
        ["n", "Backwards", "n"],
    )
    assert answer(app, "GET /k?q=1") == (200, ["k", 1, "Backwards"])


@each_framework
def test_overrides_reach_wrapped_handlers(web):
    """`dependency_overrides` count for routes of an own class too."""

    def real():
        return "real"

    app = web.FastAPI()
    app.router.route_class = timed(web)

    @app.get("/")
    def read(value: Annotated[str, web.Depends(real)]):
        return value

    app.dependency_overrides[real] = lambda: "fake"
    assert answer(app, "GET /") == (200, "fake")


def test_unhandled_errors_of_wrapped_handlers_are_answered_as_always():
    """An error that the wrapper lets through is a 500, an HTTPException its status; generators see both."""
    log: list[str] = []

    def session():
        try:
            yield
        except Exception as error:
            log.append(type(error).__name__)
            raise

    app = typeway.Typeway()
    app.router.route_class = timed(typeway)

    @app.get("/{kind}")
    def read(kind: str, value: Annotated[None, typeway.Depends(session)]):
        raise typeway.HTTPException(418) if kind == "http" else ValueError("secret")

    assert ask(app, "GET /http").status_code == 418
    assert ask(app, "GET /other").status_code == 500
    assert log == ["HTTPException", "ValueError"]
    with pytest.raises(ValueError, match="secret"):
        client(app, raise_server_exceptions=True).get("/other")


def test_a_limit_on_the_body_holds_for_wrapped_handlers():
    """`max_body_size` is enforced before a wrapped handler reads the body."""
    app = typeway.Typeway(max_body_size=5)
    app.router.route_class = timed(typeway)

    @app.post("/")
    def create(item: Item):
        return item

    assert answer(app, "POST /", json={"name": "n"}) == (413, {"detail": "Content Too Large"})


@each_framework
def test_other_steps_of_a_route_may_be_replaced(web):
    """A route class may match or handle in its own way."""

    class Beta(route_class(web)):
        def matches(self, scope):
            match, child = super().matches(scope)
            return (match, child) if (b"x-beta", b"1") in scope["headers"] else (Match.NONE, {})

    class Logged(route_class(web)):
        async def handle(self, scope, receive, send):
            scope["state"] = {"logged": True}
            await super().handle(scope, receive, send)

    app = web.FastAPI()
    beta, logged = web.APIRouter(route_class=Beta), web.APIRouter(route_class=Logged)
    beta.get("/x")(lambda: "beta")

    @logged.get("/x")
    def read(request: web.Request):
        return request.state.logged

    app.include_router(beta)
    app.include_router(logged)
    assert answer(app, "GET /x", headers={"x-beta": "1"}) == (200, "beta")
    assert answer(app, "GET /x") == (200, True)


@each_framework
def test_a_route_is_an_asgi_application(web):
    """A route object can be called by itself, as Starlette's can."""
    app = web.FastAPI()

    @app.get("/x")
    def read():
        return "x"

    route = next(route for route in app.routes if getattr(route, "path", "") == "/x")
    assert callable(route.app)
    assert route.methods == {"GET"}
    assert route.endpoint is read


@pytest.mark.parametrize("method", ["HEAD", "POST"])
def test_allow_names_no_head_that_is_not_served(method):
    """A route class with a handler of its own decides itself about HEAD: where it is a 405, Allow does not name it."""
    router = Router(route_class=timed(typeway))
    router.get("/timed")(lambda: 1)
    router.get("/both")(lambda: 1)
    app = Typeway()
    app.include_router(router)
    app.put("/both")(lambda: 1)
    for path, allowed in (("/timed", "GET, OPTIONS"), ("/both", "GET, OPTIONS, PUT")):
        response = ask(app, f"{method} {path}")
        assert (response.status_code, response.headers["allow"]) == (405, allowed)
