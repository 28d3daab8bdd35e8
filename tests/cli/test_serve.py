"""`typeway run` and `typeway dev` serve: real processes on free ports, ended by signals."""

import http.client
import json
import re
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.certificates import authority
from tests.cli.conftest import APP, Command, Start, Write
from tests.patience import PATIENCE

ENVIRONMENT = """
import json
import os

from starlette.responses import JSONResponse
from starlette.routing import Route
from typeway import Typeway


def show(request):
    return JSONResponse(
        {
            "env": os.environ.get("TYPEWAY_ENV"),
            "process": os.getpid(),
            "client": request.client.host,
            "root_path": request.scope["root_path"],
            "answer": 1,
        }
    )


app = Typeway(routes=[Route("/", show)])


def create_app():
    return app
"""

EXTRA = """
import logging

from typeway import Typeway

app = Typeway()
make_record = logging.getLogRecordFactory()


def with_tenant(*args, **options):
    record = make_record(*args, **options)
    record.tenant = "acme"
    return record


logging.setLogRecordFactory(with_tenant)


@app.get("/")
async def order() -> dict[str, int]:
    logging.getLogger("shop").info("Ordered", extra={"order": {"id": 7}, "level": "loud"})
    return {"id": 7}
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_serves_until_it_is_told_to_stop(write: Write, start: Start, number: signal.Signals) -> None:
    """A server on any free port answers, knows its root path, leaves the environment alone, and ends by a signal."""
    write({"main.py": ENVIRONMENT})
    server = start("run", "main:app", "--host", "127.0.0.1", "--port", "0", "--root-path", "/api")
    answer = server.get()
    assert answer["env"] is None
    assert answer["root_path"] == "/api"
    assert server.end(number) == 0
    assert "Serving main:app\n" in server.log
    assert "Traceback" not in "".join(server.log)


def test_port_comes_from_the_environment(write: Write, start: Start) -> None:
    """PORT names the port, and the greeting says where the documentation is."""
    write({"main.py": ENVIRONMENT})
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = start("run", "main.py", PORT=str(port))
    assert server.address == f"http://0.0.0.0:{port}"
    server.get()
    assert f"Serving main:app, documentation at http://127.0.0.1:{port}/docs\n" in server.log


@pytest.mark.parametrize(
    ("option", "client"), [("--proxy-headers", "203.0.113.9"), ("--no-proxy-headers", "127.0.0.1")]
)
def test_proxy_headers_are_believed_unless_told_otherwise(write: Write, start: Start, option: str, client: str) -> None:
    """X-Forwarded-For of a trusted proxy names the client, unless that is switched off."""
    write({"main.py": ENVIRONMENT})
    server = start("run", "--host", "127.0.0.1", "--port", "0", option, "--forwarded-allow-ips", "127.0.0.1")
    assert server.get(**{"X-Forwarded-For": "203.0.113.9"})["client"] == client


@pytest.mark.parametrize(
    ("option", "trusted", "warns"),
    [("10.0.0.1", "", True), ("*", "", True), ("127.0.0.1", "", False), ("10.0.0.1", "trusted_hosts=['*'], ", False)],
)
def test_run_warns_of_every_host_behind_a_proxy(
    write: Write, start: Start, option: str, trusted: str, warns: bool
) -> None:
    """A server that trusts a proxy says so if the application answers for every host."""
    write({"main.py": ENVIRONMENT.replace("Typeway(", f"Typeway({trusted}")})
    server = start("run", "--host", "127.0.0.1", "--port", "0", "--forwarded-allow-ips", option)
    server.get()
    assert any("trusted_hosts" in line for line in server.log) is warns


def test_workers_are_processes_of_their_own(write: Write, start: Start) -> None:
    """With several workers the application, made by its factory, is served by other processes than the first."""
    write({"main.py": ENVIRONMENT})
    server = start("run", "main", "--factory", "--host", "127.0.0.1", "--port", "0", "--workers", "2")
    assert server.get()["process"] != server.process.pid
    server.end(signal.SIGINT)
    assert "Traceback" not in "".join(server.log)


@pytest.mark.parametrize("arguments", [[], ["--reload-dir", "."]], ids=["this folder", "named"])
def test_dev_starts_again_when_a_file_changes(write: Write, start: Start, arguments: list[str]) -> None:
    """`typeway dev` says that it is development, and serves what the file says now; environments are not watched."""
    folder = write({"main.py": ENVIRONMENT, "env/pyvenv.cfg": "", "env/installed.py": "", ".hidden/tool.py": ""})
    server = start("dev", "--port", "0", *arguments)
    assert server.get()["env"] == "development"
    server.until(lambda: "It restarts when a file in" in "".join(server.log))
    # The watcher compares times of files; a change within its first moment could be missed, so write until it is seen.
    # The number is longer than the first: Python may take a file of the same size and second for what it has compiled.
    number = 22

    def changed() -> bool:
        for name in ("env/installed.py", ".hidden/tool.py"):
            (folder / name).write_text(f"ANSWER = {number}")
        (folder / "main.py").write_text(ENVIRONMENT.replace('"answer": 1', f'"answer": {number}'))
        time.sleep(0.5)
        return server.get()["answer"] == number

    server.until(changed)
    server.end(signal.SIGINT)
    seen = {name for line in server.log if "detected changes in" in line for name in re.findall(r"'([^']+)'", line)}
    assert seen == {"main.py"}


def test_dev_without_reload_keeps_the_environments_word(write: Write, start: Start) -> None:
    """TYPEWAY_ENV that is set already stays, and --no-reload serves from the first process."""
    write({"main.py": ENVIRONMENT})
    server = start("dev", "--no-reload", "--port", "0", TYPEWAY_ENV="staging")
    answer = server.get()
    assert answer["env"] == "staging"
    assert answer["process"] == server.process.pid


@pytest.fixture
def taken() -> Iterator[int]:
    """Hold a port for the length of a test."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


