"""ASGI and WSGI: what a server hands to an application, and what that makes possible."""

import asyncio
import re
import subprocess
import sys
import threading
import time
import urllib.request
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any, Self

import httpx

from tests.frameworks import answer, client, each_framework
from tests.patience import PATIENCE

APP = """
import asyncio

from {web} import FastAPI

app = FastAPI()


@app.get("/")
async def read() -> str:
    return f"{word} on {{type(asyncio.get_running_loop()).__module__}}"
"""


async def bare_asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """A whole ASGI application: an async callable with three arguments, and two messages."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"Hello, ASGI"})


def bare_wsgi(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """A whole WSGI application: a callable that starts the response and returns its body."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello, WSGI"]


@each_framework
def test_an_asgi_application_can_be_mounted(web):
    """Any ASGI application, three arguments and two messages, serves below a path of ours."""
    app = web.FastAPI()
    app.mount("/bare", bare_asgi)
    assert answer(app, "GET /bare/") == (200, "Hello, ASGI")


@each_framework
def test_a_wsgi_application_can_be_mounted_through_the_adapter(web):
    """A WSGI application serves below a path of ours too, one thread per request."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", UserWarning)
        adapter = import_module(f"{web.__name__}.middleware.wsgi").WSGIMiddleware
        app = web.FastAPI()
        app.mount("/bare", adapter(bare_wsgi))
    assert answer(app, "GET /bare/") == (200, "Hello, WSGI")


@each_framework
def test_the_application_is_an_async_callable_of_scope_receive_and_send(web):
    """A server needs nothing but the three arguments; the answer is a start and a body."""
    app = web.FastAPI()

    @app.get("/")
    async def read() -> str:
        return "hello"

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": "/", "raw_path": b"/", "query_string": b"", "root_path": "", "headers": [],
        "server": ("testserver", 80), "client": ("testclient", 1),
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[0]["status"] == 200
    assert sent[1]["body"] == b'"hello"'


class Uvicorn:
    """`uvicorn main:app` in a folder, on a free port."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.log: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "main:app", "--port", "0", *options],
            cwd=folder,
            stderr=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            self.log.extend(lines)

    def until(self, check: Any) -> Any:
        """Ask until the answer is true, for a minute."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            if value := check():
                return value
            time.sleep(0.02)
        raise AssertionError("".join(self.log))

    @property
    def address(self) -> str:
        return self.until(lambda: re.search(r"running on (http://[^ ]+)", "".join(self.log)))[1]

    def says(self, text: str) -> bool:
        try:
            with urllib.request.urlopen(self.address, timeout=5) as response:
                return response.read().decode() == text
        except OSError:
            return False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE)


@each_framework
def test_uvicorn_serves_it_and_starts_again_when_a_file_changes(web, tmp_path):
    """`uvicorn main:app --reload` serves the application, on uvloop, and after an edit the edited one."""
    main = tmp_path / "main.py"
    main.write_text(APP.format(web=web.__name__, word="first"))
    with Uvicorn(tmp_path, "--reload") as server:
        server.until(lambda: server.says('"first on uvloop"'))
        # Longer by a letter: a file system that counts seconds would take an edit of equal length for none.
        edited = APP.format(web=web.__name__, word="second")

        def changed() -> bool:
            # The watcher begins after the server; a change that comes before it is missed, so write until it is seen.
            main.write_text(edited)
            time.sleep(0.5)
            return server.says('"second on uvloop"')

        server.until(changed)


@each_framework
def test_it_speaks_websocket_beside_http(web):
    """One application answers requests and holds long conversations, which a single WSGI call could not."""
    app = web.FastAPI()

    @app.websocket("/echo")
    async def echo(websocket: web.WebSocket):
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(text.upper())

    @app.get("/")
    async def read() -> str:
        return "still here"

    http = client(app)
    with http.websocket_connect("/echo") as socket:
        for word in ("one", "two"):
            socket.send_text(word)
            assert http.get("/").json() == "still here"
            assert socket.receive_text() == word.upper()


@each_framework
def test_it_sends_server_sent_events(web):
    """A response may go on as long as there is news."""
    events = import_module(f"{web.__name__}.sse")
    app = web.FastAPI()

    @app.get("/news", response_class=events.EventSourceResponse)
    async def news():
        for number in range(3):
            yield {"number": number}

    response = client(app).get("/news")
    assert response.headers["content-type"].startswith("text/event-stream")
    lines = [line for line in response.text.splitlines() if line]
    assert [line.replace(" ", "") for line in lines] == [f'data:{{"number":{number}}}' for number in range(3)]


@each_framework
def test_a_thousand_requests_are_in_flight_at_once_in_one_thread(web):
    """Each `await` gives the event loop to another request: a thousand wait together, in one process and one thread."""
    app = web.FastAPI()
    many, threads = 1000, set()

    @app.get("/")
    async def wait() -> int:
        threads.add(threading.get_ident())
        app.state.waiting += 1
        if app.state.waiting == many:
            app.state.all_here.set()
        # Nobody is answered before everybody has arrived.
        await app.state.all_here.wait()
        return app.state.waiting

    async def run() -> list[int]:
        app.state.waiting, app.state.all_here = 0, asyncio.Event()
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            responses = await asyncio.wait_for(asyncio.gather(*(http.get("/") for _ in range(many))), PATIENCE)
        return [response.json() for response in responses]

    assert asyncio.run(run()) == [many] * many
    assert threads == {threading.get_ident()}
