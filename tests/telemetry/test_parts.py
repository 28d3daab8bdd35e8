"""The parts of a request: dependencies, endpoint, serialization and background tasks, each with a span."""

import threading
from collections.abc import AsyncIterator, Callable
from functools import partial
from types import ModuleType
from typing import Annotated, Any

import anyio
import anyio.lowlevel
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.trace import StatusCode
from pydantic import BaseModel
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, StreamingResponse

import typeway
from tests.frameworks import each_framework
from tests.telemetry.conftest import Recorder
from typeway.testclient import TestClient


def client(app: Any, **options: Any) -> TestClient:
    return TestClient(app, raise_server_exceptions=False, **options)


def current() -> int:
    return trace.get_current_span().get_span_context().span_id


@each_framework
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("is_async", [True, False])
def test_each_part_is_a_child_of_the_request(web: ModuleType, recorder: Recorder, backend: Any, is_async: bool) -> None:
    """Dependencies, endpoint and serialization have spans of their own, current while they run."""
    app = web.FastAPI(telemetry=recorder.config())
    seen: dict[str, int] = {}

    async def session() -> AsyncIterator[str]:
        seen["dependencies"] = current()
        yield "session"

    def work(session: str) -> str:
        seen["endpoint"] = current()
        return session.upper()

    class Answer(BaseModel):
        name: str

        def model_post_init(self, context: Any) -> None:
            seen["serialization"] = current()

    if is_async:

        @app.get("/", response_model=Answer)
        async def endpoint(session: Annotated[str, web.Depends(session)]) -> Any:
            return {"name": work(session)}
    else:

        @app.get("/", response_model=Answer)
        def endpoint(session: Annotated[str, web.Depends(session)]) -> Any:
            return {"name": work(session)}

    assert client(app, backend=backend).get("/").json() == {"name": "SESSION"}
    assert recorder.names == ["dependencies", "endpoint", "serialization", "GET /"]
    for part, span_id in seen.items():
        span = recorder.span(part)
        assert (span.context.span_id, span.parent) == (span_id, recorder.server.context)
        assert (span.attributes or {})["code.function.name"].endswith(".endpoint")
    assert len(seen) == 3


@each_framework
def test_a_blocking_endpoints_span_begins_in_its_thread(web: ModuleType, recorder: Recorder) -> None:
    """The span of a `def` endpoint begins where the endpoint runs: waiting for a thread is not part of it."""
    started: dict[str, int] = {}
    ran: list[int] = []

    class Threads(SpanProcessor):
        def on_start(self, span: Any, parent_context: Any = None) -> None:
            started[span.name.rpartition(".")[2]] = threading.get_ident()

    recorder.tracers.add_span_processor(Threads())
    app = web.FastAPI(telemetry=recorder.config())

    @app.get("/")
    def endpoint() -> int:
        ran.append(threading.get_ident())
        return 1

    assert client(app).get("/").json() == 1
    assert started["endpoint"] == ran[0] != started["dependencies"]


@each_framework
@pytest.mark.parametrize("part", ["dependencies", "endpoint", "serialization", "none"])
def test_the_part_that_failed_is_marked(web: ModuleType, recorder: Recorder, part: str) -> None:
    """An exception marks the part in which it was raised; an HTTPException is an answer and marks none."""
    app = web.FastAPI(telemetry=recorder.config())

    def dependency() -> None:
        if part == "dependencies":
            raise ValueError

    @app.get("/", dependencies=[web.Depends(dependency)], response_model=int)
    async def endpoint() -> Any:
        if part == "endpoint":
            raise ValueError
        if part == "none":
            raise web.HTTPException(400)
        return "no number"

    client(app).get("/")
    failed = {span.name.rpartition(".")[2] for span in recorder.spans if span.status.status_code is StatusCode.ERROR}
    assert failed == (set() if part == "none" else {part, "GET /"})
    assert not any(span.events for span in recorder.spans)


