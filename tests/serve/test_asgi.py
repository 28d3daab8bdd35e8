"""Requests that no endpoint takes are answered by HTTP's rules: HEAD, OPTIONS, 405, redirects, 404; mounts take over."""

from typing import Annotated, Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

import typeway
from tests.frameworks import answer, ask, client, each_framework
from typeway import Depends, Request, Response, Typeway
from typeway.responses import FileResponse, StreamingResponse
from typeway.staticfiles import StaticFiles


def methods(web: Any) -> Any:
    """An application whose paths have several methods, on one route and on several."""
    app = web.FastAPI()
    app.get("/items/{key}")(lambda key: key)
    app.put("/items/{key}")(lambda key: key)
    app.api_route("/both", methods=["post", "DELETE"])(lambda: 1)
    app.get("/items/special", include_in_schema=False)(lambda: 1)
    return app


@each_framework
def test_an_unknown_path_is_a_404(web):
    """A path that no route matches is answered with a JSON 404."""
    assert answer(methods(web), "GET /nowhere") == (404, {"detail": "Not Found"})


@each_framework
def test_an_unknown_method_is_a_405_with_allow(web):
    """A path that exists for other methods is answered with 405 and what would work."""
    response = ask(methods(web), "PATCH /both")
    assert (response.status_code, response.json()) == (405, {"detail": "Method Not Allowed"})
    assert {"POST", "DELETE"} <= set(response.headers["allow"].replace(" ", "").split(","))


def test_allow_names_everything_that_works_on_the_path():
    """Allow is the union over all routes of the path, with HEAD where GET is, and OPTIONS."""
    app = methods(typeway)
    assert ask(app, "PATCH /items/1").headers["allow"] == "GET, HEAD, OPTIONS, PUT"
    assert ask(app, "PATCH /both").headers["allow"] == "DELETE, OPTIONS, POST"


def test_options_is_answered_without_running_anything():
    """OPTIONS gives 204 and Allow; neither dependencies nor the endpoint run, and nothing of it is documented."""
    calls: list[str] = []
    app = Typeway(dependencies=[Depends(lambda: calls.append("dependency"))])
    app.get("/")(lambda: calls.append("endpoint"))
    response = ask(app, "OPTIONS /")
    assert (response.status_code, response.content, response.headers["allow"]) == (204, b"", "GET, HEAD, OPTIONS")
    assert calls == []
    assert list(app.openapi()["paths"]["/"]) == ["get"]
    assert ask(app, "OPTIONS /nowhere").status_code == 404


@each_framework
def test_declared_head_and_options_are_served(web):
    """An endpoint for HEAD or OPTIONS is an endpoint like any other."""
    app = web.FastAPI()

    @app.options("/")
    def options():
        return "options"

    @app.head("/", status_code=202)
    def head(response: web.Response):
        response.headers["x-head"] = "1"

    assert answer(app, "OPTIONS /") == (200, "options")
    response = ask(app, "HEAD /")
    assert (response.status_code, response.headers["x-head"]) == (202, "1")


@each_framework
@pytest.mark.parametrize("verb", ["get", "put", "post", "delete", "options", "head", "patch", "trace"])
def test_every_verb_has_its_decorator(web, verb):
    """Applications and routers offer a decorator per HTTP method, which hands the endpoint back unchanged."""
    app, router = web.FastAPI(), web.APIRouter()

    def endpoint():
        return verb

    for owner, path in ((app, "/app"), (router, "/router")):
        assert getattr(owner, verb)(path)(endpoint) is endpoint
    app.include_router(router)
    for path in ("/app", "/router"):
        response = ask(app, f"{verb.upper()} {path}")
        assert (response.status_code, response.text) == (200, "" if verb == "head" else f'"{verb}"')


def heads() -> Typeway:
    """GET endpoints of every kind, all of which answer HEAD."""
    app = Typeway()
    begun: list[str] = []
    app.state.begun = begun

    @app.get("/json")
    def json():
        return {"a": 1}

    @app.get("/model")
    def model() -> dict[str, int]:
        return {"a": 1}

    @app.get("/headers", status_code=203)
    def headers(response: Response, tasks: typeway.BackgroundTasks):
        response.headers["x-a"] = "1"
        tasks.add_task(begun.append, "task")
        return "x"

    @app.get("/stream")
    async def stream():
        begun.append("stream")
        yield 1

    @app.get("/raw")
    def raw():
        def chunks():
            begun.append("raw")
            yield b"x"

        return StreamingResponse(chunks(), media_type="text/x", headers={"x-raw": "1"})

    @app.get("/file")
    def file():
        return FileResponse(__file__)

    @app.get("/exits")
    async def exits(value: Annotated[str, Depends(generator)]):
        return value

    @app.get("/refused")
    def refused(q: int): ...

    app.router.add_route("/starlette", lambda request: PlainTextResponse("text"), methods=["GET"])
    return app


