"""Lifespans and events: of applications, routers and mounted applications, and the state that they leave."""

from contextlib import asynccontextmanager
from typing import Any

from tests.conformance.cases import case

BACKENDS = ("asyncio", "trio")


def spanning(web: Any, name: str, state: Any = None) -> Any:
    """A lifespan that notes its beginning and its end."""

    @asynccontextmanager
    async def lifespan(app: Any):
        web.log.append(f"{name} begins")
        yield state
        web.log.append(f"{name} ends")

    return lifespan


@case("GET /", document=False, backends=BACKENDS)
def of_the_application(web: Any) -> Any:
    app = web.FastAPI(lifespan=spanning(web, "app", {"number": 3}))

    @app.get("/")
    def read(request: web.Request):
        return request.state.number

    return app


@case("GET /", document=False)
def of_routers(web: Any) -> Any:
    inner = web.APIRouter(lifespan=spanning(web, "inner", {"a": "inner", "b": "inner"}))
    outer = web.APIRouter(lifespan=spanning(web, "outer", {"b": "outer", "c": "outer"}))
    outer.include_router(inner)
    app = web.FastAPI(lifespan=spanning(web, "app", {"c": "app"}))
    app.include_router(outer)
    app.include_router(inner, prefix="/again")

    @app.get("/")
    def read(request: web.Request):
        return [request.state.a, request.state.b, request.state.c]

    return app


@case("GET /", document=False)
def as_generators(web: Any) -> Any:
    async def asynchronous(app: Any):
        web.log.append("async begins")
        yield
        web.log.append("async ends")

    def synchronous(app: Any):
        web.log.append("sync begins")
        yield
        web.log.append("sync ends")

    router = web.APIRouter(lifespan=synchronous)
    app = web.FastAPI(lifespan=asynchronous)
    app.include_router(router)
    return app


@case("GET /", document=False, backends=BACKENDS)
def events(web: Any) -> Any:
    app = web.FastAPI(on_startup=[lambda: web.log.append("up")], on_shutdown=[lambda: web.log.append("down")])

    @app.on_event("startup")
    async def started():
        web.log.append("decorated up")

    @app.on_event("shutdown")
    def stopped():
        web.log.append("decorated down")

    app.router.add_event_handler("startup", lambda: web.log.append("added up"))

    @app.get("/")
    def read():
        return 1

    return app


@case("GET /", document=False, backends=BACKENDS)
def events_of_routers(web: Any) -> Any:
    router = web.APIRouter(
        on_startup=[lambda: web.log.append("router up")], on_shutdown=[lambda: web.log.append("router down")]
    )
    # Where the application has events of its own instead, FastAPI 0.165 runs those of its routers twice.
    app = web.FastAPI(lifespan=spanning(web, "app", {"number": 3}))

    @router.on_event("startup")
    async def started():
        web.log.append("router decorated up")

    app.include_router(router)

    @router.on_event("startup")
    def late():
        web.log.append("late up")

    @router.get("/")
    def read(request: web.Request):
        return request.state.number

    return app


@case("GET /sub/", document=False)
def of_mounted_applications(web: Any) -> Any:
    sub = web.FastAPI(lifespan=spanning(web, "sub", {"sub": 1}))

    @sub.get("/")
    def read(request: web.Request):
        return hasattr(request.state, "sub")

    app = web.FastAPI(lifespan=spanning(web, "app", {"app": 1}))
    app.mount("/sub", sub)
    return app


@case("GET /", document=False)
def that_fail_to_begin(web: Any) -> Any:
    @asynccontextmanager
    async def lifespan(app: Any):
        web.log.append("begins")
        raise ValueError("cannot begin")
        yield

    return web.FastAPI(lifespan=lifespan)


@case("GET /", document=False)
def that_fail_to_end(web: Any) -> Any:
    @asynccontextmanager
    async def lifespan(app: Any):
        yield
        raise ValueError("cannot end")

    return web.FastAPI(lifespan=lifespan)


@case("GET /late", document=False)
def that_add_routes(web: Any) -> Any:
    @asynccontextmanager
    async def lifespan(app: Any):
        @app.get("/late")
        def late(request: web.Request):
            return request.app.state.ready

        app.state.ready = True
        yield

    return web.FastAPI(lifespan=lifespan)


@case("GET /", "GET /count", document=False)
def state_of_requests(web: Any) -> Any:
    app = web.FastAPI(lifespan=spanning(web, "app", {"items": [], "number": 1}))

    @app.get("/")
    def read(request: web.Request):
        request.state.number += 1
        request.state.items.append(request.state.number)
        request.app.state.seen = True
        return request.state.number

    @app.get("/count")
    def count(request: web.Request):
        return [request.state.items, request.state.number, request.app.state.seen]

    return app
