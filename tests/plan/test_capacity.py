"""`max_concurrency` limits how many calls of one declaration run at a time, as in FastAPI."""

import copy
import gc
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from typing import Annotated, Any

import anyio
import anyio.from_thread
import anyio.lowlevel
import anyio.to_thread
import pytest
from starlette.responses import StreamingResponse

import typeway
from tests.frameworks import each_framework
from tests.patience import PATIENCE
from tests.plan.lifetimes import request_scope

KINDS = ("coroutine", "plain", "async_generator", "generator")


class Visits:
    """Requests that are told apart by their name, with a gate for each."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.gates: dict[str, anyio.Event] = {}
        self.noted: dict[str, anyio.Event] = {}

    def gate(self, visitor: str) -> anyio.Event:
        return self.gates.setdefault(visitor, anyio.Event())

    def note(self, event: str) -> None:
        self.log.append(event)
        self.noted.setdefault(event, anyio.Event()).set()

    async def until(self, event: str) -> None:
        """Wait for what must happen: what runs in threads takes the time that it takes."""
        with anyio.fail_after(PATIENCE):
            await self.noted.setdefault(event, anyio.Event()).wait()

    async def settle(self) -> None:
        """Let everything on the event loop go as far as it can, and give threads time for what must not happen."""
        for _ in range(3):
            await anyio.sleep(0.002)
            await anyio.wait_all_tasks_blocked()

    async def visit(self, app: Any, visitor: str, path: str = "/", kind: str = "http") -> None:
        """One request; it notes the start of its answer and its end."""
        messages = [{"type": "http.request"} if kind == "http" else {"type": "websocket.connect"}]

        async def receive() -> dict[str, Any]:
            if not messages:
                await anyio.sleep_forever()
            return messages.pop()

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.note(f"{visitor} {message['status']}")

        scope = request_scope(kind, f"visitor={visitor}") | {"path": path, "raw_path": path.encode()}
        try:
            await app(scope, receive, send)
        except Exception as error:  # a server logs it and goes on
            self.note(f"{visitor} {type(error).__name__}")
        self.note(f"{visitor} left")

    def dependency(self, kind: str) -> Callable[..., Any]:
        """A dependency that is held until the visitor's gate opens."""

        async def coroutine(visitor: str = "?") -> None:
            self.note(f"{visitor} in")
            await self.gate(visitor).wait()
            self.note(f"{visitor} out")

        def plain(visitor: str = "?") -> None:
            anyio.from_thread.run_sync(self.note, f"{visitor} in")
            anyio.from_thread.run(self.gate(visitor).wait)
            anyio.from_thread.run_sync(self.note, f"{visitor} out")

        async def async_generator(visitor: str = "?") -> AsyncIterator[None]:
            self.note(f"{visitor} in")
            try:
                yield await self.gate(visitor).wait()
            finally:
                await anyio.lowlevel.checkpoint()
                self.note(f"{visitor} out")

        def generator(visitor: str = "?") -> Iterator[None]:
            anyio.from_thread.run_sync(self.note, f"{visitor} in")
            try:
                yield anyio.from_thread.run(self.gate(visitor).wait)
            finally:
                anyio.from_thread.run_sync(self.note, f"{visitor} out")

        functions = (coroutine, plain, async_generator, generator)
        return dict(zip(KINDS, functions, strict=True))[kind]


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param


@each_framework
@pytest.mark.anyio
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", ["parameter", "route", "router", "application"])
async def test_one_declaration_is_one_limit_wherever_it_stands(web, kind, place):
    """Routes that use the same declaration share its limit; who comes first is served first, and waits in no thread."""
    visits = Visits()
    it = web.Depends(visits.dependency(kind), max_concurrency=1)
    app = web.FastAPI(dependencies=[it] if place == "application" else [])
    router = web.APIRouter(dependencies=[it] if place == "router" else [])

    async def asks(value: Annotated[None, it]) -> None: ...

    async def asks_nothing() -> None: ...

    for path in ("/a", "/b"):
        endpoint = asks if place == "parameter" else asks_nothing
        router.get(path, dependencies=[it] if place == "route" else [])(endpoint)
    app.include_router(router)
    threads = anyio.to_thread.current_default_thread_limiter()
    async with anyio.create_task_group() as group:
        for visitor, path in (("1", "/a"), ("2", "/b"), ("3", "/a")):
            group.start_soon(visits.visit, app, visitor, path)
            await visits.until("1 in")
            await visits.settle()
        assert visits.log == ["1 in"]
        assert threads.borrowed_tokens == (1 if kind in ("plain", "generator") else 0)
        for visitor in ("1", "2"):
            visits.gate(visitor).set()
            await visits.until(f"{visitor} out")
            await visits.settle()
        visits.gate("3").set()
    steps = [entry for entry in visits.log if entry.endswith((" in", " out"))]
    assert steps == ["1 in", "1 out", "2 in", "2 out", "3 in", "3 out"]


