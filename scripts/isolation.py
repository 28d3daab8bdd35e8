"""Let every kind of failure happen in every place of a request, and count what it costs beside that request, for Typeway and for FastAPI.

    python -m scripts.isolation

The same application is served in one process for each framework, as uvicorn serves it: each request in a task of its own, which logs
what the application raises. After each failure the next request is sent, and tasks, threads, open files and sessions are counted.
"""

import asyncio
import gc
import importlib
import json
import logging
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Final

# Where Linux lists the open files of a process.
FILES: Final = Path("/proc/self/fd")

FRAMEWORKS: Final = ("typeway", "fastapi")
PATIENCE: Final = 2.0  # seconds until a request counts as hung; each takes milliseconds
MOST: Final = 300.0  # seconds for all scenarios of one framework

# These may pass without a line in the log: an answer that was chosen, and the ends of tasks and generators.
QUIET: Final = frozenset({"HTTPException", "CancelledError", "GeneratorExit"})


class Own(BaseException):
    """An exception that is no Exception."""


class Known(Exception):
    """An exception that has a handler."""


def kinds_of(web: ModuleType) -> dict[str, Callable[[], BaseException]]:
    """Return what is raised, by its name."""
    return {
        "ValueError": lambda: ValueError("x"),
        "group": lambda: ExceptionGroup("x", [ValueError("y"), KeyError("z")]),
        "RecursionError": lambda: RecursionError("x"),
        "MemoryError": MemoryError,
        "StopIteration": lambda: StopIteration(1),
        "StopAsyncIteration": lambda: StopAsyncIteration(1),
        "HTTPException": lambda: web.HTTPException(500),
        "CancelledError": lambda: asyncio.CancelledError("x"),
        "GeneratorExit": GeneratorExit,
        "BaseException": lambda: Own("x"),
        "base group": lambda: BaseExceptionGroup("x", [KeyboardInterrupt(), ValueError("y")]),
        "KeyboardInterrupt": KeyboardInterrupt,
        "SystemExit": lambda: SystemExit(3),
    }  # fmt: skip


PLACES: Final = (
    "endpoint", "def endpoint", "dependency", "def dependency", "concurrent", "enter", "def enter", "exit", "def exit",
    "function exit", "lines", "def lines", "response", "background", "def background", "handler", "before", "after", "socket",
)  # fmt: skip

# The places that are in http middleware.
IN_LAYER: Final = ("before", "after")

RaiseAt = Callable[[str], None]


def sessions_of(web: ModuleType, open_sessions: set[str]) -> list[Any]:
    """Return two dependencies that every request has: a session, and one that a thread opens."""

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

    return [web.Depends(session), web.Depends(session_in_thread)]


def add_dependencies(web: ModuleType, app: Any, sessions: list[Any], raise_at: RaiseAt) -> None:
    """Add a path for each dependency that fails."""

    async def fails() -> None:
        raise_at("dependency")

    def fails_in_thread() -> None:
        raise_at("def dependency")

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

    async def answer() -> str:
        return "answered"

    for path, function in {
        "dependency": fails, "def dependency": fails_in_thread, "enter": fails_to_enter, "def enter": fails_to_enter_in_thread,
        "exit": fails_to_exit, "def exit": fails_to_exit_in_thread,
    }.items():  # fmt: skip
        app.get(f"/{path}", dependencies=[*sessions, web.Depends(function)])(answer)
    early = web.Depends(fails_to_exit_early, scope="function")
    app.get("/function exit", dependencies=[*sessions, early])(answer)


def add_concurrent(web: ModuleType, app: Any, sessions: list[Any], raise_at: RaiseAt) -> None:
    """Add the path of two dependencies that run together, where the framework has such ones; else one after the other."""

    async def fails_beside() -> None:
        await asyncio.sleep(0)
        raise_at("concurrent")

    async def waits_beside() -> None:
        await asyncio.sleep(0.01)

    option = {"concurrent": True} if web.__name__ == "typeway" else {}

    async def concurrent(a: Any, b: Any) -> None: ...

    first, second = web.Depends(waits_beside, **option), web.Depends(fails_beside, **option)
    concurrent.__annotations__ = {"a": Annotated[None, first], "b": Annotated[None, second], "return": None}
    app.get("/concurrent", dependencies=sessions)(concurrent)


