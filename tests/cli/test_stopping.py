"""Servers stop, restart and replace their workers without losing a request: real processes, real clients."""

import http.client
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import pytest

from tests.cli.conftest import Server, Start, Write
from tests.patience import PATIENCE

Connect = Callable[[Server], http.client.HTTPConnection]

APPLICATION = """
import asyncio
import os
from contextlib import asynccontextmanager
from pathlib import Path

from typeway import Depends, Typeway
from typeway.health import ready
from typeway.responses import EventSourceResponse


@asynccontextmanager
async def lifespan(app):
    yield
    Path("ended").write_text("yes")


app = Typeway(lifespan=lifespan)


@app.get("/")
async def process() -> int:
    return os.getpid()


@app.get("/ready", dependencies=[Depends(ready)])
async def is_ready() -> str:
    return "ready"


@app.get("/wait")
async def wait(seconds: float) -> float:
    Path("waiting").touch()
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        Path("cancelled").touch()
        raise
    return seconds


@app.get("/events", response_class=EventSourceResponse)
async def events():
    while True:
        yield "tick"
        await asyncio.sleep(0.05)
"""


@dataclass
class Clients:
    """Clients that ask again and again, each on a connection of its own, until they are told to stop."""

    port: int
    keep: bool
    number: int = 8
    answered: int = 0
    processes: set[str] = field(default_factory=set)
    lost: list[str] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self.threads = [threading.Thread(target=self.ask) for _ in range(self.number)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def ask(self) -> None:
        """Send requests; a connection that cannot be made is no loss, an answer that does not come is."""
        connection = None
        while not self.is_over.is_set():
            if connection is None:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
                try:
                    connection.connect()
                except OSError:
                    connection = None
                    time.sleep(0.01)
                    continue
            try:
                connection.request("GET", "/", headers={} if self.keep else {"Connection": "close"})
                answer = connection.getresponse()
                self.processes.add(answer.read().decode())
                self.answered += 1
                closes = answer.getheader("connection") == "close"
            except (OSError, http.client.HTTPException) as error:
                self.lost.append(repr(error))
                closes = True
            if closes:
                connection.close()
                connection = None
        if connection is not None:
            connection.close()


def port_of(server: Server) -> int:
    port = urlsplit(server.address).port
    assert port is not None
    return port


def served(server: Server, path: str = "/") -> bytes:
    """Ask until the server answers."""

    def ask() -> bytes | None:
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port_of(server), timeout=PATIENCE)
            with closing(connection):
                connection.request("GET", path, headers={"Connection": "close"})
                return connection.getresponse().read()
        return None

    answer = server.until(ask)
    assert isinstance(answer, bytes)
    return answer


def started(server: Server) -> list[int]:
    """The ids of the processes that have started to serve, in order."""
    return [int(number) for number in re.findall(r"Started server process \[(\d+)\]", "".join(server.log))]


