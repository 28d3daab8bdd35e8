"""Overrides last as long as their block, in their own context, and name only what there is to override."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import anyio
import httpx
import pytest

from tests.patience import PATIENCE
from typeway import Depends, HTTPException, Router, Typeway, WebSocket
from typeway.exceptions import DeclarationError
from typeway.testclient import TestClient


def get_db() -> str:
    return "real"


def get_user(db: Annotated[str, Depends(get_db)]) -> str:
    return f"user of {db}"


def get_clock() -> str:
    return "now"


def get_unused() -> str:
    return "never"


def application() -> Typeway:
    """Endpoints, a socket and a router that depend on something."""
    app, router = Typeway(title="Tasks"), Router()

    @app.get("/user")
    async def user(user: Annotated[str, Depends(get_user)]) -> str:
        return user

    @app.get("/db")
    def db(db: Annotated[str, Depends(get_db)]) -> str:
        return db

    @router.get("/clock")
    async def clock(clock: Annotated[str, Depends(get_clock)]) -> str:
        return clock

    @app.websocket("/socket")
    async def socket(websocket: WebSocket, user: Annotated[str, Depends(get_user)]) -> None:
        await websocket.accept()
        await websocket.send_text(user)
        await websocket.close()

    app.include_router(router)
    return app


def get(client: TestClient, path: str) -> Any:
    return client.get(path).json()


def test_an_override_ends_with_its_block():
    """Within the block the replacement runs, for endpoints, dependencies and sockets; after it, what was there."""
    app = application()
    client = TestClient(app)
    with app.override(get_db, lambda: "fake"):
        assert get(client, "/user") == "user of fake"
        assert get(client, "/db") == "fake"
        with client.websocket_connect("/socket") as socket:
            assert socket.receive_text() == "user of fake"
    assert get(client, "/user") == "user of real"
    assert app.dependency_overrides == {}


def test_an_override_ends_when_its_block_fails():
    """A failing test leaves nothing behind."""
    app = application()
    with pytest.raises(ValueError, match="inside"), app.override(get_db, lambda: "fake"):
        raise ValueError("inside")
    assert get(TestClient(app), "/db") == "real"


def test_blocks_nest():
    """The innermost block takes precedence, other overrides of outer blocks still apply, and each block ends on its own."""
    app = application()
    client = TestClient(app)
    with app.override(get_db, lambda: "outer"), app.override(get_clock, lambda: "noon"):
        with app.override(get_db, lambda: "inner"):
            assert (get(client, "/db"), get(client, "/clock")) == ("inner", "noon")
        assert (get(client, "/db"), get(client, "/clock")) == ("outer", "noon")
    assert (get(client, "/db"), get(client, "/clock")) == ("real", "now")


def test_the_plain_mapping_keeps_working():
    """`dependency_overrides` acts on all contexts, beside blocks, which win; it can be replaced as a whole."""
    app = application()
    client = TestClient(app)
    with app.override(get_clock, lambda: "noon"):
        app.dependency_overrides[get_db] = lambda: "plain"
        app.dependency_overrides[get_clock] = lambda: "plain"
        assert (get(client, "/db"), get(client, "/clock")) == ("plain", "noon")
        app.dependency_overrides = {}
        assert (get(client, "/db"), get(client, "/clock")) == ("real", "noon")
    app.dependency_overrides = {get_db: lambda: "other"}
    assert get(client, "/db") == "other"


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_client_has_overrides_of_its_own(backend):
    """Overrides of a test client act on its requests, sockets and lifespan, and on those of no other client."""
    app = application()
    client = TestClient(app, overrides={get_db: lambda: "fake"}, backend=backend)
    other = TestClient(app, overrides={get_db: lambda: "other"}, backend=backend)
    with client:
        assert (get(client, "/user"), get(other, "/user")) == ("user of fake", "user of other")
        assert get(TestClient(app), "/user") == "user of real"
        with client.websocket_connect("/socket") as socket:
            assert socket.receive_text() == "user of fake"
    assert client.app is app


def test_a_lifespan_sees_the_clients_overrides():
    """What start-up resolves is replaced too."""
    seen = []

    async def lifespan(app: Typeway) -> AsyncIterator[None]:
        seen.append(await app.resolve(get_user))
        yield

    app = Typeway(lifespan=lifespan)
    app.get("/")(lambda user=Depends(get_user): user)
    with TestClient(app, overrides={get_db: lambda: "fake"}), TestClient(app):
        assert seen == ["user of fake", "user of real"]


def test_threads_do_not_see_each_other():
    """Parallel tests override the same dependency, each for itself."""
    app = application()
    together = threading.Barrier(4)
    found: dict[str, set[str]] = {}

    def run(name: str) -> None:
        client = TestClient(app)
        with app.override(get_db, lambda: name):
            together.wait(PATIENCE)
            found[name] = {get(client, "/db") for _ in range(3)}
            together.wait(PATIENCE)

    threads = [threading.Thread(target=run, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert found == {name: {name} for name in "abcd"}


def test_tasks_do_not_see_each_other():
    """Asynchronous tests in one loop have a context each, which their requests keep."""
    app = application()
    found: dict[str, str] = {}

    async def run(name: str | None, begun: anyio.Event) -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
            if name is None:
                await begun.wait()
                found["none"] = (await client.get("/db")).json()
            else:
                with app.override(get_db, lambda: name):
                    begun.set()
                    await anyio.sleep(0.01)
                    found[name] = (await client.get("/db")).json()

    async def main() -> None:
        begun = anyio.Event()
        async with anyio.create_task_group() as tasks:
            for name in ("a", "b", None):
                tasks.start_soon(run, name, begun)

    anyio.run(main)
    assert found == {"a": "a", "b": "b", "none": "real"}


def test_a_block_may_end_in_another_context():
    """A fixture's clean-up may run in another context than its set-up: the override is over for both."""
    app = application()
    client = TestClient(app)

    async def main() -> None:
        block = app.override(get_db, lambda: "fake")

        async def enter() -> None:
            block.__enter__()

        inside = asyncio.create_task(enter())
        await inside
        await asyncio.create_task(asyncio.to_thread(block.__exit__, None, None, None))

    asyncio.run(main())
    assert get(client, "/db") == "real"


