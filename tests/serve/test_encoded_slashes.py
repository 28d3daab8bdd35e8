"""A slash that the client has encoded is part of its segment, where no route takes it for a separator."""

import asyncio
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote

import fastapi
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Mount, Route

import typeway
from tests.frameworks import COMPAT, answer, ask, client
from tests.serve.test_match import endpoint, is_possible, templates
from typeway import Request, Router, Typeway, WebSocket
from typeway.application.indexing import indexes_of
from typeway.compat.shapes.conventions import FASTAPI
from typeway.declare.conventions import TYPEWAY
from typeway.serve.match import NoRoute, climbs
from typeway.staticfiles import StaticFiles


class Reversed(Convertor[str]):
    """A convertor of the author's own, which must see what the client meant."""

    regex = "[^/]+"

    def convert(self, value: str) -> str:
        """The value from its end to its beginning."""
        return value[::-1]

    def to_string(self, value: str) -> str:
        """The value as it stands in a path."""
        return value[::-1]


register_url_convertor("reversed", Reversed())


def shop(web: Any) -> Any:
    """An application with every kind of path, and what is mounted in it."""
    app = web.FastAPI()

    @app.get("/items/{name}")
    def item(name: str):
        return {"item": name}

    @app.get("/items/{name}/parts/{part}")
    def part(name: str, part: str):
        return {"item": name, "part": part}

    @app.put("/items/{name}/parts")
    def parts(name: str):
        return {"parts": name}

    @app.get("/pairs/{a}/{b}")
    def pair(a: str, b: str):
        return {"a": a, "b": b}

    @app.get("/pairs/{both}")
    def both(both: str):
        return {"both": both}

    @app.get("/numbers/{n:int}")
    def number(n: int):
        return {"n": n}

    @app.get("/typed/{n}")
    def typed(n: int):
        return {"n": n}

    @app.get("/mixed/v{name}.json")
    def mixed(name: str):
        return {"mixed": name}

    @app.get("/own/{name:reversed}")
    def own(name: str):
        return {"own": name}

    @app.get("/files/{path:path}")
    def file(path: str):
        return {"file": path}

    @app.get("/static/path")
    def static():
        return {"static": True}

    sub = web.FastAPI()

    @sub.get("/items/{name}")
    def inner(name: str):
        return {"inner": name}

    app.mount("/sub", sub)
    app.mount("/starlette", Starlette(routes=[Route("/{name}", lambda request: JSONResponse(request.path_params))]))
    app.add_route("/plain/{name}", lambda request: JSONResponse(request.path_params))
    included = web.APIRouter(prefix="/included")

    @included.get("/{name}")
    def include(name: str):
        return {"included": name}

    app.include_router(included)
    return app


NATIVE: Any = typeway
NOT_FOUND = (404, {"detail": "Not Found"})

