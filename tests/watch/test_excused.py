"""What is no blocking call is not reported: debuggers, the garbage collector, a process that was stopped."""
# ruff: noqa: T100 (debuggers are what is tested)

import gc
import io
import os
import pdb
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

import pytest
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema

from tests.modes import without_debug_modes
from tests.watch.conftest import Found
from tests.watch.noticing import noticed
from typeway import Typeway
from typeway.testclient import TestClient

ROOT = Path(__file__).parents[2]


class Reader(io.StringIO):
    """Somebody at a keyboard, who reads for a while before they type."""

    def readline(self, size: int = -1, /) -> str:
        noticed().wait(60)
        return "continue\n"


def at_a_breakpoint() -> None:
    pdb.Pdb(stdin=Reader(), stdout=io.StringIO(), nosigint=True, readrc=False).set_trace()


def traced() -> None:
    """Run under a trace function that takes its time."""
    before = sys.gettrace()

    def trace(frame: FrameType, event: str, argument: object) -> object:
        if frame.f_code is step.__code__ and event == "call":
            noticed().wait(60)
        return trace

    def step() -> int:
        return 1

    sys.settrace(trace)
    try:
        step()
    finally:
        sys.settrace(before)


def collected() -> None:
    gc.collect()


@pytest.mark.parametrize("function", [at_a_breakpoint, traced])
def test_a_debugger_may_take_its_time(found: Found, function):
    """A breakpoint in pdb and a trace function that waits are no blocking calls; what comes after them is."""
    app = Typeway()

    @app.get("/stops")
    async def stops() -> None:
        before = sys.gettrace()
        function()
        sys.settrace(before)  # where pdb has left none

    @app.get("/blocks")
    async def blocks() -> None:
        noticed().wait(60)

    with TestClient(app) as client:
        client.get("/stops")
        assert found.all() == []
        client.get("/blocks")
        assert len(found.all()) == 1


def test_the_garbage_collector_is_no_blocking_call(found: Found):
    """A collection that stops the whole process is not taken for what happened to run."""
    app = Typeway()
    gc.disable()
    kept = [{"n": [number]} for number in range(700_000)]
    gc.enable()

    @app.get("/")
    async def read() -> float:
        started = time.perf_counter()
        collected()
        collected()
        return time.perf_counter() - started

    with TestClient(app) as client:
        seconds = client.get("/").json()
    assert seconds > 0.1, f"{len(kept)} objects are too few"
    assert found.all() == []


def test_a_slow_import_is_not_reported(found: Found, tmp_path, monkeypatch):
    """A module that takes long to import blocks the loop only once, so it is not reported."""
    source = "from tests.watch.noticing import noticed\nnoticed().wait(60)\n"
    (tmp_path / "slow_to_import_for_the_watchdog.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    app = Typeway()

    @app.get("/")
    async def read() -> None:
        import slow_to_import_for_the_watchdog  # noqa: F401

    with TestClient(app) as client:
        assert client.get("/").status_code == 200
    assert found.all() == []


def test_the_plan_of_an_operation_may_take_its_time(found: Found):
    """What the framework does once per operation, at its first request, is not reported."""

    class Slow(str):
        __slots__ = ()

        @classmethod
        def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
            if is_serving:
                built.append(noticed().wait(60))
            return handler(str)

    is_serving: list[bool] = []
    built: list[bool] = []
    app = Typeway()

    @app.get("/")
    async def read(name: Slow) -> str:
        return name

    with TestClient(app) as client:
        is_serving.append(True)
        assert client.get("/", params={"name": "x"}).json() == "x"
    assert built
    assert found.all() == []


def test_what_blocks_after_an_import_is_reported(found: Found, tmp_path, monkeypatch):
    """A request that imports a module and then blocks is reported for the time after the import."""
    source = "from tests.watch.noticing import noticed\nnoticed().wait(60)\n"
    (tmp_path / "slow_before_what_blocks.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    app = Typeway()

    @app.get("/")
    async def read() -> float:
        started = time.perf_counter()
        import slow_before_what_blocks  # noqa: F401

        noticed().wait(60)
        return time.perf_counter() - started

    with TestClient(app) as client:
        seconds = client.get("/").json()
    report = found.one()
    assert report.call is not None
    assert report.call.location.function == "read"
    assert report.call.text == "noticed().wait(60)"
    assert 0.1 < report.seconds < seconds - 0.1


def test_what_blocks_after_planning_is_reported(found: Found):
    """The first request of an operation, which waits for its plan, is reported if its endpoint blocks."""

    class Slow(str):
        __slots__ = ()

        @classmethod
        def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
            if is_serving:
                noticed().wait(60)
            return handler(str)

    is_serving: list[bool] = []
    app = Typeway()

    @app.get("/")
    async def read(name: Slow) -> None:
        noticed().wait(60)

    with TestClient(app) as client:
        is_serving.append(True)
        client.get("/", params={"name": "x"})
    report = found.one()
    assert report.call is not None
    assert report.call.location.function == "read"


STOPPED = """
import os, signal, sys, time
from tests.watch.noticing import noticed
from typeway import Typeway
from typeway.testclient import TestClient
from typeway.watch.start import watch_everything
from typeway.watch.watchdog import WATCHDOG

app = Typeway(watchdog=0.1)

@app.get("/")
async def read() -> None:
    end = time.perf_counter() + 0.03
    while time.perf_counter() < end:
        pass
    os.kill(os.getpid(), signal.SIGSTOP)

@app.get("/blocks")
async def blocks() -> None:
    noticed().wait(60)

with watch_everything(0.1), TestClient(app) as client:
    before = time.monotonic()
    client.get("/")
    print("stopped" if time.monotonic() - before > 0.5 else "not stopped")
    WATCHDOG.flush(60)
    print("now", file=sys.stderr)
    client.get("/blocks")
    WATCHDOG.flush(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_a_stopped_process_is_not_reported(tmp_path):
    """Time during which the process did not run at all, as when the machine sleeps, does not count."""
    script = tmp_path / "stopped.py"
    script.write_text(STOPPED)
    environment = without_debug_modes() | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    process = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    time.sleep(1)
    process.send_signal(signal.SIGCONT)
    output, log = process.communicate(timeout=100)
    assert output == "stopped\n", log
    before, _, after = log.partition("now\n")
    assert before == ""
    assert "in blocks: noticed().wait(60)" in after
    assert script.name in after
