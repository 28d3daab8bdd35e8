"""Requests: their span, their measurements, and the events of what went wrong."""

import asyncio
from types import ModuleType
from typing import Annotated, Any

import pytest
from opentelemetry import baggage, trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, StatusCode
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse

import typeway
from tests.frameworks import each_framework
from tests.telemetry.conftest import Recorder
from typeway import Typeway
from typeway.testclient import TestClient

PARENT = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"


def client(app: Any, **options: Any) -> TestClient:
    return TestClient(app, raise_server_exceptions=False, follow_redirects=False, **options)


def application(web: ModuleType, recorder: Recorder, **settings: Any) -> Any:
    """Some endpoints, each with an outcome of its own."""
    app = web.FastAPI(telemetry=recorder.config(**settings))

    @app.get("/items/{item_id}")
    def read_item(item_id: int) -> int:
        return item_id

    @app.get("/failing")
    async def failing() -> None:
        raise ValueError("secret of the house")

    @app.get("/refusing")
    async def refusing() -> None:
        raise web.HTTPException(503, "later")

    @app.get("/breaking")
    async def breaking() -> StreamingResponse:
        async def chunks() -> Any:
            yield "a"
            raise ValueError("torn")

        return StreamingResponse(chunks())

    return app


@each_framework
def test_a_request_has_a_span(web: ModuleType, recorder: Recorder) -> None:
    """A request's span is named after its route and continues the trace of its caller."""
    response = client(application(web, recorder)).get("/items/7?page=2&sig=secret", headers={"traceparent": PARENT})
    assert response.json() == 7
    span = recorder.server
    assert span.name == "GET /items/{item_id}"
    assert span.kind is SpanKind.SERVER
    assert span.status.status_code is StatusCode.UNSET
    assert format(span.context.trace_id, "032x") == PARENT.split("-")[1]
    assert span.parent is not None
    assert format(span.parent.span_id, "016x") == PARENT.split("-")[2]
    assert span.instrumentation_scope is not None
    assert span.instrumentation_scope.name == web.__name__
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.route": "/items/{item_id}",
        "network.protocol.version": "1.1",
        "server.address": "testserver",
        "server.port": 80,
        "url.path": "/items/7",
        "url.query": "page=2&sig=REDACTED",
        "url.scheme": "http",
    }
    assert not trace.get_current_span().get_span_context().is_valid


@each_framework
def test_requests_are_measured(web: ModuleType, recorder: Recorder) -> None:
    """Duration and requests in flight are measured, with few attributes."""
    app = application(web, recorder)
    in_flight = []

    @app.get("/counting")
    async def counting() -> None:
        in_flight.extend(point.value for point in recorder.points("http.server.active_requests"))

    assert client(app).get("/counting?page=1").status_code == 200
    (point,) = recorder.points()
    assert point.count == 1
    assert point.sum > 0
    assert point.explicit_bounds[:2] == (0.005, 0.01)
    assert dict(point.attributes) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.route": "/counting",
        "network.protocol.version": "1.1",
        "url.scheme": "http",
    }
    (active,) = recorder.points("http.server.active_requests")
    assert (in_flight, active.value) == ([1], 0)
    assert dict(active.attributes) == {"http.request.method": "GET", "url.scheme": "http"}


@each_framework
@pytest.mark.parametrize(
    ("path", "status", "route", "problem", "event"),
    [
        ("/items/1", 200, "/items/{item_id}", None, None),
        ("/items/one", 422, "/items/{item_id}", None, "validation.failed"),
        ("/nothing", 404, None, None, None),
        ("/items/1/", 307, "/items/{item_id}", None, None),
        ("/failing", 500, "/failing", "ValueError", "http.server.request.exception"),
        ("/refusing", 503, "/refusing", "503", None),
        ("/breaking", 200, "/breaking", "ValueError", "http.server.request.exception"),
    ],
)
def test_outcomes(
    web: ModuleType, recorder: Recorder, path: str, status: int, route: str | None, problem: str | None, event: str
) -> None:
    """Only what went wrong on the server's side is an error; its type is in span, measurement and event alike."""
    client(application(web, recorder)).get(path)
    span = recorder.server
    attributes = span.attributes or {}
    assert attributes["http.response.status_code"] == status
    assert attributes.get("http.route") == route
    assert attributes.get("error.type") == problem
    assert span.status.status_code is (StatusCode.UNSET if problem is None else StatusCode.ERROR)
    assert span.name == ("GET" if route is None else f"GET {route}")
    (point,) = recorder.points()
    assert point.attributes.get("error.type") == problem
    names = [entry.event_name.removeprefix(f"{web.__name__}.") for entry in recorder.events]
    assert names == ([] if event is None else [event])
    assert not span.events
    assert "secret of the house" not in repr(span.attributes)


