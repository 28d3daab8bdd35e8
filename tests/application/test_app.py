"""An application holds options, handlers, middleware and overrides, and is Starlette's application to tools."""

import gc
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import pytest
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import PlainTextResponse

from tests.frameworks import answer, ask, client, each_framework
from typeway import Depends, Request, Response, Typeway
from typeway.exceptions import DeclarationError
from typeway.middleware.cors import CORSMiddleware
from typeway.middleware.gzip import GZipMiddleware
from typeway.middleware.trustedhost import TrustedHostMiddleware


class Marked:
    """ASGI middleware that adds a header."""

    def __init__(self, app: Any, name: str = "x", value: str = "1") -> None:
        self.app, self.name, self.value = app, name, value

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def mark(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (self.name.encode(), self.value.encode())]
            await send(message)

        await self.app(scope, receive, mark)


@each_framework
def test_it_is_starlettes_application(web):
    """Tools that look for Starlette's application find one, with its state and attributes."""
    app = web.FastAPI()
    assert isinstance(app, Starlette)
    app.state.value = 3

    @app.get("/")
    def read(request: web.Request):
        return [request.app is app, request.app.state.value]

    assert answer(app, "GET /") == (200, [True, 3])
    assert app.dependency_overrides == {}
    assert app.openapi_version == "3.1.0"
    assert isinstance(app.webhooks, web.APIRouter)


@each_framework
def test_options_are_attributes(web):
    """What the constructor takes can be read from the application."""
    given = {
        "title": "T", "version": "2", "description": "D", "summary": "S", "openapi_url": "/o.json", "docs_url": "/d",
        "redoc_url": None, "root_path_in_servers": False, "swagger_ui_parameters": {"a": 1}, "contact": {"name": "N"},
        "license_info": {"name": "L"}, "terms_of_service": "https://example.org", "openapi_tags": [{"name": "t"}],
        "servers": [{"url": "/"}], "swagger_ui_init_oauth": {"clientId": "c"},
        "openapi_external_docs": {"url": "https://example.org"}, "separate_input_output_schemas": False,
    }  # fmt: skip
    app = web.FastAPI(**given)
    assert {name: getattr(app, name) for name in given} == given


@each_framework
def test_documents_can_be_moved_and_switched_off(web):
    """The document and its pages are where the options say, or nowhere."""
    moved = web.FastAPI(openapi_url="/o.json", docs_url="/d", redoc_url=None)
    assert [
        ask(moved, f"GET {path}").status_code for path in ("/o.json", "/d", "/redoc", "/docs", "/openapi.json")
    ] == [
        200,
        200,
        404,
        404,
        404,
    ]
    off = web.FastAPI(openapi_url=None)
    assert [ask(off, f"GET {path}").status_code for path in ("/openapi.json", "/docs", "/redoc")] == [404, 404, 404]
    assert off.openapi()["info"]["title"]


@each_framework
@pytest.mark.parametrize("options", [{"title": ""}, {"version": ""}])
def test_a_document_needs_title_and_version(web, options):
    """An empty title or version is refused while there is a document."""
    with pytest.raises(AssertionError, match="must be provided for OpenAPI"):
        web.FastAPI(**options)
    web.FastAPI(openapi_url=None, **options)


@each_framework
def test_dependencies_of_the_application_run_before_every_endpoint(web):
    """The application's dependencies run for routes of its own and of included routers, not for its documents."""
    log: list[str] = []
    app = web.FastAPI(dependencies=[web.Depends(lambda: log.append("ran"))])
    router = web.APIRouter()
    app.get("/a")(lambda: 1)
    router.get("/b")(lambda: 1)
    app.include_router(router)
    for path in ("/a", "/b", "/docs", "/openapi.json"):
        assert ask(app, f"GET {path}").status_code == 200
    assert log == ["ran", "ran"]


# --- middleware -------------------------------------------------------------------------------------------------


@each_framework
def test_middleware_is_an_onion(web):
    """The last one added is outermost; those given to the constructor are inside, the first of them outermost."""
    app = web.FastAPI(middleware=[Middleware(Marked, value="c1"), Middleware(Marked, value="c2")])
    app.add_middleware(Marked, value="a1")

    @app.middleware("http")
    async def http(request: Any, call_next: Any):
        response = await call_next(request)
        response.headers.append("x", "http")
        return response

    app.add_middleware(Marked, value="a2")
    app.get("/")(lambda: 1)
    assert ask(app, "GET /").headers.get_list("x") == ["c2", "c1", "a1", "http", "a2"]
    assert ask(app, "GET /nowhere").headers.get_list("x") == ["c2", "c1", "a1", "http", "a2"]


