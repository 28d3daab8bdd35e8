"""Put the Task Manager under load, on this machine only: `python -m scripts.load [options]`, or `make load`.

Serves the JSON API of the example with Typeway, and the same application with FastAPI and uvicorn, on SQLite and on PostgreSQL, with
one and with two workers. Each of 32 connections sends one request after the other for some seconds: half of them list tasks, a quarter
reads one, the others create and change some. Prints requests per second, percentiles of the latency, errors, and the processor time
that the server took.

The client and PostgreSQL need a processor too: on two cores, two workers share them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

from examples.task_manager.tests.databases import create_database, drop_database, migrate

ROOT: Final = Path(__file__).parents[1]
PATIENCE: Final = 60.0  # seconds until a server answers
WARM_UP: Final = 1.0  # seconds that are not counted
MOST_SECONDS: Final = 60.0
API: Final = ("--factory", "examples.task_manager.api:create_api")
COMMANDS: Final = {
    "typeway": ("-m", "typeway", "run", *API, "--no-access-log", "--log-level", "warning"),
    "fastapi": ("-m", "examples.alias_framework", "uvicorn", *API, "--no-access-log", "--log-level", "warning"),
}
USERS: Final = 8
TASKS: Final = 50


@dataclass(slots=True)
class Measured:
    """What one run has shown."""

    seconds: float
    latencies: list[float] = field(default_factory=list)
    errors: int = 0
    processor: float = 0.0  # seconds that all processes of the server took

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, part: float) -> float:
        """Return a latency in milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * part), len(ordered) - 1)] * 1000 if ordered else float("nan")