async def generator():
    yield "value"


@pytest.mark.parametrize(
    ("path", "status", "headers"),
    [
        ("/json", 200, {"content-length": "7", "content-type": "application/json"}),
        ("/model", 200, {"content-length": "7"}),
        ("/headers", 203, {"x-a": "1", "content-length": "3"}),
        ("/stream", 200, {"content-type": "application/jsonl"}),
        ("/raw", 200, {"x-raw": "1"}),
        ("/file", 200, {"accept-ranges": "bytes"}),
        ("/exits", 200, {"content-length": "7"}),
        ("/refused", 422, {"content-type": "application/json"}),
        ("/starlette", 200, {"content-length": "4"}),
    ],
)
def test_head_is_get_without_a_body(path, status, headers):
    """HEAD has the status and headers that GET would have, and no body; no stream is begun for it."""
    app = heads()
    response = ask(app, f"HEAD {path}")
    assert (response.status_code, response.content) == (status, b"")
    assert headers.items() <= dict(response.headers).items()
    assert "stream" not in app.state.begun
    assert "raw" not in app.state.begun


def test_head_runs_background_tasks():
    """What GET does after its answer, HEAD does too."""
    app = heads()
    ask(app, "HEAD /headers")
    assert app.state.begun == ["task"]


# --- slashes ----------------------------------------------------------------------------------------------------


def host_in_redirects(web):
    """What stands before the path in a Location: FastAPI repeats the host that the client names."""
    return "" if web is typeway else "http://testserver"


@each_framework
def test_a_path_that_differs_by_its_last_slash_is_redirected(web):
    """With or without the slash: 307 to the other, with query and method kept."""
    app = web.FastAPI()
    app.get("/without")(lambda: 1)
    app.post("/with/")(lambda: 1)
    app.get("/{x}/y/")(lambda x: x)
    for path, target in [("/without/", "/without"), ("/with", "/with/"), ("/a/y?q=1", "/a/y/?q=1")]:
        response = ask(app, f"GET {path}")
        assert (response.status_code, response.headers["location"]) == (307, f"{host_in_redirects(web)}{target}")
    assert ask(app, "POST /with").headers["location"] == f"{host_in_redirects(web)}/with/"
    assert answer(app, "GET /nowhere/")[0] == 404
    assert answer(app, "GET /")[0] == 404


@each_framework
def test_redirects_can_be_switched_off(web):
    """With `redirect_slashes=False` the other path is a 404."""
    app = web.FastAPI(redirect_slashes=False)
    app.get("/without")(lambda: 1)
    assert answer(app, "GET /without/") == (404, {"detail": "Not Found"})


# --- mounts, foreign routes and what they see -------------------------------------------------------------------


@each_framework
def test_mounted_applications_serve_what_is_below_them(web):
    """Another application, Starlette's or ours, answers below its path, with its own documents and errors."""
    inner = web.FastAPI(title="Inner")
    inner.get("/x/{y}")(lambda y, request: y) if False else inner.get("/x/{y}")(lambda y: y)
    app = web.FastAPI()
    app.get("/inner/first")(lambda: "outer")
    app.mount("/inner", inner)
    app.mount("/star", Starlette(routes=[Route("/s", lambda request: PlainTextResponse("star"))]), name="star")
    assert answer(app, "GET /inner/x/3") == (200, "3")
    assert answer(app, "GET /inner/first") == (200, "outer")
    assert answer(app, "GET /inner/nowhere") == (404, {"detail": "Not Found"})
    assert answer(app, "GET /inner/openapi.json")[1]["info"]["title"] == "Inner"
    assert answer(app, "GET /inner/openapi.json")[1]["servers"] == [{"url": "/inner"}]
    assert ask(app, "GET /star/s").text == "star"
    assert ask(app, "GET /star/nowhere").status_code == 404
    assert ask(app, "GET /inner").headers["location"] == f"{host_in_redirects(web)}/inner/"
    assert "/inner/x/{y}" not in app.openapi()["paths"]