def add_endpoints(web: ModuleType, app: Any, sessions: list[Any], raise_at: RaiseAt) -> None:
    """Add the paths whose endpoint, stream, background task or handler fails."""
    responses = importlib.import_module(f"{web.__name__}.responses")

    @app.get("/endpoint", dependencies=sessions)
    async def endpoint() -> None:
        raise_at("endpoint")

    @app.get("/def endpoint", dependencies=sessions)
    def endpoint_in_thread() -> None:
        raise_at("def endpoint")

    @app.get("/lines", dependencies=sessions)
    async def lines() -> AsyncIterator[int]:
        yield 1
        raise_at("lines")

    @app.get("/def lines", dependencies=sessions)
    def lines_in_threads() -> Iterator[int]:
        yield 1
        raise_at("def lines")

    async def pieces() -> AsyncIterator[bytes]:
        yield b"1"
        raise_at("response")

    @app.get("/response", dependencies=sessions)
    async def response() -> Any:
        return responses.StreamingResponse(pieces())

    @app.get("/background", dependencies=sessions)
    async def background(tasks: web.BackgroundTasks) -> None:
        async def task() -> None:
            raise_at("background")

        tasks.add_task(task)

    @app.get("/def background", dependencies=sessions)
    async def background_in_thread(tasks: web.BackgroundTasks) -> None:
        tasks.add_task(raise_at, "def background")

    @app.get("/handler", dependencies=sessions)
    async def known() -> None:
        raise Known

    @app.exception_handler(Known)
    async def handle(request: web.Request, error: Known) -> Any:
        raise_at("handler")
        return responses.JSONResponse({})


def add_others(web: ModuleType, app: Any, sessions: list[Any], raise_at: RaiseAt) -> None:
    """Add a WebSocket that fails, and paths that do not."""

    @app.websocket("/socket", dependencies=sessions)
    async def talk(socket: web.WebSocket) -> None:
        await socket.accept()
        raise_at("socket")

    async def well() -> str:
        return "well"

    for path in ("/before", "/after", "/"):
        app.get(path, dependencies=sessions)(well)


def application(web: ModuleType, open_sessions: set[str], raise_at: RaiseAt, *, layer: bool) -> Any:
    """Return an application that has a path for each place; every request has two sessions, one of which a thread opens.

    Parameters:
        web: the framework's module.
        open_sessions: the names of the sessions that are open now.
        raise_at: raises the failure if the place is the one where it is to happen.
        layer: whether an http middleware stands around everything.
    """
    app, sessions = web.FastAPI(), sessions_of(web, open_sessions)
    add_dependencies(web, app, sessions, raise_at)
    add_concurrent(web, app, sessions, raise_at)
    add_endpoints(web, app, sessions, raise_at)
    add_others(web, app, sessions, raise_at)

    if layer:

        @app.middleware("http")
        async def around(request: Any, call_next: Any) -> Any:
            if request.url.path == "/before":
                raise_at("before")
            response = await call_next(request)
            if request.url.path == "/after":
                raise_at("after")
            return response

    return app


async def ask(app: Any, place: str, log: list[BaseException]) -> int | None:
    """Send one request as a server does, in a task, which logs what the application raises; return the status if there is one."""
    incoming: asyncio.Queue[Any] = asyncio.Queue()
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": f"/{place}", "raw_path": f"/{place}".encode(), "query_string": b"", "root_path": "",
        "headers": [(b"host", b"testserver"), (b"x-request-id", b"the-id")], "server": ("testserver", 80), "client": ("client", 1),
    }  # fmt: skip
    if place == "socket":
        scope |= {"type": "websocket", "scheme": "ws", "subprotocols": []}
        incoming.put_nowait({"type": "websocket.connect"})
    else:
        incoming.put_nowait({"type": "http.request", "body": b"", "more_body": False})
    statuses: list[int] = []

    async def send(message: Any) -> None:
        if "status" in message:
            statuses.append(message["status"])

    async def serve() -> None:
        try:
            await app(scope, incoming.get, send)
        except BaseException as error:  # noqa: BLE001  as servers do
            log.append(error)

    await asyncio.get_running_loop().create_task(serve())
    return statuses[0] if statuses else None


def open_files() -> set[str]:
    """Return the names of the files that the process has open."""
    return {path.name for path in FILES.iterdir()} if FILES.exists() else set()