@each_framework
def test_middleware_of_starlette_works(web):
    """CORS, compression and host checks work as with Starlette."""
    app = web.FastAPI()
    app.add_middleware(GZipMiddleware, minimum_size=10)
    app.add_middleware(CORSMiddleware, allow_origins=["https://example.org"], allow_methods=["PUT"])
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["testserver"])
    app.get("/")(lambda: "x" * 100)
    headers = {"origin": "https://example.org", "access-control-request-method": "PUT"}
    preflight = ask(app, "OPTIONS /", headers=headers)
    assert (preflight.status_code, preflight.headers["access-control-allow-methods"]) == (200, "PUT")
    response = ask(app, "GET /", headers={"origin": "https://example.org", "accept-encoding": "gzip"})
    assert response.headers["access-control-allow-origin"] == "https://example.org"
    assert response.headers["content-encoding"] == "gzip"
    assert response.json() == "x" * 100
    assert ask(app, "GET /", headers={"host": "evil.example"}).status_code == 400


@each_framework
def test_middleware_classes_of_ones_own_work(web):
    """A subclass of BaseHTTPMiddleware, and a Middleware with arguments, are ordinary middleware."""

    class Own(BaseHTTPMiddleware):
        def __init__(self, app: Any, name: str) -> None:
            super().__init__(app)
            self.name = name

        async def dispatch(self, request: Any, call_next: Any) -> Any:
            response = await call_next(request)
            response.headers["x-own"] = self.name
            return response

    app = web.FastAPI()
    app.add_middleware(Own, name="n")
    app.get("/")(lambda: 1)
    assert ask(app, "GET /").headers["x-own"] == "n"
    assert [entry.cls for entry in app.user_middleware] == [Own]


@each_framework
def test_middleware_cannot_be_added_while_serving(web):
    """After the first request the middleware stack cannot change."""
    app = web.FastAPI()
    app.get("/")(lambda: 1)
    ask(app, "GET /")
    with pytest.raises(RuntimeError, match="Cannot add middleware after an application has started"):
        app.add_middleware(Marked)


def test_another_kind_of_middleware_is_refused():
    """There is only http middleware as a function."""
    with pytest.raises(DeclarationError, match=r"no middleware of type 'websocket'.*Use \"http\""):
        Typeway().middleware("websocket")


@each_framework
def test_middleware_passes_sockets_and_lifespans_on(web):
    """http middleware leaves WebSockets alone; ASGI middleware sees them."""
    seen: list[str] = []

    class Watch(Marked):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            seen.append(scope["type"])
            await self.app(scope, receive, send)

    app = web.FastAPI()
    app.add_middleware(Watch)

    @app.middleware("http")
    async def http(request: Any, call_next: Any):
        return await call_next(request)

    @app.websocket("/")
    async def serve(socket: web.WebSocket):
        await socket.accept()
        await socket.close()

    with client(app) as http_client, http_client.websocket_connect("/"):
        pass
    assert seen == ["lifespan", "websocket"]


# --- what instrumentation does ----------------------------------------------------------------------------------


def test_a_replaced_call_of_starlette_is_taken(monkeypatch):
    """Tools that replace `Starlette.__call__` see every request."""
    seen: list[str] = []
    original = Starlette.__call__

    async def watched(self: Any, scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["path"])
        await original(self, scope, receive, send)

    app = Typeway()
    app.get("/x")(lambda: 1)
    monkeypatch.setattr(Starlette, "__call__", watched)
    assert answer(app, "GET /x") == (200, 1)
    assert seen == ["/x"]


def test_a_replaced_stack_is_taken():
    """Tools that wrap `build_middleware_stack` or set `middleware_stack` see every request."""
    app = Typeway()
    app.get("/x")(lambda: 1)
    original = app.build_middleware_stack
    app.build_middleware_stack = lambda: Marked(original(), "x-stack")
    assert ask(app, "GET /x").headers["x-stack"] == "1"
    app.middleware_stack = Marked(app.middleware_stack, "x-more")
    assert ask(app, "GET /x").headers["x-more"] == "1"


