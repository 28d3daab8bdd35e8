"""Whatever the index does to be quick, it finds the route that a scan in the order of declaration would find."""

import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Match, Mount, Route, WebSocketRoute

from tests.frameworks import answer, ask, each_framework
from typeway import Response, Router, Typeway
from typeway.application.indexing import indexes_of
from typeway.declare.conventions import TYPEWAY
from typeway.serve.match import NoRoute

LITERALS = ["a", "b", "ab", "a.b", "items", "", "é", "%"]
METHODS = ["GET", "POST", "DELETE"]

segments = st.one_of(
    st.sampled_from(LITERALS),
    st.sampled_from(
        ["{x}", "{y}", "{x:str}", "{x:int}", "{y:float}", "{x:uuid}", "{x:path}", "a{x}", "{x}.b", "{x}-{y}"]
    ),
)
templates = st.lists(segments, min_size=0, max_size=4).map(lambda parts: "/" + "/".join(parts))
paths = st.lists(
    st.sampled_from(
        [*LITERALS, "1", "-1", "1.5", "1-a", "a-b", "c.b", "ac", "x y", "12345678-1234-5678-1234-567812345678"]
    ),
    max_size=4,
).map(lambda parts: "/" + "/".join(parts))


def is_possible(template: str) -> bool:
    """Whether Starlette accepts a template: no parameter stands in it twice."""
    names = re.findall(r"{([a-z]+)", template)
    return len(names) == len(set(names))


async def endpoint(request: Any) -> PlainTextResponse:
    return PlainTextResponse("")


@st.composite
def tables(draw: Any) -> list[Any]:
    """Routes in some order: plain ones, mounts, hosts and WebSocket routes."""
    routes: list[Any] = []
    for template in draw(st.lists(templates.filter(is_possible), min_size=1, max_size=8)):
        kind = draw(st.sampled_from(["route"] * 6 + ["any", "mount", "host", "socket"]))
        if kind == "route":
            routes.append(Route(template, endpoint, methods=draw(st.lists(st.sampled_from(METHODS), min_size=1))))
        elif kind == "any":
            route = Route(template, endpoint, methods=["GET"])
            route.methods = set()
            routes.append(route)
        elif kind == "mount":
            routes.append(Mount(template, routes=[]))
        elif kind == "host":
            routes.append(Host("{sub}.example.org", app=endpoint))
        else:
            routes.append(WebSocketRoute(template, endpoint))
    return routes


def scope_of(kind: str, path: str, method: str) -> dict[str, Any]:
    return {
        "type": kind, "path": path, "method": method, "root_path": "", "headers": [(b"host", b"www.example.org")],
        "query_string": b"",
    }  # fmt: skip


def scanned(routes: list[Any], scope: dict[str, Any]) -> tuple[Any, dict[str, Any] | None]:
    """The route and path parameters that Starlette's own scan finds."""
    for route in routes:
        match, child = route.matches(scope)
        if match is Match.FULL:
            return route, child.get("path_params", {})
    return None, None


@settings(max_examples=300, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    tables(), st.lists(paths, min_size=1, max_size=12), st.sampled_from(METHODS), st.sampled_from(["http", "websocket"])
)
@example([Route("/{x}/b", endpoint), Route("/a/{y}", endpoint), Route("/a/b", endpoint)], ["/a/b"], "GET", "http")
@example([Route("/a/b", endpoint, methods=["POST"]), Route("/{x:path}", endpoint)], ["/a/b", "/a/c"], "GET", "http")
@example([Mount("/a", routes=[]), Route("/a/b", endpoint)], ["/a/b"], "GET", "http")
def test_the_index_finds_what_a_scan_finds(routes, wanted, method, kind):
    """For any table and any path: the same route, and the same values of the same types."""
    requests, sockets = indexes_of(routes, TYPEWAY)
    index = requests if kind == "http" else sockets
    own = [route for route in routes if isinstance(route, Mount | Host) or isinstance(route, Route) == (kind == "http")]
    for path in wanted:
        scope = scope_of(kind, path, method)
        expected, values = scanned(own, scope)
        found = index.find(path, method if kind == "http" else "", scope)
        partial = [route for route in own if route.matches(scope)[0] is not Match.NONE]
        if isinstance(found, NoRoute):
            assert expected is None
            assert [other[0].route for other in found.others] == partial
            if found.is_dead_end:
                assert isinstance(index.search(f"{path}/", method, scope_of(kind, f"{path}/", method)), NoRoute)
        else:
            assert found[0].route is expected
            if isinstance(expected, Route | WebSocketRoute):
                assert found[1] == values
        assert (index.any_on(path, scope) is not None) == bool(partial)


@each_framework
def test_the_first_declared_route_that_matches_is_served(web):
    """Declaration order decides between routes, whether their paths are fixed or not."""
    app = web.FastAPI()

    def serve(name: str, path: str, *methods: str) -> None:
        app.add_api_route(path, lambda: name, methods=list(methods or ("GET",)))

    serve("static first", "/users/me")
    serve("dynamic", "/users/{name}")
    serve("too late", "/users/you")
    serve("post", "/users/{name}", "POST")
    serve("number", "/{n:int}")
    serve("text", "/{t}")
    serve("rest", "/{rest:path}")
    assert [
        answer(app, f"GET {path}")[1]
        for path in ["/users/me", "/users/you", "/users/", "/7", "/seven", "/a/b/c", "/users/a/b"]
    ] == ["static first", "dynamic", "rest", "number", "text", "rest", "rest"]
    assert answer(app, "POST /users/me") == (200, "post")


