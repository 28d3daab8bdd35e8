"""Measure throughput behind a server, and what a request costs it: the server on one core, wrk on the other."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.contestants import CONTESTANTS
from benchmarks.workloads import Workload

SERVE = """
import sys, uvicorn
from benchmarks.contestants import CONTESTANTS
app = CONTESTANTS[sys.argv[1]]()[sys.argv[2]]
http = sys.argv[4]
if http == "typeway":
    from typeway.protocol import HTTPProtocol as http
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[3]), log_level="warning", access_log=False, lifespan="off",
            loop="uvloop", http=http)
"""

# By the names in the tables: the contestant, and what reads HTTP for it. The first is what the others are divided by.
SERVERS: Final[Mapping[str, tuple[str, str]]] = {
    "floor": ("floor", "httptools"),
    "typeway": ("typeway", "typeway"),
    "typeway on uvicorn": ("typeway", "httptools"),
    **{name: (name, "httptools") for name in CONTESTANTS if name not in ("floor", "typeway")},
}
COUNT = re.compile(r"(\d+) requests in")
RATE = re.compile(r"Requests/sec:\s+([\d.]+)")


def is_possible() -> str | None:
    """Why served measurements cannot run here, or None."""
    if shutil.which("wrk") is None:
        return "wrk is not installed (Debian: apt install wrk)"
    if (os.cpu_count() or 1) < 2:
        return "there is only one core, and the load generator needs one of its own"
    return None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def server(name: str, app: str) -> Iterator[tuple[int, int]]:
    """A server for one of a contestant's applications, on core 0 if the system can pin processes: its port and process."""
    port = free_port()
    contestant, http = SERVERS[name]
    pin = ["taskset", "-c", "0"] if shutil.which("taskset") else []
    process = subprocess.Popen([*pin, sys.executable, "-c", SERVE, contestant, app, str(port), http])
    try:
        wait_for(port)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(10)


def wait_for(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise TimeoutError(f"no server came up on port {port} within 10 seconds")


def script(workload: Workload) -> str:
    """A wrk script that sends the workload's request."""
    lines = [f'wrk.method = "{workload.method}"']
    lines += [f'wrk.headers["{name.decode()}"] = "{value.decode()}"' for name, value in workload.headers]
    if workload.body:
        body = (
            workload.body.decode().replace("\\", "\\\\").replace('"', '\\"').replace("\r", "\\r").replace("\n", "\\n")
        )
        lines.append(f'wrk.body = "{body}"')
    return "\n".join(lines)


def is_answered(port: int, workload: Workload) -> bool:
    headers = {name.decode(): value.decode() for name, value in workload.headers}
    url = f"http://127.0.0.1:{port}{workload.url}"
    request = urllib.request.Request(url, workload.body or None, headers, method=workload.method)
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return bool(response.status == workload.status)
    except urllib.error.HTTPError as error:
        return error.code == workload.status


def cpu_seconds(process: int) -> float:
    """The CPU time that a process has used so far (Linux)."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def load(port: int, process: int, workload: Workload, seconds: int, connections: int) -> dict[str, float]:
    """Requests per second, and microseconds of the server's CPU time per request."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "request.lua"
        path.write_text(script(workload))
        pin = ["taskset", "-c", "1"] if shutil.which("taskset") else []
        url = f"http://127.0.0.1:{port}{workload.url}"

        def run(seconds: int) -> str:
            command = [*pin, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(path), url]
            return subprocess.run(command, check=True, capture_output=True, text=True).stdout

        run(1)  # caches fill
        before = cpu_seconds(process)
        output = run(seconds)
        used = cpu_seconds(process) - before
    rate, count = RATE.search(output), COUNT.search(output)
    number = int(count[1]) if count else 0
    return {"rate": float(rate[1]) if rate else 0.0, "cpu": used / number * 1e6 if number else 0.0}


def run(
    names: Sequence[str], workload: Workload, seconds: int, rounds: int, connections: int = 32
) -> dict[str, dict[str, float] | None]:
    """The medians over several starts of each server, all servers in turns; None for a server without that workload."""
    measured: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            with contextlib.suppress(KeyError, TimeoutError), server(name, workload.app) as (port, process):
                if is_answered(port, workload):
                    measured[name].append(load(port, process, workload, seconds, connections))
    return {
        name: {key: statistics.median(entry[key] for entry in found) for key in found[0]} if found else None
        for name, found in measured.items()
    }
