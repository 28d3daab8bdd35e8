"""What holds up the event loop is found: where it is, what it is, and for how long."""

# ruff: noqa: ASYNC251 (blocking calls in async functions are what is tested)

import inspect
import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from tests.watch.conftest import Found
from typeway import BackgroundTasks, Depends, Request, Typeway, WebSocket
from typeway.exceptions import DeclarationError
from typeway.responses import StreamingResponse
from typeway.testclient import TestClient
from typeway.watch.fixes import mend_of
from typeway.watch.watchdog import WATCHDOG

HERE = Path(__file__)


def line_of(remark: str) -> int:
    """The line of this file that ends with a remark."""
    lines = HERE.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.endswith(f"# {remark}"))


def third() -> None:
    time.sleep(0.5)  # the third call


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
    """The report names the endpoint, the line of the blocking call, the way to it, its length and the mend."""
    with TestClient(deep(), **loop) as client:
        assert client.get("/deep/1").json() == 1
    report = found.one()
    assert report.call is not None
    assert report.call.place == (str(HERE), line_of("the third call"), "third")
    assert report.call.text == "time.sleep(0.5)"
    assert report.call.callee == "time.sleep"
    assert [place.function for place in report.path] == ["read", "first", "second", "third"]
    assert report.served is not None
    assert report.served.request == "GET /deep/{number}"
    assert report.served.endpoint is not None
    assert report.served.endpoint.function == "read"
    assert 0.2 < report.seconds < 20
    assert report.is_over
    text = str(report)
    assert re.search(r"stood still for about \d+\.\d\d s while it served GET /deep/\{number\} \(read, ", text)
    assert "Blocked at " in text
    assert "Mend: await `anyio.sleep(...)` instead." in text


def test_a_request_without_a_lifespan_is_watched_too(found: Found):
    """A client that runs each request in a loop of its own finds a watchdog in each."""
    client = TestClient(deep())
    client.get("/deep/1")
    assert found.one().served is not None
    client.get("/deep/2")
    assert len(found.settled()) == 2


def in_dependency(app: Typeway) -> None:
    async def value() -> int:
        time.sleep(0.4)  # in a dependency
        return 1

    @app.get("/")
    async def read(value: int = Depends(value)) -> int:
        return value


def in_cleanup(app: Typeway) -> None:
    async def value() -> Iterator[int]:
        yield 1
        time.sleep(0.4)  # in a clean-up

    @app.get("/")
    async def read(value: int = Depends(value)) -> int:
        return value


def in_http_middleware(app: Typeway) -> None:
    @app.middleware("http")
    async def slow(request, call_next):
        time.sleep(0.4)  # in http middleware
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
                time.sleep(0.4)  # in ASGI middleware
            await self.app(scope, receive, send)

    app.add_middleware(Slow)

    @app.get("/")
    async def read() -> int:
        return 1


def in_background(app: Typeway) -> None:
    async def work() -> None:
        time.sleep(0.4)  # in a background task

    @app.get("/")
    async def read(tasks: BackgroundTasks) -> int:
        tasks.add_task(work)
        return 1


def in_stream(app: Typeway) -> None:
    async def numbers():
        yield b"1"
        time.sleep(0.4)  # in a stream
        yield b"2"

    @app.get("/")
    async def read():
        return StreamingResponse(numbers())


def in_exception_handler(app: Typeway) -> None:
    @app.exception_handler(KeyError)
    async def handle(request, error):
        time.sleep(0.4)  # in an exception handler
        return StreamingResponse(iter([b"1"]))

    @app.get("/")
    async def read():
        raise KeyError


def in_plain_route(app: Typeway) -> None:
    async def read(request: Request):
        time.sleep(0.4)  # in a plain route
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
    assert (report.call.place.file, report.call.place.line) == (str(HERE), line_of(remark))
    assert report.served is not None
    assert report.served.request == "GET /"


def test_a_websocket_is_watched(found: Found):
    """A blocking call in a WebSocket's endpoint is found."""
    app = Typeway()

    @app.websocket("/socket")
    async def socket(socket: WebSocket):
        await socket.accept()
        time.sleep(0.4)
        await socket.close()

    with TestClient(app) as client, client.websocket_connect("/socket"):
        pass
    report = found.one()
    assert report.served is not None
    assert report.served.request == "WebSocket /socket"


def test_a_task_of_the_applications_own_is_watched(found: Found):
    """What blocks outside any request is found, and no request is named."""

    async def work() -> None:
        time.sleep(0.4)

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
    total = 0
    end = time.thread_time() + 0.3
    while time.thread_time() < end:
        total += 1
    return total


def hold_the_lock() -> int:
    return sum(range(20_000_000))  # C code that lets no other thread run


def query() -> object:
    connection = sqlite3.connect(":memory:")
    connection.create_function("slow", 0, lambda: time.sleep(0.4))
    return connection.execute("select slow()").fetchall()


def process() -> object:
    return subprocess.run([sys.executable, "-c", "import time; time.sleep(0.4)"], check=True)


def lock() -> object:
    held = threading.Lock()
    held.acquire()
    return held.acquire(timeout=0.4)


@pytest.mark.parametrize(
    ("function", "mend"),
    [(compute, "run_in_threadpool"), (hold_the_lock, "run_in_threadpool"), (process, "anyio.run_process"),
     (lock, "from anyio")],
)  # fmt: skip
def test_computing_and_waiting_are_found_alike(found: Found, function, mend):
    """Python code, C code that keeps the interpreter to itself, processes and locks: each is found, with its mend."""
    app = Typeway()

    @app.get("/")
    async def read() -> None:
        function()

    with TestClient(app) as client:
        client.get("/")
    report = found.one()
    assert report.call is not None
    source, first_line = inspect.getsourcelines(function)
    assert first_line <= report.call.place.line < first_line + len(source)
    assert mend in str(report)


