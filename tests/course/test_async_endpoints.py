"""`async def` and `def`: which thread an endpoint runs in, and what a blocking call does to the others."""

import asyncio
import math
import multiprocessing
import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import anyio
import anyio.to_thread
import httpx
import pytest
from pydantic import BaseModel

from tests.frameworks import answer, each_framework
from tests.patience import PATIENCE
from typeway import Typeway

# Long enough for requests to meet if they can, short enough for a test.
A_WHILE = 0.2


def together(app: Any, *paths: str, threads: int | None = None) -> list[Any]:
    """The bodies of requests that are sent at the same moment, on one event loop.

    Parameters:
        threads: how many threads the pool may use, if not the usual number.
    """

    async def run() -> list[Any]:
        if threads is not None:
            anyio.to_thread.current_default_thread_limiter().total_tokens = threads
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            responses = await asyncio.wait_for(asyncio.gather(*(http.get(path) for path in paths)), PATIENCE)
        return [response.json() for response in responses]

    return asyncio.run(run())


class InFlight:
    """Counts how many are inside at once, and says when they are as many as are expected."""

    def __init__(self, expected: int) -> None:
        self.now, self.most, self.expected = 0, 0, expected
        self.lock, self.full = threading.Lock(), threading.Event()

    def __enter__(self) -> None:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
            if self.most >= self.expected:
                self.full.set()

    def __exit__(self, *failure: object) -> None:
        with self.lock:
            self.now -= 1


@each_framework
def test_async_functions_run_on_the_event_loop(web):
    """An `async def` endpoint or dependency is awaited in the event loop's own thread."""
    app = web.FastAPI()

    async def dependency() -> int:
        return threading.get_ident()

    @app.get("/")
    async def read(other=web.Depends(dependency)) -> list[int]:
        return [threading.get_ident(), other]

    assert together(app, "/") == [[threading.get_ident()] * 2]


@each_framework
def test_plain_functions_run_in_the_thread_pool(web):
    """A `def` endpoint or dependency runs in a worker thread of anyio's pool, away from the event loop."""
    app = web.FastAPI()

    def dependency() -> str:
        return threading.current_thread().name

    @app.get("/")
    def read(other=web.Depends(dependency)) -> list[Any]:
        return [threading.current_thread().name, other, threading.get_ident() == home]

    home = threading.get_ident()
    ((name, other, at_home),) = together(app, "/")
    assert (name, other) == ("AnyIO worker thread", "AnyIO worker thread")
    assert not at_home


def test_a_plain_function_that_cannot_block_needs_no_thread():
    """A `def` health check that only returns a dict answers while every thread is busy.

    Typeway only: FastAPI takes a thread for it, so that it would wait for the others.
    """
    app = Typeway()
    release = threading.Event()

    @app.get("/health")
    def health_check() -> dict:
        return {"status": "healthy"}

    @app.get("/busy")
    def busy() -> bool:
        return release.wait(PATIENCE)

    @app.get("/release")
    async def end() -> str:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as http:
            health = await asyncio.wait_for(http.get("/health"), PATIENCE)
        release.set()
        return health.json()["status"]

    assert together(app, "/busy", "/release", threads=1) == [True, "healthy"]


@each_framework
def test_blocking_in_a_plain_function_leaves_the_loop_free(web):
    """While a `def` endpoint blocks its thread, `async def` endpoints go on: one of them can even release it."""
    app = web.FastAPI()
    release = threading.Event()

    @app.get("/blocked")
    def blocked() -> bool:
        return release.wait(PATIENCE)

    @app.get("/release")
    async def free() -> str:
        release.set()
        return "released"

    assert together(app, "/blocked", "/release") == [True, "released"]


@each_framework
def test_blocking_in_an_async_function_stops_everybody(web):
    """While an `async def` endpoint blocks, nothing else on the loop runs: what should release it comes too late."""
    app = web.FastAPI()
    release = threading.Event()

    @app.get("/blocked")
    async def blocked() -> bool:
        return release.wait(A_WHILE)

    @app.get("/release")
    async def free() -> str:
        release.set()
        return "released"

    assert together(app, "/blocked", "/release") == [False, "released"]


@each_framework
@pytest.mark.parametrize(
    ("path", "most"), [("/awaits", 8), ("/thread", 8), ("/blocks", 1)], ids=["awaits", "plain", "blocks"]
)
def test_how_many_requests_are_in_flight(web, path, most):
    """Eight requests wait together with `await` or in threads; with a blocking call in `async def` they queue."""
    app = web.FastAPI()
    inside = InFlight(8)

    @app.get("/awaits")
    async def awaits() -> None:
        with inside, anyio.move_on_after(PATIENCE):
            while not inside.full.is_set():  # noqa: ASYNC110 (an event of threads)
                await asyncio.sleep(0.01)

    @app.get("/thread")
    def thread() -> None:
        with inside:
            inside.full.wait(PATIENCE)

    @app.get("/blocks")
    async def blocks() -> None:
        with inside:
            inside.full.wait(A_WHILE / 10)

    together(app, *[path] * 8)
    assert inside.most == most


@each_framework
def test_the_pool_bounds_plain_functions(web):
    """`def` endpoints run as in a threaded server: as many at once as the pool has threads, the others wait."""
    app = web.FastAPI()
    inside = InFlight(3)

    @app.get("/")
    def read() -> None:
        with inside:
            inside.full.wait(PATIENCE)
            time.sleep(A_WHILE / 10)

    together(app, *["/"] * 9, threads=3)
    assert inside.most == 3


@each_framework
def test_the_pool_has_forty_threads(web):
    """Unless it is changed, forty blocking calls run at once."""
    app = web.FastAPI()

    @app.get("/")
    async def read() -> float:
        return anyio.to_thread.current_default_thread_limiter().total_tokens

    assert together(app, "/") == [40]


@each_framework
def test_heavy_computation_goes_to_a_process_pool(web):
    """`run_in_executor` of the running loop moves work to another process, and the loop goes on meanwhile."""

    class Payload(BaseModel):
        numbers: list[int]

    app = web.FastAPI()

    @app.post("/process")
    async def process(payload: Payload) -> dict[str, Any]:
        loop = asyncio.get_event_loop()
        sums = [await loop.run_in_executor(executor, math.factorial, number) for number in payload.numbers]
        return {"results": sums, "elsewhere": await loop.run_in_executor(executor, os.getpid) != os.getpid()}

    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        assert answer(app, "POST /process", json={"numbers": [3, 5]}) == (200, {"results": [6, 120], "elsewhere": True})
