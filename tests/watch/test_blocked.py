"""What blocks the event loop is reported: where it is, what it is, and for how long."""

# ruff: noqa: ASYNC251 (blocking calls in async functions are what is tested)

import ast
import inspect
import re
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import anyio
import pytest
from pydantic import BaseModel, BeforeValidator, ByteSize

from tests.watch.conftest import Found
from tests.watch.noticing import noticed, when_noticed
from typeway import BackgroundTasks, Depends, Request, Typeway, WebSocket
from typeway.exceptions import DeclarationError
from typeway.responses import StreamingResponse
from typeway.routing import APIRoute
from typeway.testclient import TestClient
from typeway.watch.blocking import cause_of
from typeway.watch.watchdog import WATCHDOG

HERE = Path(__file__)


def line_of(remark: str) -> int:
    """The line of this file that ends with a remark."""
    lines = HERE.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.endswith(f"# {remark}"))


def third() -> None:
    noticed().wait(60)  # the third call


def second() -> None:
    third()


def first() -> None:
    second()


def deep() -> Typeway:
    """An application whose endpoint blocks three calls further in."""
    app = Typeway()

    @app.get("/deep/{number}")
    async def read(number: int) -> int:
        first()
        return number

    return app


@pytest.mark.parametrize(
    "loop",
    [{"backend": "asyncio"}, {"backend": "asyncio", "backend_options": {"use_uvloop": True}}, {"backend": "trio"}],
    ids=["asyncio", "uvloop", "trio"],
)
def test_a_call_deep_inside_an_endpoint_is_found(found: Found, loop):
    """The report names the endpoint, the line of the blocking call, the way to it, its length and the fix."""
    with TestClient(deep(), **loop) as client:
        assert client.get("/deep/1").json() == 1
    report = found.one()
    assert report.call is not None
    assert report.call.location == (str(HERE), line_of("the third call"), "third")
    assert report.call.text == "noticed().wait(60)"
    assert report.call.callee == "threading.Event.wait"
    assert [place.function for place in report.path] == ["read", "first", "second", "third"]
    assert report.served is not None
    assert report.served.request == "GET /deep/{number}"
    assert report.served.endpoint is not None
    assert report.served.endpoint.function == "read"
    assert 0.1 < report.seconds < 60
    assert report.is_over
    text = str(report)
    assert re.search(r"was blocked for about \d+\.\d\d s while it served GET /deep/\{number\} \(read, ", text)
    assert "Blocked at " in text
    assert "Fix: use anyio's `Lock`, `Event`" in text


def test_a_request_without_a_lifespan_is_watched_too(found: Found):
    """A client that runs each request in a loop of its own finds a watchdog in each."""
    client = TestClient(deep())
    client.get("/deep/1")
    assert found.one().served is not None
    client.get("/deep/2")
    assert len(found.all()) == 2


def in_dependency(app: Typeway) -> None:
    async def value() -> int:
        noticed().wait(60)  # in a dependency
        return 1

    @app.get("/")
    async def read(value: int = Depends(value)) -> int:
        return value


def in_cleanup(app: Typeway) -> None:
    async def value() -> Iterator[int]:
        yield 1
        noticed().wait(60)  # in a clean-up

    @app.get("/")
    async def read(value: int = Depends(value)) -> int:
        return value


def in_http_middleware(app: Typeway) -> None:
    @app.middleware("http")
    async def slow(request, call_next):
        noticed().wait(60)  # in http middleware
        return await call_next(request)

    @app.get("/")
    async def read() -> int:
        return 1


def in_asgi_middleware(app: Typeway) -> None:
    class Slow:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            if scope["type"] == "http":
                noticed().wait(60)  # in ASGI middleware
            await self.app(scope, receive, send)

    app.add_middleware(Slow)

    @app.get("/")
    async def read() -> int:
        return 1


def in_background(app: Typeway) -> None:
    async def work() -> None:
        noticed().wait(60)  # in a background task

    @app.get("/")
    async def read(tasks: BackgroundTasks) -> int:
        tasks.add_task(work)
        return 1


def in_stream(app: Typeway) -> None:
    async def numbers():
        yield b"1"
        noticed().wait(60)  # in a stream
        yield b"2"

    @app.get("/")
    async def read():
        return StreamingResponse(numbers())