# A request, what we answer, and what FastAPI and compat mode do.
TABLE = [
    ("GET /items/a%2Fb", (200, {"item": "a/b"}), NOT_FOUND),
    ("GET /items/a%2fb%2Fc", (200, {"item": "a/b/c"}), NOT_FOUND),
    ("GET /items/a%2F", (200, {"item": "a/"}), (307, "")),
    ("GET /items/kg%20%2F%20%C3%A9", (200, {"item": "kg / é"}), NOT_FOUND),
    ("GET /items/%FF%2Fx", (200, {"item": "\ufffd/x"}), NOT_FOUND),
    ("GET /items/a%2Fb?q=%2F", (200, {"item": "a/b"}), NOT_FOUND),
    ("GET /items/https%3A%2F%2Fexample.com%2Fa%3Fb", (200, {"item": "https://example.com/a?b"}), NOT_FOUND),
    ("GET /items/a%2Fb/parts/c%2Fd", (200, {"item": "a/b", "part": "c/d"}), NOT_FOUND),
    ("GET /typed/1%2F2", (422, "int_parsing"), NOT_FOUND),
    ("GET /mixed/va%2Fb.json", (200, {"mixed": "a/b"}), NOT_FOUND),
    ("GET /own/a%2Fbc", (200, {"own": "cb/a"}), NOT_FOUND),
    ("GET /plain/a%2Fb", (200, {"name": "a/b"}), NOT_FOUND),
    ("GET /included/a%2Fb", (200, {"included": "a/b"}), NOT_FOUND),
    ("GET /sub/items/a%2Fb", (200, {"inner": "a/b"}), NOT_FOUND),
    # What a path already means it goes on to mean.
    ("GET /pairs/a%2Fb", (200, {"a": "a", "b": "b"}), None),
    ("GET /pairs/a%2Fb%2Fc", (200, {"both": "a/b/c"}), NOT_FOUND),
    ("GET /files/a%2Fb", (200, {"file": "a/b"}), None),
    ("GET /files/..%2F..%2Fb", (200, {"file": "../../b"}), None),
    ("GET /static%2Fpath", (200, {"static": True}), None),
    ("GET /items%2Fa", (200, {"item": "a"}), None),
    ("GET /sub%2Fitems/a", (200, {"inner": "a"}), None),
    # What never matched does not.
    ("GET /numbers/1%2F2", NOT_FOUND, None),
    ("GET /nothing/a%2Fb", NOT_FOUND, None),
    ("GET /starlette/a%2Fb", (404, "Not Found"), None),
    ("GET /items/a%252Fb", NOT_FOUND, None),  # Starlette's test client decodes twice
    # Nothing that leaves a directory, if an endpoint takes it for a path.
    ("GET /items/..%2Fb", NOT_FOUND, None),
    ("GET /items/a%2F..%2Fb", NOT_FOUND, None),
    ("GET /items/a%2F%2E%2E", NOT_FOUND, None),
    ("GET /items/a%2Fb%5C..%5Cc", NOT_FOUND, None),
    ("GET /items/%2Fetc%2Fpasswd", NOT_FOUND, None),
    ("GET /items/C%3A%2Fx", NOT_FOUND, None),
    ("GET /own/..%2Fb", NOT_FOUND, None),
    ("GET /mixed/v%2Fa.json", NOT_FOUND, None),
    ("GET /sub/items/..%2Fb", NOT_FOUND, None),
]


@pytest.mark.parametrize(("request_line", "ours", "theirs"), TABLE, ids=[row[0] for row in TABLE])
def test_an_encoded_slash_is_part_of_its_segment(request_line, ours, theirs):
    """`%2F` is data where no route takes it for a separator; FastAPI and compat mode answer 404 there."""

    def found(app: Any) -> tuple[int, Any]:
        status, body = answer(app, request_line)
        return status, body["detail"][0]["type"] if status == 422 else body

    assert found(shop(NATIVE)) == ours
    assert found(shop(COMPAT)) == found(shop(fastapi)) == (ours if theirs is None else theirs)


@pytest.mark.parametrize(
    ("request_line", "status", "allow"),
    [
        ("HEAD /items/a%2Fb", 200, None),
        ("OPTIONS /items/a%2Fb", 204, "GET, HEAD, OPTIONS"),
        ("DELETE /items/a%2Fb", 405, "GET, HEAD, OPTIONS"),
        ("GET /items/a%2Fb/parts", 405, "OPTIONS, PUT"),
        ("PUT /items/a%2Fb/parts", 200, None),
    ],
)
def test_other_methods_are_answered_as_on_any_path(request_line, status, allow):
    """HEAD, OPTIONS and 405 know the path too."""
    response = ask(shop(NATIVE), request_line)
    assert (response.status_code, response.headers.get("allow")) == (status, allow)


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/items/a%2Fb/parts/", "/items/a%2Fb/parts"),
        ("/items/a%2Fb/?q=%2F", "/items/a%2Fb?q=%2F"),
        ("/items/a%20%2F%3F/", "/items/a%20%2F%3F"),
        ("/sub/items/a%2Fb/", "/sub/items/a%2Fb"),
        ("/items/x%2Fx/", "/items/x%2Fx"),
        ("/items/x%2F%2Fx//", "/items/x%2F%2Fx"),
    ],
)
def test_a_redirect_keeps_the_slash_encoded(path, location):
    """A redirect to the path without its last slash leads to the same value."""
    response = ask(shop(NATIVE), f"GET {path}")
    assert (response.status_code, response.headers["location"]) == (307, location)


