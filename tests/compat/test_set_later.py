"""What plugins set on FastAPI's routes after their declaration counts as on FastAPI, in the document too."""

import functools
import inspect
from types import ModuleType
from typing import Any

import fastapi
import pytest
from pydantic import BaseModel

from tests.frameworks import COMPAT, compat_and_fastapi
from typeway.testclient import TestClient


class Wide(BaseModel):
    a: int
    b: int = 7


class Narrow(BaseModel):
    a: int


class Whole(BaseModel):
    first: int
    second: str = "s"


def posted(app: Any, path: str = "/x", **options: Any) -> Any:
    """The status of a request with a body."""
    return TestClient(app, raise_server_exceptions=False).post(path, **options).status_code


def body_of(app: Any, path: str = "/x") -> Any:
    """The body that the document shows, with the schemas that it refers to."""
    document = app.openapi()
    schemas = document.get("components", {}).get("schemas", {})
    return document["paths"][path]["post"].get("requestBody"), {
        name: schema for name, schema in schemas.items() if "Validation" not in name
    }


def field_with(web: ModuleType, marker: Any, annotation: Any) -> Any:
    """A field for a whole body, as plugins make it."""
    marker.annotation = annotation
    return web.utils.create_model_field("body", annotation, field_info=marker)


def computed_again(web: ModuleType, route: Any) -> None:
    utils = web.dependencies.utils
    params = utils._get_flat_body_params(route.dependant)
    embed = utils._should_embed_body_fields(params)
    route.body_field = utils._get_body_field(body_params=params, name=route.unique_id, embed_body_fields=embed)


def one_model(web: ModuleType) -> Any:
    return lambda item: item, {"item": Narrow}


def several(web: ModuleType) -> Any:
    return lambda item, n=web.Body(): n, {"item": Narrow, "n": int}


def form(web: ModuleType) -> Any:
    return lambda n=web.Form(), s=web.Form("d"): n, {"n": int, "s": str}


def files(web: ModuleType) -> Any:
    return lambda f, n=web.Form(3): n, {"f": web.UploadFile, "n": int}


def nothing(web: ModuleType) -> Any:
    return lambda q=1: q, {"q": int}


BODIES = {
    "none": lambda web, route: setattr(route, "body_field", None),
    "computed again": computed_again,
    "another model": lambda web, route: setattr(
        route, "body_field", field_with(web, web.params.Body(title="Own"), Narrow)
    ),
    "a form": lambda web, route: setattr(
        route, "body_field", field_with(web, web.params.Form(), Whole)
    ),
}  # fmt: skip


@pytest.mark.parametrize("is_included", [False, True], ids=["own", "of a router"])
@pytest.mark.parametrize("change", BODIES)
@pytest.mark.parametrize("make", [one_model, several, form, files, nothing], ids=lambda make: make.__name__)
def test_a_body_that_is_set_is_the_documents(make: Any, change: str, is_included: bool) -> None:
    """`body_field` says what the document shows of a body, not what is read; an inclusion computes its own."""

    def act(web: ModuleType) -> Any:
        endpoint, endpoint.__annotations__ = make(web)
        endpoint.__name__ = "endpoint"
        app = web.FastAPI()
        holder = web.APIRouter() if is_included else app.router
        holder.post("/x")(endpoint)
        BODIES[change](web, holder.routes[-1])
        if is_included:
            app.include_router(holder)
        requests: list[dict[str, Any]] = [{"json": {"a": 1}}, {"data": {"n": 1, "first": 2}}, {"content": b"{"}]
        return body_of(app), [posted(app, **options) for options in requests]

    assert act(COMPAT) == act(fastapi)


@compat_and_fastapi
@pytest.mark.parametrize("is_included", [False, True], ids=["own", "of a router"])
def test_an_operation_id_that_is_set_names_no_schema_of_an_own_route(web: ModuleType, is_included: bool) -> None:
    """Schemas are named after the id that a route was made with; an inclusion makes it anew."""
    app = web.FastAPI()
    holder = web.APIRouter() if is_included else app.router

    @holder.post("/x")
    def write(a: int = web.Body(), b: int = web.Body()) -> None: ...

    holder.routes[-1].operation_id = "late"
    if is_included:
        app.include_router(holder)
    operation = app.openapi()["paths"]["/x"]["post"]
    name = "Body_late" if is_included else "Body_write_x_post"
    assert operation["operationId"] == "late"
    assert operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith(f"/{name}")