@each_framework
@pytest.mark.parametrize("is_sampled", [True, False])
def test_an_unhandled_exception_is_an_event_in_its_trace(web: ModuleType, recorder: Recorder, is_sampled: bool) -> None:
    """An unhandled exception is logged once, with traceback and trace, even if the trace is not sampled."""
    if not is_sampled:
        recorder.tracers.sampler = ALWAYS_OFF
    client(application(web, recorder)).get("/failing", headers={"traceparent": PARENT})
    (event,) = recorder.events
    assert event.severity_number is SeverityNumber.ERROR
    assert isinstance(event.exception, ValueError)
    assert event.attributes["exception.message"] == "secret of the house"
    assert "in failing" in event.attributes["exception.stacktrace"]
    assert event.attributes["http.route"] == "/failing"
    assert format(event.trace_id, "032x") == PARENT.split("-")[1]
    assert event.timestamp <= event.observed_timestamp
    assert len(recorder.spans) == (3 if is_sampled else 0)


def test_a_refused_request_is_an_event_without_its_content(recorder: Recorder) -> None:
    """A request that does not fit its declaration is logged as a warning that names no value."""
    client(application(typeway, recorder)).get("/items/private")
    (event,) = recorder.events
    assert event.severity_number is SeverityNumber.WARN
    assert event.event_name == "typeway.validation.failed"
    assert dict(event.attributes) == {"http.route": "/items/{item_id}", "typeway.validation.error_count": 1}
    assert event.exception is None


def test_our_exceptions_are_named_after_the_framework(recorder: Recorder) -> None:
    """An HTTPException that nothing answers is recorded under the framework's own name."""
    app = Typeway(telemetry=recorder.config())  # type: ignore[typeddict-item]  # a plain dict for the type checker

    class Careless:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            raise typeway.HTTPException(404)

    app.add_middleware(Careless)
    assert client(app).get("/").status_code == 500
    assert (recorder.server.attributes or {})["error.type"] == "typeway.exceptions.HTTPException"
    assert "http.route" not in (recorder.server.attributes or {})


@each_framework
def test_a_handler_of_all_errors_sees_the_span(web: ModuleType, recorder: Recorder) -> None:
    """The handler for 500 can add to the span, which still says what was unhandled."""

    async def handle(request: Any, error: Exception) -> JSONResponse:
        trace.get_current_span().set_attribute("seen", True)
        return JSONResponse({"detail": "ours"}, 500)

    app = web.FastAPI(telemetry=recorder.config(), exception_handlers={500: handle})

    @app.get("/")
    async def root() -> None:
        raise KeyError("x")

    assert client(app).get("/").json() == {"detail": "ours"}
    attributes = recorder.server.attributes or {}
    assert (attributes["seen"], attributes["error.type"]) == (True, "KeyError")


@each_framework
def test_a_failing_task_after_a_refusal_does_not_change_what_was_refused(web: ModuleType, recorder: Recorder) -> None:
    """A handled 503 stays a 503 when a background task of it fails."""
    app = web.FastAPI(telemetry=recorder.config())

    def fail() -> None:
        raise ValueError("too late")

    @app.exception_handler(KeyError)
    async def handle(request: Any, error: Exception) -> JSONResponse:
        tasks = web.BackgroundTasks()
        tasks.add_task(fail)
        return JSONResponse({}, 503, background=tasks)

    @app.get("/")
    async def root() -> None:
        raise KeyError("x")

    assert client(app).get("/").status_code == 503
    assert (recorder.server.attributes or {})["error.type"] == "503"
    assert len(recorder.events) == 1


