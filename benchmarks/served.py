"""Measure throughput behind a server, and what a request costs it: the server on one core, wrk on the other."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.stacks import SERVERS
from benchmarks.workloads import Workload

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
    port, stack = free_port(), SERVERS[name]
    pin = ["taskset", "-c", "0"] if shutil.which("taskset") else []
    variables = {**os.environ, "BENCHMARK_CONTESTANT": stack.contestant, "BENCHMARK_APP": app}
    # Some servers tell the world what they are.
    process = subprocess.Popen([*pin, *stack.command(port)], env=variables, stdout=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield port, process.pid
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(port: int) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise TimeoutError(f"no server came up on port {port} within 30 seconds")


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
    """Whether a server gives the status that it should; on a kept connection, because fastpysgi ends with a closed one."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    headers = {name.decode(): value.decode() for name, value in workload.headers}
    with contextlib.closing(connection):
        connection.request(workload.method, workload.url, workload.body or None, headers)
        response = connection.getresponse()
        response.read()
        return response.status == workload.status


def cpu_seconds(process: int) -> float:
    """The CPU time that a process and its children have used so far (Linux)."""
    return sum(map(cpu_seconds_alone, [process, *children(process)]))


def cpu_seconds_alone(process: int) -> float:
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def children(process: int) -> list[int]:
    """The processes that a process has started, and those that they have (Linux)."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{process}/task").iterdir():
            for child in map(int, (thread / "children").read_text().split()):
                found += [child, *children(child)]
    return found


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
            with (
                contextlib.suppress(KeyError, OSError, http.client.HTTPException),
                server(name, workload.app) as (port, process),
            ):
                if is_answered(port, workload):
                    measured[name].append(load(port, process, workload, seconds, connections))
    return {
        name: {key: statistics.median(entry[key] for entry in found) for key in found[0]} if found else None
        for name, found in measured.items()
    }