def in_exception_handler(app: Typeway) -> None:
    @app.exception_handler(KeyError)
    async def handle(request, error):
        noticed().wait(60)  # in an exception handler
        return StreamingResponse(iter([b"1"]))

    @app.get("/")
    async def read():
        raise KeyError


def in_plain_route(app: Typeway) -> None:
    async def read(request: Request):
        noticed().wait(60)  # in a plain route
        return StreamingResponse(iter([b"1"]))

    app.add_route("/", read)


@pytest.mark.parametrize(
    ("build", "remark"),
    [
        (in_dependency, "in a dependency"), (in_cleanup, "in a clean-up"), (in_http_middleware, "in http middleware"),
        (in_asgi_middleware, "in ASGI middleware"), (in_background, "in a background task"), (in_stream, "in a stream"),
        (in_exception_handler, "in an exception handler"), (in_plain_route, "in a plain route"),
    ],
)  # fmt: skip
def test_whatever_runs_on_the_loop_is_watched(found: Found, build, remark):
    """Dependencies, their clean-up, middleware, background tasks, streams and handlers are found like endpoints."""
    app = Typeway()
    build(app)
    with TestClient(app) as client:
        client.get("/")
    report = found.one()
    assert report.call is not None
    assert (report.call.location.file, report.call.location.line) == (str(HERE), line_of(remark))
    assert report.served is not None
    assert report.served.request == "GET /"


def test_a_websocket_is_watched(found: Found):
    """A blocking call in a WebSocket's endpoint is found."""
    app = Typeway()

    @app.websocket("/socket")
    async def socket(socket: WebSocket):
        await socket.accept()
        noticed().wait(60)
        await socket.close()

    with TestClient(app) as client, client.websocket_connect("/socket"):
        pass
    report = found.one()
    assert report.served is not None
    assert report.served.request == "WebSocket /socket"


def test_a_task_of_the_applications_own_is_watched(found: Found):
    """What blocks outside any request is found, and no request is named."""

    async def work() -> None:
        noticed().wait(60)

    app = Typeway()

    @app.get("/")
    async def read() -> int:
        return 1

    with TestClient(app) as client:
        client.get("/")
        client.portal.call(work)
        report = found.one()
    assert report.served is None
    assert "about" in str(report).splitlines()[0]
    assert "served" not in str(report).splitlines()[0].replace("was served meanwhile", "")


def compute() -> int:
    enough: list[bool] = []
    when_noticed(lambda: enough.append(True))
    total = 0
    while not enough:
        total += 1
    return total


def hold_the_lock() -> None:
    enough = noticed()
    while not enough.is_set():
        sum(range(3_000_000))  # C code that lets no other thread run


def query() -> object:
    connection = sqlite3.connect(":memory:")
    connection.create_function("slow", 0, lambda: noticed().wait(60))
    return connection.execute("select slow()").fetchall()


def process() -> object:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    when_noticed(child.stdin.close)
    return child.wait()


def lock() -> object:
    held = threading.Lock()
    held.acquire()
    when_noticed(held.release)
    return held.acquire()


@pytest.mark.parametrize(
    ("function", "fix"),
    [(compute, "run_in_threadpool(...)"), (hold_the_lock, "run_in_threadpool(sum, ...)"),
     (query, "anyio's `Lock`"), (process, "anyio.run_process"), (lock, "anyio's `Lock`")],
)  # fmt: skip
def test_computing_and_waiting_are_found_alike(found: Found, function, fix):
    """Python code, C code that keeps the interpreter to itself, queries, processes and locks are found, with the fix."""
    app = Typeway()

    @app.get("/")
    async def read() -> None:
        function()

    with TestClient(app) as client:
        client.get("/")
    report = found.one()
    assert report.call is not None
    source, first_line = inspect.getsourcelines(function)
    assert first_line <= report.call.location.line < first_line + len(source)
    assert fix in str(report)


def test_many_short_calls_are_found_as_one(found: Found):
    """A loop of short blocking calls, of which none is long, is found where it spends its time."""
    app = Typeway()

    def ask() -> None:
        time.sleep(0.01)

    @app.get("/")
    async def read() -> None:
        enough = noticed()
        while not enough.is_set():
            ask()

    with TestClient(app) as client:
        client.get("/")
    report = found.one()
    assert report.call is not None
    assert report.call.text == "time.sleep(0.01)"


