"""Changes of routes, endpoints and routers after their declaration apply until a plan serves the route."""

import functools
import inspect
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Self

import pytest
from pydantic import BaseModel

import typeway
from tests.frameworks import answer, ask, each_framework
from typeway import Depends, Query, Router, Typeway
from typeway.exceptions import DeclarationError
from typeway.responses import PlainTextResponse
from typeway.testclient import TestClient


class Wide(BaseModel):
    a: int
    b: int = 7


class Narrow(BaseModel):
    a: int


def doubled(endpoint):
    @functools.wraps(endpoint)
    def wrapper(*args, **kwargs):
        result = endpoint(*args, **kwargs)
        return {"a": 2 * result["a"], "b": result["b"]}

    return wrapper


def with_default(endpoint, default):
    parameter = inspect.Parameter("n", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=int)
    return inspect.signature(endpoint).replace(parameters=[parameter])


def annotate(route, annotation):
    route.endpoint.__annotations__["n"] = annotation


# What is set, by the name of the change, and what comes of it: the answer and what the document shows.
GIVEN = {"status_code": 201, "summary": "Given", "description": "given", "operation_id": "given", "tags": ["given"]}
SET = {
    "endpoint": (lambda route, web: setattr(route, "endpoint", doubled(route.endpoint)), {"body": {"a": 2, "b": 7}}),
    "__signature__": (
        lambda route, web: setattr(route.endpoint, "__signature__", with_default(route.endpoint, 41)),
        {"body": {"a": 41, "b": 7}, "default": 41},
    ),
    "__defaults__": (
        lambda route, web: setattr(route.endpoint, "__defaults__", (77,)),
        {"body": {"a": 77, "b": 7}, "default": 77},
    ),
    "__annotations__": (
        lambda route, web: setattr(route.endpoint, "__annotations__", {"n": float}),
        {"type": "number"},
    ),
    "an annotation": (lambda route, web: annotate(route, float), {"type": "number"}),
    "response_model": (lambda route, web: setattr(route, "response_model", Narrow), {"body": {"a": 1}, "model": "Narrow"}),
    "response_model_exclude": (lambda route, web: setattr(route, "response_model_exclude", {"a"}), {"body": {"b": 7}}),
    "status_code": (lambda route, web: setattr(route, "status_code", 207), {"status": 207, "code": "207"}),
    "dependencies": (
        lambda route, web: route.dependencies.append(web.Depends(lambda wanted: wanted, use_cache=False)),
        {"parameters": ["wanted", "n"]},
    ),
    "operation_id": (lambda route, web: setattr(route, "operation_id", "late"), {"operationId": "late"}),
    "summary": (lambda route, web: setattr(route, "summary", "Late"), {"summary": "Late"}),
    "description": (lambda route, web: setattr(route, "description", "late"), {"description": "late"}),
    "tags": (lambda route, web: setattr(route, "tags", ["late"]), {"tags": ["late"]}),
    "a tag": (lambda route, web: route.tags.append("late"), {"tags": ["...", "late"]}),
    "deprecated": (lambda route, web: setattr(route, "deprecated", True), {"deprecated": True}),
    "responses": (lambda route, web: setattr(route, "responses", {418: {"description": "tea"}}), {"codes": ["418"]}),
    "include_in_schema": (lambda route, web: setattr(route, "include_in_schema", False), None),
    "methods": (lambda route, web: setattr(route, "methods", {"PUT"}), {"method": "put"}),
    "path": (lambda route, web: setattr(route, "path", route.path + "/later"), {"path": "/later"}),
}  # fmt: skip


