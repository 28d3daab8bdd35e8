"""`typeway dev`: what an author sees of requests and errors, in the terminal and in the browser."""

import http.client
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.cli.conftest import Server, Start, Write
from tests.patience import PATIENCE

APP = """
import asyncio
import os
import time
from typing import Annotated
from pydantic import BaseModel, SecretStr
from starlette.responses import HTMLResponse, PlainTextResponse, StreamingResponse
from typeway import Header, Typeway

app = Typeway()
own = Typeway(exception_handlers={Exception: lambda request, error: PlainTextResponse("own answer", 500)})


class Login(BaseModel):
    name: str
    password: str


@app.get("/")
async def show() -> dict[str, str]:
    return {"answer": "1"}


@app.get("/fail/{number}")
def fail(number: int, x_api_key: Annotated[str, Header()] = "") -> float:
    password = "correct-horse"
    login = Login(name="anna", password="battery-staple")
    address = "postgresql://anna:staple-in-url@db/shop"
    nested = {"user": "anna", "tokens": ["first-of-tokens"], "secret": SecretStr("in-a-secret-str")}
    copy = f"Basic {password}"
    <script> = None
    return 1 / number


@app.get("/chained")
async def chained():
    try:
        fail(0)
    except ZeroDivisionError as error:
        raise RuntimeError("the sum failed with password='typed-in-text'") from error


@app.get("/refused")
async def refused():
    return HTMLResponse("refused by the author", 500)


@own.get("/")
async def break_own():
    raise ValueError


@app.get("/half")
async def half():
    async def parts():
        yield b"begun"
        raise ValueError("in the middle")

    return StreamingResponse(parts(), 500)


app.mount("/own", own)
""".replace("    <script> = None\n", '    markup = "<script>alert(1)</script>"\n')