@each_framework
@pytest.mark.anyio
@pytest.mark.parametrize("scope", ["function", "request"])
@pytest.mark.parametrize("streams", [False, True])
async def test_a_generator_holds_its_place_as_long_as_it_lives(web, scope, streams):
    """The next one begins after the clean-up: before the answer in the function scope, after all in the request's."""
    visits = Visits()
    app = web.FastAPI()
    it = web.Depends(visits.dependency("async_generator"), scope=scope, max_concurrency=1)

    async def chunks(visitor: str) -> AsyncIterator[bytes]:
        visits.note(f"{visitor} chunk")
        yield b"chunk"

    async def task(visitor: str) -> None:
        if (scope, visitor) == ("function", "1"):
            await visits.until("2 in")
        visits.note(f"{visitor} task")

    @app.get("/")
    async def endpoint(tasks: web.BackgroundTasks, visitor: str, value: Annotated[None, it]) -> Any:
        tasks.add_task(task, visitor)
        return StreamingResponse(chunks(visitor)) if streams else typeway.Response()

    async with anyio.create_task_group() as group:
        for visitor in "12":
            group.start_soon(visits.visit, app, visitor)
            await visits.settle()
        visits.gate("1").set()
        visits.gate("2").set()
    order = ["1 in", "1 out", "2 in", "1 task"] if scope == "function" else ["1 in", "1 200", "1 task", "1 out", "2 in"]
    assert [entry for entry in visits.log if entry in order] == order


@each_framework
@pytest.mark.anyio
async def test_what_a_dependency_needs_is_there_before_it_waits(web):
    """A limited dependency waits with its own dependencies in hand, and not at all if its values are invalid."""
    visits = Visits()
    app = web.FastAPI()

    async def needed(visitor: str) -> AsyncIterator[str]:
        visits.note(f"{visitor} needs")
        yield visitor

    async def limited(number: int, visitor: str = web.Depends(needed)) -> None:
        visits.note(f"{visitor} in")
        await visits.gate(visitor).wait()

    @app.get("/{number}")
    async def endpoint(value: Annotated[None, web.Depends(limited, max_concurrency=1)]) -> None: ...

    async with anyio.create_task_group() as group:
        for visitor, path in (("1", "/1"), ("2", "/2"), ("3", "/x")):
            group.start_soon(visits.visit, app, visitor, path)
            await visits.settle()
        await visits.until("3 left")
        assert visits.log == ["1 needs", "1 in", "2 needs", "3 needs", "3 422", "3 left"]
        visits.gate("1").set()
        visits.gate("2").set()


@each_framework
@pytest.mark.anyio
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("where", ["beginning", "endpoint", "end", "task", "answer"])
async def test_a_failure_gives_the_place_back(web, kind, where):
    """However a request fails, the next one gets in."""
    app = web.FastAPI()

    def fail(at: str, visitor: str) -> None:
        if (at, visitor) == (where, "1"):
            raise ValueError(at)

    async def coroutine(visitor: str) -> None:
        fail("beginning", visitor)

    def plain(visitor: str) -> None:
        fail("beginning", visitor)

    async def async_generator(visitor: str) -> AsyncIterator[None]:
        fail("beginning", visitor)
        yield
        fail("end", visitor)

    def generator(visitor: str) -> Iterator[None]:
        fail("beginning", visitor)
        yield
        fail("end", visitor)

    chosen = dict(zip(KINDS, (coroutine, plain, async_generator, generator), strict=True))[kind]

    @app.get("/", response_model=int)
    async def endpoint(
        visitor: str, tasks: web.BackgroundTasks, value: Annotated[None, web.Depends(chosen, max_concurrency=1)]
    ) -> Any:
        tasks.add_task(fail, "task", visitor)
        fail("endpoint", visitor)
        return "no number" if (where, visitor) == ("answer", "1") else 1

    visits = Visits()
    await visits.visit(app, "1")
    with anyio.fail_after(PATIENCE):
        await visits.visit(app, "2")
    assert visits.log[-2:] == ["2 200", "2 left"]


