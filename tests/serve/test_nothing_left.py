"""Whatever an author's function raises, wherever it stands: one request fails, the log says so once, and nothing is left."""

import asyncio
import gc
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest

from tests.frameworks import Sending, answer_of
from tests.patience import PATIENCE
from typeway import BackgroundTasks, Depends, HTTPException, Request, Typeway, WebSocket
from typeway.requests import ID_NOTE
from typeway.responses import JSONResponse, StreamingResponse

# Where Linux lists the open files of a process.
FILES = Path("/proc/self/fd")


class Own(BaseException):
    pass


class Known(Exception):
    pass


RAISED: dict[str, Callable[[], BaseException]] = {
    "ValueError": lambda: ValueError("x"),
    "group": lambda: ExceptionGroup("x", [ValueError("y"), KeyError("z")]),
    "RecursionError": lambda: RecursionError("x"),
    "MemoryError": MemoryError,
    "StopIteration": lambda: StopIteration(1),
    "StopAsyncIteration": lambda: StopAsyncIteration(1),
    "HTTPException": lambda: HTTPException(500),
    "CancelledError": lambda: asyncio.CancelledError("x"),
    "GeneratorExit": GeneratorExit,
    "BaseException": lambda: Own("x"),
    "base group": lambda: BaseExceptionGroup("x", [KeyboardInterrupt(), ValueError("y")]),
    "KeyboardInterrupt": KeyboardInterrupt,
    "SystemExit": lambda: SystemExit(3),
}

PLACES = [
    "endpoint", "def endpoint", "dependency", "def dependency", "concurrent", "enter", "def enter", "exit", "def exit",
    "function exit", "lines", "def lines", "response", "background", "def background", "handler", "before", "after", "socket",
]  # fmt: skip


def application(open_sessions: set[str], raise_at: Callable[[str], None], *, layer: bool) -> Typeway:
    """An application that has a path for each place; every request has two sessions, one of which a thread opens."""
    app = Typeway()

    async def session() -> AsyncIterator[int]:
        open_sessions.add("session")
        try:
            yield 1
        finally:
            await asyncio.sleep(0)
            open_sessions.discard("session")

    def session_in_thread() -> Iterator[int]:
        open_sessions.add("thread")
        try:
            yield 1
        finally:
            open_sessions.discard("thread")

    sessions = [Depends(session), Depends(session_in_thread)]

    async def fails() -> None:
        raise_at("dependency")

    def fails_in_thread() -> None:
        raise_at("def dependency")

    async def fails_beside() -> None:
        await asyncio.sleep(0)
        raise_at("concurrent")

    async def waits_beside() -> None:
        await asyncio.sleep(0.01)

    async def fails_to_enter() -> AsyncIterator[int]:
        raise_at("enter")
        yield 1

    def fails_to_enter_in_thread() -> Iterator[int]:
        raise_at("def enter")
        yield 1

    async def fails_to_exit() -> AsyncIterator[int]:
        yield 1
        raise_at("exit")

    def fails_to_exit_in_thread() -> Iterator[int]:
        yield 1
        raise_at("def exit")

    async def fails_to_exit_early() -> AsyncIterator[int]:
        yield 1
        raise_at("function exit")

    @app.get("/endpoint", dependencies=sessions)
    async def endpoint() -> None:
        raise_at("endpoint")

    @app.get("/def endpoint", dependencies=sessions)
    def endpoint_in_thread() -> None:
        raise_at("def endpoint")

    for path, function in {
        "dependency": fails, "def dependency": fails_in_thread, "enter": fails_to_enter, "def enter": fails_to_enter_in_thread,
        "exit": fails_to_exit, "def exit": fails_to_exit_in_thread,
    }.items():  # fmt: skip

        @app.get(f"/{path}", dependencies=[*sessions, Depends(function)])
        async def answer() -> str:
            return "answered"

    @app.get("/function exit", dependencies=[*sessions, Depends(fails_to_exit_early, scope="function")])
    async def answer_early() -> str:
        return "answered"

    @app.get("/concurrent", dependencies=sessions)
    async def concurrent(
        a: Annotated[None, Depends(waits_beside, concurrent=True)],
        b: Annotated[None, Depends(fails_beside, concurrent=True)],
    ) -> None: ...

    @app.get("/lines", dependencies=sessions)
    async def lines() -> AsyncIterator[int]:
        yield 1
        raise_at("lines")

    @app.get("/def lines", dependencies=sessions)
    def lines_in_threads() -> Iterator[int]:
        yield 1
        raise_at("def lines")

    @app.get("/response", dependencies=sessions)
    async def response() -> StreamingResponse:
        return StreamingResponse(lines())

    @app.get("/background", dependencies=sessions)
    async def background(tasks: BackgroundTasks) -> None:
        async def task() -> None:
            raise_at("background")

        tasks.add_task(task)

    @app.get("/def background", dependencies=sessions)
    async def background_in_thread(tasks: BackgroundTasks) -> None:
        tasks.add_task(raise_at, "def background")

    @app.get("/handler", dependencies=sessions)
    async def known() -> None:
        raise Known

    @app.exception_handler(Known)
    async def handle(request: Request, error: Known) -> JSONResponse:
        raise_at("handler")
        return JSONResponse({})

    @app.websocket("/socket", dependencies=sessions)
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        raise_at("socket")

    for path in ("/before", "/after", "/"):

        @app.get(path, dependencies=sessions)
        async def well() -> str:
            return "well"

    if layer:

        @app.middleware("http")
        async def around(request: Request, call_next: Any) -> Any:
            if request.url.path == "/before":
                raise_at("before")
            response = await call_next(request)
            if request.url.path == "/after":
                raise_at("after")
            return response

    return app