def threads() -> set[threading.Thread]:
    """Return the threads that do not wait in the pool for work."""
    return {thread for thread in threading.enumerate() if thread.name != "AnyIO worker thread"}


@dataclass(frozen=True, slots=True)
class Scenario:
    """One failure."""

    kind: str
    place: str
    layer: bool


def scenarios(web: ModuleType) -> list[Scenario]:
    """Return every kind in every place, without and with http middleware."""
    return [
        Scenario(kind, place, layer)
        for kind in kinds_of(web)
        for place in PLACES
        for layer in (False, True)
        if layer or place not in IN_LAYER
    ]


class Errors(logging.Handler):
    """Keeps the messages of errors."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message."""
        self.messages.append(record.getMessage())


async def anomalies(web: ModuleType, scenario: Scenario, errors: Errors) -> list[str]:
    """Let one failure happen, and return what it costs beside its request."""
    open_sessions: set[str] = set()
    failing: Callable[[], BaseException] | None = None

    def raise_at(here: str) -> None:
        if failing is not None and here == scenario.place:
            raise failing()

    app = application(web, open_sessions, raise_at, layer=scenario.layer)
    await ask(app, scenario.place, [])  # everything that is made once is made now
    await ask(app, "", [])
    files, others, log = open_files(), threads(), list[BaseException]()
    errors.messages.clear()
    failing = kinds_of(web)[scenario.kind]
    asking = asyncio.ensure_future(ask(app, scenario.place, log))
    await asyncio.wait({asking}, timeout=PATIENCE)
    found = [] if asking.done() else ["hung"]
    asking.cancel()
    await asyncio.wait({asking}, timeout=PATIENCE)
    failing = None
    gc.collect()
    await asyncio.sleep(0)
    lines = len(log) + len(errors.messages)
    if lines > 1 or (lines == 0 and scenario.kind not in QUIET and not found):
        found.append("logged more than once" if lines else "not logged")
    left = {
        "tasks left": asyncio.all_tasks() - {asyncio.current_task()},
        "threads left": threads() - others,
        "files left": open_files() - files,
        "sessions left": open_sessions,
    }
    found += [name for name, rest in left.items() if rest]
    again = asyncio.ensure_future(ask(app, "", []))
    await asyncio.wait({again}, timeout=PATIENCE)
    if not again.done() or again.result() != 200:
        found.append("next request failed")
    return found


def count(framework: str) -> dict[str, list[str]]:
    """Return the anomalies of all scenarios of a framework, by kind, each scenario's joined; run in a process of its own."""
    web = importlib.import_module(framework)
    errors, found = Errors(), dict[str, list[str]]()
    logging.getLogger().addHandler(errors)
    for scenario in scenarios(web):
        try:
            wrong = asyncio.run(anomalies(web, scenario, errors))
        except (KeyboardInterrupt, SystemExit):
            wrong = ["server ended"]
        found.setdefault(scenario.kind, []).append(",".join(wrong))
    return found


def measured(framework: str) -> dict[str, list[str]]:
    """Return what `count` returns, from a process for this framework."""
    command = [sys.executable, "-W", "ignore", "-m", "scripts.isolation", framework]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=MOST, check=True)
    found: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Print two tables: how many scenarios of each kind have an anomaly, and how many anomalies there are of each sort."""
    if sys.argv[1:]:
        print(json.dumps(count(sys.argv[1])))
        return
    ours, theirs = map(measured, FRAMEWORKS)
    print(f"{'kind':24} {'scenarios':>9} {'Typeway':>8} {'FastAPI':>8}")
    for kind in ours:
        print(f"{kind:24} {len(ours[kind]):9} {sum(map(bool, ours[kind])):8} {sum(map(bool, theirs[kind])):8}")
    totals = [sum(bool(wrong) for each in found.values() for wrong in each) for found in (ours, theirs)]
    print(f"{'all':24} {sum(map(len, ours.values())):9} {totals[0]:8} {totals[1]:8}\n")
    sorts = [
        Counter(one for each in found.values() for wrong in each for one in wrong.split(",") if one)
        for found in (ours, theirs)
    ]
    print(f"{'anomaly':34} {'Typeway':>8} {'FastAPI':>8}")
    for sort in sorted(sorts[0] | sorts[1]):
        print(f"{sort:34} {sorts[0][sort]:8} {sorts[1][sort]:8}")


if __name__ == "__main__":
    main()