def test_a_subclass_may_override_calls_and_stacks():
    """Subclasses that override `__call__` or `build_middleware_stack` are served through them."""

    class Own(Typeway):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            scope["own"] = True
            await super().__call__(scope, receive, send)

    app = Own()

    @app.get("/")
    def read(request: Request):
        return request.scope["own"]

    assert answer(app, "GET /") == (200, True)


# --- the document is live ---------------------------------------------------------------------------------------


@each_framework
def test_the_document_follows_the_routes(web):
    """The document is built once and again when routes change; a function that replaces `openapi` is called."""
    app = web.FastAPI()
    first = app.openapi()
    assert app.openapi() is first
    app.get("/late")(lambda: 1)
    assert "/late" in app.openapi()["paths"]
    app.openapi = lambda: {"own": True}
    assert answer(app, "GET /openapi.json") == (200, {"own": True})


@each_framework
def test_a_root_path_is_documented_as_a_server(web):
    """Behind a proxy the document lists the root path as its first server, unless `root_path_in_servers=False`."""
    app = web.FastAPI()
    assert client(app, root_path="/api").get("/openapi.json").json()["servers"] == [{"url": "/api"}]
    assert "servers" not in client(app).get("/openapi.json").json()
    off = web.FastAPI(root_path_in_servers=False)
    assert "servers" not in client(off, root_path="/api").get("/openapi.json").json()


@pytest.mark.filterwarnings("ignore::typeway.exceptions.TypewayDeprecationWarning")
def test_a_root_path_of_the_application_is_the_scopes():
    """`root_path` in the constructor is what requests find in their scope."""
    app = Typeway(root_path="/api")

    @app.get("/x")
    def read(request: Request):
        return request.scope["root_path"]

    assert answer(app, "GET /x") == (200, "/api")


def test_an_application_may_be_the_only_asgi_callable():
    """The application serves below Starlette's Mount, and under another application's path."""
    inner = Typeway()

    @inner.get("/x")
    def read(response: Response, value: Annotated[int, Depends(lambda: 3)]):
        response.headers["x-a"] = "1"
        return value

    outer = Starlette()
    outer.mount("/inner", inner)
    response = ask(outer, "GET /inner/x")
    assert (response.json(), response.headers["x-a"]) == (3, "1")


def test_middleware_may_answer_by_itself():
    """A function around requests may return a response of its own, without asking what is inside."""
    app = Typeway()

    @app.middleware("http")
    async def short(request: Request, call_next: Any):
        return PlainTextResponse("short")

    app.get("/")(lambda: 1)
    assert ask(app, "GET /").text == "short"


def test_models_end_with_the_applications_that_declare_them():
    """Nothing in the package keeps a class of the author's alive."""

    def declared() -> weakref.ref[type[BaseModel]]:
        class Local(BaseModel):
            name: str = "a"

        app = Typeway()
        app.post("/", response_model=Local)(replaced_annotations(lambda item: item, item=Local))
        assert answer(app, "POST /", json={})[0] == 200
        app.openapi()
        return weakref.ref(Local)

    kept = declared()
    gc.collect()
    assert kept() is None


def replaced_annotations(function: Any, **annotations: Any) -> Any:
    function.__annotations__ = annotations
    return function


def test_a_subclass_may_say_what_its_applications_are_called() -> None:
    """Attributes of a subclass count where the constructor is given nothing, the title like the version."""

    class Shop(Typeway):
        title = "Shop"
        version = "2.0"

    assert (Shop().title, Shop().version) == ("Shop", "2.0")
    assert Shop(title="Other").openapi()["info"] == {"title": "Other", "version": "2.0"}
    assert Typeway().title == "Typeway"


def test_the_document_is_built_once_for_all_threads_that_wait():
    """Threads that ask for the document at the same time get the one that the first of them builds."""
    built, together = [], threading.Barrier(6)

    class Slow(Typeway):
        def describe(self) -> dict[str, Any]:
            built.append(threading.get_ident())
            time.sleep(0.2)  # the others have begun to wait by then; the test holds if they have not
            return super().describe()

    app = Slow()
    app.get("/")(lambda: None)

    def ask_for_it() -> dict[str, Any]:
        together.wait(20)
        return app.openapi()

    with ThreadPoolExecutor(6) as pool:
        documents = [future.result(20) for future in [pool.submit(ask_for_it) for _ in range(6)]]
    assert len(built) == 1
    assert all(document is documents[0] for document in documents)
