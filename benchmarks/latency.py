"""Measure how long answers take: at 80 % of what a server can do, and while thousands of connections are idle.

wrk waits a random time before each request on a connection, exponentially distributed, so that requests come as from many
independent clients and not when the server has answered. How long is found by the first, unmeasured runs.
"""

from __future__ import annotations

import contextlib
import re
import resource
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from benchmarks import served
from benchmarks.workloads import WORKLOADS, Workload

LOAD: Final = 0.8
CONNECTIONS: Final = (32, 512, 5_000)
IDLE: Final = 10_000

# A wait of whole milliseconds whose mean is right: the fraction is rounded up as often as it is large.
DELAY: Final = """
local mean = {mean}
function delay()
   return math.floor(-math.log(1 - math.random()) * mean + math.random())
end
"""
PERCENTILE: Final = re.compile(r"^\s+(50|99)%\s+([\d.]+)(us|ms|s)\s*$", re.MULTILINE)
SCALES: Final = {"us": 0.001, "ms": 1.0, "s": 1000.0}
ERRORS: Final = re.compile(
    r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)|Non-2xx or 3xx responses: (\d+)"
)


def raise_limit() -> None:
    """Let this process, and what it starts, open as many files as the system allows."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def wrk(port: int, workload: Workload, seconds: int, connections: int, delay: float | None = None) -> dict[str, float]:
    """Requests per second, and the median and the 99th percentile of the latency in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "request.lua"
        path.write_text(served.script(workload) + (DELAY.format(mean=delay) if delay is not None else ""))
        pin = ["taskset", "-c", "1"] if shutil.which("taskset") else []
        url = f"http://127.0.0.1:{port}{workload.url}"
        command = [*pin, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s"]
        output = subprocess.run([*command, "-s", str(path), url], check=True, capture_output=True, text=True).stdout
    rate = served.RATE.search(output)
    found = {f"p{name}": float(value) * SCALES[unit] for name, value, unit in PERCENTILE.findall(output)}
    errors = sum(int(number) for match in ERRORS.findall(output) for number in match if number)
    return {"rate": float(rate[1]) if rate else 0.0, "errors": float(errors), **found}


def at_load(port: int, workload: Workload, seconds: int, connections: int) -> dict[str, float]:
    """Latency at 80 % of the throughput that the same number of connections reaches without waiting."""
    short = 2 + connections // 1000  # thousands of connections take a while to be made
    most = wrk(port, workload, max(short, seconds // 2), connections)["rate"]
    delay = 0.0
    for _ in range(2):  # the time that an answer takes is not known beforehand
        before = wrk(port, workload, short, connections, delay)["rate"]
        if most and before:
            delay = max(0.0, delay + 1000 * connections * (1 / (LOAD * most) - 1 / before))
    return {"most": most, **wrk(port, workload, max(short, seconds), connections, delay)}


def run(names: Sequence[str], workload: Workload, seconds: int, rounds: int) -> dict[str, dict[str, dict[str, float]]]:
    """The medians for each number of connections and each server, all servers in turns."""
    raise_limit()
    measured: dict[str, dict[str, list[dict[str, float]]]] = {}
    for _ in range(rounds):
        for connections in CONNECTIONS:
            for name in names:
                with served.server(name, workload.app) as (port, _):
                    if served.is_answered(port, workload):
                        row = at_load(port, workload, seconds, connections)
                        measured.setdefault(f"{connections:,}", {}).setdefault(name, []).append(row)
    return {
        connections: {
            name: {key: statistics.median(entry[key] for entry in found) for key in found[0]}
            for name, found in rows.items()
        }
        for connections, rows in measured.items()
    }


# --- idle connections -------------------------------------------------------------------------------------------


def memory(process: int) -> float:
    """The resident memory of a process and its children, in KiB (Linux)."""
    pages = 0
    for number in [process, *served.children(process)]:
        with contextlib.suppress(OSError):
            pages += int(Path(f"/proc/{number}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1024


@contextlib.contextmanager
def idle(port: int, number: int) -> Iterator[None]:
    """Hold connections open, each of which has asked once."""
    with contextlib.ExitStack() as stack:
        for _ in range(number):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), 30))
            connection.sendall(b"GET /plain HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            answer = connection.recv(4096)
            if not answer.startswith(b"HTTP/1.1 200"):
                raise ConnectionError(f"this is not the answer: {answer!r}")
        yield


def with_idle(name: str, seconds: int, number: int = IDLE) -> dict[str, float]:
    """Memory for each idle connection in KiB, and the latency of 8 busy ones before and meanwhile."""
    raise_limit()
    workload = WORKLOADS["plain"]
    with served.server(name, workload.app) as (port, process):
        # What a server allocates once, it has allocated by then: a hundredth of the connections comes and goes.
        with idle(port, number // 100):
            alone = wrk(port, workload, seconds, 8)
        time.sleep(1)
        before = memory(process)
        with idle(port, number):
            time.sleep(2)
            held = memory(process)
            beside = wrk(port, workload, seconds, 8)
    return {
        "kib": (held - before) / number, "p50 alone": alone["p50"], "p99 alone": alone["p99"],
        "p50 beside": beside["p50"], "p99 beside": beside["p99"], "rate alone": alone["rate"], "rate beside": beside["rate"],
    }  # fmt: skip