@each_framework
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/int/12", 12),
        ("/float/1.5", 1.5),
        ("/path/a/b", "a/b"),
        ("/uuid/12345678-1234-5678-1234-567812345678", "12345678-1234-5678-1234-567812345678"),
        ("/text/a.tar.gz", ["a.tar", "gz"]),
        ("/two/a/b", ["a", "b"]),
        ("/encoded/a%2Fb", "a/b"),
    ],
)
def test_convertors_split_and_convert_paths(web, path, expected):
    """Starlette's convertors, several parameters in one segment and encoded slashes mean the same as in FastAPI."""
    app = web.FastAPI()

    @app.get("/int/{x:int}")
    def whole(x: int):
        return x

    @app.get("/float/{x:float}")
    def real(x: float):
        return x

    @app.get("/path/{x:path}")
    @app.get("/encoded/{x:path}")
    def rest(x: str):
        return x

    @app.get("/uuid/{x:uuid}")
    def uuid(x: str):
        return str(x)

    @app.get("/text/{x}.{y}")
    @app.get("/two/{x}/{y}")
    def two(x: str, y: str):
        return [x, y]

    if path.startswith("/uuid"):  # the convertor makes a UUID, which is no text
        assert answer(app, f"GET {path}")[0] == 422
    else:
        assert answer(app, f"GET {path}") == (200, expected)
    assert answer(app, "GET /int/x")[0] == 404


def test_the_cost_of_a_request_does_not_grow_with_the_routes():
    """Of five hundred routes only the few that may match a path are looked at."""
    app = Typeway(openapi_url=None)
    for number in range(500):
        app.add_api_route(f"/r{number}/{{x}}/end", lambda x: x)
        app.add_api_route(f"/r{number}/fixed/end", lambda: "fixed")
    index, _ = indexes_of(app.routes, TYPEWAY)
    assert [entry.path for entry in index.gather("/r499/x/end")] == ["/r499/{x}/end"]
    assert [entry.path for entry in index.gather("/r499/fixed/end")] == ["/r499/{x}/end", "/r499/fixed/end"]
    assert answer(app, "GET /r499/x/end") == (200, "x")


def test_a_route_class_that_matches_in_its_own_way_is_asked():
    """A route whose `matches` is overridden is tried in its place, by its own rule."""

    class ByHeader(Route):
        def matches(self, scope):
            match, child = super().matches(scope)
            if match is Match.FULL and (b"x-beta", b"1") not in scope["headers"]:
                return Match.NONE, {}
            return match, child

    async def beta(request):
        return PlainTextResponse("beta")

    app = Typeway()
    app.router.routes.append(ByHeader("/x", beta))
    app.get("/x")(lambda: "stable")
    assert answer(app, "GET /x") == (200, "stable")
    assert ask(app, "GET /x", headers={"x-beta": "1"}).text == "beta"


def test_a_router_serves_alone():
    """A router is an ASGI application of its own."""
    router = Router(prefix="/r")
    router.get("/{x}")(lambda x: x)
    assert answer(router, "GET /r/3") == (200, "3")


@pytest.mark.parametrize("middleware", [False, True])
@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ("GET /files/a", 200),
        ("GET /own", 200),
        ("GET /other", 200),
        ("DELETE /own", 405),
        ("DELETE /other", 405),
        ("OPTIONS /own", 204),
        ("HEAD /own", 200),
        ("GET /nowhere", 404),
    ],
)
def test_a_route_that_matches_in_its_own_way_is_asked_once(request_, status, middleware):
    """One look-up serves a request, whatever becomes of it: a route of another kind runs its pattern once."""
    asked: Counter[Any] = Counter()

    class Own(Route):
        def matches(self, scope):
            asked[self] += 1
            return super().matches(scope)

        __hash__ = object.__hash__

    class OwnMount(Mount):
        def matches(self, scope):
            asked[self] += 1
            return super().matches(scope)

        __hash__ = object.__hash__

    app = Typeway(openapi_url=None, redirect_slashes=False)
    app.router.routes.append(OwnMount("/files", PlainTextResponse("file")))
    app.router.routes += [Own("/own", endpoint, methods=["PUT"]), Own("/own", endpoint)]
    app.get("/other")(lambda: 1)
    if middleware:

        @app.middleware("http")
        async def around(request, call_next):
            return await call_next(request)

    assert ask(app, request_).status_code == status
    assert set(asked.values()) == {1}


def test_a_head_request_is_answered_where_get_is():
    """The first route for HEAD answers, wherever it stands; where there is none, the first one for GET."""
    app = Typeway()

    def serve(path: str, text: str, method: str = "GET"):
        @app.api_route(path, methods=[method])
        def read(x: Any, response: Response):
            response.headers["x-by"] = text

    serve("/{x:int}", "number")
    serve("/{x}", "text")
    serve("/{x}/deep", "deep")
    assert [ask(app, f"HEAD {path}").headers.get("x-by") for path in ("/7", "/a", "/a/deep")] == [
        "number",
        "text",
        "deep",
    ]
    serve("/{x}", "head", "HEAD")
    assert [ask(app, f"HEAD {path}").headers.get("x-by") for path in ("/7", "/a", "/a/deep")] == [
        "head",
        "head",
        "deep",
    ]
    assert ask(app, "HEAD /a/b/c").status_code == 404