async def ask(app: Typeway, place: str, log: list[BaseException]) -> None:
    """Send one request as a server does: in a task, which logs what the application raises."""
    incoming: asyncio.Queue[Any] = asyncio.Queue()
    scope = Sending(f"/{place}", method="GET", media_type=None, headers=[("x-request-id", "the-id")]).scope()
    if place == "socket":
        scope |= {"type": "websocket", "scheme": "ws", "subprotocols": []}
        incoming.put_nowait({"type": "websocket.connect"})
    else:
        incoming.put_nowait({"type": "http.request", "body": b"", "more_body": False})

    async def send(message: Any) -> None: ...

    async def serve() -> None:
        try:
            await app(scope, incoming.get, send)
        except BaseException as error:
            log.append(error)

    await asyncio.get_running_loop().create_task(serve())


def open_files() -> set[str]:
    return {path.name for path in FILES.iterdir()} if FILES.exists() else set()


def threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name != "AnyIO worker thread"}


def wrong(log: list[BaseException], caplog: pytest.LogCaptureFixture, name: str) -> Iterator[Any]:
    """Say what is wrong with the log of one failure."""
    for record in caplog.records:
        if record.levelno >= logging.ERROR:
            yield "logged beside the server", record
    if len(log) > 1 or (not log and name not in ("HTTPException", "CancelledError", "GeneratorExit")):
        yield "logged", len(log), "times"
    if log and isinstance(log[0], Exception) and f"{ID_NOTE}the-id" not in getattr(log[0], "__notes__", ()):
        yield "no id", log


@pytest.mark.parametrize("layer", [False, True], ids=["alone", "layer"])
@pytest.mark.parametrize("place", PLACES)
def test_a_failure_costs_one_request(place, layer, caplog):
    """No task, thread, file or session is left, what is logged is logged once and with the request id, and others go on."""
    if place in ("before", "after") and not layer:
        pytest.skip("needs middleware")
    open_sessions: set[str] = set()
    failing: Callable[[], BaseException] | None = None

    def raise_at(here: str) -> None:
        if failing is not None and here == place:
            raise failing()

    app = application(open_sessions, raise_at, layer=layer)

    async def scenario() -> None:
        nonlocal failing
        problems: list[Any] = []
        await ask(app, place, [])  # everything that is made once is made now
        files = open_files()
        others = threads()
        for name, make in RAISED.items():
            if (place, name) == ("def background", "GeneratorExit"):
                continue  # Starlette's own thread hands it to the task, which asyncio then takes for destroyed
            failing = make
            log: list[BaseException] = []
            caplog.clear()
            await asyncio.wait_for(ask(app, place, log), PATIENCE)
            problems += [(name, problem) for problem in wrong(log, caplog, name)]
            found = {
                "sessions": open_sessions.copy(),
                "tasks": asyncio.all_tasks() - {asyncio.current_task()},
                "threads": threads() - others,
            }
            problems += [(name, kind, left) for kind, left in found.items() if left]
            open_sessions.clear()
            failing = None
            if (await answer_of(app, Sending("/", method="GET", media_type=None)))["status"] != [200]:
                problems.append((name, "the next request"))
        gc.collect()
        await asyncio.sleep(0)
        assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
        assert open_files() <= files
        assert not problems

    asyncio.run(scenario())
