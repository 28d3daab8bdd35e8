"""Routers group routes: prefixes and options join, inclusions are live, and what cannot work is refused."""

import copy
import gc
import weakref
from typing import Annotated, Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Mount, NoMatchFound, Route

import typeway
from tests.frameworks import answer, ask, client, each_framework
from typeway import Depends, Router, Typeway
from typeway.application.routes import APIRoute
from typeway.compat.shapes.conventions import FASTAPI
from typeway.exceptions import DeclarationError, UnknownOptionError


def paths(app: Any) -> list[str]:
    """The paths of the endpoints of an application without documents."""
    return [route.path for route in app.routes]


# --- inclusion --------------------------------------------------------------------------------------------------


@each_framework
def test_prefixes_join(web):
    """Inclusion's prefix, router's prefix and path make the whole path, at every depth."""
    app, outer, inner = web.FastAPI(), web.APIRouter(prefix="/outer"), web.APIRouter(prefix="/inner")
    inner.get("/x/{y}")(lambda y: y)
    inner.get("")(lambda: "empty")
    outer.include_router(inner, prefix="/b")
    app.include_router(outer, prefix="/a")
    assert answer(app, "GET /a/outer/b/inner/x/3") == (200, "3")
    assert answer(app, "GET /a/outer/b/inner") == (200, "empty")
    assert answer(app, "GET /inner/x/3")[0] == 404


@each_framework
def test_inclusion_is_live(web):
    """Routes that are added to an included router later are served, reversed and documented."""
    app, outer, inner = web.FastAPI(), web.APIRouter(), web.APIRouter()
    app.include_router(outer, prefix="/a")
    outer.include_router(inner, prefix="/b")
    assert answer(app, "GET /a/b/late")[0] == 404
    assert "/a/b/late" not in app.openapi()["paths"]

    @inner.get("/late")
    def late():
        return "late"

    assert answer(app, "GET /a/b/late") == (200, "late")
    assert app.url_path_for("late") == "/a/b/late"
    assert "/a/b/late" in app.openapi()["paths"]


@each_framework
def test_a_router_may_be_included_twice(web):
    """One router in two places serves in both, with the options of each."""
    app, router = web.FastAPI(), web.APIRouter()
    log: list[str] = []
    router.get("/x")(lambda: "x")
    app.include_router(router, prefix="/one", tags=["one"], dependencies=[web.Depends(lambda: log.append("one"))])
    app.include_router(router, prefix="/two", tags=["two"])
    assert [answer(app, f"GET /{place}/x")[1] for place in ("one", "two")] == ["x", "x"]
    assert log == ["one"]
    document = app.openapi()["paths"]
    assert (document["/one/x"]["get"]["tags"], document["/two/x"]["get"]["tags"]) == (["one"], ["two"])


@each_framework
def test_options_join_from_the_outside_in(web):
    """Tags and callbacks add up, responses override inwards, deprecation spreads, hiding too."""
    app = web.FastAPI(responses={400: {"description": "app"}, 401: {"description": "app"}})
    outer = web.APIRouter(tags=["outer"], responses={401: {"description": "outer"}, 402: {"description": "outer"}})
    inner = web.APIRouter(tags=["inner"], deprecated=True)
    hidden = web.APIRouter(include_in_schema=False)
    inner.get("/x", tags=["route"], responses={402: {"description": "route"}})(lambda: 1)
    hidden.get("/hidden")(lambda: 1)
    outer.get("/plain")(lambda: 1)
    outer.include_router(inner, tags=["inclusion"])
    outer.include_router(hidden)
    app.include_router(outer, prefix="/a", tags=["application"])
    document = app.openapi()["paths"]
    operation = document["/a/x"]["get"]
    assert operation["tags"] == ["application", "outer", "inclusion", "inner", "route"]
    assert operation["deprecated"] is True
    assert {status: operation["responses"][status]["description"] for status in ("400", "401", "402")} == {
        "400": "app",
        "401": "outer",
        "402": "route",
    }
    assert "deprecated" not in document["/a/plain"]["get"]
    assert "/a/hidden" not in document
    assert answer(app, "GET /a/hidden") == (200, 1)