def seen(app, expected):
    """Responses of an application, and the parts of its OpenAPI document that a test expects."""
    answered = ask(app, f"{expected.get('method', 'get').upper()} /r/x{expected.get('path', '')}?response=1")
    (shown_path, item), *_ = app.openapi()["paths"].items()
    (shown_method, operation), *_ = item.items()
    code, *others = operation["responses"]
    parameters = {parameter["name"]: parameter["schema"] for parameter in operation["parameters"]}
    tags = operation.get("tags", [])
    found = {
        **{name: operation.get(name) for name in ("operationId", "summary", "description", "deprecated")},
        "status": answered.status_code,
        "body": answered.json(),
        "code": code,
        "codes": [other for other in others if other in expected.get("codes", ())],
        "model": operation["responses"][code]["content"]["application/json"]["schema"].get("$ref", "").split("/")[-1],
        "default": parameters["n"].get("default"),
        "type": parameters["n"]["type"],
        "parameters": sorted(parameters, key=["wanted", "n"].index),
        "tags": ["...", *tags[-1:]] if "..." in expected.get("tags", ()) else tags,
        "method": shown_method,
        "path": shown_path.removeprefix("/r/x"),
    }
    return {name: found[name] for name in expected}


def declared(web, given, holder):
    """A route of a router below `/r`, or of an application's own."""
    prefix = "/r" if isinstance(holder, web.APIRouter) else ""

    @holder.get("/x" if prefix else "/r/x", **given)
    def read(n: int = 1) -> Wide:
        return {"a": n, "b": 7}

    return next(route for route in holder.routes if getattr(route, "endpoint", None) is read)


def check(app, expected):
    if expected is None:
        assert app.openapi()["paths"] == {}
        assert ask(app, "GET /r/x").status_code in (200, 201)
    else:
        assert seen(app, expected) == expected


@each_framework
@pytest.mark.parametrize("given", [{}, GIVEN], ids=["not given", "given"])
@pytest.mark.parametrize("when", ["before the inclusion", "after it", "after the routes were read"])
@pytest.mark.parametrize("name", SET)
def test_what_is_set_on_a_routers_route_counts(web, name, when, given):
    """It applies until the application is used, whether or not the decorator has set something else."""
    change, expected = SET[name]
    app, router = web.FastAPI(), web.APIRouter(prefix="/r")
    route = declared(web, given, router)
    if when == "before the inclusion":
        change(route, web)
    app.include_router(router)
    if when != "before the inclusion":
        if when == "after the routes were read":
            assert app.routes
        change(route, web)
    check(app, expected)


@pytest.mark.parametrize("given", [{}, GIVEN], ids=["not given", "given"])
@pytest.mark.parametrize("where", ["the application's own", "as included", "as included, and documented before"])
@pytest.mark.parametrize("name", SET)
def test_what_is_set_on_a_route_of_an_application_counts(name, where, given):
    """`app.routes` contains the very routes that serve, so that changes of them apply."""
    change, expected = SET[name]
    app = Typeway()
    if where == "the application's own":
        declared(typeway, given, app)
    else:
        router = Router(prefix="/r")
        declared(typeway, given, router)
        app.include_router(router)
    if where == "as included, and documented before":
        assert "/r/x" in app.openapi()["paths"]
    change(app.routes[-1], typeway)
    app.openapi_schema = None
    check(app, expected)


@each_framework
def test_what_is_set_after_the_first_request_does_not_count(web):
    """A route that has served does not change any more, in the document too."""
    app, router = web.FastAPI(), web.APIRouter(prefix="/r")
    route = declared(web, {}, router)
    app.include_router(router)
    assert answer(app, "GET /r/x") == (200, {"a": 1, "b": 7})
    route.endpoint.__defaults__ = (77,)
    route.endpoint = doubled(route.endpoint)
    route.response_model = Narrow
    assert answer(app, "GET /r/x") == (200, {"a": 1, "b": 7})
    expected = {"default": 1, "type": "integer"}
    assert seen(app, expected) == expected


@each_framework
@pytest.mark.parametrize("reads", [False, True], ids=["at once", "after the routes were read"])
def test_every_inclusion_of_a_router_shows_what_is_set(web, reads):
    """A router that is included twice has one route to guard."""
    log = []
    app, router = web.FastAPI(), web.APIRouter()
    router.get("/x")(lambda: "served")
    for prefix in ("/a", "/b"):
        outer = web.APIRouter()
        outer.include_router(router, prefix="/in")
        app.include_router(outer, prefix=prefix)
    if reads:
        assert app.routes
    router.routes[0].dependencies.append(web.Depends(lambda: log.append("guarded")))
    assert [answer(app, f"GET {prefix}/in/x") for prefix in ("/a", "/b")] == [(200, "served")] * 2
    assert log == ["guarded"] * 2