HIDDEN = (
    "correct-horse", "battery-staple", "staple-in-url", "first-of-tokens", "in-a-secret-str", "typed-in-text", "key-of-client",
    "cookie-of-client", "token-in-query",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server has answered."""

    status: int
    headers: dict[str, str]
    body: str


def ask(server: Server, target: str, **headers: str) -> Answer:
    """Send a GET request."""
    place = urlsplit(server.address)
    with closing(http.client.HTTPConnection("127.0.0.1", place.port, timeout=PATIENCE)) as connection:
        connection.request("GET", target, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        fields = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, fields, response.read().decode())


def start_in(folder: Path, *arguments: str) -> Server:
    process = subprocess.Popen(
        [sys.executable, "-m", "typeway", *arguments],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TYPEWAY_WATCHDOG": "0"},
    )
    return Server(process)


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests of this module that change no file."""
    folder = tmp_path_factory.mktemp("dev")
    (folder / "main.py").write_text(APP)
    server = start_in(folder, "dev", "--no-reload", "--port", "0")
    try:
        server.get()
        yield server
    finally:
        server.process.terminate()
        server.process.wait(timeout=PATIENCE)


def logged(server: Server, text: str) -> list[str]:
    """The log, once it has a text."""
    server.until(lambda: text in "".join(server.log))
    return list(server.log)


def test_the_greeting_has_the_addresses(dev: Server) -> None:
    """The application and its documentation are named; a network address only where the server listens to the network."""
    text = "".join(dev.log)
    port = urlsplit(dev.address).port
    assert re.search(rf"Application +http://127\.0\.0\.1:{port}\n", text)
    assert re.search(rf"Documentation +http://127\.0\.0\.1:{port}/docs\n", text)
    assert "Network" not in text
    assert "main:app" in text
    assert "Uvicorn" not in text


def test_each_request_is_one_line(dev: Server) -> None:
    """Method, path with its query, status and time; without colours, because this is no terminal."""
    ask(dev, "/?page=2")
    ask(dev, "/nothing")
    text = "".join(logged(dev, "/nothing"))
    assert re.search(r"^GET {5}/\?page=2  200  \d+\.\d ms$", text, re.MULTILINE)
    assert re.search(r"^GET {5}/nothing  404  \d+\.\d ms$", text, re.MULTILINE)
    assert "\x1b" not in text


def test_an_unhandled_error_is_logged_with_its_request_and_the_authors_lines(dev: Server) -> None:
    """The traceback has the author's frames, those of the exception that led to it, and how to see the rest."""
    ask(dev, "/chained?page=7")
    text = "".join(logged(dev, "--full-traceback shows them"))
    assert re.search(r"^ERROR: +GET /chained\?page=7 raised an exception that nothing handles$", text, re.MULTILINE)
    files = set(re.findall(r'File "([^"]+)"', text))
    assert {Path(file).name for file in files} == {"main.py"}
    assert "ZeroDivisionError: division by zero" in text
    assert "RuntimeError: the sum failed" in text
    assert re.search(r"Request id: |request id", text, re.IGNORECASE)


def test_a_browser_gets_a_page_with_source_and_variables(dev: Server) -> None:
    """The page shows the failing line, the variables and the request, and no secret of any of them."""
    answer = ask(
        dev,
        "/fail/0?token=token-in-query&page=3",
        Accept="text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
        X_Api_Key="key-of-client",
        Cookie="id=cookie-of-client",
    )
    assert (answer.status, answer.headers["content-type"]) == (500, "text/html; charset=utf-8")
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "ZeroDivisionError: division by zero" in answer.body
    assert re.search(r'class="current">\s*\d+ +return 1 / number<', answer.body)
    for shown in ("number", "GET /fail/0", "route /fail/{number}", "endpoint fail()", "page", "anna"):
        assert shown in answer.body, shown
    assert [secret for secret in HIDDEN if secret in answer.body] == []
    assert "<script>" not in answer.body
    assert "&lt;script&gt;" in answer.body


def test_the_page_shows_what_led_to_an_error(dev: Server) -> None:
    """The cause stands below the exception, with its own source."""
    body = ask(dev, "/chained", Accept="text/html").body
    assert "RuntimeError: the sum failed" in body
    assert "Caused by: ZeroDivisionError" in body
    assert [secret for secret in HIDDEN if secret in body] == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Accept": "application/json"},
        {"Accept": "*/*"},
        {"Accept": "text/html;q=0"},
        {"Accept": "application/json, text/html; Q=0.000"},
        {"Accept": "text/htmlx"},
        {"Accept": "text/html", "Host": "shop.example"},
        {"Accept": "text/html", "Forwarded": "for=192.0.2.7"},
        {"Accept": "text/html", "X_Forwarded_Host": "shop.example"},
        {"Accept": "text/html", "Host": "127.0.0.1.example:8000"},
        {"Accept": "text/html", "X_Forwarded_For": "203.0.113.9"},
    ],
)
def test_only_a_browser_on_this_machine_gets_a_page(dev: Server, headers: dict[str, str]) -> None:
    """Programs get the usual answer, and so does everyone who comes through another name or a proxy."""
    answer = ask(dev, "/fail/0", **headers)
    assert (answer.status, answer.body) == (500, '{"detail":"Internal Server Error"}')


def test_what_the_author_answers_stays(dev: Server) -> None:
    """A response with status 500, and the answer of a handler for Exception, are the author's."""
    assert ask(dev, "/refused", Accept="text/html").body == "refused by the author"
    assert ask(dev, "/own/", Accept="text/html").body == "own answer"


def test_a_response_that_has_begun_is_not_replaced(dev: Server) -> None:
    """A stream that fails is cut, as without the pages."""
    with pytest.raises(http.client.HTTPException):
        ask(dev, "/half", Accept="text/html")
    logged(dev, "ValueError: in the middle")


def test_run_never_shows_a_page(write: Write, start: Start) -> None:
    """In production a browser gets the usual answer, whatever it accepts, and the log has the whole traceback."""
    write({"main.py": APP})
    server = start("run", "--host", "127.0.0.1", "--port", "0")
    server.get()
    answer = ask(server, "/fail/0", Accept="text/html")
    assert (answer.status, answer.body) == (500, '{"detail":"Internal Server Error"}')
    assert "Exception in ASGI application" in "".join(logged(server, "ZeroDivisionError"))


def test_the_whole_traceback_on_request(write: Write, start: Start) -> None:
    """--full-traceback shows the frames of packages as well."""
    write({"main.py": APP})
    server = start("dev", "--no-reload", "--port", "0", "--full-traceback")
    server.get()
    ask(server, "/fail/0")
    text = "".join(logged(server, "ZeroDivisionError"))
    assert "GET /fail/0 raised" in text
    assert {Path(file).name for file in re.findall(r'File "([^"]+)"', text)} > {"main.py", "asgi.py"}


