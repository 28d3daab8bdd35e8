"""Route classes, handlers and what instrumentation puts around them work as on FastAPI, at Typeway's speed."""

import functools
from types import ModuleType
from typing import Any

import pytest
from starlette.routing import Mount, Route

from tests.frameworks import COMPAT, compat_and_fastapi
from typeway.compat.shapes import routes
from typeway.compat.shapes.facade import Facade
from typeway.testclient import TestClient


@compat_and_fastapi
def test_route_classes_wrap_the_handler(web: ModuleType) -> None:
    """A route class of the author's own sees every request and response, also where its router was included."""
    routing = web.routing

    class Counted(routing.APIRoute):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.counted = 0

        def get_route_handler(self) -> Any:
            inner = super().get_route_handler()

            async def handler(request: Any) -> Any:
                response = await inner(request)
                response.headers["X-Class"] = type(self).__name__
                return response

            return handler

    router = web.APIRouter(prefix="/r", route_class=Counted)

    @router.get("/{number}")
    def read(number: int) -> int:
        return number

    app = web.FastAPI()
    app.include_router(router)
    app.router.route_class = Counted
    app.get("/own")(lambda: 1)
    client = TestClient(app)
    assert client.get("/r/3").headers["x-class"] == client.get("/own").headers["x-class"] == "Counted"
    assert "x-class" not in client.get("/r/x").headers
    assert client.get("/r/x").status_code == 422


@compat_and_fastapi
def test_one_route_may_have_a_class_of_its_own(web: ModuleType) -> None:
    """add_api_route takes a route class for one route."""

    class Special(web.routing.APIRoute):  # type: ignore[misc]
        pass

    router = web.APIRouter()
    router.add_api_route("/a", lambda: 1, route_class_override=Special)
    router.add_api_route("/b", lambda: 1)
    assert [type(route).__name__ for route in router.routes] == ["Special", "APIRoute"]


@compat_and_fastapi
def test_a_replaced_app_of_a_route_counts(web: ModuleType) -> None:
    """Plugins replace `route.app`: by the same handler again, or by one of their own around it."""
    routing = web.routing
    app = web.FastAPI()
    for path in ("/same", "/wrapped", "/plain"):
        app.add_api_route(path, lambda: 1)
    same, wrapped, plain = app.routes[-3:]
    same.app = routing.request_response(same.get_route_handler())
    inner = wrapped.get_route_handler()

    @functools.wraps(inner)
    async def handler(request: Any) -> Any:
        response = await inner(request)
        response.headers["X-Wrapped"] = "yes"
        return response

    wrapped.app = routing.request_response(handler)
    plain.app = routing.request_response(lambda request: web.Response("by hand"))
    client = TestClient(app)
    assert client.get("/same").json() == 1
    assert client.get("/wrapped").headers["x-wrapped"] == "yes"
    assert client.get("/plain").text == "by hand"


@compat_and_fastapi
def test_a_handler_that_is_asked_for_again_serves_the_route_as_it_is_now(web: ModuleType) -> None:
    """Plugins change a route's dependant and ask for its handler anew, also when the route has served already."""
    routing = web.routing
    app = web.FastAPI()
    app.get("/a")(lambda: "as declared")
    route, client = app.routes[-1], TestClient(app)
    assert client.get("/a").json() == "as declared"
    route.dependant.call = lambda: "changed"
    route.app = routing.request_response(route.get_route_handler())
    app.get("/b")(lambda: "another")  # a router that nobody told of the change takes it over with the next route
    assert client.get("/a").json() == "changed"


def test_a_route_with_its_own_handler_again_is_served_by_its_plan() -> None:
    """What paginating and similar plugins do costs nothing; a wrapper that copies all attributes is not overlooked."""
    app = COMPAT.FastAPI()
    app.get("/")(lambda: 1)
    route = app.routes[-1]
    assert route.is_planned
    handler = route.get_route_handler()
    route.app = routes.request_response(handler)
    assert route.is_planned
    route.app = routes.request_response(functools.wraps(handler)(lambda request: None))
    assert not route.is_planned