def test_a_response_that_takes_long_to_encode_is_found(found: Found):
    """Where the framework itself is at work for long, the endpoint is named and what to do about it."""
    app = Typeway()
    # Pydantic validates these in Python, so that the watchdog can look at any time; in C code it only can afterwards,
    # and not even then if it gets no CPU.
    many = [1] * 1_500_000

    @app.get("/many")
    async def read() -> list[ByteSize]:
        return many

    with TestClient(app) as client:
        client.get("/many")
    report = found.one()
    assert report.call is None
    assert report.served is not None
    assert report.served.endpoint is not None
    assert report.place == report.served.endpoint[:2]
    assert "GET /many" in str(report)
    assert "It takes that long to validate and encode the response" in str(report)


def test_what_is_seen_for_a_moment_is_not_to_blame(found: Found):
    """A library or a call of the user's that takes a small part of the time is not named as the reason."""

    class Statistics(BaseModel):
        variance: Annotated[float, BeforeValidator(statistics.variance)]
        sizes: list[ByteSize]

    app = Typeway()

    @app.get("/library", response_model=Statistics)
    async def library() -> dict[str, Any]:
        return {"variance": list(range(250_000)), "sizes": [1] * 1_500_000}

    @app.get("/own", response_model=list[ByteSize])
    async def own() -> list[int]:
        noticed(0.03).wait(60)
        return [1] * 1_500_000

    for route in app.routes:
        if isinstance(route, APIRoute):
            route.plans.build()  # a step whose only sample is in a plan that is being built is not reported
    # A watching thread that a busy machine does not let run sees too little of a step; it is not so every time.
    named: list[list[object]] = []
    while len(named) < 5 and [None, None] not in named:
        with TestClient(app) as client:
            for path in ("/library", "/own"):
                client.get(path)
        named.append([getattr(report, "call", "") for report in found.all()])
        found.clear()
    assert [None, None] in named, named


def test_what_does_not_end_is_reported_meanwhile(found: Found):
    """A call that lasts fifty times the limit is reported before it is over, and again with its whole length."""
    app = Typeway(watchdog=0.02)

    @app.get("/")
    async def read() -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end and not any(not report.is_over for report in found):
            time.sleep(0.005)

    with TestClient(app) as client:
        client.get("/")
    # With so low a limit a busy machine may have more to report.
    reports = [report for report in found.all() if "time.sleep(0.005)" in str(report)]
    assert [report.is_over for report in reports] == [False, True]
    assert "has been blocked for" in str(reports[0])
    assert reports[0].seconds <= reports[1].seconds


def quiet() -> Typeway:
    """An application that blocks nothing."""
    app = Typeway()

    @app.get("/waits")
    async def waits() -> int:
        await anyio.sleep(0.3)
        return 1

    @app.get("/thread")
    def thread() -> int:
        time.sleep(0.3)
        return 1

    @app.get("/short")
    async def short() -> int:
        time.sleep(0.001)
        return 1

    return app


def test_ordinary_traffic_is_not_reported(found: Found):
    """Waiting by await, blocking in the thread pool, and many short steps do not block the loop."""
    with TestClient(quiet()) as client:
        assert [client.get(path).json() for path in ("/waits", "/thread")] == [1, 1]
        for _ in range(150):
            client.get("/short")
    assert found.all() == []


def test_each_place_is_logged_once(caplog):
    """The log has one warning for a place, however often it blocks, and none of other places is lost."""
    app = Typeway(watchdog=0.05)

    @app.get("/one")
    async def one() -> None:
        noticed().wait(60)

    @app.get("/two")
    async def two() -> None:
        noticed().wait(60)

    with TestClient(app) as client:
        for path in ("/one", "/one", "/two"):
            client.get(path)
        WATCHDOG.flush(60)
    logged = [record.getMessage() for record in caplog.records if record.name == "typeway.watchdog"]
    # With so low a limit a busy machine may have more to report.
    logged = [text for text in logged if "noticed().wait(60)" in text]
    assert ["GET /one" in text for text in logged] == [True, False]
    assert all(record.levelname == "WARNING" for record in caplog.records if record.name == "typeway.watchdog")


def until_nobody_watches() -> None:
    """Wait for the thread to end."""
    end = time.monotonic() + 30
    while any(thread.name == "typeway watchdog" for thread in threading.enumerate()):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_the_thread_ends_with_what_it_watches():
    """When the application's life is over, nothing is left of the watchdog."""
    with TestClient(Typeway(watchdog=0.05)):
        assert any(thread.name == "typeway watchdog" for thread in threading.enumerate())
    until_nobody_watches()
    assert WATCHDOG.loops == ()


