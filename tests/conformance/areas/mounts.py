"""Root paths and sub-applications: proxies, servers, mounted applications of every kind."""

from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests.conformance.cases import case
from tests.frameworks import Step, asked


@case("GET /openapi.json /docs /redoc /where", document=False)
def a_root_path_of_the_application(web: Any) -> Any:
    app = web.FastAPI(root_path="/api/v1")

    @app.get("/where")
    def where(request: web.Request):
        return [request.scope["root_path"], str(request.url), str(request.base_url), str(request.url_for("where"))]

    return app


@case("GET /openapi.json", document=False)
def a_root_path_that_is_no_server(web: Any) -> Any:
    return web.FastAPI(root_path="/api", root_path_in_servers=False, servers=[{"url": "/own"}])


@case("GET /openapi.json", document=False)
def a_root_path_beside_servers(web: Any) -> Any:
    return web.FastAPI(root_path="/api", servers=[{"url": "/own", "description": "D"}, {"url": "/api"}])


def behind_a_proxy(*paths: str, root_path: str = "/proxy") -> list[Step]:
    """Requests that a server passes on with a root path."""
    return [asked(f"GET {path}", root_path) for path in paths]


@case(
    *behind_a_proxy(
        "/openapi.json", "/proxy/openapi.json", "/docs", "/redoc", "/where", "/proxy/where", "/where/", "/sub/where"
    ),
    *behind_a_proxy("/openapi.json", root_path="/other/"),
    "GET /openapi.json /where",
    document=False,
)
def a_root_path_of_the_server(web: Any) -> Any:
    def where(request: web.Request):
        return [request.scope["root_path"], request.scope["path"], str(request.url), str(request.url_for("where"))]

    sub, app = web.FastAPI(), web.FastAPI(servers=[{"url": "/own"}])
    sub.get("/where")(where)
    app.get("/where")(where)
    app.mount("/sub", sub)
    return app


@case(
    "GET /app /sub/sub /sub/openapi.json /sub/docs /sub/redoc /sub /sub/ /sub/nothing /sub/deep/x /sub/deep/openapi.json",
    "POST /sub/sub",
)
def mounted_applications(web: Any) -> Any:
    deep, sub, app = web.FastAPI(title="deep"), web.FastAPI(title="sub"), web.FastAPI()

    @app.get("/app")
    def read(): ...

    @sub.get("/sub")
    def read_sub(request: web.Request):
        return [request.scope["root_path"], request.url.path, request.app.title]

    @deep.get("/x")
    def read_deep(request: web.Request):
        return [request.scope["root_path"], str(request.url_for("read_deep"))]

    sub.mount("/deep", deep)
    app.mount("/sub", sub)
    return app


@case("GET /tenants/7/x /tenants/7/openapi.json", document=False)
def parameters_in_the_path_of_a_mount(web: Any) -> Any:
    sub, app = web.FastAPI(), web.FastAPI()

    @sub.get("/x")
    def read(request: web.Request, tenant: int = web.Path()):
        return [tenant, request.path_params]

    app.mount("/tenants/{tenant}", sub)
    return app


@case(
    "GET /static/__init__.py /static/nothing /static/ /static /plain/x /function",
    "HEAD /static/__init__.py",
    "POST /static/x",
)
def other_applications(web: Any) -> Any:
    async def plain(request: Any) -> Any:
        return PlainTextResponse(request.url.path)

    async def function(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse(f"{scope['root_path']} {scope['path']}")(scope, receive, send)

    app = web.FastAPI()
    app.mount("/static", web.staticfiles.StaticFiles(directory=Path(__file__).parent), name="static")
    app.mount("/plain", Starlette(routes=[Route("/x", plain)]))
    app.mount("/function", function)
    return app


@case("GET /wsgi/x?q=1", asked("POST /wsgi/é", content=b"body"), document=False)
def wsgi(web: Any) -> Any:
    def application(environ: Any, start_response: Any) -> Any:
        body = environ["wsgi.input"].read()
        start_response("200 OK", [("content-type", "text/plain"), ("x-own", "1")])
        shown = [environ[name] for name in ("REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING")]
        return [repr([*shown, body]).encode()]

    app = web.FastAPI()
    app.mount("/wsgi", web.middleware.wsgi.WSGIMiddleware(application))
    return app


@case("GET /api/x /x /api/nothing /other", document=False)
def mounts_and_routes_in_order(web: Any) -> Any:
    first, app = web.FastAPI(), web.FastAPI()

    @first.get("/x")
    def x():
        return "mounted"

    @app.get("/api/x")
    def own():
        return "own"

    app.mount("/api", first)

    @app.get("/api/late")
    def late():
        return "late"

    app.mount("/", first)

    @app.get("/other")
    def other():
        return "never"

    return app


@case("GET /sub/x /sub/nothing", document=False)
def overrides_of_mounted_applications(web: Any) -> Any:
    def need():
        return "real"

    sub, app = web.FastAPI(), web.FastAPI()

    @sub.get("/x")
    def x(value: str = web.Depends(need)):
        return value

    app.mount("/sub", sub)
    app.dependency_overrides[need] = lambda: "outer"
    sub.dependency_overrides[need] = lambda: "inner"
    return app
