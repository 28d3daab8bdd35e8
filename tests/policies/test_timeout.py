"""A response that does not begin in time is a 504, and the request is cancelled with its clean-up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from tests.patience import PATIENCE
from typeway import BackgroundTasks, Depends, Request, Typeway
from typeway.exceptions import DeclarationError
from typeway.policies import Concurrency, Timeout
from typeway.responses import JSONResponse, StreamingResponse
from typeway.testclient import TestClient


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_slow_request_is_504_and_cleans_up(backend: Any) -> None:
    """The endpoint is cancelled, its dependencies see that and may wait while they clean up."""
    seen: list[str] = []

    async def session() -> AsyncIterator[None]:
        async with anyio.create_task_group():  # a scope that must be closed by its own task
            try:
                yield
            except BaseException as error:
                seen.append(type(error).__name__)
                raise
            finally:
                await checkpoint()
                seen.append("cleaned up")

    app = Typeway(policies=[Timeout(0.05)])

    @app.get("/", dependencies=[Depends(session)])
    async def slow(tasks: BackgroundTasks) -> None:
        tasks.add_task(seen.append, "task")
        await anyio.sleep(PATIENCE)

    @app.get("/fast")
    async def fast() -> int:
        return 1

    with TestClient(app, backend=backend) as client:
        answer = client.get("/")
        assert (answer.status_code, answer.json()) == (504, {"detail": "The response did not begin in time."})
        assert seen == [{"asyncio": "CancelledError", "trio": "Cancelled"}[backend], "cleaned up"]
        assert client.get("/fast").json() == 1


def test_handlers_and_problem_documents_answer_the_504() -> None:
    """The 504 is an HTTPException like others."""
    app = Typeway(policies=[Timeout(0.01)], errors="problem")

    @app.get("/")
    async def slow() -> None:
        await anyio.sleep(PATIENCE)

    with TestClient(app) as client:
        assert client.get("/").json()["title"] == "Gateway Timeout"

    @app.exception_handler(504)
    async def handle(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse("late", 503)

    with TestClient(app) as client:
        assert (client.get("/").status_code, client.get("/").json()) == (503, "late")


def test_a_stream_must_begin_in_time_and_may_last() -> None:
    """After its first chunk a stream is not cancelled; one without a first chunk is a 504."""

    async def chunks(first: float) -> AsyncIterator[str]:
        await anyio.sleep(first)
        yield "a"
        await anyio.sleep(0.1)
        yield "b"

    app = Typeway(policies=[Timeout(0.05)])

    @app.get("/")
    async def stream(first: float) -> AsyncIterator[str]:
        async for chunk in chunks(first):
            yield chunk

    @app.get("/response")
    async def response() -> StreamingResponse:
        return StreamingResponse(chunks(0))

    with TestClient(app) as client:
        assert client.get("/?first=0").text == '"a"\n"b"\n'
        assert client.get("/response").text == "ab"
        assert client.get(f"/?first={PATIENCE}").status_code == 504


def test_a_thread_goes_on_and_its_client_does_not_wait() -> None:
    """The 504 is sent while the function runs; dependencies clean up, and the place is free, only after it."""

    async def scenario() -> None:
        may_end, events = threading.Event(), []

        def session() -> Iterator[None]:
            yield
            events.append("clean-up")

        app = Typeway(policies=[Timeout(0.05), Concurrency(1)])

        @app.get("/")
        def slow(session: Annotated[None, Depends(session)]) -> None:
            assert may_end.wait(PATIENCE)
            events.append("end")

        refused = asyncio.Event()

        async def receive() -> Any:
            return {"type": "http.request"}

        async def send(message: Any) -> None:
            events.append(message.get("status", "body"))
            if message["type"] == "http.response.body":
                refused.set()

        def scope() -> Any:
            return {
                "type": "http", "method": "GET", "path": "/", "raw_path": b"/", "query_string": b"", "headers": [],
                "client": None, "server": None, "http_version": "1.1", "scheme": "http",
            }  # fmt: skip

        first = asyncio.create_task(app(scope(), receive, send))
        await asyncio.wait_for(refused.wait(), PATIENCE)
        assert events == [504, "body"]
        await app(scope(), receive, send)
        assert events == [504, "body", 503, "body"]
        may_end.set()
        await first
        assert events[4:] == ["end"] or events[4:] == ["end", "clean-up"]

    asyncio.run(scenario())


@pytest.mark.parametrize("given", [0, -1, float("nan"), float("inf"), "1", True, None])
def test_a_time_that_is_no_positive_number_is_refused(given: Any) -> None:
    """The error names the place of the declaration."""
    with pytest.raises(DeclarationError, match=r"test_timeout\.py:\d+: Timeout\(\): seconds must be"):
        Timeout(given)


def test_an_error_after_the_time_is_not_sent_twice() -> None:
    """An endpoint that turns its cancellation into an error has its client answered once."""
    app = Typeway(policies=[Timeout(0.02)])

    @app.get("/")
    async def stubborn() -> None:
        try:
            await anyio.sleep(PATIENCE)
        except BaseException:
            raise ValueError("stubborn") from None

    with TestClient(app, raise_server_exceptions=False) as client:
        assert client.get("/").status_code == 504
