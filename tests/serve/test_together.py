"""Dependencies with `concurrent=True` run at the same time, and nothing else about them changes."""

import gc
import threading
import weakref
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Annotated, Any

import anyio
import anyio.lowlevel
import pytest

from tests.patience import PATIENCE
from typeway import Depends, HTTPException, Typeway, WebSocket
from typeway.exceptions import DeclarationError
from typeway.testclient import TestClient

pytestmark = pytest.mark.parametrize("backend", ["asyncio", "trio"])


SCOPE = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}


async def no_body() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def no_client(message: dict[str, Any]) -> None:
    raise AssertionError("unreachable")


class Story:
    """What happens in a request, in the order in which it happens; and who meets whom."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.inside = 0
        self.most = 0

    async def step(self, name: str, turns: int = 3) -> str:
        """Begin, let others run, and end."""
        self.events.append(f"{name} begins")
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            for _ in range(turns):
                await anyio.sleep(0.005)
        except BaseException as error:
            self.events.append(f"{name} is cancelled" if isinstance(error, anyio.get_cancelled_exc_class()) else name)
            raise
        finally:
            self.inside -= 1
        self.events.append(f"{name} ends")
        return name

    def dependency(self, name: str, turns: int = 3, error: Exception | None = None) -> Any:
        """An async dependency that takes its time, and may fail."""

        async def dependency() -> str:
            await self.step(name, turns)
            if error is not None:
                raise error
            return name

        return dependency


def together(function: Any, **options: Any) -> Any:
    return Depends(function, concurrent=True, **options)


def ask(app: Typeway, backend: str, path: str = "/", **options: Any) -> Any:
    with TestClient(app, backend=backend, raise_server_exceptions=False) as client:
        return client.get(path, **options)


def test_marked_dependencies_run_at_the_same_time(backend):
    """Three marked dependencies are all inside at once, their results reach their parameters; unmarked ones wait."""
    story, app = Story(), Typeway()
    one, two, three = (story.dependency(name) for name in ("one", "two", "three"))

    @app.get("/together")
    async def marked(a: str = together(one), b: str = together(two), c: str = together(three)) -> list[str]:
        return [a, b, c]

    @app.get("/apart")
    async def unmarked(a: str = Depends(one), b: str = Depends(two), c: str = together(three)) -> list[str]:
        return [a, b, c]

    assert ask(app, backend, "/together").json() == ["one", "two", "three"]
    assert story.most == 3
    story.most = 0
    assert ask(app, backend, "/apart").json() == ["one", "two", "three"]
    assert story.most == 1


def test_an_unmarked_dependency_runs_alone(backend):
    """What is not marked starts when all before it has ended, and what is marked after it starts when it has."""
    story, app = Story(), Typeway()
    alone = story.dependency("alone")

    @app.get("/")
    async def read(
        a: str = together(story.dependency("a")),
        b: str = together(story.dependency("b")),
        alone: str = Depends(alone),
        c: str = together(story.dependency("c")),
        d: str = together(story.dependency("d")),
    ) -> int:
        return story.most

    assert ask(app, backend).json() == 2
    at = story.events.index("alone begins")
    assert {event.split()[0] for event in story.events[:at]} == {"a", "b"}
    assert story.events[at + 1] == "alone ends"
    assert {event.split()[0] for event in story.events[at + 2 :]} == {"c", "d"}


def test_what_a_marked_dependency_asks_for_goes_with_it(backend):
    """Each branch runs in its own order, beside the other; what both need is called once, before them."""
    story, app = Story(), Typeway()
    shared = story.dependency("shared")
    below_a, below_b = story.dependency("below a"), story.dependency("below b")

    async def a(below: str = Depends(below_a), shared: str = Depends(shared)) -> list[str]:
        return [await story.step("a"), below, shared]

    async def b(below: str = Depends(below_b), shared: str = Depends(shared)) -> list[str]:
        return [await story.step("b"), below, shared]

    @app.get("/")
    async def read(a: list[str] = together(a), b: list[str] = together(b), again: str = Depends(shared)) -> list[Any]:
        return [a, b, again]

    assert ask(app, backend).json() == [["a", "below a", "shared"], ["b", "below b", "shared"], "shared"]
    assert story.events.count("shared begins") == 1
    assert story.events.index("shared ends") < story.events.index("below a begins")
    assert story.events.index("below a ends") < story.events.index("a begins")
    assert story.most == 2


def test_one_that_needs_another_waits_for_it(backend):
    """A marked dependency that asks for another marked one is called after it, with its result."""
    story, app = Story(), Typeway()
    first = story.dependency("first")

    async def second(first: str = together(first)) -> str:
        return f"{first}, {await story.step('second')}"

    @app.get("/")
    async def read(first: str = together(first), second: str = together(second)) -> list[str]:
        return [first, second]

    assert ask(app, backend).json() == ["first", "first, second"]
    assert story.most == 1


def test_what_another_branch_needs_is_there_before_it(backend):
    """A marked dependency that others ask for too is called before them, whatever else they ask for before it."""
    story, app = Story(), Typeway()
    shared, other = story.dependency("shared", 6), story.dependency("other")

    async def needs(other: str = Depends(other), shared: str = together(shared)) -> list[str]:
        return [other, shared]

    @app.get("/")
    async def read(needs: list[str] = together(needs), shared: str = together(shared)) -> list[Any]:
        return [needs, shared]

    assert ask(app, backend).json() == [["other", "shared"], "shared"]
    assert story.events.count("shared begins") == 1


def test_branches_may_have_branches(backend):
    """What is marked below what is marked runs at the same time too."""
    story, app = Story(), Typeway()

    async def whole(a: str = together(story.dependency("a")), b: str = together(story.dependency("b"))) -> list[str]:
        return [a, b]

    @app.get("/")
    async def read(whole: list[str] = together(whole), c: str = together(story.dependency("c"))) -> list[Any]:
        return [whole, c]

    assert ask(app, backend).json() == [["a", "b"], "c"]
    assert story.most == 3


def test_threads_run_at_the_same_time_too(backend):
    """`def` dependencies that are marked are in the thread pool together."""
    app, both = Typeway(), threading.Barrier(2)

    def first() -> int:
        return both.wait(PATIENCE)

    def second() -> int:
        return both.wait(PATIENCE)

    @app.get("/")
    async def read(a: int = together(first), b: int = together(second)) -> list[int]:
        return sorted([a, b])

    # Neither goes on before the other is there.
    assert ask(app, backend).json() == [0, 1]


def test_a_cached_dependency_is_called_once(backend):
    """Marked or not, a dependency that several ask for is called once, and without the cache for each."""
    story, app = Story(), Typeway()
    one = story.dependency("one")

    @app.get("/")
    async def read(
        a: str = together(one), b: str = together(one), c: str = together(story.dependency("two"))
    ) -> list[str]:
        return [a, b, c]

    @app.get("/uncached")
    async def uncached(a: str = together(one, use_cache=False), b: str = together(one, use_cache=False)) -> list[str]:
        return [a, b]

    assert ask(app, backend).json() == ["one", "one", "two"]
    assert story.events.count("one begins") == 1
    assert ask(app, backend, "/uncached").json() == ["one", "one"]
    assert story.events.count("one begins") == 3


@pytest.mark.parametrize(("turns_of_a", "turns_of_b"), [(1, 6), (6, 1)])
def test_the_first_error_in_order_counts(backend, turns_of_a, turns_of_b):
    """When two fail the answer is that of the first in order, whichever failed first in time."""
    story, app = Story(), Typeway()

    @app.get("/")
    async def read(
        a: str = together(story.dependency("a", turns_of_a, HTTPException(401, "a"))),
        b: str = together(story.dependency("b", turns_of_b, HTTPException(404, "b"))),
    ) -> None:
        raise AssertionError("unreachable")

    answer = ask(app, backend)
    assert (answer.status_code, answer.json()) == (401, {"detail": "a"})


def test_an_error_cancels_what_comes_later(backend):
    """When one fails, those after it in order are cancelled at once, and those before it end."""
    story, app = Story(), Typeway()

    @app.get("/")
    async def read(
        a: str = together(story.dependency("a", 8)),
        b: str = together(story.dependency("b", 1, HTTPException(418))),
        c: str = together(story.dependency("c", 4000)),
    ) -> None:
        raise AssertionError("unreachable")

    assert ask(app, backend).status_code == 418
    assert "a ends" in story.events
    assert "c is cancelled" in story.events


def test_an_exception_arrives_as_itself(backend):
    """The application's handlers and generators see the exception that was raised, not a group of them."""
    seen: list[str] = []
    story, app = Story(), Typeway()

    async def session() -> AsyncIterator[str]:
        try:
            yield "session"
        except KeyError as error:
            seen.append(f"session saw {error!r}")
            raise

    @app.exception_handler(KeyError)
    async def handle(request, error):
        seen.append(f"handler saw {error!r}")
        raise HTTPException(409)

    @app.get("/")
    async def read(
        session: str = Depends(session),
        a: str = together(story.dependency("a")),
        b: str = together(story.dependency("b", 1, KeyError("b"))),
    ) -> None:
        raise AssertionError("unreachable")

    ask(app, backend)
    assert seen == ["session saw KeyError('b')", "handler saw KeyError('b')"]


