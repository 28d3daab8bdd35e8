"""Middleware and background tasks: order, what they see, what they may change."""

from typing import Any

from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.sessions import SessionMiddleware

from tests.conformance.cases import case
from tests.frameworks import asked

BACKENDS = ("asyncio", "trio")


class Noting:
    """ASGI middleware that notes when it is entered and left."""

    def __init__(self, app: Any, log: list[Any], name: str) -> None:
        self.app, self.log, self.name = app, log, name

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            self.log.append(f"+{self.name}")
        await self.app(scope, receive, send)
        if scope["type"] != "lifespan":
            self.log.append(f"-{self.name}")


@case("GET / /nothing /crash", "POST /", document=False, backends=BACKENDS)
def order(web: Any) -> Any:
    app = web.FastAPI(middleware=[Middleware(Noting, log=web.log, name="given")])
    app.add_middleware(Noting, log=web.log, name="first")

    @app.middleware("http")
    async def function(request: web.Request, call_next: Any):
        web.log.append("+function")
        response = await call_next(request)
        web.log.append("-function")
        response.headers["x-function"] = "1"
        return response

    app.add_middleware(Noting, log=web.log, name="last")

    @app.get("/")
    def read():
        web.log.append("endpoint")
        return 1

    @app.get("/crash")
    def crash():
        raise ZeroDivisionError

    return app


@case(
    "GET / /short /replaced /twice /raise /http /state",
    asked("POST /body", json={"a": 1}),
    document=False,
    backends=BACKENDS,
)
def what_functions_may_do(web: Any) -> Any:
    app = web.FastAPI()

    @app.middleware("http")
    async def function(request: web.Request, call_next: Any):
        path = request.url.path
        if path == "/short":
            return web.responses.PlainTextResponse("short", 418)
        if path == "/raise":
            raise ZeroDivisionError
        if path == "/http":
            raise web.HTTPException(409, "from middleware")
        if path == "/body":
            web.log.append((await request.body()).decode())
        request.state.seen = "state"
        response = await call_next(request)
        if path == "/replaced":
            return web.Response(b"<" + b"".join([part async for part in response.body_iterator]) + b">", 202)
        response.headers["x-path"] = path
        response.set_cookie("a", "b")
        return response

    @app.get("/")
    @app.get("/replaced")
    @app.get("/state")
    def read(request: web.Request):
        return request.state.seen

    @app.post("/body")
    def body(item: dict[str, int]):
        return item

    return app


@case("GET /old /x/old", "POST /old?_method=GET", document=False)
def rewriting(web: Any) -> Any:
    app = web.FastAPI()

    @app.middleware("http")
    async def rewrite(request: web.Request, call_next: Any):
        if request.query_params.get("_method"):
            request.scope["method"] = request.query_params["_method"]
        request.scope["path"] = request.scope["path"].replace("old", "new")
        return await call_next(request)

    @app.get("/new")
    def new(request: web.Request):
        return request.url.path

    return app


ORIGIN = {"origin": "https://example.org"}


@case(
    asked("GET /", headers=ORIGIN),
    asked("GET /", headers={"origin": "https://other.org"}),
    asked("OPTIONS /", headers={**ORIGIN, "access-control-request-method": "GET"}),
    asked(
        "OPTIONS /",
        headers={**ORIGIN, "access-control-request-method": "DELETE", "access-control-request-headers": "x-a"},
    ),
    asked("GET /nothing", headers=ORIGIN),
    asked("GET /crash", headers=ORIGIN),
    asked("GET /", headers={"accept-encoding": "gzip"}),
    asked("GET /", headers={"host": "evil.org"}),
    document=False,
)
def ready_made(web: Any) -> Any:
    app = web.FastAPI()
    app.add_middleware(web.middleware.gzip.GZipMiddleware, minimum_size=10)
    app.add_middleware(
        web.middleware.cors.CORSMiddleware, allow_origins=["https://example.org"], allow_methods=["GET"], allow_credentials=True,
        expose_headers=["x-a"],
    )  # fmt: skip
    app.add_middleware(web.middleware.trustedhost.TrustedHostMiddleware, allowed_hosts=["testserver"])

    @app.get("/")
    def read():
        return "a" * 50

    @app.get("/crash")
    def crash():
        raise ZeroDivisionError

    return app


@case("GET / /?user=u /", document=False)
def sessions(web: Any) -> Any:
    app = web.FastAPI(middleware=[Middleware(SessionMiddleware, secret_key="k", max_age=None)])

    @app.get("/")
    def read(request: web.Request, user: str | None = None):
        return request.session.get("user", user)

    return app


@case("GET / /error", document=False)
def classes_of_ones_own(web: Any) -> Any:
    class Own(BaseHTTPMiddleware):
        def __init__(self, app: Any, header: str) -> None:
            super().__init__(app)
            self.header = header

        async def dispatch(self, request: Any, call_next: Any) -> Any:
            response = await call_next(request)
            response.headers[self.header] = str(response.status_code)
            return response

    app = web.FastAPI()
    app.add_middleware(Own, header="x-status")

    @app.get("/")
    def read(): ...

    @app.get("/error")
    def error():
        raise web.HTTPException(404)

    return app


@case("GET /one /two /dependency /response /fails /error", document=False, backends=BACKENDS)
def background_tasks(web: Any) -> Any:
    from starlette.background import BackgroundTask

    def need(tasks: web.BackgroundTasks):
        tasks.add_task(web.log.append, "needed")

    async def asynchronous(text: str, *, more: str = "-"):
        web.log.append(text + more)

    def fails():
        raise ValueError("in the task")

    app = web.FastAPI()

    @app.get("/one")
    def one(tasks: web.BackgroundTasks):
        tasks.add_task(asynchronous, "async", more="!")
        web.log.append("endpoint")

    @app.get("/two")
    async def two(tasks: web.BackgroundTasks):
        tasks.add_task(web.log.append, "first")
        tasks.add_task(web.log.append, "second")

    @app.get("/dependency", dependencies=[web.Depends(need)])
    def dependency():
        web.log.append("endpoint")

    @app.get("/response")
    def response():
        return web.responses.PlainTextResponse("x", background=BackgroundTask(web.log.append, "own"))

    @app.get("/fails")
    def failing(tasks: web.BackgroundTasks):
        tasks.add_task(fails)
        tasks.add_task(web.log.append, "never")

    @app.get("/error")
    def error(tasks: web.BackgroundTasks):
        tasks.add_task(web.log.append, "never")
        raise web.HTTPException(404)

    return app


@case(
    "GET /",
    asked("POST /", content=b"123456"),
    asked("POST /read", content=b"123456"),
    asked("POST /read", content=b"12"),
    document=False,
)
def body_limits(web: Any) -> Any:
    app = web.FastAPI(max_body_size=4)

    @app.get("/")
    def read(): ...

    @app.post("/")
    def post():
        web.log.append("ran")

    @app.post("/read")
    async def post_read(request: web.Request):
        return len(await request.body())

    return app