def test_a_terminal_gets_colours_and_the_network_its_address(write: Write) -> None:
    """On a terminal lines are coloured, unless NO_COLOR is set; on all interfaces the greeting has another address."""
    folder = write({"main.py": APP})
    texts = []
    for environment in ({}, {"NO_COLOR": "1"}):
        controller, terminal = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "typeway", "dev", "--no-reload", "--port", "0", "--host", "0.0.0.0"],
            cwd=folder, stdout=subprocess.DEVNULL, stderr=terminal, env={**os.environ, **environment},
        )  # fmt: skip
        os.close(terminal)
        text = ""
        try:
            end = time.monotonic() + PATIENCE
            while "Ctrl+C" not in text and time.monotonic() < end:
                text += os.read(controller, 65536).decode()
        finally:
            process.terminate()
            with suppress(OSError):
                while part := os.read(controller, 65536):  # a terminal that nobody reads would hold the process up
                    text += part.decode()
            process.wait(timeout=PATIENCE)
            os.close(controller)
        texts.append(text)
    assert "\x1b[1m" in texts[0]
    assert "\x1b[" not in texts[1]
    # A machine without a network has no other address.
    assert all("Network" in text for text in texts) or not any("Network" in text for text in texts)
    assert "0.0.0.0" not in texts[1].replace("0.0.0.0 ", "")


RELOADED = """
import asyncio
import time
from starlette.responses import StreamingResponse
from typeway import Typeway

app = Typeway()

@app.get("/")
async def show() -> dict[str, int]:
    return {"answer": 1}

@app.get("/slow")
def slow():
    def parts():
        yield b"begun"
        time.sleep(1000)

    return StreamingResponse(parts())

@app.get("/endless")
async def endless():
    async def parts():
        while True:
            yield b"more"
            await asyncio.sleep(0.1)

    return StreamingResponse(parts())

@app.get("/fail")
async def fail():
    1 / 0
"""


def test_a_restart_ends_open_streams_and_shows_mistakes_as_the_start_does(write: Write, start: Start) -> None:
    """A stream without an end and a thread that sleeps do not hold the new code up; neither does a broken file."""
    folder = write({"main.py": RELOADED})
    server = start("dev", "--port", "0")
    server.get()
    place = urlsplit(server.address)
    streams = []
    for target in ("/slow", "/endless"):
        connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=PATIENCE)
        streams.append(connection)
        connection.request("GET", target)
        assert connection.getresponse().read(4)

    def until_it_says(content: str, text: str) -> None:
        # The watcher compares times of files; a change within its first moment could be missed, so write until it is seen.
        begun = len(server.log)

        def is_seen() -> bool:
            if not any("detected changes" in line for line in server.log[begun:]):
                (folder / "main.py").write_text(content)
                time.sleep(1)
            return any("detected changes" in line for line in server.log[begun:])

        server.until(is_seen)
        server.until(lambda: text in "".join(server.log[begun:]))

    until_it_says(RELOADED.replace('"answer": 1', '"answer": 22'), "Restarted main:app")
    assert server.get() == {"answer": 22}
    ask(server, "/fail")
    text = "".join(logged(server, "--full-traceback shows them"))
    assert "GET /fail raised" in text
    assert {Path(file).name for file in re.findall(r'File "([^"]+)"', text)} == {"main.py"}
    until_it_says(RELOADED.replace("    1 / 0", "    1 / ("), "typeway: main.py:")
    assert "SyntaxError" in "".join(server.log)
    for connection in streams:
        connection.close()
    assert server.end(signal.SIGINT) == 0


def test_a_lifespan_that_fails_shows_the_authors_lines(write: Write, start: Start) -> None:
    """What the start of the application raises is trimmed like the error of a request."""
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
    server = start("dev", "--no-reload", "--port", "0")
    assert server.process.wait(timeout=PATIENCE) != 0
    text = "".join(server.log)
    assert "ValueError: no database" in text
    assert {Path(file).name for file in re.findall(r'File "([^"]+)"', text)} == {"main.py"}