@each_framework
def test_starlette_routes_of_a_router_are_included(web):
    """Plain routes, mounts and sockets of an included router get its prefix as well."""
    router = web.APIRouter()
    router.add_route("/plain", lambda request: PlainTextResponse("plain"))
    router.mount("/mount", PlainTextResponse("mount"), name="m")

    @router.route("/decorated") if web is typeway else router.get("/decorated")
    def decorated(request: web.Request):
        return PlainTextResponse("decorated")

    app = web.FastAPI()
    app.include_router(router, prefix="/a")
    for name in ("plain", "mount", "decorated"):
        assert ask(app, f"GET /a/{name}" + ("/x" if name == "mount" else "")).text == name
    assert app.url_path_for("m", path="/x") == "/a/mount/x"


@each_framework
def test_the_order_of_inclusion_is_the_order_of_matching(web):
    """The routes of an included router are listed where it was included, between the routes before and after it."""
    app, router = web.FastAPI(), web.APIRouter()
    app.get("/first")(lambda: "app")
    app.include_router(router)
    app.get("/last")(lambda: "app")
    app.get("/{rest}")(lambda rest: "rest")
    router.get("/first")(lambda: "router")
    router.get("/last")(lambda: "router")
    assert [answer(app, f"GET /{name}")[1] for name in ("first", "last", "other")] == ["app", "router", "rest"]


@each_framework
def test_a_method_of_an_included_route_does_not_hide_later_routes(web):
    """A path that an included router has for another method only is looked for further on."""
    app, router = web.FastAPI(), web.APIRouter()
    router.post("/x")(lambda: "post")
    app.include_router(router)
    app.get("/x")(lambda: "get")
    assert answer(app, "GET /x") == (200, "get")
    assert answer(app, "POST /x") == (200, "post")
    assert answer(app, "PUT /x")[0] == 405


@each_framework
def test_a_route_class_of_ones_own_is_kept(web):
    """Routes of an included router keep their class and what it adds."""

    class Own(APIRoute if web is typeway else web.routing.APIRoute):
        pass

    app, router = web.FastAPI(), web.APIRouter(route_class=Own)
    router.get("/x")(lambda: 1)
    app.include_router(router, prefix="/a")
    assert isinstance(router.routes[0], Own)
    assert answer(app, "GET /a/x") == (200, 1)


def test_an_included_view_knows_its_original():
    """A router lists a copy of an included route: it has the full path and refers to the original route."""
    app, router = Typeway(openapi_url=None), Router(prefix="/r")
    router.get("/x")(lambda: 1)
    router.websocket("/s")(endpoint)
    app.include_router(router, prefix="/a")
    assert paths(app) == ["/a/r/x", "/a/r/s"]
    assert [view.original_route for view in app.routes] == router.routes
    assert [view.endpoint for view in app.routes] == [route.endpoint for route in router.routes]
    assert app.routes[0] is app.routes[0]


async def endpoint(): ...


# --- what cannot be meant ---------------------------------------------------------------------------------------


@each_framework
def test_impossible_inclusions_are_refused(web):
    """A router in itself, a cycle, and a path that would be empty are refused when they are declared."""
    one, two, three = (web.APIRouter() for _ in range(3))
    with pytest.raises(AssertionError, match="Cannot include the same APIRouter instance into itself"):
        one.include_router(one)
    one.include_router(two)
    two.include_router(three)
    with pytest.raises(AssertionError, match="already includes this router"):
        three.include_router(one)
    empty = web.APIRouter()
    empty.get("")(lambda: 1)
    error = RuntimeError if web is typeway else web.exceptions.FastAPIError
    with pytest.raises(error, match="Prefix and path cannot be both empty"):
        web.FastAPI().include_router(empty)


@each_framework
@pytest.mark.parametrize("prefix", ["x", "/x/", "/"])
def test_a_prefix_has_one_form(web, prefix):
    """A prefix starts with a slash and ends with none, wherever it is given."""
    with pytest.raises(AssertionError, match="A path prefix must"):
        web.APIRouter(prefix=prefix)
    with pytest.raises(AssertionError, match="A path prefix must"):
        web.FastAPI().include_router(web.APIRouter(), prefix=prefix)


