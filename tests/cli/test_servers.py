"""The Task Manager works alike on every server that its users may choose, and on ours in each way to listen."""

from __future__ import annotations

import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.certificates import authority
from tests.patience import PATIENCE

REPOSITORY: Final = Path(__file__).parents[2]
APPLICATION: Final = "examples.task_manager.main:app"
ALICE: Final = {"username": "alice", "password": "correct horse"}
ADDRESS: Final = re.compile(r"(?:running|[Ll]istening) (?:on|at:?) (https?)://\S+?:(\d+)")


@dataclass
class Started:
    """How to start a server, and how to reach it.

    Attributes:
        arguments: the module that Python runs, and its arguments.
        ends_with: the exit statuses after SIGTERM; uvicorn raises the signal again when it has stopped.
        socket: a Unix socket, if it listens there; else its log says where.
        client: what the client needs for TLS.
        passes: the number of a socket that the server inherits.
    """

    arguments: Sequence[str]
    ends_with: tuple[int, ...] = (0,)
    socket: Path | None = None
    client: ssl.SSLContext | bool = True
    passes: tuple[int, ...] = ()
    port: int | None = None


def on_uvicorn(http: str) -> Callable[[Path], Started]:
    def start(folder: Path) -> Started:
        return Started(["uvicorn", APPLICATION, "--port", "0", "--http", http], (0, -signal.SIGTERM))

    return start


def on_granian(folder: Path) -> Started:
    path = folder / "socket"
    return Started(["granian", "--interface", "asgi", "--uds", str(path), APPLICATION], socket=path)


def on_hypercorn(folder: Path) -> Started:
    path = folder / "socket"
    return Started(["hypercorn", "--bind", f"unix:{path}", APPLICATION], socket=path)


RUN: Final = ("typeway", "run", APPLICATION, "--host", "127.0.0.1", "--http", "typeway")


def on_typeway(*arguments: str) -> Callable[[Path], Started]:
    def start(folder: Path) -> Started:
        return Started([*RUN, "--port", "0", *arguments])

    return start


def over_tls(folder: Path) -> Started:
    signer = authority(folder)
    return Started([*RUN, "--port", "0", "--ssl-certfile", str(signer.certificate())], client=signer.for_client())


def on_a_unix_socket(folder: Path) -> Started:
    path = folder / "socket"
    return Started([*RUN, "--uds", str(path)], socket=path)


def on_an_open_socket(folder: Path) -> Started:
    listener = socket.create_server(("127.0.0.1", 0))
    port, number = listener.getsockname()[1], listener.detach()
    return Started([*RUN, "--fd", str(number)], passes=(number,), port=port)


SERVERS: Final = {
    "uvicorn with httptools": on_uvicorn("httptools"),
    "uvicorn with h11": on_uvicorn("h11"),
    "granian": on_granian,
    "hypercorn": on_hypercorn,
    "typeway": on_typeway(),
    "typeway over TLS": over_tls,
    "typeway on a Unix socket": on_a_unix_socket,
    "typeway on an open socket": on_an_open_socket,
}


@contextmanager
def served(started: Started, folder: Path) -> Iterator[tuple[httpx.Client, subprocess.Popen[bytes], Path]]:
    """Start a server in a folder of its own; a client of it, its process and its log are yielded."""
    paths = os.pathsep.join([str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])])
    variables = {
        "PYTHONPATH": paths,
        "TASK_MANAGER_SECRET_KEY": "a secret that is long enough for the tests",
        "TASK_MANAGER_ARGON2_TIME_COST": "1",
        "TASK_MANAGER_ARGON2_MEMORY_KIB": "32",
    }
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *started.arguments],
            cwd=folder, env={**os.environ, **variables}, stdout=output, stderr=output, pass_fds=started.passes,
        )  # fmt: skip
    for number in started.passes:
        os.close(number)
    try:
        with closing(until_it_answers(started, process, log)) as client:
            yield client, process, log
    finally:
        process.kill()
        process.wait()


def until_it_answers(started: Started, process: subprocess.Popen[bytes], log: Path) -> httpx.Client:
    """Return a client, once the server listens."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        found = ADDRESS.search(log.read_text(errors="replace"))
        scheme, port = (found[1], int(found[2])) if found is not None else ("http", started.port)
        if started.socket is not None and is_open(socket.AF_UNIX, str(started.socket)):
            transport = httpx.HTTPTransport(uds=str(started.socket))
            return httpx.Client(transport=transport, base_url="http://localhost", timeout=PATIENCE)
        if started.socket is None and port is not None and is_open(socket.AF_INET, ("127.0.0.1", port)):
            url = f"{scheme}://127.0.0.1:{port}"
            return httpx.Client(verify=started.client, base_url=url, trust_env=False, timeout=PATIENCE)
        time.sleep(0.05)
    raise AssertionError(f"the server did not start (status {process.poll()}):\n{log.read_text(errors='replace')}")


def is_open(family: socket.AddressFamily, address: str | tuple[str, int]) -> bool:
    """Whether a server listens at an address."""
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        return connection.connect_ex(address) == 0


def status_of_too_much(client: httpx.Client) -> int | None:
    """Send more than the application takes; None if the server resets the connection before the answer can be read."""
    try:
        return client.post("/tasks", content=b"a" * 70_000).status_code
    except httpx.TransportError:
        return None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM and no Unix sockets")
@pytest.mark.parametrize("name", SERVERS)
def test_the_task_manager_works_on_every_server(name: str, tmp_path: Path) -> None:
    """Accounts, tokens, tasks and errors are the same on each server; a signal ends it, and its application, without an error."""
    started = SERVERS[name](tmp_path)
    if find_spec(started.arguments[0]) is None:
        pytest.skip(f"{started.arguments[0]} is not installed")
    with served(started, tmp_path) as (client, process, log):
        assert client.post("/auth/register", json=ALICE).status_code == 201
        token = client.post("/auth/token", data=ALICE).json()["access_token"]
        client.headers["authorization"] = f"Bearer {token}"
        created = client.post("/tasks", json={"title": "Survive"})
        assert created.status_code == 201
        task = created.json()
        path = f"/tasks/{task['id']}"
        assert client.get(path).json() == task
        assert client.patch(path, json={"title": "Ärzte anrufen"}).json()["title"] == "Ärzte anrufen"
        assert [found["title"] for found in client.get("/tasks").json()] == ["Ärzte anrufen"]
        assert client.get("/tasks", headers={"authorization": "Bearer x"}).status_code == 401
        invalid = client.post("/tasks", json={"title": ""})
        assert invalid.status_code == 422
        assert "title" in invalid.text
        assert client.delete(path).status_code == 204
        assert client.get(path).status_code == 404
        assert client.get("/nowhere").status_code == 404
        # Last, because other servers reset the connection.
        assert status_of_too_much(client) in ((413, 415) if "typeway" in name else (413, 415, None))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) in started.ends_with, log.read_text(errors="replace")
        assert "Traceback" not in log.read_text(errors="replace")