class Connection:
    """One connection that is kept; it understands what this server sends: a Content-Length, or no body."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port: int) -> Connection:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, bytes]:
        """Send one request and return the status and the body."""
        head = {"Host": "127.0.0.1", **headers, "Content-Length": str(len(body))}
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        self.writer.write(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body)
        answer = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        _, _, rest = answer.partition("content-length: ")
        length = int(rest.partition("\r\n")[0]) if rest else 0
        return int(answer[9:12]), await self.reader.readexactly(length)


async def prepare(port: int) -> list[tuple[dict[str, str], list[int]]]:
    """Register users with tasks; return the headers and the ids of each."""
    connection = await Connection.open(port)
    as_json = {"Content-Type": "application/json"}
    people = []
    for number in range(USERS):
        person = {"username": f"user{number}", "password": "correct horse"}
        await connection.ask("POST", "/auth/register", as_json, json.dumps(person).encode())
        form = f"username=user{number}&password=correct+horse".encode()
        _, body = await connection.ask(
            "POST", "/auth/token", {"Content-Type": "application/x-www-form-urlencoded"}, form
        )
        headers = {"Authorization": f"Bearer {json.loads(body)['access_token']}", **as_json}
        ids = []
        for task in range(TASKS):
            content = json.dumps({"title": f"Task {task}", "description": "d" * 100, "priority": task % 5 + 1})
            status, body = await connection.ask("POST", "/tasks", headers, content.encode())
            if status != 201:
                raise SystemExit(f"a task was not created: {body!r}")
            ids.append(json.loads(body)["id"])
        people.append((headers, ids))
    connection.writer.close()
    return people


def next_request(chance: random.Random, ids: list[int], name: str) -> tuple[str, str, bytes]:
    """Choose a request: mostly reads, as with most applications."""
    draw = chance.random()
    if draw < 0.50:
        return "GET", "/tasks?limit=20&sort=-priority", b""
    if draw < 0.75:
        return "GET", f"/tasks/{chance.choice(ids)}", b""
    if draw < 0.90:
        return "PATCH", f"/tasks/{chance.choice(ids)}", json.dumps({"priority": chance.randint(1, 5)}).encode()
    return "POST", "/tasks", json.dumps({"title": name}).encode()


async def put_under_load(port: int, pids: list[int], connections: int, seconds: float, seed: int) -> Measured:
    """Send requests on several connections at once."""
    people = await prepare(port)
    measured = Measured(seconds)
    begin = time.perf_counter() + WARM_UP
    end = begin + seconds

    async def send(number: int) -> None:
        chance = random.Random(seed * 1000 + number)
        headers, ids = people[number % USERS]
        connection = await Connection.open(port)
        count = 0
        while (started := time.perf_counter()) < end:
            count += 1
            request = next_request(chance, ids, f"Task {number}.{count}")
            try:
                status, _ = await connection.ask(*request[:2], headers, request[2])
            except (OSError, asyncio.IncompleteReadError):
                status, connection = 599, await Connection.open(port)
            if started >= begin:
                measured.errors += status >= 400
                measured.latencies.append(time.perf_counter() - started)
        connection.writer.close()

    async def watch_processor() -> None:
        await asyncio.sleep(begin - time.perf_counter())
        before = processor_seconds(pids)
        await asyncio.sleep(end - time.perf_counter())
        measured.processor = processor_seconds(pids) - before

    await asyncio.gather(watch_processor(), *(send(number) for number in range(connections)))
    return measured


def processor_seconds(pids: list[int]) -> float:
    """Return what processes and their children have taken so far."""
    total, known = 0.0, set(pids)
    for _ in range(3):  # a worker may be a child of a child
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                text = path.read_text()
            except OSError:
                continue
            if int(text.rpartition(") ")[2].split()[1]) in known:
                known.add(int(path.parent.name))
    for pid in known:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


@contextmanager
def served(framework: str, database: str, workers: int, folder: Path) -> Iterator[tuple[int, list[int]]]:
    """Serve the application; yield the port and the processes."""
    variables = {
        "DATABASE_URL": database,
        "TASK_MANAGER_SECRET_KEY": "a secret that only this script knows, long enough",
        "TASK_MANAGER_LOG_LEVEL": "WARNING",
        "TASK_MANAGER_ATTACHMENTS_FOLDER": str(folder / "attachments"),
        "TASK_MANAGER_ARGON2_TIME_COST": "1",
        "TASK_MANAGER_ARGON2_MEMORY_KIB": "32",
        "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}",
    }
    with socket.socket() as listener, ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1024)
        command = [sys.executable, *COMMANDS[framework], "--fd", str(listener.fileno())]
        # uvicorn starts workers anew, without the alias; processes that accept on one socket do the same.
        commands = [[*command, "--workers", str(workers)]] if framework == "typeway" else [command] * workers
        log = stack.enter_context((folder / "server.log").open("w"))
        processes = []
        for each in commands:
            process = subprocess.Popen(
                each, cwd=folder, env=os.environ | variables, pass_fds=[listener.fileno()], stdout=log, stderr=log
            )
            stack.callback(process.wait, PATIENCE)
            stack.callback(process.terminate)
            processes.append(process)
        port = listener.getsockname()[1]
        if not asyncio.run(wait_for(port)):
            raise SystemExit((folder / "server.log").read_text())
        yield port, [process.pid for process in processes]


async def wait_for(port: int) -> bool:
    """Wait until the application answers several times in a row, as each worker may be the one that is asked; or False."""
    end, good = time.monotonic() + PATIENCE, 0
    while time.monotonic() < end:
        try:
            connection = await Connection.open(port)
            status, _ = await asyncio.wait_for(connection.ask("GET", "/health/ready", {}), PATIENCE)
            connection.writer.close()
        except (OSError, asyncio.IncompleteReadError):
            status = 0
        good = good + 1 if status == 200 else 0
        if good == 20:
            return True
        if not good:
            await asyncio.sleep(0.1)
    return False


@contextmanager
def database_of(kind: str, folder: Path) -> Iterator[str]:
    """Create a database with the tables of the application."""
    if kind == "sqlite":
        url = f"sqlite+aiosqlite:///{folder}/tasks.db"
        migrate(url)
        yield url
        return
    url = create_database()
    try:
        migrate(url)
        yield url
    finally:
        drop_database(url)


def measure(framework: str, kind: str, workers: int, options: Any, seed: int) -> Measured:
    """Start a server with an empty database, put it under load, and stop it."""
    folder = Path(tempfile.mkdtemp(prefix="load-"))
    try:
        with database_of(kind, folder) as url, served(framework, url, workers, folder) as (port, pids):
            measured = asyncio.run(put_under_load(port, pids, options.connections, options.seconds, seed))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return measured


def main() -> None:
    """Measure everything in turns and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0, help=f"for each start, at most {MOST_SECONDS:.0f}")
    parser.add_argument(
        "--rounds", type=int, default=3, help="how often each server is started, in turns; the median counts"
    )
    parser.add_argument("--connections", type=int, default=32, help="at most 256")
    parser.add_argument("--databases", nargs="+", choices=("sqlite", "postgresql"), default=["sqlite", "postgresql"])
    parser.add_argument("--workers", nargs="+", type=int, choices=(1, 2, 4), default=[1, 2])
    options = parser.parse_args()
    options.seconds = min(options.seconds, MOST_SECONDS)
    options.connections = min(options.connections, 256)
    # So that servers are stopped and databases are dropped then, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    plan = [(kind, workers, each) for kind in options.databases for workers in options.workers for each in COMMANDS]
    results: dict[tuple[str, int, str], list[Measured]] = {}
    for seed in range(options.rounds):
        for kind, workers, framework in plan:
            measured = measure(framework, kind, workers, options, seed)
            results.setdefault((kind, workers, framework), []).append(measured)
            print(f"{kind} {workers} {framework}: {measured.rate:.0f}/s", file=sys.stderr, flush=True)
    print(
        "| database | workers | served by | requests per second | p50 ms | p99 ms | errors | processor µs per request |"
    )
    print("|---|---:|---|---:|---:|---:|---:|---:|")
    for (kind, workers, framework), runs in results.items():
        cells = [
            f"{median(run.rate for run in runs):,.0f}",
            f"{median(run.percentile(0.50) for run in runs):.1f}",
            f"{median(run.percentile(0.99) for run in runs):.1f}",
            str(sum(run.errors for run in runs)),
            f"{median(run.processor / (len(run.latencies) or 1) for run in runs) * 1e6:,.0f}",
        ]
        print(f"| {kind} | {workers} | {framework} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