def test_what_is_started_inside_does_not_keep_the_override():
    """A block that has ended is over for the tasks that it has started, too."""
    app = application()
    found = []

    async def ask(answered: asyncio.Event, over: asyncio.Event) -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
            found.append((await client.get("/db")).json())
            answered.set()
            await over.wait()
            found.append((await client.get("/db")).json())

    async def main() -> None:
        answered, over = asyncio.Event(), asyncio.Event()
        with app.override(get_db, lambda: "fake"):
            task = asyncio.create_task(ask(answered, over))
            await answered.wait()
        over.set()
        await task

    asyncio.run(main())
    assert found == ["fake", "real"]


def test_what_a_replacement_depends_on_can_be_replaced():
    """The dependencies of replacements can be overridden too."""
    app = application()

    def fake_user(name: Annotated[str, Depends(get_unused)]) -> str:
        return name

    client = TestClient(app)
    with app.override(get_user, fake_user), app.override(get_unused, lambda: "deep"):
        assert get(client, "/user") == "deep"


def test_an_override_of_nothing_is_refused():
    """What no endpoint depends on is named, with its place, and with what may have been meant."""
    app = application()

    def get_dbs() -> str:
        return "no"

    with pytest.raises(DeclarationError, match=r"get_dbs is not a dependency of the application 'Tasks'") as caught:
        app.override(get_dbs, get_unused)
    assert "Did you mean" in caught.value.hint
    assert "get_db" in caught.value.hint
    assert "test_overrides.py" in str(caught.value)
    with pytest.raises(ValueError, match="not a dependency"):
        TestClient(app, overrides={get_unused: get_db})
    with pytest.raises(DeclarationError, match=r"has no dependencies"):
        Typeway().override(get_unused, get_db)


def test_a_second_copy_of_a_dependency_is_reported():
    """A function that was imported twice is two functions; the message says where the other one is."""
    app = application()
    namespace: dict[str, Any] = {"__name__": get_db.__module__}
    exec("def get_db(): return 'copy'", namespace)
    with pytest.raises(DeclarationError, match=r"There is another .*get_db, at .*test_overrides.py:\d+"):
        app.override(namespace["get_db"], get_unused)


@pytest.mark.parametrize(
    ("app", "replacement", "message"),
    [
        (application(), "fake", "which is not callable"),
        (application(), lambda oops: 1, None),
        (lambda scope, receive, send: None, get_db, "not a Typeway application"),
        (object(), get_db, "takes an ASGI application"),
    ],
)
def test_what_cannot_replace_is_refused(app, replacement, message):
    """A value is no function, and what is around an application is not the application."""
    if message is None:
        TestClient(app, overrides={get_db: replacement})
    else:
        with pytest.raises(DeclarationError, match=message):
            TestClient(app, overrides={get_db: replacement})


def test_routes_that_are_added_later_count():
    """Whether something is a dependency is looked up at the time of the override."""
    app = application()
    with pytest.raises(DeclarationError):
        app.override(get_unused, get_db)
    app.get("/late", dependencies=[Depends(get_unused)])(lambda: "late")
    with app.override(get_unused, get_db):
        assert get(TestClient(app), "/late") == "late"
    app.routes[-1].dependencies.append(Depends(refuse))
    with app.override(refuse, get_db):
        pass


def refuse() -> None:
    raise HTTPException(403)


def test_generators_take_the_place_of_functions():
    """A replacement may clean up after itself like any dependency."""
    app = application()
    log = []

    def fake() -> Iterator[str]:
        log.append("open")
        yield "fake"
        log.append("closed")

    with TestClient(app, overrides={get_db: fake}) as client:
        assert get(client, "/user") == "user of fake"
    assert log == ["open", "closed"]


def test_nothing_is_left_in_force_when_the_last_block_has_ended():
    """Requests ask contexts for overrides only while a block is open, in whichever order blocks end."""
    app = application()
    app.dependency_overrides[get_clock] = lambda: "noon"
    first, second = app.override(get_db, lambda: "first"), app.override(get_db, lambda: "second")
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert get(TestClient(app), "/db") == "second"
    assert app._overrides_in_force is not app.dependency_overrides
    second.__exit__(None, None, None)
    assert app._overrides_in_force is app.dependency_overrides
    assert (get(TestClient(app), "/db"), get(TestClient(app), "/clock")) == ("real", "noon")