@compat_and_fastapi
def test_an_id_is_made_with_its_route(web: ModuleType) -> None:
    """A name, methods or a function for ids that are set later leave the id of an own route as it is."""
    app = web.FastAPI()
    for path in ("/name", "/methods", "/function"):
        app.get(path, name="n")(lambda: 1)
    name, methods, function = app.routes[-3:]
    name.name = "late"
    methods.methods = {"PUT"}
    function.generate_unique_id_function = lambda route: "late"
    ids = [operation["operationId"] for item in app.openapi()["paths"].values() for operation in item.values()]
    assert ids == ["n_name_get", "n_methods_get", "n_function_get"]


@compat_and_fastapi
def test_a_response_field_that_is_set_is_the_model(web: ModuleType) -> None:
    """The document shows its type, and where the handler is asked for again, answers have it too."""
    routing = web.routing
    app = web.FastAPI()

    @app.get("/x")
    def read() -> Wide:
        return Wide(a=1)

    route = app.routes[-1]
    route.response_field = web.utils.create_model_field("late", Narrow, mode="serialization")
    route.app = routing.request_response(route.get_route_handler())
    schema = app.openapi()["paths"]["/x"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema["$ref"].endswith("/Narrow")
    assert TestClient(app).get("/x").json() == {"a": 1}
    assert route.response_field.field_info.annotation is Narrow
    route.response_field = None
    app.openapi_schema = None
    shown = app.openapi()["paths"]["/x"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert (shown, route.response_field) == ({}, None)


@compat_and_fastapi
def test_the_signature_of_an_own_route_is_read_once(web: ModuleType) -> None:
    """What a decorator further out does to a function is no business of a route that was made before it."""

    class View: ...

    app, router = web.FastAPI(), web.APIRouter()

    @app.get("/own")
    @router.get("/included")
    def read(self: Any, n: int = 1) -> Any:
        return [type(self).__name__, n]

    own, *others = inspect.signature(read).parameters.values()
    read.__signature__ = inspect.Signature([own.replace(default=web.Depends(View)), *others])
    read.__defaults__ = (5,)
    app.include_router(router)
    client = TestClient(app)
    assert client.get("/own").status_code == 422
    assert client.get("/included").json() == ["View", 1]


@compat_and_fastapi
def test_the_dependant_shows_the_endpoint_that_was_set(web: ModuleType) -> None:
    """A plugin that looks at a route which includes another's finds the endpoint and its parameters."""

    def late(m: int = 3) -> int:
        return m

    router = web.APIRouter()
    router.get("/x")(lambda n=1: n)
    assert [field.name for field in router.routes[0].dependant.query_params] == ["n"]
    router.routes[0].endpoint = late
    app = web.FastAPI()
    app.include_router(router)
    contexts = [*web.routing.iter_route_contexts(app.routes)]
    dependant = contexts[-1].dependant
    assert TestClient(app).get("/x?m=4").json() == 4
    if web is COMPAT:
        app.openapi()
        dependant = app.routes[-1].dependant
    assert (dependant.call, [field.name for field in dependant.query_params]) == (late, ["m"])


def test_a_dependant_that_a_plugin_holds_follows_the_endpoint() -> None:
    """What the plugin has added runs before an endpoint that is set later, and a call that it has replaced stays."""
    log: list[str] = []
    utils = COMPAT.dependencies.utils
    app = COMPAT.FastAPI()
    for path in ("/added", "/replaced"):
        app.get(path)(lambda n=1: n)
    added, replaced = app.routes[-2:]
    depends = COMPAT.Depends(lambda: log.append("added"))
    held = added.dependant
    held.dependencies.append(utils.get_parameterless_sub_dependant(depends=depends, path="/added"))
    replaced.dependant.call = lambda n: "replaced"
    for route in (added, replaced):
        route.endpoint = lambda n=2: [n]
    client = TestClient(app)
    assert [client.get(path).json() for path in ("/added", "/replaced")] == [[2], "replaced"]
    assert log == ["added"]
    assert (held.call, len(held.dependencies)) == (added.endpoint, 1)


@compat_and_fastapi
def test_a_dependant_of_a_websocket_counts(web: ModuleType) -> None:
    """Another call takes the endpoint's place, and what is appended to its dependencies runs."""
    log = []
    app = web.FastAPI()

    @app.websocket("/ws")
    async def talk(socket: web.WebSocket) -> None: ...  # type: ignore[name-defined]

    @functools.wraps(talk)
    async def other(socket: Any) -> None:
        await socket.accept()
        await socket.send_text("other")
        await socket.close()

    utils = web.dependencies.utils
    dependant = app.routes[-1].dependant
    dependant.call = other
    depends = web.Depends(lambda: log.append("added"))
    dependant.dependencies.append(utils.get_parameterless_sub_dependant(depends=depends, path="/ws"))
    with TestClient(app).websocket_connect("/ws") as socket:
        assert socket.receive_text() == "other"
    assert log == ["added"]


@compat_and_fastapi
def test_what_nobody_said_is_a_default(web: ModuleType) -> None:
    """Code that takes a route's or a router's options over to another can tell what was said; a default says nothing."""
    placeholder = web.datastructures.DefaultPlaceholder
    router, app = web.APIRouter(), web.FastAPI(default_response_class=web.responses.HTMLResponse)
    router.get("/x", name="x")(lambda: "served")
    names = ("response_class", "generate_unique_id_function")
    assert [type(getattr(router.routes[0], name)) for name in names] == [placeholder] * 2
    names = ("default_response_class", "generate_unique_id_function", "strict_content_type")
    assert [type(getattr(router, name)) for name in names] == [placeholder] * 3
    copied = web.APIRouter(default_response_class=router.default_response_class)
    route = router.routes[0]
    copied.add_api_route(
        "/y", route.endpoint, response_class=route.response_class,
        generate_unique_id_function=route.generate_unique_id_function, name="y",
    )  # fmt: skip
    copied.routes[0].response_class = route.response_class
    copied.generate_unique_id_function = router.generate_unique_id_function
    app.include_router(copied)
    assert TestClient(app).get("/y").headers["content-type"].startswith("text/html")
    assert app.openapi()["paths"]["/y"]["get"]["operationId"] == "y_y_get"


@compat_and_fastapi
@pytest.mark.parametrize("kind", ["own", "of a router", "wrapped by its class"])
def test_a_dependant_may_be_changed_while_its_route_serves(web: ModuleType, kind: str) -> None:
    """Code that switches something on or off at run time, and tests, change a dependant between two requests."""

    class Wrapped(web.routing.APIRoute):  # type: ignore[misc]
        def get_route_handler(self) -> Any:
            return super().get_route_handler()

    log = []
    app = web.FastAPI()
    holder = web.APIRouter() if kind == "of a router" else app.router
    holder.route_class = Wrapped if kind == "wrapped by its class" else holder.route_class
    holder.get("/x")(lambda: "declared")
    if kind == "of a router":
        app.include_router(holder)
    dependant = [*web.routing.iter_route_contexts(app.routes)][-1].dependant
    client = TestClient(app)

    def answered() -> Any:
        log.clear()
        return client.get("/x").json(), list(log)

    assert answered() == ("declared", [])
    depends = web.Depends(lambda: log.append("added"))
    added = web.dependencies.utils.get_parameterless_sub_dependant(depends=depends, path="/x")
    dependant.dependencies.append(added)
    assert answered() == ("declared", ["added"])
    declared, dependant.call = dependant.call, lambda: "replaced"
    assert answered() == ("replaced", ["added"])
    dependant.dependencies.remove(added)
    assert answered() == ("replaced", [])
    dependant.dependencies, dependant.call = [added], declared
    assert answered() == ("declared", ["added"])


def test_an_endpoint_and_a_dependant_may_be_set_together() -> None:
    """What a plugin has added to a dependant goes on being watched after the endpoint was set."""
    log: list[str] = []
    app = COMPAT.FastAPI()
    app.get("/x")(lambda: "declared")
    route, client = app.routes[-1], TestClient(app)
    held = route.dependant
    route.endpoint = lambda: "late"
    assert client.get("/x").json() == "late"
    depends = COMPAT.Depends(lambda: log.append("added"))
    utils = COMPAT.dependencies.utils
    held.dependencies.insert(0, utils.get_parameterless_sub_dependant(depends=depends, path="/x"))
    assert (client.get("/x").json(), log) == ("late", ["added"])