def test_an_application_can_refuse(found: Found):
    """`watchdog=False` takes precedence over what others ask for."""
    app = Typeway(watchdog=False)

    @app.get("/")
    async def read() -> list[str]:
        return [thread.name for thread in threading.enumerate()]

    until_nobody_watches()
    with TestClient(app) as client:
        assert "typeway watchdog" not in client.get("/").json()
    assert found.all() == []


def test_the_environment_can_ask(monkeypatch, caplog):
    """TYPEWAY_WATCHDOG says for how long a loop may be blocked; what is no number is refused at start-up."""
    monkeypatch.setenv("TYPEWAY_WATCHDOG", "0.05")
    with TestClient(deep()) as client:
        client.get("/deep/1")
        WATCHDOG.flush(60)
    assert "was blocked" in caplog.text
    monkeypatch.setenv("TYPEWAY_WATCHDOG", "soon")
    with (
        pytest.raises(DeclarationError, match="TYPEWAY_WATCHDOG must be a number of seconds, not 'soon'"),
        TestClient(deep()),
    ):
        pass
    monkeypatch.setenv("TYPEWAY_WATCHDOG", "0")
    until_nobody_watches()
    with TestClient(deep()):
        assert WATCHDOG.loops == ()


@pytest.mark.parametrize("limit", [-1, "0.1", float("inf"), float("nan"), [1]])
def test_a_limit_that_is_none_is_refused(limit):
    """The option takes a number of seconds or a bool."""
    with pytest.raises(DeclarationError, match="watchdog must be a number of seconds or a bool"):
        Typeway(watchdog=limit)


def test_nothing_is_imported_where_nobody_asks():
    """An application without a watchdog is served without its modules, but for the one that decides, and its thread."""
    run = """
import sys, threading
from typeway import Typeway
from typeway.testclient import TestClient

app = Typeway()

@app.get("/")
async def read() -> int:
    return 1

with TestClient(app) as client:
    assert client.get("/").json() == 1
    print([name for name in sys.modules if name.startswith("typeway.watch.")],
          [thread.name for thread in threading.enumerate() if "watchdog" in thread.name])
"""
    done = subprocess.run([sys.executable, "-c", run], capture_output=True, text=True, check=False)
    assert done.stdout == "['typeway.watch.start'] []\n", done.stderr


@pytest.mark.parametrize(
    ("callee", "fix"),
    [
        ("time.sleep", "asyncio.sleep"), ("requests.api.get", "httpx.AsyncClient"),
        ("sqlite3.Cursor.execute", "asynchronous interface"), ("io.open", "anyio.Path"), ("os.system", "run_process"),
        ("os.listdir", "anyio.Path"), ("hashlib.pbkdf2_hmac", "run_in_threadpool(call, ...)"),
        ("mine.work", "run_in_threadpool(call, ...)"), ("", "run_in_threadpool(call, ...)"),
    ],
)  # fmt: skip
def test_the_fix_fits_the_call(callee, fix):
    """What to do depends on the module that the call goes to, and names what is called."""
    assert fix in cause_of(callee).fix("call")


SEPARATED = '''
from tests.watch.noticing import noticed

TEXT = """a{separator}b"""
{blank}

async def block() -> None:
    """Say{separator}nothing."""
    noticed().wait(60), """é{separator}"""
'''


@pytest.mark.parametrize("separator", ["\f", "\v", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\r", "\r\n"])
def test_lines_are_counted_as_python_counts_them(found: Found, tmp_path, separator):
    """The quoted line is Python's: a form feed or a line separator of Unicode ends none, a carriage return does."""
    # Outside of strings Python knows the form feed and the ends of its lines, and refuses the others.
    source = SEPARATED.format(separator=separator, blank=separator if separator in "\f\r\n" else "")
    path = tmp_path / "separated.py"
    path.write_text(source, encoding="utf-8", newline="")
    namespace: dict[str, Any] = {"__name__": "separated"}
    exec(compile(path.read_bytes(), str(path), "exec"), namespace)
    app = Typeway()

    @app.get("/")
    async def read() -> None:
        await namespace["block"]()

    with TestClient(app) as client:
        client.get("/")
    call = found.one().call
    assert call is not None
    statement = ast.parse(path.read_bytes()).body[-1].body[-1]
    assert call.location == (str(path), statement.lineno, "block")
    assert call.text == "noticed().wait(60)"