@each_framework
def test_responses_and_streams_are_not_serialized(web: ModuleType, recorder: Recorder) -> None:
    """A response that an endpoint has made has no span of serialization, and a stream none of its own either."""
    app = web.FastAPI(telemetry=recorder.config())

    @app.get("/response")
    async def response() -> JSONResponse:
        return JSONResponse(1)

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(iter("ab"))

    @app.get("/items")
    async def items() -> Any:
        yield 1
        yield 2

    for path, names in {
        "/response": ["dependencies", "endpoint", "GET /response"],
        "/stream": ["dependencies", "endpoint", "GET /stream"],
        "/items": ["dependencies", "GET /items"],
    }.items():
        recorder.exporter.clear()
        assert client(app).get(path).status_code == 200
        assert recorder.names == names


class Called:
    def __call__(self) -> int:
        return 1


def plain(number: int = 1) -> int:
    return number


@each_framework
@pytest.mark.parametrize(
    ("endpoint", "name"),
    [(plain, "plain"), (Called(), "Called"), (partial(plain, number=2), "functools.partial")],
    ids=["function", "object", "partial"],
)
def test_parts_name_the_endpoint(web: ModuleType, recorder: Recorder, endpoint: Callable[..., Any], name: str) -> None:
    """The function is named with its module; an object that is called by its class."""
    app = web.FastAPI(telemetry=recorder.config())
    app.get("/")(endpoint)
    client(app).get("/")
    assert (recorder.span("endpoint").attributes or {})["code.function.name"].endswith(name)


@each_framework
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_background_tasks_follow_the_request(web: ModuleType, recorder: Recorder, backend: Any) -> None:
    """Each background task has a span, in the trace of its request and after the request's own span."""
    app = web.FastAPI(telemetry=recorder.config())
    ended: list[int] = []

    def blocking() -> None:
        ended.append(sum(span.name == "GET /" for span in recorder.spans))

    async def waiting() -> None:
        await anyio.lowlevel.checkpoint()
        ended.append(sum(span.name == "GET /" for span in recorder.spans))

    async def dependency(tasks: web.BackgroundTasks) -> None:  # type: ignore[name-defined]
        tasks.add_task(blocking)

    @app.get("/", dependencies=[web.Depends(dependency)])
    async def endpoint(tasks: web.BackgroundTasks) -> None:  # type: ignore[name-defined]
        tasks.add_task(waiting)

    assert client(app, backend=backend).get("/").status_code == 200
    assert ended == [1, 1]
    tasks = [span for span in recorder.spans if span.name.endswith("background_task")]
    assert [(span.attributes or {})["code.function.name"].rpartition(".")[2] for span in tasks] == [
        "blocking",
        "waiting",
    ]
    assert all(span.parent == recorder.server.context for span in tasks)


@each_framework
def test_tasks_of_responses_are_followed_as_well(web: ModuleType, recorder: Recorder) -> None:
    """Tasks that a response brings have spans if they are the framework's; a shared response serves every request."""
    app = web.FastAPI(telemetry=recorder.config())
    done: list[str] = []
    tasks = web.BackgroundTasks()
    tasks.add_task(done.append, "shared")
    shared = JSONResponse(1, background=tasks)

    @app.get("/shared")
    async def endpoint() -> JSONResponse:
        return shared

    @app.get("/single")
    async def single() -> JSONResponse:
        return JSONResponse(1, background=BackgroundTask(done.append, "single"))

    for _ in range(2):
        assert client(app).get("/shared").status_code == 200
    assert client(app).get("/single").status_code == 200
    assert done == ["shared", "shared", "single"]
    followed = [span for span in recorder.spans if span.name.endswith("background_task")]
    servers = [span for span in recorder.spans if span.name == "GET /shared"]
    assert [span.parent for span in followed] == [span.context for span in servers]


@each_framework
def test_a_failed_task_is_marked_and_reported(web: ModuleType, recorder: Recorder) -> None:
    """A task's exception marks the task and is logged; the answer was fine and stays so. HTTPException is none there."""
    app = web.FastAPI(telemetry=recorder.config())

    def fail() -> None:
        raise web.HTTPException(404)

    @app.get("/")
    async def endpoint(tasks: web.BackgroundTasks) -> None:  # type: ignore[name-defined]
        tasks.add_task(fail)

    assert client(app).get("/").status_code == 200
    assert recorder.span("background_task").status.status_code is StatusCode.ERROR
    assert recorder.server.status.status_code is StatusCode.UNSET
    assert len(recorder.events) == 1


