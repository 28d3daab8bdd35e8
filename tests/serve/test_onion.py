"""http middleware: what functions around a request see, and in which order things happen."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator
from typing import Any

import anyio
import httpx
import pytest
from starlette.background import BackgroundTask
from starlette.middleware.base import BaseHTTPMiddleware

from tests.patience import PATIENCE
from tests.serve.wire import Wire
from typeway import BackgroundTasks, Depends, HTTPException, Request, Response, Router, Typeway
from typeway.compat.shapes.application import FastAPI
from typeway.responses import FileResponse, JSONResponse, StreamingResponse
from typeway.templating import Jinja2Templates
from typeway.testclient import TestClient


def named(app: Typeway, name: str, log: list[str]) -> None:
    """Add a middleware that logs and marks the response."""

    @app.middleware("http")
    async def middleware(request: Request, call_next: Any) -> Response:
        log.append(f"{name} in")
        response: Response = await call_next(request)
        log.append(f"{name} out")
        response.headers.append("x-passed", name)
        return response


def test_the_last_added_is_outermost() -> None:
    """Middleware runs like an onion: the last one added sees the request first and the response last."""
    app, log = Typeway(), []
    named(app, "first", log)
    named(app, "last", log)

    @app.get("/")
    async def root() -> str:
        log.append("endpoint")
        return "ok"

    response = TestClient(app).get("/")
    assert log == ["last in", "first in", "endpoint", "first out", "last out"]
    assert response.headers.get_list("x-passed") == ["first", "last"]


def test_an_asgi_middleware_inside_keeps_the_order() -> None:
    """A run of http middleware that is broken by an ASGI middleware still nests in the order of adding."""
    app, log = Typeway(), []

    class Plain:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            log.append("plain in")
            await self.app(scope, receive, send)
            log.append("plain out")

    named(app, "inner", log)
    app.add_middleware(Plain)
    named(app, "outer", log)

    @app.get("/")
    async def root() -> str:
        return "ok"

    assert TestClient(app).get("/").json() == "ok"
    assert log[:4] == ["outer in", "plain in", "inner in", "inner out"]
    assert [entry.cls for entry in app.user_middleware] == [BaseHTTPMiddleware, Plain, BaseHTTPMiddleware]


def rewriting(app: Typeway) -> None:
    @app.middleware("http")
    async def rewrite(request: Request, call_next: Any) -> Response:
        request.scope["path"] = "/new"
        return await call_next(None)  # the argument is ignored

    @app.get("/new")
    async def new() -> str:
        return "new"


def upper_casing(app: Typeway) -> None:
    @app.middleware("http")
    async def upper(request: Request, call_next: Any) -> Response:
        response = await call_next(request)
        inner = response.body_iterator

        async def chunks() -> AsyncIterator[bytes]:
            async for chunk in inner:
                yield (chunk.encode() if isinstance(chunk, str) else chunk).upper()

        response.body_iterator = chunks()
        assert response.background is None
        return response

    @app.get("/text")
    async def text() -> str:
        return "text"

    @app.get("/response")
    async def response() -> Response:
        return Response("response", media_type="text/plain")

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(iter(["str", "eam"]))

    @app.get("/own-stream")
    async def own_stream() -> StreamingResponse:
        return Framed(iter(["str", "eam"]))

    @app.get("/file")
    async def file() -> FileResponse:
        return FileResponse(__file__)


class Framed(StreamingResponse):
    """A response that sends more than its body_iterator."""

    async def stream_response(self, send: Any) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": b"begin ", "more_body": True})
        async for chunk in self.body_iterator:
            await send({"type": "http.response.body", "body": chunk.encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b" end"})


def test_the_path_may_be_rewritten() -> None:
    """Routing comes after middleware, so a changed path in the scope counts."""
    app = Typeway()
    rewriting(app)
    assert TestClient(app).get("/old").json() == "new"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/text", b'"TEXT"'),
        ("/response", b"RESPONSE"),
        ("/stream", b"STREAM"),
        ("/own-stream", b"BEGIN STREAM END"),
    ],
)
def test_the_body_can_be_replaced(path: str, body: bytes) -> None:
    """The response of call_next has a body_iterator that can be read and set, whatever the endpoint returned."""
    app = Typeway()
    upper_casing(app)
    assert TestClient(app).get(path).content == body


def test_a_file_can_be_replaced_as_well() -> None:
    """A response that sends itself, like a file, is shown by its real status, headers and chunks."""
    app = Typeway()
    upper_casing(app)
    response = TestClient(app).get("/file")
    assert b"A RESPONSE THAT SENDS ITSELF" in response.content
    assert int(response.headers["content-length"]) == len(response.content)
    assert "etag" in response.headers


@pytest.mark.parametrize("read", ["body", "json", "stream", "form", "none"])
def test_what_middleware_reads_is_replayed(read: str) -> None:
    """After body() or json() the endpoint reads the body again; after stream() or form() it finds none."""
    app = Typeway()

    @app.middleware("http")
    async def reader(request: Request, call_next: Any) -> Response:
        if read == "stream":
            async for _ in request.stream():
                pass
        elif read != "none":
            await getattr(request, read)()
        return await call_next(request)

    @app.post("/")
    async def echo(request: Request) -> str:
        return (await request.body()).decode()

    content_type = "application/x-www-form-urlencoded" if read == "form" else "application/json"
    response = TestClient(app).post("/", content=b'{"a":1}', headers={"content-type": content_type})
    assert response.json() == ("" if read in ("stream", "form") else '{"a":1}')


def test_two_middlewares_may_both_read_the_body() -> None:
    """Each middleware reads the whole body, and so does the endpoint."""
    app, seen = Typeway(), []
    for _ in range(2):

        @app.middleware("http")
        async def reader(request: Request, call_next: Any) -> Response:
            seen.append(await request.body())
            return await call_next(request)

    @app.post("/")
    async def echo(item: dict[str, int]) -> dict[str, int]:
        return item

    assert TestClient(app).post("/", json={"a": 1}).json() == {"a": 1}
    assert seen == [b'{"a":1}'] * 2


@pytest.mark.parametrize("with_exits", [False, True])
def test_order_of_tasks_and_clean_up(with_exits: bool) -> None:
    """A replaced response loses nothing: middleware's task, then the endpoint's, then the dependency's clean-up."""
    app, log = Typeway(), []

    async def resource() -> AsyncIterator[int]:
        log.append("set up")
        yield 1
        log.append("clean up")

    @app.middleware("http")
    async def replace(request: Request, call_next: Any) -> Response:
        await call_next(request)
        return JSONResponse("replaced", background=task("middleware's task"))

    def task(name: str) -> Any:
        return BackgroundTask(log.append, name)

    @app.get("/", dependencies=[Depends(resource)] if with_exits else [])
    async def root(tasks: BackgroundTasks) -> str:
        tasks.add_task(log.append, "endpoint's task")
        return "original"

    assert TestClient(app).get("/").json() == "replaced"
    expected = ["middleware's task", "endpoint's task"]
    assert log == (["set up", *expected, "clean up"] if with_exits else expected)