def test_what_is_set_on_both_routes_comes_together():
    """A guard on the included route and one on its original both run; a single value is that of the included route."""
    log = []
    app, router = Typeway(), Router(tags=["router"])
    router.get("/x", tags=["own", "gone"], responses={404: {"description": "none"}})(lambda: "served")
    app.include_router(router, tags=["outer"])
    shown, original = app.routes[-1], router.routes[0]
    shown.dependencies.append(Depends(lambda: log.append("shown")))
    shown.tags.remove("gone")
    shown.tags.append("shown")
    shown.responses[409] = {"description": "shown"}
    shown.summary = "Shown"
    shown.methods.add("PUT")
    original.dependencies.append(Depends(lambda: log.append("original")))
    original.tags.append("original")
    original.responses = {410: {"description": "original"}}
    original.summary = "Original"
    original.description = "Of the original."
    original.methods.add("PATCH")
    operations = app.openapi()["paths"]["/x"]
    assert sorted(operations) == ["get", "patch", "put"]
    assert operations["get"]["tags"] == ["outer", "router", "own", "original", "shown"]
    assert [code for code in operations["get"]["responses"] if code not in ("200", "422")] == ["410", "409"]
    assert (operations["get"]["summary"], operations["get"]["description"]) == ("Shown", "Of the original.")
    original.dependencies.append(Depends(lambda: log.append("again")))
    assert answer(app, "PUT /x") == (200, "served")
    assert log == ["original", "again", "shown"]


def test_what_is_taken_back_on_a_router_is_taken_back_where_it_is_included():
    """An attribute that is deleted has its default again, which what is around may replace."""
    app, router = Typeway(), Router()
    router.get("/x", response_class=PlainTextResponse)(lambda: "served")
    app.include_router(router)
    assert app.routes
    del router.routes[0].response_class
    assert ask(app, "GET /x").headers["content-type"] == "application/json"


def test_methods_that_are_added_belong_to_one_route():
    """A method of an included route is not one of another inclusion."""
    app, router = Typeway(), Router()
    router.get("/x")(lambda: 1)
    app.include_router(router, prefix="/a")
    app.include_router(router, prefix="/b")
    app.routes[-1].methods.add("PUT")
    assert [ask(app, f"PUT {prefix}/x").status_code for prefix in ("/a", "/b")] == [405, 200]


def test_none_stands_for_no_collection():
    """Code that was written for FastAPI takes tags or dependencies away with None."""
    app, router = Typeway(), Router()
    for holder in (app, router):
        holder.get("/x")(lambda: 1)
        for name in ("tags", "dependencies", "callbacks", "responses", "raises"):
            setattr(holder.routes[-1], name, None)
    app.include_router(router, prefix="/r")
    assert [answer(app, f"GET {path}") for path in ("/x", "/r/x")] == [(200, 1)] * 2
    assert list(app.openapi()["paths"]) == ["/x", "/r/x"]


# --- endpoints --------------------------------------------------------------------------------------------------------


@each_framework
def test_a_guard_around_every_endpoint_runs(web):
    """Guards are put around the endpoints of a router after its decorators, also around those of WebSockets."""
    log = []
    router = web.APIRouter()

    def guarded(endpoint):
        @functools.wraps(endpoint)
        async def guard(*args, **kwargs):
            log.append(endpoint.__name__)
            result = endpoint(*args, **kwargs)
            return await result if inspect.isawaitable(result) else result

        return guard

    @router.get("/blocking")
    def blocking(n: int = 1):
        return n

    @router.post("/waiting")
    async def waiting(body: dict):
        return body

    @router.websocket("/socket")
    async def socket(connection: web.WebSocket, n: int = 3):
        await connection.accept()
        await connection.send_json(n)
        await connection.close()

    for route in router.routes:
        route.endpoint = guarded(route.endpoint)
        route.dependencies.append(web.Depends(lambda: log.append("dependency")))
    app = web.FastAPI()
    app.include_router(router)
    assert answer(app, "GET /blocking?n=2") == (200, 2)
    assert answer(app, "POST /waiting", json={"a": 1}) == (200, {"a": 1})
    with TestClient(app).websocket_connect("/socket?n=5") as connection:
        assert connection.receive_json() == 5
    assert log == ["dependency", "blocking", "dependency", "waiting", "dependency", "socket"]