@each_framework
def test_static_files_can_be_mounted(web, tmp_path):
    """Starlette's static files serve below a mount, with a path to each."""
    (tmp_path / "a.txt").write_text("content")
    app = web.FastAPI()
    app.mount("/static", StaticFiles(directory=tmp_path), name="static")
    assert ask(app, "GET /static/a.txt").text == "content"
    assert ask(app, "GET /static/b.txt").status_code == 404
    assert app.url_path_for("static", path="/a.txt") == "/static/a.txt"


@each_framework
def test_starlette_routes_may_stand_beside_endpoints(web):
    """Plain Starlette endpoints are served, and what they raise is answered by the application's handlers."""

    class Trouble(Exception):
        pass

    def plain(request):
        return PlainTextResponse(request.path_params["name"])

    def failing(request):
        raise Trouble

    def refusing(request):
        raise web.HTTPException(418, "tea")

    app = web.FastAPI(routes=[Route("/first/{name}", plain)])
    app.router.add_route("/failing", failing)
    app.router.add_route("/refusing", refusing)
    app.router.routes.append(Mount("/m", routes=[Route("/{name}", plain), Route("/f/x", failing)]))
    app.exception_handler(Trouble)(lambda request, error: PlainTextResponse("handled", 400))
    assert ask(app, "GET /first/a").text == "a"
    assert ask(app, "GET /m/b").text == "b"
    assert (ask(app, "GET /failing").status_code, ask(app, "GET /m/f/x").text) == (400, "handled")
    assert answer(app, "GET /refusing") == (418, {"detail": "tea"})


@each_framework
def test_hosts_select_an_application(web):
    """`host()` serves requests for one host by another application."""
    api = web.FastAPI()
    api.get("/")(lambda: "api")
    app = web.FastAPI()
    app.host("api.example.org", api, name="api")
    app.get("/")(lambda: "main")
    assert answer(app, "GET /", headers={"host": "api.example.org"}) == (200, "api")
    assert answer(app, "GET /", headers={"host": "example.org"}) == (200, "main")


@each_framework
def test_the_scope_says_what_is_served(web):
    """Endpoints, dependencies and handlers find application, router, route, endpoint and path parameters in the scope."""
    app = web.FastAPI()

    def names(request: web.Request):
        scope = request.scope
        return [
            scope["app"] is app,
            scope["router"] is app.router,
            scope["route"].path,
            scope["endpoint"].__name__,
            scope["path_params"],
        ]

    @app.get("/items/{key}")
    def read_item(found: Annotated[list, web.Depends(names)]):
        return found

    assert answer(app, "GET /items/3") == (200, [True, True, "/items/{key}", "read_item", {"key": "3"}])


@each_framework
@pytest.mark.parametrize("is_given", [True, False], ids=["given", "assigned"])
def test_a_default_application_answers_what_is_left(web, is_given):
    """A router's `default` takes the place of the 404, given to it or assigned."""
    default = PlainTextResponse("default")
    app = web.FastAPI()
    app.get("/x")(lambda: 1)
    if is_given:
        app.router = web.APIRouter(default=default)
    else:
        app.router.default = default
    assert ask(app, "GET /nowhere").text == "default"


@each_framework
@pytest.mark.parametrize("root_path", ["/api", "/api/v1"])
def test_a_root_path_is_no_part_of_the_paths(web, root_path):
    """Behind a proxy the application serves paths with and without its root path."""
    app = web.FastAPI()
    app.get("/x")(lambda request: request) if False else None

    @app.get("/x")
    def read(request: web.Request):
        return [request.scope["root_path"], str(request.url_for("read"))]

    proxied = client(app, root_path=root_path)
    expected = [root_path, f"http://testserver{root_path}/x"]
    assert proxied.get("/x").json() == expected
    assert proxied.get(f"{root_path}/x").json() == expected
    assert proxied.get(f"{root_path}x/x").status_code == 404


def test_a_path_that_changes_on_the_way_is_matched_anew():
    """ASGI middleware may rewrite the path before it is matched."""
    app = Typeway()
    app.get("/new")(lambda: "new")

    class Rewrite:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            await self.app({**scope, "path": "/new"}, receive, send)

    app.add_middleware(Rewrite)
    assert answer(app, "GET /old") == (200, "new")


def test_mounted_path_parameters_reach_the_inner_application():
    """What a mount's path holds is a path parameter for what is mounted."""
    inner = Typeway()

    @inner.get("/{name}")
    def read(request: Request, name: str, tenant: int):
        return [request.path_params, tenant]

    app = Typeway()
    app.mount("/{tenant}", inner)
    status, body = answer(app, "GET /7/x?tenant=8")
    assert status == 200
    assert body[0] == {"tenant": "7", "name": "x"}