@each_framework
@pytest.mark.anyio
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("who", ["waiting", "holding"])
async def test_a_cancelled_request_keeps_nobody_out(web, kind, who):
    """Whoever is cancelled while it waits takes no place; whoever holds one gives it back after its clean-up."""
    visits = Visits()
    app = web.FastAPI()
    app.get("/", dependencies=[web.Depends(visits.dependency(kind), max_concurrency=1)])(lambda: None)
    scopes = {visitor: anyio.CancelScope() for visitor in "123"}

    async def visit(visitor: str) -> None:
        with scopes[visitor]:
            await visits.visit(app, visitor)

    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as group:
            for visitor in scopes:
                group.start_soon(visit, visitor)
                await visits.until("1 in")
                await visits.settle()
            scopes["2" if who == "waiting" else "1"].cancel()
            await visits.settle()
            for visitor in scopes:
                visits.gate(visitor).set()
    assert "2 in" not in visits.log if who == "waiting" else "2 in" in visits.log
    assert "3 200" in visits.log
    assert visits.log.index("3 in") > visits.log.index("1 in")


@each_framework
@pytest.mark.anyio
async def test_clean_up_in_a_thread_holds_the_place_of_a_cancelled_request(web):
    """The place is free when the clean-up has ended, not when the request was cancelled."""
    visits = Visits()
    app = web.FastAPI()
    begun, goes_on = anyio.Event(), threading.Event()

    def limited(visitor: str) -> Iterator[None]:
        anyio.from_thread.run_sync(visits.note, f"{visitor} in")
        try:
            yield
        finally:
            anyio.from_thread.run_sync(begun.set)
            assert goes_on.wait(PATIENCE)

    @app.get("/")
    async def endpoint(visitor: str, value: Annotated[None, web.Depends(limited, max_concurrency=1)]) -> None:
        visits.note(f"{visitor} served")
        if visitor == "1":
            await anyio.sleep_forever()

    first = anyio.CancelScope()

    async def cancelled() -> None:
        with first:
            await visits.visit(app, "1")

    async with anyio.create_task_group() as group:
        group.start_soon(cancelled)
        await visits.until("1 served")
        group.start_soon(visits.visit, app, "2")
        await visits.settle()
        first.cancel()
        await begun.wait()
        await visits.settle()
        assert "2 in" not in visits.log
        goes_on.set()
    assert visits.log[-2:] == ["2 200", "2 left"]


@each_framework
@pytest.mark.anyio
@pytest.mark.parametrize("original", ["coroutine", "generator"])
@pytest.mark.parametrize("override", KINDS)
async def test_an_override_runs_under_the_limit_of_what_it_replaces(web, original, override):
    """The limit is the declaration's: it holds for whatever is called in the end."""
    visits = Visits()
    app = web.FastAPI()
    replaced = visits.dependency(original)
    app.get("/", dependencies=[web.Depends(replaced, max_concurrency=1)])(lambda: None)
    app.dependency_overrides[replaced] = visits.dependency(override)
    async with anyio.create_task_group() as group:
        for visitor in "12":
            group.start_soon(visits.visit, app, visitor)
            await visits.until("1 in")
            await visits.settle()
        assert visits.log == ["1 in"]
        for visitor in "12":
            visits.gate(visitor).set()


@each_framework
@pytest.mark.anyio
@pytest.mark.parametrize(
    ("derive", "is_shared"),
    [
        (lambda it: it, True),
        (copy.copy, True),
        (lambda it: replace(it, scope="function"), True),
        (lambda it: replace(it, max_concurrency=2), False),
        (lambda it: replace(it, max_concurrency=None), False),
        (copy.deepcopy, False),
    ],
    ids=["itself", "copy", "replaced", "another limit", "no limit", "deep copy"],
)
async def test_what_is_derived_from_a_declaration_may_share_its_limit(web, derive, is_shared):
    """A copy with the same limit is the same limit; a deep copy and one with another limit stand for themselves."""
    visits = Visits()
    app = web.FastAPI()
    it = web.Depends(visits.dependency("coroutine"), max_concurrency=1)
    app.get("/a", dependencies=[it])(lambda: None)
    app.get("/b", dependencies=[derive(it)])(lambda: None)
    async with anyio.create_task_group() as group:
        for visitor, path in (("1", "/a"), ("2", "/b")):
            group.start_soon(visits.visit, app, visitor, path)
            await visits.settle()
        if not is_shared:
            await visits.until("2 in")
        assert ("2 in" not in visits.log) is is_shared
        for visitor in "12":
            visits.gate(visitor).set()