def test_a_route_declared_before_a_catch_all_takes_its_segment():
    """Files mounted at the root and `{path:path}` match whatever is declared before them, as they match everything."""
    for catch_all in ("mount", "starlette route", "route", "redeclared first"):
        app = Typeway()
        if catch_all == "redeclared first":
            app.get("/{rest:path}")(lambda rest: {"rest": rest})

        @app.get("/items/{name}")
        def item(name: str):
            return {"item": name}

        if catch_all == "mount":
            app.mount("/", PlainTextResponse("files"))
        elif catch_all == "starlette route":
            app.add_route("/{rest:path}", lambda request: PlainTextResponse("files"))
        elif catch_all == "route":
            app.get("/{rest:path}")(lambda rest: {"rest": rest})
        expected = {"rest": "items/a/b"} if catch_all == "redeclared first" else {"item": "a/b"}
        assert answer(app, "GET /items/a%2Fb") == (200, expected), catch_all
        status, body = answer(app, "GET /others/a%2Fb")
        assert (status, body) in [(200, "files"), (200, {"rest": "others/a/b"})], catch_all
        assert answer(app, "GET /items/..%2Fb") in [(200, "files"), (200, {"rest": "items/../b"})]


def test_static_files_are_served_as_before(tmp_path):
    """Files are found by the decoded path, and none above their directory."""
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "a.txt").write_text("a")
    (tmp_path / "secret.txt").write_text("secret")
    app = Typeway()
    app.mount("/static", StaticFiles(directory=tmp_path / "inside"))
    app.frontend("/app", directory=tmp_path / "inside")
    assert answer(app, "GET /static%2Fa.txt") == (200, "a")
    for path in (
        "/static/..%2Fsecret.txt",
        "/static%2F..%2Fsecret.txt",
        "/app/..%2Fsecret.txt",
        "/app%2F..%2Fsecret.txt",
    ):
        assert answer(app, f"GET {path}")[0] == 404


def test_a_socket_finds_its_route_too():
    """WebSocket paths are read in the same way."""
    for app, expected in ((Typeway(), "a/b"), (COMPAT.FastAPI(), None)):

        @app.websocket("/rooms/{name}")
        async def room(socket: WebSocket, name: str):
            await socket.accept()
            await socket.send_text(name)
            await socket.close()

        try:
            with client(app).websocket_connect("/rooms/a%2Fb") as socket:
                found = socket.receive_text()
        except typeway.WebSocketDisconnect:
            found = None
        assert found == expected


def test_middleware_sees_the_path_as_before_and_may_rewrite_it():
    """The scope's path stays decoded; a path that middleware puts there counts, and the one that was sent does not."""
    app = shop(NATIVE)
    seen: list[str] = []

    @app.middleware("http")
    async def look(request: Request, call_next: Any):
        seen.append(request.scope["path"])
        if "rewrite" in request.headers:
            request.scope["path"] = "/items/elsewhere/x"
        return await call_next(request)

    assert answer(app, "GET /items/a%2Fb") == (200, {"item": "a/b"})
    assert answer(app, "GET /items/a%2Fb", headers={"rewrite": "1"}) == NOT_FOUND
    assert seen == ["/items/a/b"] * 2