@pytest.mark.parametrize("arguments", [["run", "--host", "localhost"], ["dev"], ["run", "--workers", "2"]])
def test_taken_port_gets_one_line(write: Write, command: Command, taken: int, arguments: list[str]) -> None:
    """A port that another program has is said in one line before the application starts."""
    write({"main.py": APP.format(name="app")})
    outcome = command(*arguments, "--port", str(taken))
    assert outcome.status == 1
    assert outcome.err.startswith(f"typeway: port {taken} on ")
    assert "is taken by another program; choose another with --port" in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize(
    ("host", "complaint"),
    [
        ("192.0.2.1", "192.0.2.1 is not an address of this machine; choose another with --host"),
        ("no such host", "'no such host' is not a host name or an address that this machine can resolve"),
    ],
)
def test_unusable_host_gets_one_line(write: Write, command: Command, host: str, complaint: str) -> None:
    """An address that cannot be listened on is said in one line."""
    write({"main.py": APP.format(name="app")})
    outcome = command("run", "--host", host, "--port", "0")
    assert (outcome.status, outcome.err) == (1, f"typeway: {complaint}\n")


def test_failing_factory_is_told_before_anything_is_served(write: Write, command: Command) -> None:
    """A factory that raises gets one line from `run` too."""
    write({"main.py": "def create_app():\n    raise ValueError('no database')\n"})
    outcome = command("run", "--factory", "--host", "127.0.0.1", "--port", "0")
    assert outcome.status == 1
    assert outcome.err.startswith("typeway: main.py:2: ValueError: no database")


def test_failing_start_up_is_not_success(write: Write, start: Start) -> None:
    """An application whose lifespan raises ends the program with a status that is not 0."""
    write(
        {
            "main.py": """
            from contextlib import asynccontextmanager
            from typeway import Typeway

            @asynccontextmanager
            async def lifespan(app):
                raise ValueError("no database")
                yield

            app = Typeway(lifespan=lifespan)
            """
        }
    )
    server = start("run", "--host", "127.0.0.1", "--port", "0")
    assert server.process.wait(timeout=PATIENCE) != 0


def test_a_route_that_cannot_be_served_is_warned_of_at_the_start(write: Write, start: Start) -> None:
    """A name that is still undefined when all modules are imported is reported before the first request; the rest is served."""
    write(
        {
            "main.py": """
            from typeway import Typeway

            app = Typeway()

            @app.get("/")
            def read() -> dict[str, str]:
                return {"answer": "here"}

            @app.get("/broken")
            def fail(value: "Undefined"):
                return value
            """
        }
    )
    server = start("run", "main:app", "--host", "127.0.0.1", "--port", "0")
    assert server.get() == {"answer": "here"}
    (warning,) = [line for line in server.log if line.startswith("Warning: ")]
    assert "/broken cannot be served. " in warning
    assert "main.py:10" in warning
    assert "the name 'Undefined' in the type of parameter 'value' is not defined. Hint: " in warning


def test_what_can_hardly_be_meant_is_warned_of_at_the_start(write: Write, start: Start) -> None:
    """A route that declares what it can hardly mean is served, and shown with its line when the server starts."""
    write(
        {
            "main.py": """
            from typeway import Typeway

            app = Typeway()

            @app.get("/tasks/{task_id}")
            @app.get("/")
            def read() -> dict[str, str]:
                return {"answer": "here"}
            """
        }
    )
    server = start("run", "main:app", "--host", "127.0.0.1", "--port", "0")
    assert server.get() == {"answer": "here"}
    (warning,) = [line for line in server.log if line.startswith("Warning: ")]
    assert "main.py:6: GET /tasks/{task_id}: nothing takes {task_id} from the path. Hint: " in warning


def test_logs_can_be_json(write: Write, start: Start) -> None:
    """--log-format json makes every line an object, also the greeting; each request has one, with its parts."""
    write({"main.py": ENVIRONMENT})
    server = start("run", "--host", "127.0.0.1", "--port", "0", "--log-format", "json")
    server.get()
    assert server.end(signal.SIGTERM) == 0
    entries = [json.loads(line) for line in server.log]
    assert {"time", "level", "logger", "message"} <= set.intersection(*(set(entry) for entry in entries))
    assert entries[0]["message"].startswith("Serving main:app")
    (request,) = [entry for entry in entries if entry["logger"] == "uvicorn.access"]
    assert (request["method"], request["path"], request["status"]) == ("GET", "/", 200)
    assert request["duration_ms"] > 0