@compat_and_fastapi
def test_instrumentation_may_replace_the_maker_of_handlers(web: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """`fastapi.routing.get_request_handler`, replaced, makes the handler of every route, with the route's dependant."""
    import sys

    routing = web.routing
    if web is COMPAT:
        assert isinstance(routing, Facade)
        monkeypatch.setitem(sys.modules, "fastapi.routing", routing)
    make = routing.get_request_handler
    made = []

    def instrumented(*args: Any, **options: Any) -> Any:
        dependant = options["dependant"]
        made.append((dependant.call.__name__, sorted(field.name for field in dependant.path_params)))
        inner = make(*args, **options)

        async def handler(request: Any) -> Any:
            response = await inner(request)
            response.headers["X-Seen"] = request.scope["endpoint"].__name__
            return response

        return handler

    monkeypatch.setattr(routing, "get_request_handler", instrumented)
    app = web.FastAPI()

    @app.post("/items/{number}", status_code=201, response_class=web.responses.PlainTextResponse)
    def write(number: int, item: dict[str, int]) -> str:
        return f"{number} {item}"

    client = TestClient(app)
    response = client.post("/items/3", json={"a": 1})
    assert (response.status_code, response.text, response.headers["x-seen"]) == (201, "3 {'a': 1}", "write")
    assert client.post("/items/x", json={}).status_code == 422
    assert made[0] == ("write", ["number"])


def test_a_handler_without_a_callable_is_refused() -> None:
    """A dependant that was made by hand and calls nothing cannot be served."""
    dependant = COMPAT.dependencies.models.Dependant()
    with pytest.raises(TypeError, match="a dependant that has a `call`"):
        routes.get_request_handler(dependant)


@compat_and_fastapi
def test_options_of_a_handler_count(web: ModuleType) -> None:
    """Whoever makes a route's handler may change how it answers."""
    routing = web.routing
    responses = web.responses
    app = web.FastAPI()

    @app.get("/", response_model=dict[str, int])
    def read() -> Any:
        return {"a": 1}

    route = app.routes[-1]
    handler = routing.get_request_handler(
        dependant=route.dependant, body_field=route.body_field, status_code=202, response_class=responses.HTMLResponse,
        response_field=None,
    )  # fmt: skip
    route.app = routing.request_response(handler)
    with pytest.raises(AttributeError, match="encode"):
        TestClient(app).get("/")  # without the model, a dict is no text
    route.app = routing.request_response(
        routing.get_request_handler(route.dependant, None, 202, responses.JSONResponse, route.response_field)
    )
    assert TestClient(app).get("/").status_code == 202


@compat_and_fastapi
def test_routers_keep_what_older_code_reads(web: ModuleType) -> None:
    """Start-up functions can be added to the router's list, and attributes that plugins read are there."""
    ran = []
    app = web.FastAPI()
    app.router.on_startup.append(lambda: ran.append("up"))
    app.router.on_shutdown.append(lambda: ran.append("down"))
    with TestClient(app):
        assert ran == ["up"]
    assert ran == ["up", "down"]
    assert web.APIRouter(dependency_overrides_provider=app).dependency_overrides_provider is app
    assert web.APIRouter().default_response_class.value is web.responses.JSONResponse


@compat_and_fastapi
def test_applications_and_routers_can_be_derived_from(web: ModuleType) -> None:
    """Subclasses override what FastAPI's would, and get every registration."""
    added = []

    class Slashed(web.APIRouter):  # type: ignore[misc]
        def add_api_route(self, path: str, *args: Any, **options: Any) -> None:
            added.append(path)
            super().add_api_route(path + "/", *args, **options)

    class App(web.FastAPI):  # type: ignore[misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, title="Own", **options)

        def openapi(self) -> dict[str, Any]:
            return {**super().openapi(), "x-own": True}

    router, app = Slashed(), App()
    router.get("/a")(lambda: 1)
    app.include_router(router)
    document = TestClient(app).get("/openapi.json").json()
    assert (added, list(document["paths"]), document["x-own"]) == (["/a"], ["/a/"], True)
    assert document["info"]["title"] == "Own"


@compat_and_fastapi
def test_an_overridden_registration_can_tell_what_was_given(web: ModuleType) -> None:
    """A router that fills in a response model where None was given leaves alone those where nothing was."""
    seen = {}

    class Filling(web.APIRouter):  # type: ignore[misc]
        def add_api_route(self, path: str, *args: Any, **options: Any) -> None:
            seen[path] = options.get("response_model") is None
            super().add_api_route(path, *args, **options)

    router = Filling()
    router.get("/a")(lambda: 1)
    router.get("/b", response_model=None)(lambda: 1)
    assert seen == {"/a": False, "/b": True}


@compat_and_fastapi
def test_markers_say_where_they_look(web: ModuleType) -> None:
    """Code that asks a parameter's description for its place compares it with FastAPI's names of the places."""
    params = web.params
    marks = [params.Query(), params.Header(), params.Path(), params.Cookie()]
    assert [mark.in_.value for mark in marks] == ["query", "header", "path", "cookie"]
    assert marks[0].in_ is params.ParamTypes.query


@compat_and_fastapi
def test_plain_routes_and_mounts_are_starlettes(web: ModuleType) -> None:
    """Code that tells routes apart by Starlette's classes goes on telling them apart."""
    app = web.FastAPI()
    app.mount("/sub", web.FastAPI())
    app.get("/x")(lambda: 1)
    routing = web.routing
    assert isinstance(app.routes[-2], Mount)
    assert isinstance(app.routes[-1], Route)
    assert isinstance(app.routes[-1], routing.APIRoute)
    assert routing.Mount is Mount


@compat_and_fastapi
@pytest.mark.parametrize("nothing", [{}, [], (), set(), None], ids=repr)
def test_an_empty_return_annotation_is_none(web: ModuleType, nothing: Any) -> None:
    """`-> dict()` stands in public applications: as an empty `response_model`, it leaves the answer as it is."""
    app = web.FastAPI()

    def read():  # type: ignore[no-untyped-def]
        return {"a": 1}

    read.__annotations__["return"] = nothing
    app.get("/")(read)
    client = TestClient(app)
    content = client.get("/openapi.json").json()["paths"]["/"]["get"]["responses"]["200"]["content"]
    assert (client.get("/").json(), content) == ({"a": 1}, {"application/json": {"schema": {}}})
