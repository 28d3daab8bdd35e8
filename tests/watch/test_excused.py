"""What is nobody's blocking call is not reported: debuggers, the garbage collector, a process that was stopped."""
# ruff: noqa: ASYNC251, T100 (blocking calls in async functions are what is tested)

import gc
import io
import pdb
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

import pytest

from tests.watch.conftest import Found
from typeway import Typeway
from typeway.testclient import TestClient


class Reader(io.StringIO):
    """Somebody at a keyboard, who reads for a while before they type."""

    def readline(self, size: int = -1, /) -> str:
        time.sleep(0.4)
        return "continue\n"


def at_a_breakpoint() -> None:
    pdb.Pdb(stdin=Reader(), stdout=io.StringIO(), nosigint=True, readrc=False).set_trace()


def traced() -> None:
    """Run under a trace function that takes its time."""
    before = sys.gettrace()

    def trace(frame: FrameType, event: str, argument: object) -> object:
        if frame.f_code is step.__code__ and event == "call":
            time.sleep(0.4)
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
        time.sleep(0.4)

    with TestClient(app) as client:
        client.get("/stops")
        assert found.settled() == []
        client.get("/blocks")
        assert len(found.settled()) == 1


def test_the_garbage_collector_is_nobodys_call(found: Found):
    """A collection that holds up the whole process is not taken for what happened to run."""
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
    assert found.settled() == []


def test_a_slow_import_is_reported_by_nobody(found: Found, tmp_path, monkeypatch):
    """A module that takes long to import holds up one request only, so it is not reported."""
    (tmp_path / "slow_to_import_for_the_watchdog.py").write_text("import time\ntime.sleep(0.4)\n")
    monkeypatch.syspath_prepend(tmp_path)
    app = Typeway()

    @app.get("/")
    async def read() -> None:
        import slow_to_import_for_the_watchdog  # noqa: F401

    with TestClient(app) as client:
        assert client.get("/").status_code == 200
    assert found.settled() == []


STOPPED = """
import os, signal, subprocess, sys, time
from typeway import Typeway
from typeway.watch.watchdog import WATCHDOG
from typeway.testclient import TestClient

app = Typeway(watchdog=0.1)
waker = [sys.executable, "-c", f"import os, signal, time; time.sleep(1.5); os.kill({os.getpid()}, signal.SIGCONT)"]

@app.get("/")
async def read() -> None:
    end = time.perf_counter() + 0.03
    while time.perf_counter() < end:
        pass
    os.kill(os.getpid(), signal.SIGSTOP)

@app.get("/blocks")
async def blocks() -> None:
    time.sleep(0.5)

with TestClient(app) as client, WATCHDOG.keenly(0.1):
    subprocess.Popen(waker)
    before = time.monotonic()
    client.get("/")
    print("stopped" if time.monotonic() - before > 0.5 else "not stopped")
    WATCHDOG.settle(30)
    print("now", file=sys.stderr)
    client.get("/blocks")
    WATCHDOG.settle(30)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_a_stopped_process_is_nobodys_call(tmp_path):
    """Time during which the process did not run at all, as when the machine sleeps, does not count."""
    script = tmp_path / "stopped.py"
    script.write_text(STOPPED)
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=100)
    assert done.stdout == "stopped\n", done.stderr
    before, _, after = done.stderr.partition("now\n")
    assert before == ""
    assert "in blocks: time.sleep(0.5)" in after
    assert Path(script).name in after