def test_invalid_values_are_reported_together_and_in_order(backend):
    """Errors of several marked dependencies are pooled as if one had been called after the other."""
    app = Typeway()

    async def first(one: int) -> int:
        await anyio.sleep(0.02)
        return one

    async def second(two: int) -> int:
        return two

    async def third(three: int, second: Annotated[int, Depends(second)]) -> int:
        return three + second

    @app.get("/together")
    async def marked(a: int = together(first), b: int = together(second), c: int = together(third)) -> list[int]:
        return [a, b, c]

    @app.get("/apart")
    async def unmarked(a: int = Depends(first), b: int = Depends(second), c: int = Depends(third)) -> list[int]:
        return [a, b, c]

    for query in ("one=x&two=y", "one=1&two=y&three=3", "three=z", "one=1&two=2&three=3"):
        expected, answer = ask(app, backend, f"/apart?{query}"), ask(app, backend, f"/together?{query}")
        assert (answer.status_code, answer.json()) == (expected.status_code, expected.json())


def test_generators_are_entered_and_left_in_order(backend):
    """Each marked dependency may have a session of its own: sessions are opened in order and closed in reverse."""
    story, app = Story(), Typeway()

    def session(name: str) -> Any:
        async def session() -> AsyncIterator[str]:
            story.events.append(f"{name} opens")
            async with anyio.create_task_group():  # it must be left by the task that has entered it
                yield name
            story.events.append(f"{name} closes")

        return session

    async def a(session: str = Depends(session("session a"))) -> str:
        return await story.step("a")

    async def b(session: str = Depends(session("session b"))) -> str:
        return await story.step("b")

    @app.get("/")
    async def read(a: str = together(a), b: str = together(b)) -> list[str]:
        return [a, b]

    assert ask(app, backend).json() == ["a", "b"]
    assert story.most == 2
    assert story.events[:2] == ["session a opens", "session b opens"]
    assert story.events[-2:] == ["session b closes", "session a closes"]