@each_framework
def test_a_guard_may_add_a_parameter(web):
    """A wrapper with a signature of its own is called with its own parameters."""

    def with_user(endpoint):
        @functools.wraps(endpoint)
        def wrapper(*args, user, **kwargs):
            return [user, endpoint(*args, **kwargs)]

        signature = inspect.signature(endpoint)
        user = inspect.Parameter("user", inspect.Parameter.KEYWORD_ONLY, default=web.Depends(lambda name: name))
        wrapper.__signature__ = signature.replace(parameters=[*signature.parameters.values(), user])
        return wrapper

    router = web.APIRouter()
    router.get("/x")(lambda n: n)
    router.routes[0].endpoint = with_user(router.routes[0].endpoint)
    app = web.FastAPI()
    app.include_router(router)
    assert answer(app, "GET /x?n=1&name=me") == (200, ["me", "1"])
    assert {parameter["name"] for parameter in app.openapi()["paths"]["/x"]["get"]["parameters"]} == {"n", "name"}


@each_framework
def test_an_endpoint_that_streams_may_be_replaced_and_replace(web):
    """Whether an endpoint is a generator is decided for the present endpoint."""

    def items():
        yield 1
        yield 2

    router = web.APIRouter()
    router.get("/now-streams")(lambda: 0)
    router.get("/streamed")(items)
    router.routes[0].endpoint, router.routes[1].endpoint = items, lambda: 0
    app = web.FastAPI()
    app.include_router(router)
    assert [ask(app, f"GET {path}").text.split() for path in ("/now-streams", "/streamed")] == [["1", "2"], ["0"]]


@each_framework
def test_an_endpoint_that_is_wrapped_keeps_its_model(web):
    """What the model leaves out does not come back with a wrapper that says nothing of it."""
    router = web.APIRouter()

    @router.get("/x")
    def read() -> Narrow:
        return {"a": 1, "secret": 2}

    router.routes[0].endpoint = lambda: {**read()}
    app = web.FastAPI()
    app.include_router(router)
    assert answer(app, "GET /x") == (200, {"a": 1})


# --- class-based views ------------------------------------------------------------------------------------------------


def view(web, router):
    """The well-known recipe for a class-based view: `self` becomes a dependency on the class."""

    def decorate(made):
        members = {function for _, function in inspect.getmembers(made, inspect.isfunction)}
        inner = web.APIRouter()
        for route in [route for route in router.routes if route.endpoint in members]:
            router.routes.remove(route)
            own, *others = inspect.signature(route.endpoint).parameters.values()
            others = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in others]
            parameters = [own.replace(default=web.Depends(made), annotation=inspect.Parameter.empty), *others]
            route.endpoint.__signature__ = inspect.signature(route.endpoint).replace(parameters=parameters)
            route.path = route.path.removeprefix(router.prefix)
            route.name = f"{made.__name__}.{route.name}"
            inner.routes.append(route)
        router.include_router(inner)
        return made

    return decorate


@each_framework
@pytest.mark.parametrize("prefix", ["", "/items"])
def test_a_class_may_hold_the_endpoints_of_a_router(web, prefix):
    """Its constructor's parameters are every endpoint's, and a name says which class an endpoint is of."""
    router = web.APIRouter(prefix=prefix, tags=["items"])

    @view(web, router)
    class Items:
        def __init__(self, prefix: str = "p") -> None:
            self.prefix = prefix

        @router.get("/one/{n}")
        def read(self, n: int, q: str = "d"):
            return [self.prefix, n, q]

        @router.post("/", status_code=201)
        async def create(self: "Items", body: dict):
            return [self.prefix, body]

        @router.websocket("/socket")
        async def talk(self, socket: web.WebSocket, n: int = 1):
            await socket.accept()
            await socket.send_json([self.prefix, n])
            await socket.close()

    app = web.FastAPI()
    app.include_router(router, prefix="/v1")
    assert answer(app, f"GET /v1{prefix}/one/3?q=z&prefix=x") == (200, ["x", 3, "z"])
    assert answer(app, f"POST /v1{prefix}/", json={"a": 1}) == (201, ["p", {"a": 1}])
    with TestClient(app).websocket_connect(f"/v1{prefix}/socket?n=2") as socket:
        assert socket.receive_json() == ["p", 2]
    operation = app.openapi()["paths"][f"/v1{prefix}/one/{{n}}"]["get"]
    assert operation["summary"] == "Items.Read"
    assert operation["operationId"].startswith("Items_read_")
    assert sorted(parameter["name"] for parameter in operation["parameters"]) == ["n", "prefix", "q"]