def test_many_short_calls_are_found_as_one(found: Found):
    """A loop of short blocking calls, of which none is long, is found where it spends its time."""
    app = Typeway()

    def ask() -> None:
        time.sleep(0.01)

    @app.get("/")
    async def read() -> None:
        for _ in range(50):
            ask()

    with TestClient(app) as client:
        client.get("/")
    report = found.one()
    assert report.call is not None
    assert report.call.text == "time.sleep(0.01)"


def test_an_answer_that_takes_long_to_make_is_found(found: Found):
    """Where the framework itself is at work for long, the endpoint is named and told what to do."""
    app = Typeway()
    many = [1] * 20_000_000

    @app.get("/many")
    async def read() -> list[int]:
        return many

    with TestClient(app) as client:
        client.get("/many")
    report = found.one()
    assert report.call is None
    assert report.served is not None
    assert report.served.endpoint is not None
    assert report.place == report.served.endpoint[:2]
    assert "GET /many" in str(report)
    assert "Its answer takes that long to make" in str(report)


def test_what_does_not_end_is_reported_meanwhile(found: Found):
    """A call that lasts fifty times the limit is reported before it is over, and again with its whole length."""
    app = Typeway(watchdog=0.01)

    @app.get("/")
    async def read() -> None:
        time.sleep(1.2)

    with TestClient(app) as client:
        client.get("/")
    # With so low a limit a busy machine may have more to tell.
    reports = [report for report in found.settled() if "time.sleep(1.2)" in str(report)]
    assert [report.is_over for report in reports] == [False, True]
    assert "has not turned for" in str(reports[0])
    assert reports[0].seconds < reports[1].seconds


def quiet() -> Typeway:
    """An application that holds up nothing."""
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
    """Waiting by await, blocking in the thread pool, and many short steps hold up nothing."""
    with TestClient(quiet()) as client:
        assert [client.get(path).json() for path in ("/waits", "/thread")] == [1, 1]
        for _ in range(150):
            client.get("/short")
    assert found.settled() == []


def test_each_place_is_logged_once(caplog):
    """The log has one warning for a place, however often it blocks, and none of other places is lost."""
    app = Typeway(watchdog=0.05)

    @app.get("/one")
    async def one() -> None:
        time.sleep(0.4)

    @app.get("/two")
    async def two() -> None:
        time.sleep(0.4)

    with TestClient(app) as client:
        for path in ("/one", "/one", "/two"):
            client.get(path)
        WATCHDOG.settle(30)
    logged = [record.getMessage() for record in caplog.records if record.name == "typeway.watchdog"]
    # With so low a limit a busy machine may have more to tell.
    logged = [text for text in logged if "time.sleep(0.4)" in text]
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
    assert WATCHDOG.posts == ()


def test_an_application_can_refuse(found: Found):
    """`watchdog=False` counts more than who asks from outside."""
    app = deep()
    app.watchdog = False
    with TestClient(app) as client:
        client.get("/deep/1")
    assert found.settled() == []


def test_the_environment_can_ask(monkeypatch, caplog):
    """TYPEWAY_WATCHDOG says for how long a loop may not turn; what is no number is refused at start-up."""
    monkeypatch.setenv("TYPEWAY_WATCHDOG", "0.05")
    with TestClient(deep()) as client:
        client.get("/deep/1")
        WATCHDOG.settle(30)
    assert "stood still" in caplog.text
    monkeypatch.setenv("TYPEWAY_WATCHDOG", "soon")
    with (
        pytest.raises(DeclarationError, match="TYPEWAY_WATCHDOG must be a number of seconds, not 'soon'"),
        TestClient(deep()),
    ):
        pass
    monkeypatch.setenv("TYPEWAY_WATCHDOG", "0")
    until_nobody_watches()
    with TestClient(deep()):
        assert WATCHDOG.posts == ()


@pytest.mark.parametrize("limit", [-1, "0.1", float("inf"), float("nan"), [1]])
def test_a_limit_that_is_none_is_refused(limit):
    """The option takes a number of seconds or a bool."""
    with pytest.raises(DeclarationError, match="watchdog must be a number of seconds or a bool"):
        Typeway(watchdog=limit)


def test_nothing_is_imported_where_nobody_asks():
    """An application without a watchdog is served without its modules, and without a thread."""
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
    print([name for name in sys.modules if "guard" in name], [thread.name for thread in threading.enumerate()
          if "watchdog" in thread.name])
"""
    done = subprocess.run([sys.executable, "-c", run], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[] []", done.stderr


@pytest.mark.parametrize(
    ("callee", "mend"),
    [
        ("requests.api.get", "httpx.AsyncClient"), ("sqlite3.Cursor.execute", "asynchronous interface"),
        ("io.open", "anyio.Path"), ("os.system", "run_process"), ("os.listdir", "anyio.Path"),
        ("hashlib.pbkdf2_hmac", "computes"), ("mine.work", "run_in_threadpool"), ("", "run_in_threadpool"),
    ],
)  # fmt: skip
def test_the_mend_fits_the_call(callee, mend):
    """What to do depends on the module that the call goes to."""
    assert mend in mend_of(callee)
