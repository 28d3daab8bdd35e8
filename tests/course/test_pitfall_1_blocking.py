"""First pitfall: a synchronous call in `async def` freezes the server."""

import asyncio
import json
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from tests.frameworks import each_framework
from tests.patience import PATIENCE

# How many requests come at once.
TOGETHER = 3


class Elsewhere(ThreadingHTTPServer):
    """A server that others call: it answers when all have arrived or its patience ends, with how many were there."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Counting)
        self.arrived = 0
        self.patience: float = PATIENCE
        self.lock = threading.Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/data"

    def wait_for_all(self) -> int:
        with self.lock:
            self.arrived += 1
            self.lock.notify_all()
            self.lock.wait_for(lambda: self.arrived >= TOGETHER, self.patience)
            return self.arrived


class Counting(BaseHTTPRequestHandler):
    """Says how many requests had come when it answered."""

    server: Elsewhere

    def do_GET(self) -> None:
        body = json.dumps({"arrived": self.server.wait_for_all()}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    """The other server, running."""
    with Elsewhere() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def fetch(url: str) -> Any:
    """Ask the other server, and block until it answers."""
    with urllib.request.urlopen(url, timeout=PATIENCE) as response:
        return json.load(response)


def proxy(web: Any, url: str) -> Any:
    """Three spellings of an endpoint that asks the other server."""
    app = web.FastAPI()

    @app.get("/bad")
    async def bad() -> dict:
        return fetch(url)  # the mistake: nothing here awaits

    @app.get("/awaits")
    async def awaits() -> dict:
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as http:
            return (await http.get(url)).json()

    @app.get("/thread")
    def thread() -> dict:
        return fetch(url)

    return app


def arrivals(app: Any, path: str) -> list[int]:
    """How many requests the other server had seen when it answered each of ours."""

    async def run() -> list[int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as http:
            responses = await asyncio.gather(*(http.get(path) for _ in range(TOGETHER)))
        return sorted(response.json()["arrived"] for response in responses)

    return asyncio.run(run())


@each_framework
def test_a_blocking_call_in_async_def_lets_one_request_through_at_a_time(web, elsewhere):
    """The second request reaches the other server when the first has its answer, and so on."""
    elsewhere.patience = 0.2
    assert arrivals(proxy(web, elsewhere.url), "/bad") == [1, 2, 3]


@each_framework
@pytest.mark.parametrize("path", ["/awaits", "/thread"])
def test_an_async_library_or_a_plain_function_lets_all_through(web, elsewhere, path):
    """With `await`, or as `def` in the thread pool, all requests are under way at once."""
    assert arrivals(proxy(web, elsewhere.url), path) == [3, 3, 3]