def test_a_method_in_a_class_body_is_not_refused():
    """`self` is no parameter that could be judged before the class has been made a dependency."""
    router = Router(prefix="/items")

    @view(typeway, router)
    class Items:
        @router.get("")
        def index(self: Self):
            return type(self).__name__

        @router.get("/quoted")
        def quoted(self: "Items"):
            return type(self).__name__

    app = Typeway()
    app.include_router(router)
    assert [answer(app, f"GET {path}") for path in ("/items", "/items/quoted")] == [(200, "Items")] * 2


# --- mistakes ---------------------------------------------------------------------------------------------------------


def test_a_mistake_in_a_decorated_function_is_still_refused_at_once():
    """What could be set later does not excuse what cannot work now."""
    router = Router()
    with pytest.raises(DeclarationError, match="must be one of the supported types"):

        @router.get("/x")
        def read(q: Annotated[dict, Query()]): ...


def test_a_mistake_that_was_made_later_is_refused_where_the_router_is_included():
    """The error names the endpoint's own line, however late its signature was spoiled."""
    router = Router()

    @router.get("/x")
    def read(q: int = 1): ...

    read.__annotations__["q"] = Annotated[dict, Query()]
    with pytest.raises(DeclarationError, match="must be one of the supported types") as caught:
        Typeway().include_router(router)
    assert caught.value.where == f"{__file__}:{read.__code__.co_firstlineno}"
    with pytest.raises(DeclarationError, match="must be one of the supported types"):
        Typeway().include_router(router)


def test_a_mistake_that_was_made_after_the_inclusion_is_refused_at_first_use():
    """Other routes are served as before."""
    app, router = Typeway(), Router()
    router.get("/x")(read := lambda q=1: q)
    router.get("/y")(lambda: "served")
    app.include_router(router)
    read.__annotations__["q"] = Annotated[dict, Query()]
    assert ask(app, "GET /x").status_code == 500
    assert answer(app, "GET /y") == (200, "served")
    with pytest.raises(DeclarationError, match="must be one of the supported types"):
        app.openapi()


# --- paths, names and routers -----------------------------------------------------------------------------------------


def test_a_path_that_is_set_is_the_path_everywhere():
    """Requests, the document, the route's own parameters and `url_path_for` agree."""
    app = Typeway()

    @app.get("/x", name="x")
    def read(n: int = 1):
        return n

    app.routes[-1].path = "/y/{n:int}"
    assert answer(app, "GET /y/3") == (200, 3)
    assert answer(app, "GET /x")[0] == 404
    (path, item), *_ = app.openapi()["paths"].items()
    assert (path, item["get"]["parameters"][0]["in"]) == ("/y/{n}", "path")
    assert app.url_path_for("x", n=4) == "/y/4"


def test_an_application_that_was_replaced_stays_when_the_path_changes():
    """A wrapper that a plugin has put around one route is still called."""
    app = Typeway()
    app.get("/x")(lambda: 1)
    app.routes[-1].app = PlainTextResponse("own")
    app.routes[-1].path = "/y"
    assert ask(app, "GET /y").text == "own"


@each_framework
def test_route_names_may_become_operation_ids(web):
    """The recipe of FastAPI's guide works on an application's own routes and on a router's."""
    app, router = web.FastAPI(), web.APIRouter(prefix="/r")

    @app.get("/own")
    def own(): ...

    @router.get("/x", operation_id="given")
    def included(): ...

    app.include_router(router)
    for route in (*app.routes, *router.routes):
        if getattr(route, "endpoint", None) in (own, included):
            route.operation_id = route.name
    ids = [item["get"]["operationId"] for item in app.openapi()["paths"].values()]
    assert ids == ["own", "included"]