def test_middleware_that_raises_cancels_what_is_inside() -> None:
    """If middleware raises after call_next, generators are cancelled and background tasks do not run."""
    app, log = Typeway(), []

    async def resource() -> AsyncIterator[int]:
        try:
            yield 1
        except BaseException as error:
            log.append(type(error).__name__)
            raise

    @app.middleware("http")
    async def broken(request: Request, call_next: Any) -> Response:
        await call_next(request)
        raise ValueError("secret")

    @app.get("/", dependencies=[Depends(resource)])
    async def root(tasks: BackgroundTasks) -> str:
        tasks.add_task(log.append, "task")
        return "original"

    response = TestClient(app, raise_server_exceptions=False).get("/")
    assert (response.status_code, response.json()) == (500, {"detail": "Internal Server Error"})
    assert log == ["CancelledError"]


def test_an_error_in_a_middlewares_task_leaves_nothing_open() -> None:
    """Where a background task of a middleware fails, what is further in is ended all the same."""
    app, log = Typeway(), []

    async def resource() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            log.append("clean up")

    def fail() -> None:
        raise ValueError("in a task")

    @app.middleware("http")
    async def outer(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        return response

    @app.middleware("http")
    async def inner(request: Request, call_next: Any) -> Response:
        await call_next(request)
        return JSONResponse("replaced", background=BackgroundTask(fail))

    @app.get("/", dependencies=[Depends(resource)])
    async def root() -> str:
        return "original"

    with pytest.raises(ValueError, match="in a task"):
        TestClient(app).get("/")
    assert log == ["clean up"]


@pytest.mark.parametrize("limit", ["anyio", "asyncio"])
@pytest.mark.parametrize("with_exits", [False, True])
def test_a_timeout_around_call_next(limit: str, with_exits: bool) -> None:
    """A timeout around call_next works, also while a dependency holds a cancel scope of its own."""
    app, over = Typeway(), anyio.Event()

    async def scoped() -> AsyncIterator[int]:
        async with anyio.create_task_group():
            yield 1

    @app.middleware("http")
    async def timed(request: Request, call_next: Any) -> Response:
        seconds = 0.05 if "waits" in request.query_params else PATIENCE
        try:
            if limit == "anyio":
                with anyio.fail_after(seconds):
                    return await call_next(request)
            response: Response = await asyncio.wait_for(call_next(request), seconds)
            return response
        except TimeoutError:
            over.set()
            return JSONResponse({"detail": "too slow"}, 504)

    @app.get("/", dependencies=[Depends(scoped)] if with_exits else [])
    async def root(waits: bool = False) -> str:
        if waits:
            await over.wait()
        return "in time"

    client = TestClient(app)
    assert client.get("/").json() == "in time"
    assert client.get("/?waits=1").status_code == 504


def test_context_variables_flow_down() -> None:
    """A context variable set by middleware is seen by the endpoint and its dependencies."""
    app = Typeway()
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")

    @app.middleware("http")
    async def setter(request: Request, call_next: Any) -> Response:
        variable.set("set")
        return await call_next(request)

    async def dependency() -> AsyncIterator[str]:
        yield variable.get()

    @app.get("/")
    async def root(value: str = Depends(dependency)) -> list[str]:
        return [value, variable.get()]

    assert TestClient(app).get("/").json() == ["set", "set"]


def failing(app: Typeway) -> None:
    @app.middleware("http")
    async def outer(request: Request, call_next: Any) -> Response:
        response = await call_next(request)
        response.headers["x-outer"] = "yes"
        return response

    @app.middleware("http")
    async def inner(request: Request, call_next: Any) -> Response:
        if request.url.path == "/forbidden":
            raise HTTPException(403, "no entry", {"x-why": "because"})
        return await call_next(request)

    @app.get("/{path}")
    async def root(path: str) -> str:
        if path == "endpoint":
            raise HTTPException(418, "short and stout")
        return path


def test_an_http_exception_of_middleware_is_answered() -> None:
    """An HTTPException raised by middleware is answered like one of an endpoint; FastAPI's conventions answer 500."""
    app, peer = Typeway(), FastAPI()
    failing(app)
    failing(peer)
    response = TestClient(app).get("/forbidden")
    assert (response.status_code, response.json(), response.headers["x-why"]) == (
        403, {"detail": "no entry"}, "because",
    )  # fmt: skip
    assert TestClient(peer, raise_server_exceptions=False).get("/forbidden").status_code == 500


@pytest.mark.parametrize(("path", "status"), [("/endpoint", 418), ("/ok", 200), ("/a/b", 404)])
def test_handled_errors_pass_through_middleware(path: str, status: int) -> None:
    """Errors that a handler answers reach middleware as responses, routing errors too."""
    app = Typeway()
    failing(app)
    response = TestClient(app).get(path)
    assert (response.status_code, response.headers["x-outer"]) == (status, "yes")


def test_unhandled_errors_reach_middleware_as_exceptions() -> None:
    """call_next raises what the endpoint raised and nobody handles; middleware may answer it."""
    app = Typeway()

    @app.middleware("http")
    async def rescue(request: Request, call_next: Any) -> Response:
        try:
            return await call_next(request)
        except KeyError as error:
            return JSONResponse({"missing": error.args[0]}, 400)

    async def resource() -> AsyncIterator[int]:
        yield 1

    @app.get("/")
    async def root() -> str:
        raise KeyError("name")

    @app.get("/exits", dependencies=[Depends(resource)])
    async def exits() -> str:
        raise KeyError("name")

    client = TestClient(app)
    assert client.get("/").json() == client.get("/exits").json() == {"missing": "name"}


def test_head_and_mounts_pass_through_middleware() -> None:
    """HEAD requests, mounted applications and WebSockets work behind middleware."""
    app, log = Typeway(), []
    named(app, "m", log)
    mounted = Typeway()

    @mounted.get("/inside")
    async def inside() -> str:
        return "inside"

    app.mount("/mounted", mounted)
    router = Router()

    @router.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(iter([b"never"]))

    @router.websocket("/ws")
    async def socket(websocket: Any) -> None: ...

    app.include_router(router)
    client = TestClient(app)
    assert client.get("/mounted/inside").json() == "inside"
    head = client.head("/stream")
    assert (head.status_code, head.content, head.headers["x-passed"]) == (200, b"", "m")


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_middleware_works_on_both_event_loops(backend: str) -> None:
    """The same middleware gives the same answer on asyncio and on trio."""
    app, log = Typeway(), []
    named(app, "a", log)
    named(app, "b", log)

    async def resource() -> AsyncIterator[int]:
        yield 1

    @app.get("/")
    async def root(value: int = Depends(resource)) -> int:
        return value

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await client.get("/")

    response = anyio.run(ask, backend=backend)
    assert (response.json(), response.headers.get_list("x-passed")) == (1, ["a", "b"])


@pytest.mark.parametrize("with_exits", [False, True])
@pytest.mark.parametrize("layer", ["passes on", "iterates"])
def test_a_file_that_the_server_sends(layer: str, with_exits: bool) -> None:
    """Where the server sends files by their path, the path passes middleware, and tasks run in the same order."""
    app, log = Typeway(), []

    async def noted() -> None:
        await anyio.lowlevel.checkpoint()
        log.append("the endpoint's task")

    async def resource() -> AsyncIterator[int]:
        yield 1

    @app.middleware("http")
    async def middleware(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        if layer == "iterates":
            inner = response.body_iterator

            async def chunks() -> Any:
                async for chunk in inner:
                    yield chunk

            response.body_iterator = chunks()
        response.background = BackgroundTask(log.append, "the middleware's task")
        return response

    @app.get("/", dependencies=[Depends(resource)] if with_exits else [])
    async def read() -> FileResponse:
        return FileResponse(__file__, background=BackgroundTask(noted))

    wire = Wire()
    wire.scope["extensions"] = {"http.response.pathsend": {}}
    anyio.run(wire.serve, app)
    assert [message["type"] for message in wire.messages] == ["http.response.start", "http.response.pathsend"]
    assert wire.messages[1]["path"] == __file__
    assert log == ["the middleware's task", "the endpoint's task"]


def test_middleware_goes_on_reading_where_it_has_stopped() -> None:
    """Middleware that has read a part of a body gets the rest afterwards, although the endpoint has read from it."""
    app, seen = Typeway(), []

    @app.middleware("http")
    async def reader(request: Request, call_next: Any) -> Any:
        parts = request.stream()
        seen.append(await anext(parts))
        await call_next(request)
        seen.extend([part async for part in parts])
        return Response("read")

    async def read(scope: Any, receive: Any, send: Any) -> None:
        seen.append((await receive())["body"])
        await Response("inner")(scope, receive, send)

    app.mount("/", read)
    messages = [{"type": "http.request", "body": part, "more_body": part != b"3"} for part in (b"1", b"2", b"3")]
    wire = Wire()
    sent = iter(messages)

    async def receive() -> Any:
        return next(sent)

    wire.receive = receive  # type: ignore[method-assign]
    anyio.run(wire.serve, app)
    assert (seen, wire.body) == ([b"1", b"2", b"2", b"3", b""], b"read")


def test_a_template_can_be_looked_at_behind_middleware(tmp_path: Any) -> None:
    """The test client sees the template and the context of a response that passes middleware."""
    (tmp_path / "page.html").write_text("Hello {{ name }}")
    templates, app = Jinja2Templates(tmp_path), Typeway()

    @app.middleware("http")
    async def pass_on(request: Request, call_next: Any) -> Any:
        return await call_next(request)

    @app.get("/")
    async def page(request: Request) -> Response:
        return templates.TemplateResponse(request, "page.html", {"name": "World"})

    response = TestClient(app).get("/")
    assert response.text == "Hello World"
    assert response.template.name == "page.html"
    assert response.context["name"] == "World"
