"""Measure throughput behind a server: uvicorn on one core, wrk on the other."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.workloads import Workload

SERVE = """
import sys, uvicorn
from benchmarks.contestants import CONTESTANTS
app = CONTESTANTS[sys.argv[1]]()[sys.argv[2]]
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[3]), log_level="warning", access_log=False, lifespan="off",
            loop="uvloop", http="httptools")
"""
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
def server(contestant: str, app: str) -> Iterator[int]:
    """A server for one of a contestant's applications, on core 0 if the system can pin processes."""
    port = free_port()
    pin = ["taskset", "-c", "0"] if shutil.which("taskset") else []
    process = subprocess.Popen([*pin, sys.executable, "-c", SERVE, contestant, app, str(port)])
    try:
        wait_for(port)
        yield port
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


def requests_per_second(port: int, workload: Workload, seconds: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "request.lua"
        path.write_text(script(workload))
        pin = ["taskset", "-c", "1"] if shutil.which("taskset") else []
        url = f"http://127.0.0.1:{port}{workload.url}"
        command = [*pin, "wrk", "-t1", "-c32", f"-d{seconds}s", "-s", str(path), url]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = RATE.search(output)
    return float(found[1]) if found else 0.0


def run(
    contestants: Sequence[str], workloads: Sequence[Workload], seconds: int, rounds: int
) -> dict[str, dict[str, float | None]]:
    """Requests per second for every workload and contestant: servers one after the other, the best of each."""
    results: dict[str, dict[str, float | None]] = {}
    for workload in workloads:
        best: dict[str, float | None] = dict.fromkeys(contestants)
        for _ in range(rounds):
            for contestant in contestants:
                with contextlib.suppress(KeyError, TimeoutError), server(contestant, workload.app) as port:
                    if is_answered(port, workload):
                        rate = requests_per_second(port, workload, seconds)
                        best[contestant] = max(rate, best[contestant] or 0.0)
        results[workload.name] = best
    return results
