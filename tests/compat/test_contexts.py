"""Code that asks where a route is reached finds out, whether it looks at contexts, at routes or at the scope."""

import copy
import pickle
from types import ModuleType
from typing import Any

import fastapi
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Match

from tests.frameworks import COMPAT, compat_and_fastapi, differences
from typeway.testclient import TestClient

seen: list[dict[str, Any]] = []


def application(web: ModuleType) -> Any:
    """An application whose routes come from everywhere."""
    inner, outer, app = web.APIRouter(prefix="/in", tags=["in"]), web.APIRouter(prefix="/out"), web.FastAPI()

    @inner.get("/{number}", name="numbered")
    def read(number: int, request: web.Request) -> int:
        seen.append(dict(request.scope))
        return number

    @inner.websocket("/socket")
    async def socket(socket: web.WebSocket) -> None:
        await socket.accept()
        seen.append(dict(socket.scope))
        await socket.close()

    def plain(request: Request) -> PlainTextResponse:
        seen.append(dict(request.scope))
        return PlainTextResponse("plain")

    inner.add_route("/plain", plain)
    outer.include_router(inner, prefix="/mid", tags=["mid"])
    app.include_router(outer, prefix="/api")

    @app.post("/own")
    def own(request: web.Request) -> None:
        seen.append(dict(request.scope))

    app.mount("/sub", web.FastAPI())
    return app


def told(context: Any) -> dict[str, Any]:
    original = context.original_route
    return {
        "path": context.path,
        "path_format": context.path_format,
        "name": context.name,
        "methods": sorted(context.methods or ()),
        "endpoint": getattr(context.endpoint, "__name__", None),
        "tags": getattr(context, "tags", None),
        "declared": getattr(original, "path", None) if hasattr(original, "dependant") else "",
    }


def test_contexts_tell_what_fastapi_tells() -> None:
    """Every route is there once, with its whole path and with what was declared."""
    told_by = []
    for web in (COMPAT, fastapi):
        routing = web.routing
        contexts = list(routing.iter_route_contexts(application(web).routes))
        assert [context.path for context in routing.iter_route_contexts(contexts)] == [c.path for c in contexts]
        told_by.append(sorted((told(context) for context in contexts), key=str))
    assert list(differences(*told_by)) == []


@compat_and_fastapi
def test_contexts_match_requests(web: ModuleType) -> None:
    """A context answers what route a request would take, as metrics and traces ask it."""
    contexts = web.routing.iter_route_contexts(application(web).routes)
    scope = {"type": "http", "path": "/api/out/mid/in/7", "method": "GET"}
    matching = [context.path for context in contexts if context.matches(scope)[0] is Match.FULL]
    assert matching == ["/api/out/mid/in/{number}"]


def test_the_scope_tells_the_effective_route() -> None:
    """`scope["route"]` is what was declared, and beside it stands how it was reached; a route of the app has no more."""
    told_by = []
    for web in (COMPAT, fastapi):
        seen.clear()
        client = TestClient(application(web))
        client.get("/api/out/mid/in/7")
        client.post("/own")
        with client.websocket_connect("/api/out/mid/in/socket"):
            pass
        client.get("/api/out/mid/in/plain")
        contexts = [scope["fastapi"].get("effective_route_context") for scope in seen[:2]]
        told_by.append(
            {
                "routes": [scope["route"].path for scope in seen[:3]],
                "endpoints": [scope["endpoint"].__name__ for scope in seen],
                "params": [scope["path_params"] for scope in seen],
                "contexts": [getattr(context, "path", None) for context in contexts],
                "names": [getattr(context, "name", None) for context in contexts],
                "tags": [getattr(context, "tags", None) for context in contexts],
                "declared": [getattr(getattr(context, "original_route", None), "path", None) for context in contexts],
            }
        )
    assert told_by[0] == told_by[1]
    assert told_by[0]["contexts"] == ["/api/out/mid/in/{number}", None]


def test_routes_are_flat() -> None:
    """Tools that walk `app.routes` find endpoints with whole paths, and nothing to unwrap."""
    routing = COMPAT.routing
    routes = application(COMPAT).routes
    assert not any(isinstance(route, routing._IncludedRouter) for route in routes)
    assert [route.path for route in routes if isinstance(route, routing.APIRoute)] == [
        "/api/out/mid/in/{number}", "/own",
    ]  # fmt: skip


def test_contexts_can_be_copied() -> None:
    """Looking for attributes that are not there yet, as copying does, does not recurse."""
    routing = COMPAT.routing
    context = next(c for c in routing.iter_route_contexts(application(COMPAT).routes) if c.name == "numbered")
    assert copy.copy(context).path == context.path
    assert "RouteContext(route=APIRoute(path='/in/{number}'" in repr(context)
    assert not hasattr(context, "nothing")
    empty = type(context).__new__(type(context))
    assert not hasattr(empty, "route")
    assert pickle.dumps(type(context))


def test_instrumentation_does_not_ask_included_routes_whether_they_match() -> None:
    """A context of an included route matches by path and methods; the `matches` of its class is for the router alone."""

    def told(web: ModuleType) -> list[Any]:
        asked: list[str] = []

        class Careful(web.routing.APIRoute):
            def matches(self, scope: Any) -> Any:
                asked.append(scope["path"])
                return super().matches(scope)

        router, app = web.APIRouter(route_class=Careful), web.FastAPI()
        router.add_api_route("/in", lambda: None)
        app.include_router(router, prefix="/api")
        app.router.route_class = Careful
        app.add_api_route("/own", lambda: None)
        app.mount("/sub", web.FastAPI())
        found: list[Any] = []
        for path in ("/api/in", "/own", "/sub/x", "/nowhere"):
            scope = {"type": "http", "path": path, "method": "GET", "root_path": "", "headers": []}
            contexts = web.routing.iter_route_contexts(app.routes)
            found.append([context.path for context in contexts if context.matches(scope)[0] is Match.FULL])
        return [*found, asked]

    assert told(COMPAT) == told(fastapi)