def wait(found: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not found() and time.monotonic() < end:
        time.sleep(0.05)
    return found()


def exists(path: Path) -> Callable[[], bool]:
    return path.exists


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Connect to a server; the connections are closed after the test."""
    with ExitStack() as stack:

        def connect(server: Server) -> http.client.HTTPConnection:
            connection = http.client.HTTPConnection("127.0.0.1", port_of(server), timeout=PATIENCE)
            stack.callback(connection.close)
            return connection

        yield connect


@pytest.fixture
def run(write: Write, start: Start) -> Callable[..., Server]:
    """Start `typeway run` with the application above, and wait until it serves."""

    def run(*arguments: str) -> Server:
        write({"main.py": APPLICATION})
        server = start("run", "main:app", "--host", "127.0.0.1", "--port", "0", "--no-access-log", *arguments)
        served(server)
        return server

    return run


@pytest.mark.parametrize("keep", [True, False], ids=["kept connections", "new connections"])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_no_request_is_lost_when_the_server_stops(run: Callable[..., Server], workers: str, keep: bool) -> None:
    """SIGTERM lets every request finish that has reached the server, whatever the number of workers; the status is 0."""
    server = run("--workers", workers)
    with Clients(port_of(server), keep) as clients:
        server.until(lambda: clients.answered > 200)
        status = server.end(signal.SIGTERM)
    assert clients.lost == []
    assert status == 0
    assert "Traceback" not in "".join(server.log)


def test_a_rolling_restart_replaces_the_workers_and_loses_nothing(run: Callable[..., Server]) -> None:
    """SIGHUP replaces one worker after the other, each when its successor is ready."""
    server = run("--workers", "2")
    server.until(lambda: len(started(server)) == 2)
    with Clients(port_of(server), keep=True) as clients:
        server.until(lambda: clients.answered > 100)
        server.process.send_signal(signal.SIGHUP)
        server.until(lambda: len(started(server)) == 4 and "".join(server.log).count("Finished server process") == 2)
        before = clients.answered
        server.until(lambda: clients.answered > before + 100)
    assert clients.lost == []
    assert not clients.processes - {str(number) for number in started(server)}
    assert server.end(signal.SIGTERM) == 0


def test_a_killed_worker_is_replaced(run: Callable[..., Server]) -> None:
    """The others serve on, and a new process takes the place of the one that has died."""
    server = run("--workers", "2")
    server.until(lambda: len(started(server)) == 2)
    with Clients(port_of(server), keep=False) as clients:
        server.until(lambda: clients.answered > 100)
        os.kill(started(server)[0], signal.SIGKILL)
        server.until(lambda: len(started(server)) == 3)
        before = clients.answered
        server.until(lambda: clients.answered > before + 100)
    # At most one request of each client was in that process.
    assert len(clients.lost) <= clients.number
    assert server.end(signal.SIGTERM) == 0


def test_workers_end_when_their_parent_is_killed(run: Callable[..., Server]) -> None:
    """Nobody serves on after the parent, and so the port is free."""
    server = run("--workers", "2")
    port = port_of(server)
    server.process.kill()
    server.process.wait(timeout=PATIENCE)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return
        time.sleep(0.05)
    raise AssertionError("the workers still listen")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", ["run", "run --workers 2", "dev"])
def test_a_signal_to_all_processes_counts_once(
    write: Write, start: Start, connect: Connect, tmp_path: Path, command: str, number: signal.Signals
) -> None:
    """Ctrl+C in a terminal reaches the parent and its processes: requests finish, and the application ends in order."""
    write({"main.py": APPLICATION})
    name, *options = command.split()
    server = start(name, "main:app", "--host", "127.0.0.1", "--port", "0", *options)
    served(server)
    connection = connect(server)
    connection.request("GET", "/wait?seconds=0.5")
    server.until(exists(tmp_path / "waiting"))
    os.killpg(server.process.pid, number)
    assert connection.getresponse().read() == b"0.5"
    server.process.wait(timeout=PATIENCE)
    assert (tmp_path / "ended").exists(), server.log
    assert not re.search("unsupported|Traceback|Cancelled", "".join(server.log)), server.log


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_request_in_flight_finishes(
    run: Callable[..., Server], connect: Connect, tmp_path: Path, workers: str
) -> None:
    """A slow request that began before the signal gets its answer, and then the application ends."""
    server = run("--workers", workers)
    connection = connect(server)
    connection.request("GET", "/wait?seconds=1")
    server.until(exists(tmp_path / "waiting"))
    server.process.send_signal(signal.SIGTERM)
    assert connection.getresponse().read() == b"1.0"
    assert server.process.wait(timeout=PATIENCE) == 0
    assert (tmp_path / "ended").exists()


def test_a_request_that_takes_too_long_is_cancelled(
    run: Callable[..., Server], connect: Connect, tmp_path: Path
) -> None:
    """After --graceful-timeout what still runs is cancelled, and the server ends."""
    server = run("--graceful-timeout", "1")
    connection = connect(server)
    connection.request("GET", "/wait?seconds=600")
    server.until(exists(tmp_path / "waiting"))
    assert server.end(signal.SIGTERM) == 0
    assert (tmp_path / "cancelled").exists()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_second_signal_does_not_wait(
    run: Callable[..., Server], connect: Connect, tmp_path: Path, workers: str
) -> None:
    """An operator who insists does not wait for requests."""
    server = run("--workers", workers, "--graceful-timeout", "600")
    connection = connect(server)
    connection.request("GET", "/wait?seconds=600")
    server.until(exists(tmp_path / "waiting"))
    server.process.send_signal(signal.SIGTERM)
    server.until(lambda: "Shutting down" in "".join(server.log))
    server.end(signal.SIGTERM)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_streams_of_events_end_with_the_server(run: Callable[..., Server], connect: Connect, workers: str) -> None:
    """An open stream of events is ended as a whole response, so that its client connects again."""
    server = run("--workers", workers, "--graceful-timeout", "600")
    connection = connect(server)
    connection.request("GET", "/events")
    stream = connection.getresponse()
    assert stream.readline() == b'data: "tick"\n'
    server.process.send_signal(signal.SIGTERM)
    assert stream.read().endswith(b"\n")  # an IncompleteRead is raised for a stream that was cut
    assert server.process.wait(timeout=PATIENCE) == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_application_that_does_not_start_is_a_failure(write: Write, start: Start, workers: str) -> None:
    """With any number of workers a lifespan that raises ends the server with a status that is not 0."""
    write({"main.py": APPLICATION.replace("    yield\n", '    raise ValueError("no database")\n    yield\n', 1)})
    server = start("run", "main:app", "--host", "127.0.0.1", "--port", "0", "--workers", workers)
    assert server.process.wait(timeout=PATIENCE) not in (0, None)


def test_a_worker_is_replaced_after_its_requests(run: Callable[..., Server]) -> None:
    """--max-requests gives every worker an end, and the server goes on."""
    server = run("--workers", "1", "--max-requests", "1000000")
    assert server.end(signal.SIGTERM) == 0
    server = run("--workers", "2", "--max-requests", "50", "--max-requests-jitter", "5")
    with Clients(port_of(server), keep=True) as clients:
        server.until(lambda: len(started(server)) > 3)
    assert clients.lost == []


def test_development_restarts_at_once_with_an_open_stream(write: Write, start: Start, connect: Connect) -> None:
    """A browser that listens to events does not hold a restart up, and requests meanwhile wait instead of failing."""
    folder = write({"main.py": APPLICATION})
    server = start("dev", "main:app", "--port", "0")
    served(server)
    connection = connect(server)
    connection.request("GET", "/events")
    assert connection.getresponse().readline() == b'data: "tick"\n'
    changed = APPLICATION.replace("return os.getpid()", "return -1")

    with Clients(port_of(server), keep=False, number=2) as clients:

        def is_new() -> bool:
            (folder / "main.py").write_text(changed)
            return wait(lambda: "-1" in clients.processes, seconds=10)

        server.until(is_new)
    assert clients.lost == []


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_load_balancer_is_told_before_the_server_stops(run: Callable[..., Server], workers: str) -> None:
    """With --drain-delay the readiness check answers 503 after the signal, while new connections are still served."""
    server = run("--workers", workers, "--drain-delay", "600")
    assert served(server, "/ready") == b'"ready"'
    server.process.send_signal(signal.SIGTERM)
    server.until(lambda: served(server, "/ready") == b'{"detail":"The server is stopping."}')
    assert served(server).isdigit()
    server.end(signal.SIGTERM)  # a second signal does not wait


def holding(application: str, **places: str) -> str:
    """Return the application with code that runs when it is imported, or before it starts."""
    application = application.replace("    yield\n", f"    {places.get('start', 'pass')}\n    yield\n", 1)
    return application + "\n" + places.get("imported", "")


def test_a_signal_is_heard_while_a_worker_cannot_start(write: Write, start: Start, tmp_path: Path) -> None:
    """Between two attempts to replace a worker that does not start, the server stops as at any other time."""
    code = """
from typeway.protocol import workers

workers.SHORTEST_PAUSE = workers.LONGEST_PAUSE = 3600.0
if Path("broken").exists():
    raise SystemExit(7)
"""
    write({"main.py": holding(APPLICATION, imported=code)})
    server = start("run", "main:app", "--host", "127.0.0.1", "--port", "0", "--workers", "2")
    served(server)
    server.until(lambda: len(started(server)) == 2)
    (tmp_path / "broken").touch()
    os.kill(started(server)[0], signal.SIGKILL)
    server.until(lambda: "trying again in 3600.0 s" in "".join(server.log))
    assert served(server).isdigit()
    assert server.end(signal.SIGTERM) == 0


def test_a_worker_that_dies_during_a_rolling_restart_is_replaced(write: Write, start: Start, tmp_path: Path) -> None:
    """However the restart goes, the server has as many workers afterwards as before."""
    wait_for_it = """while Path("hold").exists():
        await asyncio.sleep(0.01)"""
    write({"main.py": holding(APPLICATION, start=wait_for_it)})
    server = start("run", "main:app", "--host", "127.0.0.1", "--port", "0", "--workers", "2")
    served(server)
    server.until(lambda: len(started(server)) == 2)
    (tmp_path / "hold").touch()
    server.process.send_signal(signal.SIGHUP)
    server.until(lambda: len(started(server)) == 3)
    os.kill(started(server)[0], signal.SIGKILL)
    server.until(lambda: f"[{started(server)[0]}] died" in "".join(server.log))
    (tmp_path / "hold").unlink()
    server.until(lambda: len(started(server)) == 4)
    server.until(lambda: f"Finished server process [{started(server)[1]}]" in "".join(server.log))
    assert served(server).isdigit()
    assert server.end(signal.SIGTERM) == 0
