"""Custom classes: route classes that wrap their handler, Request and Response classes, applications and routers of one's own."""

import gzip
import json
import time
from collections.abc import Callable
from typing import Any

from tests.conformance.cases import case
from tests.frameworks import asked


def timed_route(web: Any) -> Any:
    """A route class that adds a header to every answer."""

    class Timed(web.routing.APIRoute):
        def get_route_handler(self) -> Callable[[Any], Any]:
            original = super().get_route_handler()

            async def handler(request: Any) -> Any:
                before = time.monotonic()
                response = await original(request)
                response.headers["X-Timed"] = str(time.monotonic() - before < 60)
                return response

            return handler

    return Timed


@case("GET /timed /plain /r/timed /invalid?q=x /raised", document=True)
def route_classes(web: Any) -> Any:
    app = web.FastAPI()
    router = web.APIRouter(route_class=timed_route(web))

    @app.get("/plain")
    def plain():
        return "plain"

    @router.get("/timed", tags=["t"])
    def timed():
        return "timed"

    @router.get("/invalid")
    def invalid(q: int): ...

    @router.get("/raised")
    def raised():
        raise web.HTTPException(418)

    app.include_router(router)
    app.include_router(router, prefix="/r", deprecated=True)
    return app


@case(
    asked(
        "POST /sum",
        content=gzip.compress(json.dumps([1, 2]).encode()),
        headers={"content-encoding": "gzip", "content-type": "application/json"},
    ),
    asked("POST /sum", json=[3, 4]),
    asked("POST /sum", content=b"{", headers={"content-type": "application/json"}),
)
def request_classes(web: Any) -> Any:
    class GzipRequest(web.Request):
        async def body(self) -> bytes:
            if not hasattr(self, "_body"):
                body = await super().body()
                self._body = gzip.decompress(body) if "gzip" in self.headers.getlist("content-encoding") else body
            return self._body

    class GzipRoute(web.routing.APIRoute):
        def get_route_handler(self) -> Callable[[Any], Any]:
            original = super().get_route_handler()

            async def handler(request: Any) -> Any:
                return await original(GzipRequest(request.scope, request.receive))

            return handler

    app = web.FastAPI()
    app.router.route_class = GzipRoute

    @app.post("/sum")
    async def add(request: web.Request, numbers: list[int]):
        return [sum(numbers), type(request).__name__, (await request.body()).decode()]

    return app


@case(asked("POST /", json=[1]), asked("POST /", json={"x": 1}))
def errors_in_route_classes(web: Any) -> Any:
    class Own(web.routing.APIRoute):
        def get_route_handler(self) -> Callable[[Any], Any]:
            original = super().get_route_handler()

            async def handler(request: Any) -> Any:
                try:
                    return await original(request)
                except web.exceptions.RequestValidationError as error:
                    body = await request.body()
                    raise web.HTTPException(422, {"errors": len(error.errors()), "body": body.decode()}) from error

            return handler

    app = web.FastAPI()
    app.router.route_class = Own

    @app.post("/")
    def post(numbers: list[int]):
        return sum(numbers)

    return app


@case("GET /x /y /z", "POST /x")
def matching_of_ones_own(web: Any) -> Any:
    from starlette.routing import Match

    class Guarded(web.routing.APIRoute):
        def matches(self, scope: Any) -> Any:
            match, child = super().matches(scope)
            return (Match.NONE, {}) if b"skip" in scope.get("query_string", b"") else (match, child)

    app = web.FastAPI()
    router = web.APIRouter(route_class=Guarded)

    @router.get("/x")
    def x():
        return "guarded"

    app.include_router(router)

    @app.get("/{any}")
    def anything(any: str):
        return any

    return app


@case("GET /x", "GET /x?skip=1", document=False)
def matching_that_skips(web: Any) -> Any:
    return matching_of_ones_own(web)


@case("GET /a", document=True)
def applications_and_routers_of_ones_own(web: Any) -> Any:
    class Router(web.APIRouter):
        def add_api_route(self, path: str, endpoint: Any, **options: Any) -> None:
            web.log.append(["router", path])
            super().add_api_route(path, endpoint, **options)

    class Application(web.FastAPI):
        def __init__(self, **options: Any) -> None:
            super().__init__(title="Own", **options)

        def openapi(self) -> Any:
            document = super().openapi()
            document["x-own"] = True
            return document

    app, router = Application(version="3"), Router()

    @router.get("/a")
    def a():
        return "a"

    app.include_router(router)
    return app


@case("GET /a /b", document=False)
def handlers_called_by_hand(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/a")
    def a(request: web.Request, q: int = 1):
        return [q, request.scope["route"].path, request.scope["endpoint"].__name__]

    class Direct(web.routing.APIRoute):
        async def handle(self, scope: Any, receive: Any, send: Any) -> None:
            web.log.append("handled")
            await super().handle(scope, receive, send)

    app.router.route_class = Direct

    @app.get("/b")
    def b():
        return "b"

    return app


@case("GET /", document=False)
def attributes_of_routes(web: Any) -> Any:
    app = web.FastAPI()

    @app.get(
        "/", tags=["t"], summary="S", status_code=201, responses={404: {"description": "D"}}, name="n", deprecated=True
    )
    def read(q: int = 1) -> int:
        """Docstring."""
        return q

    route = next(route for route in app.routes if isinstance(route, web.routing.APIRoute) and route.path == "/")
    web.log.append(
        [route.path, route.name, sorted(route.methods), route.tags, route.summary, route.description, route.status_code,
         route.deprecated, route.include_in_schema, route.response_model, route.unique_id, route.endpoint is read,
         sorted(route.responses), route.path_format, route.operation_id]
    )  # fmt: skip
    return app


@case("GET /openapi.json", document=False)
def ids_of_ones_own(web: Any) -> Any:
    def unique(route: Any) -> str:
        return f"{'-'.join(route.tags)}-{route.name}"

    app = web.FastAPI(generate_unique_id_function=unique)
    router = web.APIRouter(generate_unique_id_function=lambda route: f"router-{route.name}")

    @app.post("/", tags=["t"])
    def post(a: int = web.Body(), b: int = web.Body()): ...

    @router.get("/r")
    def read(): ...

    @router.get("/own", generate_unique_id_function=lambda route: f"own-{route.path_format}", operation_id=None)
    def own(): ...

    app.include_router(router, prefix="/p", tags=["u"])
    return app