def test_an_error_of_what_was_moved_forward_does_not_overtake(backend):
    """A session that cannot be opened fails the request only if nothing before it in order fails."""
    story, app = Story(), Typeway()

    async def broken() -> AsyncIterator[str]:
        raise HTTPException(503, "no session")
        yield ""

    async def b(session: str = Depends(broken)) -> str:
        return session

    @app.get("/both")
    async def both(a: str = together(story.dependency("a", 1, HTTPException(401, "a"))), b: str = together(b)) -> None:
        raise AssertionError("unreachable")

    @app.get("/one")
    async def one(a: str = together(story.dependency("a")), b: str = together(b)) -> None:
        raise AssertionError("unreachable")

    assert ask(app, backend, "/both").json() == {"detail": "a"}
    assert ask(app, backend, "/one").json() == {"detail": "no session"}


def test_context_variables_are_seen_by_what_comes_later(backend):
    """What marked dependencies set, the endpoint reads; of two that set the same, the later in order wins."""
    app = Typeway()
    own: ContextVar[str] = ContextVar("own", default="nobody")
    same: ContextVar[str] = ContextVar("same", default="nobody")
    untouched: ContextVar[str] = ContextVar("untouched", default="nobody")

    async def before() -> None:
        same.set("before")
        untouched.set("before")

    async def a() -> None:
        await anyio.sleep(0.02)
        own.set("a")
        same.set("a")

    async def b() -> None:
        same.set("b")

    @app.get("/", dependencies=[Depends(before), together(a), together(b)])
    async def read() -> list[str]:
        return [own.get(), same.get(), untouched.get()]

    assert ask(app, backend).json() == ["a", "b", "before"]