@each_framework
def test_equal_declarations_have_a_limit_each(web):
    """Limited declarations are equal only to themselves and their copies; others by what they say."""

    def dependency() -> None: ...

    limited = web.Depends(dependency, max_concurrency=1)
    assert limited != web.Depends(dependency, max_concurrency=1)
    assert limited == copy.copy(limited)
    assert web.Depends(dependency) == web.Depends(dependency)
    assert "max_concurrency=1" in repr(limited)


@each_framework
@pytest.mark.anyio
async def test_a_declaration_that_takes_its_callable_from_the_annotation_is_one_limit(web):
    """`Depends(max_concurrency=1)` limits all the classes together for whose parameters it stands."""
    visits = Visits()

    class Held:
        def __init__(self, visitor: str) -> None:
            anyio.from_thread.run_sync(visits.note, f"{visitor} {type(self).__name__}")
            anyio.from_thread.run(visits.gate(visitor).wait)

    class Other(Held): ...

    it = web.Depends(max_concurrency=1)
    app = web.FastAPI()

    @app.get("/a")
    async def first(value: Annotated[Held, it]) -> None: ...

    @app.get("/b")
    async def second(value: Annotated[Other, it]) -> None: ...

    async with anyio.create_task_group() as group:
        for visitor, path in (("1", "/a"), ("2", "/b")):
            group.start_soon(visits.visit, app, visitor, path)
            await visits.until("1 Held")
            await visits.settle()
        assert visits.log == ["1 Held"]
        for visitor in "12":
            visits.gate(visitor).set()


@each_framework
@pytest.mark.anyio
@pytest.mark.parametrize("scope", ["function", "request"])
async def test_a_socket_holds_its_place_until_it_ends(web, scope):
    """A session is one request, however long it takes."""
    visits = Visits()
    app = web.FastAPI()

    async def limited(visitor: str) -> AsyncIterator[None]:
        visits.note(f"{visitor} in")
        yield
        await anyio.lowlevel.checkpoint()
        visits.note(f"{visitor} out")

    @app.websocket("/")
    async def endpoint(
        socket: web.WebSocket,
        visitor: str,
        value: Annotated[None, web.Depends(limited, scope=scope, max_concurrency=1)],
    ) -> None:
        await socket.accept()
        await visits.gate(visitor).wait()
        await socket.close()

    async with anyio.create_task_group() as group:
        for visitor in "12":
            group.start_soon(visits.visit, app, visitor, "/", "websocket")
            await visits.settle()
        assert visits.log == ["1 in"]
        visits.gate("1").set()
        await visits.until("1 left")
        await visits.until("2 in")
        assert visits.log[:2] == ["1 in", "1 out"]
        visits.gate("2").set()


@each_framework
def test_every_event_loop_has_its_own_count(web):
    """One application may serve several event loops, one after the other and at the same time."""
    inside = threading.Barrier(3)
    app = web.FastAPI()

    async def limited(visitor: str) -> None:
        if visitor == "meets":
            await anyio.to_thread.run_sync(inside.wait, PATIENCE)

    app.get("/", dependencies=[web.Depends(limited, max_concurrency=1)])(lambda: None)
    logs: list[list[str]] = []

    def serve(visitor: str, backend: str) -> None:
        visits = Visits()
        anyio.run(visits.visit, app, visitor, backend=backend)
        logs.append(visits.log)

    for backend in ("asyncio", "asyncio", "trio"):
        serve("alone", backend)
    threads = [threading.Thread(target=serve, args=("meets", backend)) for backend in ("asyncio", "asyncio", "trio")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert logs == [["alone 200", "alone left"]] * 3 + [["meets 200", "meets left"]] * 3


@pytest.mark.anyio
async def test_a_forgotten_declaration_leaves_nothing_behind():
    """What counts for a declaration lives no longer than the declaration, even in an event loop that goes on."""
    it = typeway.Depends(max_concurrency=1)
    semaphore = weakref.ref(it.capacity.semaphore())
    assert semaphore() is it.capacity.semaphore()
    del it
    gc.collect()
    assert semaphore() is None
