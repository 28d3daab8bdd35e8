"""The thread pool has the size that the application gives it, and what exhausts it is named."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anyio.to_thread
import pytest

from tests.watch.conftest import Found
from typeway import Depends, Typeway
from typeway.exceptions import DeclarationError
from typeway.testclient import TestClient
from typeway.watch.report import Exhausted


def sized(**options) -> Typeway:
    """An application that says how many threads its pool has."""
    app = Typeway(**options)

    @app.get("/size")
    async def size() -> float:
        return anyio.to_thread.current_default_thread_limiter().total_tokens

    return app


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_pool_has_the_size_that_is_said(backend):
    """The size holds from start-up on, in each event loop, and without the option it stays as anyio has it."""
    seen = []

    async def start() -> None:
        seen.append(anyio.to_thread.current_default_thread_limiter().total_tokens)

    for _ in range(2):
        with TestClient(sized(thread_pool_size=7, on_startup=[start]), backend=backend) as client:
            assert client.get("/size").json() == 7
    assert seen == [7, 7]
    with TestClient(sized(), backend=backend) as client:
        assert client.get("/size").json() == 40


def test_the_pool_has_its_size_without_a_lifespan():
    """Where no lifespan runs, the first request sets the size."""
    assert TestClient(sized(thread_pool_size=3)).get("/size").json() == 3


@pytest.mark.parametrize("size", [0, -1, 2.5, True, "4"])
def test_a_size_that_is_none_is_refused(size):
    """The option takes a positive integer."""
    with pytest.raises(DeclarationError, match="thread_pool_size must be a positive integer or None"):
        Typeway(thread_pool_size=size)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_what_an_exhausted_pool_runs_is_named(found: Found, backend):
    """After a second without a free thread the functions that its threads run are named, by endpoint and line."""
    app = Typeway(thread_pool_size=2)
    release = threading.Event()

    def held() -> None:
        release.wait(60)

    @app.get("/report/{number}")
    def report(number: int) -> int:
        held()
        return number

    def needed() -> int:
        release.wait(60)
        return 1

    @app.get("/other")
    async def other(needed: int = Depends(needed)) -> int:
        return needed

    def until_reported() -> None:
        for _ in range(600):
            if found or release.wait(0.1):
                break
        release.set()

    with TestClient(app, backend=backend) as client, ThreadPoolExecutor(5) as threads:
        answers = [threads.submit(client.get, path) for path in ("/report/1", "/other")]
        while client.portal.call(busy) < 2:
            release.wait(0.02)
        answers += [threads.submit(client.get, f"/report/{number}") for number in (2, 3)]
        until_reported()
        assert [answer.result().status_code for answer in answers] == [200] * 4
    reports = [entry for entry in found.all() if isinstance(entry, Exhausted)]
    assert len(reports) == 1
    exhausted = reports[0]
    assert (exhausted.size, exhausted.waiting) == (2, 2)
    assert exhausted.seconds >= 1
    holders = {holder.function.function: holder for holder in exhausted.holders}
    assert set(holders) == {"report", "needed"}
    assert holders["report"].request == "GET /report/{number}"
    assert holders["needed"].request == ""
    call = holders["report"].call
    assert call is not None
    assert call.location.function == "held"
    assert call.text == "release.wait(60)"
    assert call.location.file == str(Path(__file__))
    text = str(exhausted)
    assert re.match(r"All 2 threads of the pool have been busy for \d+\.\d", text)
    assert "1 x report (" in text
    assert "thread_pool_size" in text


async def busy() -> int:
    return anyio.to_thread.current_default_thread_limiter().borrowed_tokens


def test_a_busy_pool_is_not_yet_exhausted(found: Found):
    """Threads that are all busy, with nobody waiting for one, are what they are for."""
    app = Typeway(thread_pool_size=1)

    @app.get("/")
    def read() -> int:
        threading.Event().wait(1.4)
        return 1

    with TestClient(app) as client:
        assert client.get("/").json() == 1
    assert found.all() == []