def included_empty() -> None:
    router = Router()
    router.get("")(lambda: 1)
    Router().include_router(router)


@pytest.mark.parametrize(
    ("act", "hint"),
    [
        (lambda: Router(prefix="x"), "Write prefix='/x'."),
        (lambda: Router(prefix="/x/"), "Write prefix='/x'."),
        (lambda: Router().include_router(Router(), prefix="y/"), "Write prefix='/y'."),
        (lambda: Router(prefix="/"), "Write prefix=''."),
        (lambda: Router(perfix="/x"), "Did you mean 'prefix'?"),
        (lambda: Router().include_router(Router(), perfix="/x"), "Did you mean 'prefix'?"),
        (lambda: Router().get("/", respose_model=int)(lambda: 1), "Did you mean 'response_model'?"),
        (lambda: Router().add_event_handler("begin", lambda: 1), "Use 'startup' or 'shutdown'."),
        (included_empty, 'Give include_router() a prefix, or the route the path "/".'),
    ],
)
def test_mistakes_come_with_a_hint(act, hint):
    """Every refusal says what to write instead."""
    with pytest.raises(DeclarationError) as caught:
        act()
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    "act",
    [
        lambda: Typeway(tittle="x"),
        lambda: Router(tittle="x"),
        lambda: Typeway().get("/", tittle="x")(lambda: 1),
        lambda: Typeway().api_route("/", tittle="x")(lambda: 1),
        lambda: Typeway().include_router(Router(), tittle="x"),
    ],
)
def test_an_unknown_option_is_a_type_error(act):
    """Options that do not exist are refused as Python refuses unknown arguments."""
    with pytest.raises(UnknownOptionError, match="takes no option 'tittle'"):
        act()


# --- adding routes ----------------------------------------------------------------------------------------------


@each_framework
def test_routes_can_be_added_without_decorators(web):
    """`add_api_route`, `add_api_websocket_route` and `api_route` take what the decorators take."""
    app, router = web.FastAPI(), web.APIRouter()
    for owner, path in ((app, "/a"), (router, "/r")):
        owner.add_api_route(path, lambda: "added", methods=["GET", "POST"], status_code=201, name=f"name{path[1:]}")
        owner.api_route(path + "/b", methods=["PUT"])(lambda: "decorated")
    app.include_router(router)
    for path in ("/a", "/r"):
        assert answer(app, f"POST {path}") == (201, "added")
        assert answer(app, f"PUT {path}/b") == (200, "decorated")
        assert app.url_path_for(f"name{path[1:]}") == path


@each_framework
def test_paths_are_reversed_by_name(web):
    """`url_path_for` finds routes by name at every depth and fills in their parameters; unknown names are refused."""
    app, router = web.FastAPI(), web.APIRouter(prefix="/r")

    @router.get("/{key}/{n:int}", name="given")
    def read(request: web.Request, key: str, n: int):
        return str(request.url_for("given", key="k", n=3))

    @app.get("/plain")
    def plain(): ...

    app.include_router(router, prefix="/v1")
    app.mount("/m", router, name="mounted")
    assert app.url_path_for("given", key="a b", n=7) == "/v1/r/a b/7"
    assert app.url_path_for("plain") == "/plain"
    assert app.url_path_for("mounted:given", key="x", n=1) == "/m/r/x/1"
    assert answer(app, "GET /v1/r/x/1") == (200, "http://testserver/v1/r/k/3")
    for name, params in (("unknown", {}), ("given", {"key": "x"}), ("plain", {"more": 1})):
        with pytest.raises(NoMatchFound):
            app.url_path_for(name, **params)


@each_framework
def test_constructor_routes_are_kept(web):
    """Routes given to the constructor are served."""
    routes = [Route("/a", lambda request: PlainTextResponse("a")), Mount("/m", routes=[])]
    assert ask(web.FastAPI(routes=routes), "GET /a").text == "a"
    assert ask(web.APIRouter(routes=routes), "GET /a").text == "a"