def test_overrides_and_route_classes_are_observed(recorder: Recorder) -> None:
    """Plans with overrides and routes with a handler of their own have the same parts."""

    class Route(typeway.application.routes.APIRoute):  # type: ignore[name-defined]
        def get_route_handler(self) -> Any:
            handler = super().get_route_handler()

            async def timed(request: Any) -> Any:
                response = await handler(request)
                response.headers["x-timed"] = "1"
                return response

            return timed

    def original() -> str:
        return "original"

    app = typeway.Typeway(telemetry=recorder.config())  # type: ignore[typeddict-item]
    router = typeway.Router(route_class=Route)
    done: list[str] = []

    @router.get("/{name}")
    async def endpoint(
        name: str, tasks: typeway.BackgroundTasks, value: Annotated[str, typeway.Depends(original)]
    ) -> str:
        tasks.add_task(done.append, name)
        return value

    app.include_router(router, prefix="/own")
    for expected in ("original", "other"):
        recorder.exporter.clear()
        assert client(app).get("/own/x").json() == expected
        assert recorder.names == ["dependencies", "endpoint", "serialization", "GET /own/{name}", "background_task"]
        app.dependency_overrides[original] = lambda: "other"
    assert done == ["x", "x"]


def test_what_was_planned_before_is_observed_too(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider that comes late is reported to by routes that have served requests already, in every application."""
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: None)
    app = typeway.Typeway(telemetry={"metrics": False, "logs": False})

    async def session() -> str:
        return "session"

    @app.get("/")
    async def endpoint(session: Annotated[str, typeway.Depends(session)]) -> str:
        return session

    app.dependency_overrides[session] = lambda: "other"
    assert client(app).get("/").json() == "other"
    assert app._instrument is None
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: recorder.tracers)
    assert client(app).get("/").json() == "other"
    assert recorder.names == ["dependencies", "endpoint", "serialization", "GET /"]


def test_only_the_application_that_is_observed_is_served_by_changed_plans(recorder: Recorder) -> None:
    """Plans of other applications in the process stay as they are, also where they share a router or are older."""
    router = typeway.Router()

    @router.get("/")
    async def endpoint(session: Annotated[str, typeway.Depends(lambda: "session")]) -> str:
        return session

    observed = typeway.Typeway(telemetry=recorder.config(metrics=False, logs=False))  # type: ignore[arg-type]
    older, younger = typeway.Typeway(telemetry={"exclude": lambda scope: True}), typeway.Typeway()
    for app in (observed, older):
        app.include_router(router)
        assert client(app).get("/").json() == "session"
    younger.include_router(router)
    assert (observed._instrument is None, older._instrument, younger._instrument) == (False, None, None)
    recorder.names.clear()
    assert client(observed).get("/").json() == "session"
    assert recorder.names[-4:] == ["dependencies", "endpoint", "serialization", "GET /"]


def test_unobserved_requests_run_on_observed_plans(recorder: Recorder) -> None:
    """Once anybody watches, requests that are left out are served as before, errors included."""
    settings = recorder.config(exclude=lambda scope: scope["path"].startswith("/quiet"))
    app = typeway.Typeway(telemetry=settings)  # type: ignore[arg-type]

    @app.post("/{place}")
    def endpoint(place: str, body: dict[str, int], tasks: typeway.BackgroundTasks) -> dict[str, int]:
        tasks.add_task(print, "done")
        return body

    @app.get("/quiet/stream")
    async def stream() -> Any:
        yield 1

    for place in ("loud", "quiet"):
        assert client(app).post(f"/{place}", json={"a": 1}).json() == {"a": 1}
        assert client(app).post(f"/{place}", json={"a": "x"}).status_code == 422
        assert (
            client(app).post(f"/{place}", content="{", headers={"Content-Type": "application/json"}).status_code == 422
        )
    assert client(app).get("/quiet/stream").text == "1\n"
    assert len([span for span in recorder.spans if span.name == "POST /{place}"]) == 3