def test_a_cancelled_request_cancels_all(backend):
    """A request that is cancelled ends every branch, and the generators before them are closed."""
    story, app, both = Story(), Typeway(), anyio.Event()

    def endless(name: str) -> Any:
        async def endless() -> str:
            if story.inside == 1:
                both.set()
            return await story.step(name, 100_000)

        return endless

    async def session() -> AsyncIterator[None]:
        try:
            yield
        finally:
            story.events.append("closed")

    @app.get("/")
    async def read(
        session: None = Depends(session),
        a: str = together(endless("a")),
        b: str = together(endless("b")),
    ) -> None:
        raise AssertionError("unreachable")

    async def give_up() -> None:
        with anyio.fail_after(PATIENCE):
            async with anyio.create_task_group() as group:
                group.start_soon(app, {**SCOPE}, no_body, no_client)
                await both.wait()
                group.cancel_scope.cancel()

    anyio.run(give_up, backend=backend)
    assert {"a is cancelled", "b is cancelled", "closed"} <= set(story.events)


def test_limits_hold(backend):
    """`max_concurrency` of a marked dependency counts within one request as well."""
    story, app = Story(), Typeway()
    limited = Depends(story.dependency("limited"), concurrent=True, max_concurrency=1, use_cache=False)

    @app.get("/")
    async def read(a: str = limited, b: str = limited) -> list[str]:
        return [a, b]

    assert ask(app, backend).json() == ["limited", "limited"]
    assert story.most == 1


def test_a_generator_cannot_be_marked(backend):
    """A dependency with a yield is refused where it is marked; one that overrides another just runs in order."""
    story = Story()

    async def session() -> AsyncIterator[str]:
        yield "session"

    with pytest.raises(
        DeclarationError, match=r"'session' has a yield and cannot be concurrent.*Mark the dependencies"
    ):
        app = Typeway()

        @app.get("/")
        async def refused(session: str = together(session)) -> str:
            return session

        ask(app, backend)
        app.openapi()

    app = Typeway()
    a, b = story.dependency("a"), story.dependency("b")

    @app.get("/")
    async def read(a: str = together(a), b: str = together(b)) -> list[str]:
        return [a, b]

    app.dependency_overrides[a] = session
    assert ask(app, backend).json() == ["session", "b"]


def test_websockets_resolve_together_too(backend):
    """A WebSocket's marked dependencies run at the same time."""
    story, app = Story(), Typeway()
    a, b = story.dependency("a"), story.dependency("b")

    @app.websocket("/")
    async def talk(socket: WebSocket, a: str = together(a), b: str = together(b)) -> None:
        await socket.accept()
        await socket.send_json([a, b])
        await socket.close()

    with TestClient(app, backend=backend) as client, client.websocket_connect("/") as socket:
        assert socket.receive_json() == ["a", "b"]
    assert story.most == 2


def test_a_failed_request_leaves_nothing_behind(backend):
    """The exception of a failed request is freed with it, without the garbage collector."""
    app = Typeway()
    kept: list[weakref.ref[Exception]] = []

    class Failed(HTTPException):
        pass

    async def fails() -> None:
        await anyio.lowlevel.checkpoint()
        error = Failed(400)
        kept.append(weakref.ref(error))
        try:
            raise error
        finally:
            del error

    @app.get("/", dependencies=[together(fails), together(Story().dependency("b"))])
    async def read() -> None:
        raise AssertionError("unreachable")

    with TestClient(app, backend=backend) as client:
        gc.collect()
        gc.disable()
        try:
            client.get("/")
            client.get("/health-check-of-another-path")
            assert kept[0]() is None
        finally:
            gc.enable()