@each_framework
@pytest.mark.parametrize(
    ("messages", "problem"),
    [
        ([], "RuntimeError"),
        (["start"], "RuntimeError"),
        (["start", "part"], "RuntimeError"),
        (["receive"], "ConnectionError"),
        (["start", "body"], None),
        (["start", "path"], None),
        (["start with trailers", "body"], "RuntimeError"),
        (["start with trailers", "body", "trailers"], None),
        (["cancel"], "asyncio.exceptions.CancelledError"),
    ],
)
def test_incomplete_responses(web: ModuleType, recorder: Recorder, messages: list[str], problem: str | None) -> None:
    """A span ends well only when the whole response has been sent."""
    known = {
        "start": {"type": "http.response.start", "status": 200, "headers": []},
        "start with trailers": {"type": "http.response.start", "status": 200, "headers": [], "trailers": True},
        "part": {"type": "http.response.body", "body": b"x", "more_body": True},
        "body": {"type": "http.response.body", "body": b"x"},
        "path": {"type": "http.response.pathsend", "path": "/x"},
        "trailers": {"type": "http.response.trailers", "headers": []},
    }

    class Answer:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            for message in messages:
                if message == "cancel":
                    raise asyncio.CancelledError
                if message == "receive":
                    await receive()
                else:
                    await send(known[message])

    app = web.FastAPI(telemetry=recorder.config(), middleware=[Middleware(Answer)])
    scope = {
        "type": "http", "method": "GET", "scheme": "http", "path": "/", "headers": [], "query_string": b"",
    }  # fmt: skip

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        pass

    async def run() -> None:
        try:
            await app(scope, receive, send)
        except asyncio.CancelledError:
            assert messages == ["cancel"]

    asyncio.run(run())
    assert (recorder.server.attributes or {}).get("error.type") == problem
    (active,) = recorder.points("http.server.active_requests")
    assert active.value == 0
    assert "typeway.observation" not in scope


@each_framework
@pytest.mark.parametrize(
    ("settings", "spans", "points", "events"),
    [
        ({"tracing": False}, 0, 1, 1),
        ({"metrics": False}, 3, 0, 1),
        ({"logs": False}, 3, 1, 0),
        ({"operation_spans": False}, 1, 1, 1),
        ({"exclude": lambda scope: scope["path"] == "/failing"}, 0, 0, 0),
    ],
)
def test_signals_can_be_switched_off_one_by_one(
    web: ModuleType, recorder: Recorder, settings: dict[str, Any], spans: int, points: int, events: int
) -> None:
    """Each signal has a setting of its own, and requests can be left out."""
    client(application(web, recorder, **settings)).get("/failing")
    assert (len(recorder.spans), len(recorder.points()), len(recorder.events)) == (spans, points, events)


@each_framework
def test_baggage_is_there_and_gone(web: ModuleType, recorder: Recorder) -> None:
    """What a caller sends as baggage, in several header fields too, is visible to the endpoint, and not after it."""
    app = web.FastAPI(telemetry=recorder.config())

    @app.get("/")
    async def root() -> dict[str, Any]:
        return dict(baggage.get_all())

    response = client(app).get("/", headers=[("baggage", "a=1"), ("baggage", "b=2")])
    assert response.json() == {"a": "1", "b": "2"}
    assert not baggage.get_all()


@each_framework
def test_middleware_is_inside_the_span(web: ModuleType, recorder: Recorder) -> None:
    """What middleware does belongs to the request's span, and it may answer by itself."""
    app = application(web, recorder)

    @app.middleware("http")
    async def gate(request: Any, call_next: Any) -> Any:
        trace.get_current_span().set_attribute("gate", True)
        return PlainTextResponse("closed", 418) if request.url.path == "/closed" else await call_next(request)

    assert client(app).get("/items/1").json() == 1
    assert recorder.server.name == "GET /items/{item_id}"
    assert (recorder.server.attributes or {})["gate"] is True
    recorder.exporter.clear()
    assert client(app).get("/closed").status_code == 418
    assert recorder.server.name == "GET"


def test_settings_are_copied(recorder: Recorder) -> None:
    """Changing the dict afterwards changes nothing."""
    settings = recorder.config()
    app = Typeway(telemetry=settings)  # type: ignore[arg-type]  # a plain dict for the type checker
    settings["tracing"] = False
    client(app).get("/")
    assert len(recorder.spans) == 1


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"trace": False}, "tracing"),
        ([("tracing", False)], "must be a dict"),
        ({"exclude": "/health"}, "must be a function"),
    ],
)
def test_wrong_settings_are_refused(settings: Any, part: str) -> None:
    """A setting that does not exist or cannot be fails where the application is made."""
    with pytest.raises(TypeError, match=part):
        Typeway(telemetry=settings)


def test_validation_keeps_what_dependencies_gave(recorder: Recorder) -> None:
    """A dependency's span is there for a refused request as well; the endpoint's is not."""
    app = Typeway(telemetry=recorder.config())  # type: ignore[typeddict-item]

    @app.get("/")
    async def root(number: Annotated[int, typeway.Query()]) -> int:
        return number

    client(app).get("/?number=x")
    assert recorder.names == ["dependencies", "GET /"]
    assert recorder.span("dependencies").status.status_code is StatusCode.UNSET