def test_json_logs_have_the_extra_members_of_a_message(write: Write, start: Start) -> None:
    """What an application gives a message with `extra=`, or its record factory adds, is a member of the object."""
    write({"main.py": EXTRA})
    server = start("run", "--host", "127.0.0.1", "--port", "0", "--log-format", "json")
    server.get()
    assert server.end(signal.SIGTERM) == 0
    entries = [json.loads(line) for line in server.log]
    (entry,) = [entry for entry in entries if entry["logger"] == "shop"]
    assert set(entry) == {"time", "level", "logger", "message", "order", "tenant"}
    assert (entry["order"], entry["level"]) == ({"id": 7}, "info")
    assert all(entry["tenant"] == "acme" for entry in entries if entry["logger"] == "uvicorn.access")


def test_a_unix_socket_is_served_and_removed(write: Write, start: Start) -> None:
    """--uds listens on a socket file, which is gone afterwards."""
    folder = write({"main.py": APP.format(name="app")})
    server = start("run", "--uds", "server.sock")

    def ask() -> bytes:
        with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
            client.connect(str(folder / "server.sock"))
            client.sendall(b"GET /app HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return b"".join(iter(lambda: client.recv(65536), b""))
        return b""

    answer = server.until(ask)
    assert isinstance(answer, bytes)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert not any("documentation at" in line for line in server.log)  # there is no such address
    assert server.end(signal.SIGTERM) == 0
    assert not (folder / "server.sock").exists()


def test_limits_come_from_options_and_from_the_environment(write: Write, start: Start) -> None:
    """Each option of `run` has a variable; a request over the limit is refused before the application sees it."""
    write({"main.py": ENVIRONMENT})
    server = start(
        "run", "--host", "127.0.0.1", "--port", "0", "--workers", "2", "--header-count", "6",
        TYPEWAY_RUN_REQUEST_LINE_SIZE="100",
    )  # fmt: skip
    server.get()
    place = urlsplit(server.address)

    def status(target: str, **headers: str) -> int:
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE)
        with closing(connection):
            connection.request("GET", target, headers=headers)
            return connection.getresponse().status

    assert status("/") == 200
    assert status("/?" + "x" * 100) == 414
    assert status("/", **{f"x{number}": "1" for number in range(6)}) == 431


def test_an_environment_file_is_read_before_the_application(write: Write, start: Start) -> None:
    """--env-file sets variables that are not set yet."""
    write({"main.py": ENVIRONMENT, "settings.env": "TYPEWAY_ENV=from-the-file\n"})
    server = start("run", "--host", "127.0.0.1", "--port", "0", "--env-file", "settings.env")
    assert server.get()["env"] == "from-the-file"


@pytest.mark.parametrize("choice", ["typeway", "uvicorn"])
def test_the_class_that_reads_http_can_be_chosen(write: Write, start: Start, choice: str) -> None:
    """--http uvicorn goes back to uvicorn's own class, which accepts what ours refuses: two Host headers."""
    write({"main.py": ENVIRONMENT})
    server = start("run", "--host", "127.0.0.1", "--port", "0", "--http", choice)
    server.get()
    place = urlsplit(server.address)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=PATIENCE) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.split(b" ")[1] == {"typeway": b"400", "uvicorn": b"200"}[choice]


@pytest.mark.parametrize("mistake", ["another key", "no certificate", "no key", "encrypted key", "no authority"])
def test_files_of_tls_that_do_not_fit_get_one_line(
    write: Write, command: Command, tmp_path: Path, mistake: str
) -> None:
    """What is wrong with the files of TLS is said before the application starts, and nobody is asked for a password."""
    signer = authority(tmp_path)
    good, other, text = signer.certificate(), signer.certificate(), tmp_path / "text"
    text.write_text("this is not PEM")
    files = {
        "another key": ["--ssl-certfile", good, "--ssl-keyfile", other],
        "no certificate": ["--ssl-keyfile", good],
        "no key": ["--ssl-certfile", signer.certificate_of_its_own],
        "encrypted key": ["--ssl-certfile", good, "--ssl-keyfile", encrypted(good, tmp_path)],
        "no authority": ["--ssl-certfile", good, "--ssl-ca-certs", text],
    }[mistake]
    write({"main.py": APP.format(name="app")})
    outcome = command("run", "main:app", "--host", "127.0.0.1", "--port", "0", *map(str, files))
    assert outcome.status != 0
    assert len(outcome.err.splitlines()) == 1
    assert "--ssl-" in outcome.err


def encrypted(path: Path, folder: Path) -> Path:
    """Return a private key that needs a password."""
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    kind = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    found = folder / "encrypted.pem"
    found.write_bytes(key.private_bytes(*kind, serialization.BestAvailableEncryption(b"secret")))
    return found