@pytest.mark.parametrize("raw", [None, b"", b"/items/a/b", b"/items/a%2Fc", "/items/a%2Fb", b"/other%2Fa"])
def test_a_server_that_does_not_say_how_the_path_came_changes_nothing(raw):
    """ASGI servers may leave `raw_path` out; one that contradicts the path is not believed."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/items/a/b", "raw_path": raw, "query_string": b"", "headers": []}
    if raw is None:
        del scope["raw_path"]
    asyncio.run(shop(NATIVE)(scope, None, send))
    assert sent[0]["status"] == 404


def test_a_root_path_is_taken_off_both():
    """Behind a proxy that the server knows of, the path below the root path counts."""
    for root_path, path in (
        ("/api", "/api/items/a%2Fb"),
        ("/api", "/items/a%2Fb"),
        ("/api/v1", "/api/v1/sub/items/a%2Fb"),
    ):
        response = client(shop(NATIVE), root_path=root_path).get(path)
        assert response.status_code == 200, path
        assert "a/b" in response.json().values()


@pytest.mark.parametrize("value", ["a/b", "a b/c%", "https://example.com/?q#f", "é/é", "a/", "50%2Fx", "plain", "a b"])
def test_a_path_made_for_a_value_leads_back_to_it(value):
    """`url_path_for` encodes what has slashes, and the route reads it back."""
    app = shop(NATIVE)
    for name, key in (("item", "item"), ("include", "included")):
        path = app.url_path_for(name, name=value)
        assert httpx_answer(app, path) == {key: value}
    nested = typeway.Typeway()
    nested.mount("/outer", app, name="outer")
    assert httpx_answer(nested, nested.url_path_for("outer:item", name=value)) == {"item": value}


def httpx_answer(app: Any, path: str) -> Any:
    """What a client gets that sends the path as it is and decodes it once, as servers do."""

    async def send_it() -> Any:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
            return (await http.get(path)).json()

    return asyncio.run(send_it())


@pytest.mark.parametrize("value", ["../a", "/a", "a/../b"])
def test_no_path_is_made_for_a_value_that_no_request_can_bring(value):
    """Starlette's own assertion stands, as it does in compat mode for every slash."""
    for app, asked in ((shop(NATIVE), value), (shop(COMPAT), "a/b")):
        with pytest.raises(AssertionError, match="path separators"):
            app.url_path_for("item", name=asked)


def test_paths_for_other_kinds_of_parameters_stay():
    """Only segments of text are encoded."""
    app = shop(NATIVE)
    assert app.url_path_for("file", path="a/b c") == "/files/a/b c"
    assert app.url_path_for("number", n=3) == "/numbers/3"
    assert app.url_path_for("item", name=3) == "/items/3"


def test_the_convention_can_be_switched_off():
    """An application may keep FastAPI's way."""

    class Strict(Typeway):
        conventions = replace(TYPEWAY, encoded_slashes=False)
        router_class = type("Router", (Router,), {"conventions": conventions})

    app = Strict()
    app.get("/items/{name}")(lambda name: name)
    assert answer(app, "GET /items/a%2Fb") == NOT_FOUND


# --- whatever the routes, what matched goes on to match ------------------------------------------------------------


raw_paths = st.lists(st.sampled_from(["/", "%2F", "%2f", "a", "b", "1", "..", ".b", "-", "%20"]), max_size=8).map(
    lambda parts: "/" + "".join(parts)
)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(templates.filter(is_possible), min_size=1, max_size=6), st.booleans(), raw_paths)
def test_what_a_path_meant_it_goes_on_to_mean(paths, mounts, raw):
    """Only a route declared before one of any number of segments, or before none, may take a request over."""
    routes: list[Any] = [Route(path, endpoint, methods=["GET"]) for path in paths]
    routes += [Mount("/", endpoint)] * mounts
    scope = {
        "type": "http", "method": "GET", "path": unquote(raw), "raw_path": raw.encode(), "root_path": "", "headers": [],
        "query_string": b"",
    }  # fmt: skip
    own, _ = indexes_of(routes, TYPEWAY)
    peers, _ = indexes_of(routes, FASTAPI)
    found, before = own.find(scope["path"], "GET", scope), peers.find(scope["path"], "GET", scope)
    if isinstance(found, NoRoute) or isinstance(before, NoRoute):
        assert isinstance(before, NoRoute)
    elif found[0].number != before[0].number:
        assert found[0].number < before[0].number
        assert before[0].spans or before[0].path is None
    if not isinstance(found, NoRoute) and (isinstance(before, NoRoute) or found[0].number != before[0].number):
        values = [value for value in found[1].values() if isinstance(value, str) and "/" in value]
        assert values
        assert all("%2f" in raw.lower() and value in scope["path"] for value in values)
        assert not any(climbs(value) for value in values) or ":path}" in found[0].path
        assert quote(values[0]).replace("/", "%2F").lower() in raw.lower() or ":path}" in found[0].path