@each_framework
def test_a_unique_id_may_be_set(web):
    """An operation id wins over it, and where the route is included again it is made anew."""
    app, router = web.FastAPI(), web.APIRouter()
    for holder in (app, app, router):
        holder.get(f"/{len(holder.routes)}", name="n")(lambda: 1)
    app.routes[-2].unique_id = "set"
    app.routes[-1].unique_id, app.routes[-1].operation_id = "loses", "wins"
    router.routes[-1].unique_id = "of another path"
    assert [route.unique_id for route in (app.routes[-2], router.routes[-1])] == ["set", "of another path"]
    app.include_router(router, prefix="/r")
    ids = [item["get"]["operationId"] for item in app.openapi()["paths"].values()]
    assert ids == ["set", "wins", "n_r_0_get"]


@each_framework
def test_what_a_router_says_for_all_its_routes_may_be_set(web):
    """It applies to routes that are added after it, and to all of them where the router is included."""
    app = web.FastAPI()
    app.router.generate_unique_id_function = lambda route: f"app_{route.name}"
    app.router.default_response_class = web.Response
    app.router.strict_content_type = False
    app.post("/own", name="own")(lambda body: str(body).encode())
    app.post("/given", name="given", response_class=PlainTextResponse)(lambda: "text")
    router = web.APIRouter()
    router.post("/x", name="x")(lambda body: body)
    router.generate_unique_id_function = lambda route: f"router_{route.name}"
    router.default_response_class = PlainTextResponse
    app.include_router(router)
    router.strict_content_type = False
    ids = [item["post"]["operationId"] for item in app.openapi()["paths"].values()]
    assert ids == ["app_own", "app_given", "router_x"]
    types = [ask(app, f"POST {path}?body=b").headers.get("content-type") for path in ("/own", "/given", "/x")]
    assert types == [None, *["text/plain; charset=utf-8"] * 2]


@each_framework
@pytest.mark.parametrize("level", ["application", "router before its routes", "router before its inclusion", "neither"])
def test_bodies_without_a_type_are_json_where_a_router_says_so_later(web, level):
    """`strict_content_type` is one of the attributes that count until the application is used."""
    app, router = web.FastAPI(), web.APIRouter()
    if level == "application":
        app.router.strict_content_type = False
    if level == "router before its routes":
        router.strict_content_type = False

    @router.post("/x")
    def read(body: dict[str, int]):
        return body

    if level == "router before its inclusion":
        router.strict_content_type = False
    app.include_router(router)
    answered = ask(app, "POST /x", content=b'{"a": 1}').status_code
    assert (answered == 200) == (level != "neither")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda router: setattr(router, "max_body_size", 3), 413),
        (lambda router: router.form_limits.update(max_fields=1), 400),
        (lambda router: None, 200),
    ],
    ids=["max_body_size", "form_limits", "nothing"],
)
def test_limits_of_a_router_may_be_set(change, status):
    """Limits that are set after the router was made count for its routes, as those that were given do."""
    router = Router()
    change(router)

    @router.post("/form")
    def form(a: Annotated[str, typeway.Form()]): ...

    app = Typeway()
    app.include_router(router)
    assert ask(app, "POST /form", data={"a": "1", "b": "2"}).status_code == status


def test_threads_take_over_what_is_set_once():
    """Whichever of several threads plans a route first, a guard that was set later runs once."""
    for _ in range(20):
        app, router = Typeway(), Router()
        router.get("/x")(lambda: "served")
        app.include_router(router)
        shown = app.routes[-1]
        shown.dependencies.append(Depends(lambda: "shown"))
        router.routes[0].dependencies.append(Depends(lambda: "original"))
        with ThreadPoolExecutor(8) as pool:
            operations = [made.result() for made in [pool.submit(shown.to_operation) for _ in range(16)]]
        assert {len(operation.dependencies) for operation in operations} == {2}
