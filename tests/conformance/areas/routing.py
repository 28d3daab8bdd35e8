"""Routing and inclusion: which route answers, and what inclusions make of it."""

from typing import Annotated, Any

from starlette.responses import PlainTextResponse
from starlette.routing import Host, Mount, Route, Router, WebSocketRoute

from tests.conformance.cases import case
from tests.frameworks import asked, talked


@case("GET / /x", "POST /", "PUT /", "HEAD /", "OPTIONS /", "DELETE /", "PATCH /", "TRACE /")
def every_verb(web: Any) -> Any:
    app = web.FastAPI()
    for verb in ("get", "post", "put", "delete", "options", "head", "patch", "trace"):

        def answer(request: web.Request):
            return request.method

        answer.__name__ = f"on_{verb}"
        getattr(app, verb)("/")(answer)
    return app


@case("GET /a", "HEAD /a", "OPTIONS /a", "POST /a", "PUT /b", "GET /c", "POST /c", "DELETE /c", "BREW /a")
def methods_that_a_path_lacks(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/a")
    def a(): ...

    @app.get("/b")
    def b(): ...

    @app.post("/b")
    def b_post(): ...

    @app.get("/c")
    def c(): ...

    @app.post("/{any}")
    def anything(any: str):
        return any

    return app


@case("GET /items/me /items/7 /items/x", "POST /items/me /items/7", "DELETE /items/me")
def the_first_match_wins(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/items/{item_id}")
    def read(item_id: int):
        return item_id

    @app.get("/items/me")
    def me():
        return "me"

    @app.post("/items/me")
    def post_me():
        return "posted"

    @app.post("/items/{item_id}")
    def post(item_id: str):
        return item_id

    return app


@case("GET /a /a/ /b /b/ /c/x /c/x/ /d /d/", "POST /a/ /b", "GET /a/?q=1%20x /b?q=%C3%A9")
def slashes_redirect(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/a")
    def a(): ...

    @app.get("/b/")
    def b(): ...

    @app.get("/c/{x}")
    def c(x: str): ...

    app.include_router(web.APIRouter(prefix="/d", redirect_slashes=False))
    return app


@case("GET /a /a/ /b /b/ /")
def slashes_do_not_redirect(web: Any) -> Any:
    app = web.FastAPI(redirect_slashes=False)

    @app.get("/a")
    def a(): ...

    @app.get("/b/")
    def b(): ...

    return app


@case(
    "GET /int/3 /int/-3 /int/x /float/1.5 /float/2 /float/x /path/a/b/c /path/ /path",
    "GET /uuid/12345678-1234-5678-1234-567812345678 /uuid/12345678123456781234567812345678 /uuid/x",
    "GET /mixed/a-b.txt /mixed/a.txt /str/a%2Fb /str/%C3%A9 /str/a%20b",
)
def convertors(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/int/{value:int}")
    def whole(value: int):
        return value

    @app.get("/float/{value:float}")
    def real(value: float):
        return value

    @app.get("/path/{value:path}")
    def path(value: str):
        return value

    @app.get("/uuid/{value:uuid}")
    def unique(value: str):
        return value

    @app.get("/mixed/{first}-{second}.txt")
    def mixed(first: str, second: str):
        return [first, second]

    @app.get("/str/{value}")
    def text(value: str):
        return value

    return app


@case("GET /int/3 /path/a/b /float/1.5", document=False)
def convertors_without_an_annotation(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/int/{value:int}")
    def whole(value):
        return [value, type(value).__name__]

    @app.get("/path/{value:path}")
    def path(request: web.Request):
        return request.path_params

    @app.get("/float/{value:float}")
    def real(value: str):
        return value

    return app


@case("GET /", "POST /", "GET /x", "POST /x", "GET /y", "PUT /y")
def several_methods(web: Any) -> Any:
    app = web.FastAPI()

    @app.api_route("/", methods=["get"])
    def one():
        return 1

    @app.api_route("/x", methods={"POST"}, name="x", tags=["t"], operation_id="given")
    def two():
        return 2

    def three():
        return 3

    app.add_api_route("/y", three)
    app.router.add_api_route("/y", three, methods=["PUT"])
    return app


@case("GET /a/b/c/1 /a/c/1 /c/1 /a/b/c /z/a/b/c/1")
def nested_inclusions(web: Any) -> Any:
    inner = web.APIRouter(prefix="/c", tags=["inner"], responses={404: {"description": "inner"}})

    @inner.get("/{x}", tags=["route"], responses={400: {"description": "route"}})
    def read(x: int, request: web.Request):
        return [x, request.url.path, str(request.url_for("read", x=5))]

    middle = web.APIRouter(prefix="/b", tags=["middle"], deprecated=True)
    middle.include_router(inner, tags=["inclusion"], responses={404: {"description": "inclusion"}})
    app = web.FastAPI()
    app.include_router(middle, prefix="/a", tags=["outer"])
    app.include_router(inner, prefix="/a", include_in_schema=False)
    app.include_router(inner, generate_unique_id_function=lambda route: f"{route.name}_{'_'.join(route.tags)}")
    app.include_router(middle, prefix="/z/a", responses={500: {"description": "outer"}})
    return app


@case("GET /late /early /r/late /r/early /r/inner/late")
def routes_added_after_inclusion(web: Any) -> Any:
    router, inner = web.APIRouter(), web.APIRouter(prefix="/inner")
    app = web.FastAPI()

    @router.get("/early")
    def early():
        return "early"

    app.include_router(router, prefix="/r")
    router.include_router(inner)

    @router.get("/late")
    def late(q: int = 1):
        return q

    @inner.get("/late")
    def inner_late():
        return "inner"

    return app


@case("GET /p/x /p/y", "POST /p/x /p/y", "DELETE /p/x")
def partial_matches_in_routers(web: Any) -> Any:
    first, second = web.APIRouter(), web.APIRouter()

    @first.get("/x")
    def get_x():
        return "get"

    @second.post("/x")
    def post_x():
        return "post"

    @second.get("/{anything}")
    def get(anything: str):
        return anything

    app = web.FastAPI()
    app.include_router(first, prefix="/p")
    app.include_router(second, prefix="/p")
    return app


@case("GET /u/1 /u/x /a/1/b/2 /a/1/b/x")
def parameters_in_prefixes(web: Any) -> Any:
    router = web.APIRouter(prefix="/{user}")

    @router.get("")
    def read(user: int):
        return user

    app = web.FastAPI()
    app.include_router(router, prefix="/u")
    nested = web.APIRouter(prefix="/b/{second}")

    @nested.get("")
    def both(first: str, second: int):
        return [first, second]

    app.include_router(nested, prefix="/a/{first}")
    return app


@case("GET /x /y /a", "POST /x")
def order_of_dependencies(web: Any) -> Any:
    def noting(name: str) -> Any:
        def note():
            web.log.append(name)

        return note

    app = web.FastAPI(dependencies=[web.Depends(noting("app"))])
    router = web.APIRouter(dependencies=[web.Depends(noting("router"))])

    @router.get("/x", dependencies=[web.Depends(noting("route")), web.Depends(noting("route 2"))])
    def x(own: Annotated[None, web.Depends(noting("parameter"))]):
        web.log.append("endpoint")

    outer = web.APIRouter(dependencies=[web.Depends(noting("outer"))])
    outer.include_router(router, dependencies=[web.Depends(noting("inclusion"))])
    app.include_router(outer, dependencies=[web.Depends(noting("outer inclusion"))])

    @app.get("/a")
    def a(): ...

    return app


@case("GET /x /y /z")
def response_classes_of_routers(web: Any) -> Any:
    html, text = web.responses.HTMLResponse, web.responses.PlainTextResponse
    router = web.APIRouter(default_response_class=html)

    @router.get("/x")
    def x():
        return "x"

    @router.get("/y", response_class=web.responses.JSONResponse)
    def y():
        return "y"

    other = web.APIRouter()

    @other.get("/z")
    def z():
        return "z"

    app = web.FastAPI(default_response_class=text)
    app.include_router(router)
    app.include_router(other)
    return app


@case("GET /r/plain /r/m/x /r/m /r/api /host", asked("GET /host", headers={"host": "api.example.org"}), talked("/r/ws"))
def starlette_routes_in_routers(web: Any) -> Any:
    async def plain(request: Any) -> Any:
        return PlainTextResponse(f"plain {request.url.path} {request.scope.get('root_path')}")

    async def socket(websocket: Any) -> None:
        await websocket.accept()
        await websocket.close()

    router = web.APIRouter(
        routes=[
            Route("/plain", plain),
            Mount("/m", routes=[Route("/x", plain)]),
            WebSocketRoute("/ws", socket),
        ]
    )

    @router.get("/api")
    def api():
        return "api"

    app = web.FastAPI()
    app.include_router(router, prefix="/r")
    app.router.routes.append(Host("api.example.org", Router([Route("/host", plain)])))
    return app


@case("GET /names/1", document=False)
def paths_by_name(web: Any) -> Any:
    app = web.FastAPI()
    router = web.APIRouter(prefix="/r")

    @router.get("/{a}/{b}", name="deep")
    def deep(a: str, b: str): ...

    @router.websocket("/ws/{c}")
    async def socket(websocket: web.WebSocket, c: str): ...

    app.include_router(router, prefix="/p")
    app.mount("/m", web.FastAPI(), name="sub")

    @app.get("/names/{x}")
    def names(request: web.Request, x: int):
        found = [app.url_path_for("names", x=2), app.url_path_for("deep", a="1", b="2")]
        found.append(app.url_path_for("socket", c="c"))
        found += [str(request.url_for("deep", a="x", b="y")), str(request.url_for("sub", path="/z"))]
        try:
            app.url_path_for("nothing")
        except Exception as error:
            found.append(type(error).__name__)
        return found

    return app


@case("GET /p/x/1 /own/2", document=False)
def the_route_in_the_scope(web: Any) -> Any:
    router = web.APIRouter(prefix="/x")

    @router.get("/{y}", name="named", tags=["t"])
    def read(y: str, request: web.Request):
        route = request.scope["route"]
        endpoint = request.scope["endpoint"]
        return [route.path, route.name, sorted(route.methods), endpoint.__name__, request.scope["path_params"]]

    app = web.FastAPI()
    app.include_router(router, prefix="/p")
    app.get("/own/{y}")(read)
    return app


@case("GET /p/a", document=False)
def effective_routes(web: Any) -> Any:
    router = web.APIRouter(prefix="/r")

    @router.get("/a", name="named")
    def a(): ...

    @router.websocket("/ws")
    async def socket(websocket: web.WebSocket): ...

    app = web.FastAPI()
    app.include_router(router, prefix="/p")
    app.include_router(router, prefix="/q")

    @app.get("/p/a")
    def other():
        return []

    def described(context: Any) -> list[Any]:
        return [context.path, context.name, sorted(context.methods or ()), context.endpoint.__name__]

    web.log.extend(described(context) for context in web.routing.iter_route_contexts(app.routes) if context.endpoint)
    return app


@case("GET /a /nothing", "POST /a", document=False)
def an_own_default(web: Any) -> Any:
    async def missing(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("own", status_code=418)(scope, receive, send)

    app = web.FastAPI()
    app.router.default = missing

    @app.get("/a")
    def a(): ...

    return app


@case("GET / // /a /a/b")
def odd_paths(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("")
    def empty():
        return "empty"

    @app.get("a")
    def without_slash():
        return "a"

    return app


@case("GET /%7Bx%7D /a%2Fb /a%2fb/c /%E2%98%83 /%ff /a+b /a%2Bb /.. /a;b=c /a,b")
def odd_characters(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/{x}")
    def read(x: str, request: web.Request):
        return [x, request.url.path]

    return app


@case("GET /same /same2", "POST /same")
def the_same_path_twice(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/same")
    def first():
        return 1

    @app.get("/same")
    def second():
        return 2

    return app


@case("GET /x /app/x", "POST /x /app/y")
def included_routers_may_be_applications_routers(web: Any) -> Any:
    other = web.FastAPI(title="other", dependencies=[web.Depends(lambda: web.log.append("other"))])

    @other.get("/x")
    def x():
        return "x"

    app = web.FastAPI()
    app.include_router(other.router, prefix="/app")
    return app