def test_a_router_serves_any_asgi_connection():
    """A router can be mounted in Starlette's application, or be served alone."""
    router = Router()

    @router.get("/{x}")
    def read(x: int, value: Annotated[str, Depends(lambda: "value")]):
        return [x, value]

    app = Starlette(routes=[Mount("/m", router)])
    assert answer(app, "GET /m/3") == (200, [3, "value"])
    assert answer(router, "GET /3") == (200, [3, "value"])


def test_hosts_of_a_router_are_included():
    """A host in an included router is tried in its place."""
    router = Router()
    router.host("api.example.org", PlainTextResponse("api"))
    app = Typeway()
    app.include_router(router)
    assert any(isinstance(route, Host) for route in app.routes)
    assert ask(app, "GET /x", headers={"host": "api.example.org"}).text == "api"


def test_routers_are_compared_by_identity():
    """Two empty routers are not the same, and a router can be a key."""
    one, two = Router(), Router()
    assert one != two
    assert len({one, two}) == 2


def test_a_router_that_nobody_keeps_is_forgotten():
    """An included router does not keep alive the routers that include it."""
    inner = Router()
    outer = Router()
    outer.include_router(inner)
    gone = weakref.ref(outer)
    del outer
    gc.collect()
    assert gone() is None
    inner.get("/x")(lambda: 1)


def test_subclasses_of_applications_bring_their_own_router():
    """An application class may name the class of its router, and conventions follow the class."""

    class OwnRouter(Router):
        conventions = FASTAPI

    class Own(Typeway):
        router_class = OwnRouter

    app = Own()
    assert isinstance(app.router, OwnRouter)
    app.get("/")(lambda *args: 1)
    assert answer(app, "GET /")[0] == 422


def test_attributes_of_a_router_may_change_before_its_routes_are_added():
    """Tags and dependencies that are appended to a router count for routes added later."""
    log: list[str] = []
    app, router = Typeway(), Router()
    router.tags.append("late")
    router.dependencies.append(Depends(lambda: log.append("late")))
    router.get("/x")(lambda: 1)
    app.include_router(router)
    assert answer(app, "GET /x") == (200, 1)
    assert (log, app.openapi()["paths"]["/x"]["get"]["tags"]) == (["late"], ["late"])


def test_a_route_that_stands_twice_may_be_taken_away_once():
    """To move a route is to insert it and to take it away where it was, in either order."""
    app = Typeway(openapi_url=None)
    for path in ("/a", "/b", "/c"):
        app.get(path)(lambda: None)
    routes = app.router.routes
    routes.insert(0, routes[-1])
    app.router.routes.pop()
    assert [route.path for route in app.routes] == ["/c", "/a", "/b"]
    app.router.routes.append(app.routes[0])
    del app.router.routes[0]
    assert [route.path for route in app.routes] == ["/a", "/b", "/c"]


@pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy])
def test_a_copied_router_serves_what_the_original_serves(copied):
    """A copy has the routes of the original, with dependencies and inclusions; what is added to it stays its own."""
    inner, router = Router(prefix="/inner"), Router(prefix="/outer")
    inner.get("/items/{item_id}")(lambda item_id, seen=Depends(lambda: "seen"): [item_id, seen])
    router.include_router(inner)
    router.get("/own")(lambda: "own")
    app = Typeway()
    app.include_router(router)
    assert answer(app, "GET /outer/own") == (200, "own")  # so that everything is there that serving makes
    other = Typeway()
    twin = copied(router)
    other.include_router(twin)
    assert answer(other, "GET /outer/inner/items/a") == (200, ["a", "seen"])
    twin.get("/late")(lambda: "late")
    assert answer(other, "GET /outer/late") == (200, "late")
    assert answer(app, "GET /outer/late")[0] == 404


def test_a_deep_copy_of_a_router_runs_its_own_events():
    """Functions that are added to a copy run with the copy, and not with the original."""
    log: list[str] = []
    router = Router(on_startup=[lambda: log.append("first")])
    twin = copy.deepcopy(router)
    twin.add_event_handler("startup", lambda: log.append("second"))
    for each, expected in ((router, ["first"]), (twin, ["first", "second"])):
        log.clear()
        app = Typeway()
        app.include_router(each)
        with client(app):
            assert log == expected
