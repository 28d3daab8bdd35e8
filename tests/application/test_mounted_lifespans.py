"""The lifespans of mounted applications run inside that of the application around them, each once."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import anyio
import fastapi
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Host, Mount, Route, WebSocketRoute
from starlette.routing import Router as StarletteRouter

import typeway
from tests.frameworks import client
from typeway import Depends, Request, Router, Typeway, WebSocket
from typeway.compat.shapes.application import FastAPI as CompatFastAPI
from typeway.declare.conventions import TYPEWAY
from typeway.middleware.cors import CORSMiddleware
from typeway.staticfiles import StaticFiles


class Lives:
    """What has begun and what has ended, in order."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def __call__(self, name: str, state: dict[str, Any] | None = None) -> Any:
        """A lifespan that says when it begins and ends, and gives a state."""

        @asynccontextmanager
        async def lifespan(app: Any) -> AsyncIterator[dict[str, Any] | None]:
            self.log.append(f"+{name}")
            yield state
            self.log.append(f"-{name}")

        return lifespan

    def of(self, app: Any, **options: Any) -> str:
        """All that one life of an application notes."""
        self.log.clear()
        with client(app, **options):
            self.log.append("serves")
        return " ".join(self.log)


@pytest.fixture
def lives() -> Lives:
    """What the applications of a test note."""
    return Lives()


def events(lives: Lives) -> Typeway:
    """An application with functions for start-up and shut-down."""
    return Typeway(on_startup=[lambda: lives.log.append("+inner")], on_shutdown=[lambda: lives.log.append("-inner")])


INNER: dict[str, Callable[[Lives], Any]] = {
    "Typeway": lambda lives: Typeway(lifespan=lives("inner")),
    "with events": events,
    "compat mode": lambda lives: CompatFastAPI(lifespan=lives("inner")),
    "FastAPI": lambda lives: fastapi.FastAPI(lifespan=lives("inner")),
    "Starlette": lambda lives: Starlette(lifespan=lives("inner")),
    "router": lambda lives: Router(lifespan=lives("inner")),
    "Starlette's router": lambda lives: StarletteRouter(lifespan=lives("inner")),
}


def included(app: Any, inner: Any, *prefixes: str) -> None:
    """Mount in a router that is included in one that is included."""
    router, outer = Router(prefix="/r"), Router()
    router.mount("/inner", inner)
    outer.include_router(router)
    for prefix in ("", *prefixes):
        app.include_router(outer, prefix=prefix)


PLACES: dict[str, Callable[[Any, Any], Any]] = {
    "mounted": lambda app, inner: app.mount("/inner", inner),
    "at the root": lambda app, inner: app.mount("/", inner),
    "twice": lambda app, inner: [app.mount(path, inner) for path in ("/inner", "/again")],
    "by host": lambda app, inner: app.host("inner.example.org", inner),
    "as a route": lambda app, inner: app.routes.append(Mount("/inner", inner)),
    "in middleware": lambda app, inner: app.mount("/inner", CORSMiddleware(CORSMiddleware(inner))),
    "with middleware": lambda app, inner: app.routes.append(
        Mount("/inner", inner, middleware=[typeway.application.app.Middleware(CORSMiddleware)])
    ),
    "with a limit": lambda app, inner: app.routes.append(Mount("/inner", inner, max_body_size=3)),
    "in a mount": lambda app, inner: app.routes.append(Mount("/a", routes=[Mount("/b", routes=[Mount("/c", inner)])])),
    "in Starlette": lambda app, inner: app.mount(
        "/a", Starlette(routes=[Host("a.org", StarletteRouter([Mount("/b", inner)]))])
    ),
    "in Typeway": lambda app, inner: (outer := Typeway(), outer.mount("/inner", inner), app.mount("/outer", outer)),
    "in compat mode": lambda app, inner: (
        outer := CompatFastAPI(),
        outer.mount("/inner", inner),
        app.mount("/o", outer),
    ),
    "in a router": included,
    "in a router, twice": lambda app, inner: included(app, inner, "/again"),
    "everywhere": lambda app, inner: [
        PLACES[place](app, inner) for place in ("mounted", "in Starlette", "in Typeway", "by host")
    ],
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", INNER)
def test_a_mounted_application_lives_inside_the_one_around_it(lives, kind, place):
    """Whatever has a lifespan, wherever it is mounted: it begins after the application and ends before it, once, each time."""
    app = Typeway(lifespan=lives("outer"))
    PLACES[place](app, INNER[kind](lives))
    for backend in ("asyncio", "trio", "asyncio"):
        assert lives.of(app, backend=backend) == "+outer +inner serves -inner -outer"


def test_the_order_is_from_the_outside_in(lives):
    """An application begins first, then what it includes, then what it mounts in the order of routes; ends are reversed."""
    app = Typeway(lifespan=lives("app"))
    first, deep, second = (Typeway(lifespan=lives(name)) for name in ("first", "deep", "second"))
    app.mount("/first", first)
    first.mount("/deep", deep)
    router = Router(lifespan=lives("router"))
    router.mount("/second", second)
    app.include_router(router)
    begin = "+app +router +first +deep +second"
    assert lives.of(app) == f"{begin} serves -second -deep -first -router -app"


@pytest.mark.parametrize(
    "make",
    [
        fastapi.FastAPI,
        CompatFastAPI,
        type("Off", (Typeway,), {"conventions": replace(TYPEWAY, mounted_lifespans=False)}),
    ],
)
def test_elsewhere_it_does_not(lives, make):
    """FastAPI and compat mode leave it to the author, and so may an application that says so."""
    app = make(lifespan=lives("outer"))
    app.mount("/inner", make(lifespan=lives("inner")))
    assert lives.of(app) == "+outer serves -outer"


def test_other_applications_are_sent_nothing(tmp_path):
    """Static files, functions and objects of any kind never see a message of the lifespan protocol."""
    sent: list[str] = []

    class Anything:
        router = "none"

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            sent.append(scope["type"])

    class Circle(Anything):
        def __init__(self) -> None:
            self.app = self

    async def function(scope: Any, receive: Any, send: Any) -> None:
        sent.append(scope["type"])

    app = Typeway()
    for number, inner in enumerate(
        [StaticFiles(directory=tmp_path), function, Anything(), Circle(), PlainTextResponse("x")]
    ):
        app.mount(f"/{number}", inner)
    with client(app) as http:
        assert http.get("/4/").text == "x"
    assert sent == []


# --- started by hand ------------------------------------------------------------------------------------------------


def in_a_lifespan(inner: Any, lives: Lives) -> Any:
    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        lives.log.append("+outer")
        async with inner.router.lifespan_context(inner):
            yield
        lives.log.append("-outer")

    return Typeway(lifespan=lifespan)


def in_a_stack(inner: Any, lives: Lives) -> Any:
    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        lives.log.append("+outer")
        async with AsyncExitStack() as stack:
            for route in app.routes:
                if isinstance(route, Mount):
                    await stack.enter_async_context(route.app.router.lifespan_context(route.app))
            yield
        lives.log.append("-outer")

    return Typeway(lifespan=lifespan)


def in_a_task(inner: Any, lives: Lives) -> Any:
    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        lives.log.append("+outer")
        done = anyio.Event()

        async def live(*, task_status: Any) -> None:
            async with inner.router.lifespan_context(inner):
                task_status.started()
                await done.wait()

        async with anyio.create_task_group() as group:
            await group.start(live)
            yield
            done.set()
        lives.log.append("-outer")

    return Typeway(lifespan=lifespan)


def in_a_router(inner: Any, lives: Lives) -> Any:
    app = Typeway(lifespan=lives("outer"))
    app.include_router(Router(lifespan=lambda app: inner.router.lifespan_context(inner)))
    return app


BY_HAND = [in_a_lifespan, in_a_stack, in_a_task, in_a_router]


@pytest.mark.parametrize("by_hand", BY_HAND)
@pytest.mark.parametrize("kind", ["Typeway", "with events", "compat mode", "FastAPI", "Starlette"])
def test_what_is_started_by_hand_is_not_started_again(lives, kind, by_hand):
    """The usual ways around FastAPI's habit go on to work: the author's start is noticed."""
    inner = INNER[kind](lives)
    app = by_hand(inner, lives)
    app.mount("/inner", inner)
    for backend in ("asyncio", "trio", "asyncio"):
        assert lives.of(app, backend=backend) == "+outer +inner serves -inner -outer"


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("kind", ["Typeway", "FastAPI", "Starlette"])
def test_a_lifespan_that_is_handed_on_runs_once(lives, kind, nested):
    """`Typeway(lifespan=inner.router.lifespan_context)`, as packages advise that bring an application to mount."""
    inner = INNER[kind](lives)
    app = Typeway(lifespan=inner.router.lifespan_context)
    between = Starlette(routes=[Mount("/inner", inner)]) if nested else inner
    app.mount("/outer", between)
    app.include_router(Router(lifespan=lives("router")))
    assert lives.of(app) == "+inner +router serves -router -inner"
    assert lives.of(app) == "+inner +router serves -router -inner"


def test_one_lifespan_for_several_of_our_applications_runs_for_each(lives):
    """A function that serves several applications, each with its own state, is not taken for one that was handed on."""
    seen: list[Any] = []

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        seen.append(app)
        yield

    app, first, second = (Typeway(lifespan=lifespan) for _ in range(3))
    app.mount("/first", first)
    app.mount("/second", second)
    lives.of(app)
    assert seen == [app, first, second]


def test_one_of_ours_that_is_started_by_hand_starts_what_is_mounted_in_it(lives):
    """Only what the author started is left out."""
    inner = Typeway(lifespan=lives("inner"))
    inner.mount("/deep", Starlette(lifespan=lives("deep")))
    app = in_a_lifespan(inner, lives)
    app.mount("/inner", inner)
    assert lives.of(app) == "+outer +inner +deep serves -deep -inner -outer"


def test_a_start_by_hand_starts_what_is_mounted_too(lives):
    """Tests that enter `app.router.lifespan_context(app)` see what a server would do."""
    app = Typeway(lifespan=lives("outer"))
    app.mount("/inner", Typeway(lifespan=lives("inner", {"value": 1})))

    async def live() -> None:
        for _ in range(2):
            async with app.router.lifespan_context(app):
                lives.log.append("serves")

    asyncio.run(live())
    assert " ".join(lives.log) == " ".join(["+outer +inner serves -inner -outer"] * 2)


def test_a_plugin_may_wrap_the_lifespan_of_either(lives):
    """Wrappers of `router.lifespan_context` run around what they wrap."""
    inner, app = Typeway(lifespan=lives("inner")), Typeway(lifespan=lives("outer"))
    inner.mount("/deep", Typeway(lifespan=lives("deep")))
    app.mount("/inner", inner)

    def wrap(one: Any, name: str) -> None:
        original = one.router.lifespan_context

        @asynccontextmanager
        async def wrapper(app: Any) -> AsyncIterator[Any]:
            lives.log.append(f"+{name}")
            async with original(app) as state:
                yield state
            lives.log.append(f"-{name}")

        one.router.lifespan_context = wrapper

    wrap(inner, "around inner")
    wrap(app, "around outer")
    begin = "+around outer +outer +around inner +inner +deep"
    for _ in range(2):
        assert lives.of(app) == f"{begin} serves -deep -inner -around inner -outer -around outer"


def test_an_application_is_started_by_each_that_serves_it(lives):
    """The same application alone, in one and in another lives once in each life."""
    inner = Typeway(lifespan=lives("inner"))
    apps = [Typeway(lifespan=lives(name)) for name in ("a", "b")]
    for app in apps:
        app.mount("/inner", inner)
    assert [lives.of(app) for app in (apps[0], inner, apps[1], apps[0])] == [
        "+a +inner serves -inner -a", "+inner serves -inner", "+b +inner serves -inner -b", "+a +inner serves -inner -a",
    ]  # fmt: skip


def test_what_a_start_leaves_running_is_not_part_of_it(lives):
    """A task that serves another application with its own lifespan starts what is mounted there."""
    other = Typeway(lifespan=lives("other"))
    other.mount("/inner", Typeway(lifespan=lives("inner", {"value": 1})))

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        async def serve() -> None:
            await begun.wait()
            async with other.router.lifespan_context(other) as state:
                states.append(state)

        begun, states = asyncio.Event(), []
        task = asyncio.create_task(serve())
        yield
        begun.set()
        await task
        assert len(states[0]) == 1

    app = Typeway(lifespan=lifespan)
    app.mount("/other", Starlette())
    assert lives.of(app) == "serves +other +inner -inner -other"


# --- mounting late --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("started", [False, True])
def test_what_a_start_mounts_is_started(lives, started):
    """An application that is mounted while the one around it starts lives with it."""
    inner = Typeway(lifespan=lives("inner"))

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        lives.log.append("+outer")
        app.mount("/inner", inner)
        if started:
            async with inner.router.lifespan_context(inner):
                yield
        else:
            yield
        lives.log.append("-outer")

    assert lives.of(Typeway(lifespan=lifespan)) == "+outer +inner serves -inner -outer"


def test_what_is_mounted_later_is_not(lives):
    """Once the application serves, nothing can be started; at its next start it is."""
    app = Typeway(lifespan=lives("outer"))
    app.mount("/first", Typeway(lifespan=lives("first")))
    with client(app):
        app.mount("/late", Typeway(lifespan=lives("late")))
    assert lives.log == ["+outer", "+first", "-first", "-outer"]
    assert lives.of(app) == "+outer +first +late serves -late -first -outer"


# --- what fails -----------------------------------------------------------------------------------------------------


def failing(lives: Lives, name: str, when: str) -> Any:
    """A lifespan that fails when it begins or ends."""

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        if when == "begin":
            raise ConnectionError(name)
        lives.log.append(f"+{name}")
        yield
        lives.log.append(f"-{name}")
        raise ConnectionError(name)

    return lifespan


@pytest.mark.parametrize("make", [Typeway, Starlette, fastapi.FastAPI])
def test_a_start_that_fails_names_the_place(lives, make):
    """The application does not serve, nothing else begins, and the error says where it was mounted."""
    app = Typeway(lifespan=lives("outer"))
    app.mount("/first", Typeway(lifespan=lives("first")))
    between = Typeway(lifespan=lives("between"))
    between.mount("/broken", make(lifespan=failing(lives, "no database", "begin")))
    app.mount("/between", between)
    app.mount("/never", Typeway(lifespan=lives("never")))
    with pytest.raises(ConnectionError, match="no database") as raised, client(app):
        pass
    # A lifespan without `try` around its `yield` does not go on after it; what begins later never does.
    assert lives.log == ["+outer", "+first", "+between"]
    notes = "\n".join(raised.value.__notes__)
    assert "mounted at '/broken'" in notes
    assert notes.index("'/broken'") < notes.index("'/between'")
    assert "'/first'" not in notes


def test_a_server_is_told_the_place(lives):
    """The message of the failed start-up, which servers log, has the note."""
    app = Typeway()
    app.host("broken.example.org", Typeway(lifespan=failing(lives, "no database", "begin")))
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    with pytest.raises(ConnectionError):
        asyncio.run(app({"type": "lifespan", "state": {}}, receive, send))
    assert [message["type"] for message in sent] == ["lifespan.startup.failed"]
    assert "mounted at 'broken.example.org'" in sent[0]["message"]


def test_clean_up_of_the_application_runs_where_a_mounted_one_fails(lives):
    """`try: yield finally:` of the application and of what has begun is reached."""

    def careful(name: str) -> Any:
        @asynccontextmanager
        async def lifespan(app: Any) -> AsyncIterator[None]:
            lives.log.append(f"+{name}")
            try:
                yield
            finally:
                lives.log.append(f"-{name}")

        return lifespan

    app = Typeway(lifespan=careful("outer"))
    app.mount("/first", Starlette(lifespan=careful("first")))
    app.mount("/broken", Typeway(lifespan=failing(lives, "no", "begin")))
    for _ in range(2):
        lives.log.clear()
        with pytest.raises(ConnectionError), client(app):
            pass
        assert lives.log == ["+outer", "+first", "-first", "-outer"]


def test_a_failed_start_cannot_be_swallowed(lives):
    """A lifespan that catches everything around its `yield` does not hide why the start failed."""

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        try:
            yield
        except Exception:
            lives.log.append("caught")

    app = Typeway(lifespan=lifespan)
    app.mount("/broken", Typeway(lifespan=failing(lives, "no database", "begin")))
    with pytest.raises(ConnectionError, match="no database"), client(app):
        pass
    assert lives.log == ["caught"]


def test_a_shut_down_that_fails_still_ends_the_others(lives):
    """Every lifespan is left, and the error is raised in the end."""
    finished: list[str] = []

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        try:
            yield
        finally:
            finished.append("outer")

    app = Typeway(lifespan=lifespan)
    app.mount("/broken", Typeway(lifespan=failing(lives, "stuck", "end")))
    app.mount("/last", Typeway(lifespan=lives("last")))
    with pytest.raises(ConnectionError, match="stuck"), client(app):
        pass
    assert lives.log == ["+stuck", "+last", "-last", "-stuck"]
    assert finished == ["outer"]


# --- state ----------------------------------------------------------------------------------------------------------


def telling(make: Any = Typeway, **options: Any) -> Any:
    """An application that returns the state that its requests and its WebSockets see."""

    def seen(connection: Any) -> dict[str, Any]:
        return {name: value for name, value in connection.scope["state"].items() if not name.startswith("typeway")}

    if make is Starlette:

        async def tell_socket(socket: WebSocket) -> None:
            await socket.accept()
            await socket.send_json(seen(socket))
            await socket.close()

        routes = [Route("/state", lambda request: JSONResponse(seen(request))), WebSocketRoute("/socket", tell_socket)]
        return Starlette(routes=routes, **options)
    app = make(**options)
    framework = fastapi if make is fastapi.FastAPI else typeway

    async def tell(request: Any) -> Any:
        return seen(request)

    async def socket(socket: Any) -> None:
        await socket.accept()
        await socket.send_json(seen(socket))
        await socket.close()

    tell.__annotations__ = {"request": framework.Request}
    socket.__annotations__ = {"socket": framework.WebSocket}
    app.get("/state")(tell)
    app.websocket("/socket")(socket)
    return app


def states(http: Any, *places: str) -> list[Any]:
    """What is seen at several places, by requests and by WebSockets alike."""
    found = []
    for place in places:
        by_request = http.get(f"{place}/state").json()
        with http.websocket_connect(f"{place}/socket") as socket:
            assert socket.receive_json() == by_request
        found.append(by_request)
    return found


@pytest.mark.parametrize("make", [Typeway, Starlette, fastapi.FastAPI, CompatFastAPI])
def test_each_application_sees_the_state_of_its_own_lifespan(lives, make):
    """Two mounted applications may use one name for different things; what is around them is seen where they have none."""
    app = telling(lifespan=lives("outer", {"db": "outer", "common": 0}))
    first = telling(make, lifespan=lives("first", {"db": "first", "own": 1}))
    app.mount("/first", first)
    app.mount("/second", telling(make, lifespan=lives("second", {"db": "second"})))
    app.mount("/third", telling(make))
    app.mount("/again", CORSMiddleware(first))
    with client(app) as http:
        for _ in range(2):
            assert states(http, "", "/first", "/second", "/third", "/again") == [
                {"db": "outer", "common": 0},
                {"db": "first", "common": 0, "own": 1},
                {"db": "second", "common": 0},
                {"db": "outer", "common": 0},
                {"db": "first", "common": 0, "own": 1},
            ]


@pytest.mark.parametrize("outer", [Typeway, Starlette, CompatFastAPI])
def test_states_of_nested_applications_add_up(lives, outer):
    """The nearest one applies, even with an application of another framework in between."""
    app = telling(lifespan=lives("app", {"a": "app", "b": "app", "c": "app"}))
    middle = telling(outer, lifespan=lives("middle", {"b": "middle", "c": "middle"}))
    middle.mount("/inner", telling(lifespan=lives("inner", {"c": "inner", "d": "inner"})))
    app.mount("/middle", middle)
    with client(app) as http:
        app_state, middle_state, inner_state = states(http, "", "/middle", "/middle/inner")
    assert app_state == {"a": "app", "b": "app", "c": "app"}
    assert middle_state | {"d": None} == {"a": "app", "b": "middle", "c": "middle", "d": None}
    if outer is Typeway:
        assert inner_state == {"a": "app", "b": "middle", "c": "inner", "d": "inner"}
    assert inner_state["d"] == "inner"


def test_state_that_only_a_mounted_application_has(lives):
    """The application around it need not give any."""
    app = telling()
    router = Router()
    router.mount("/inner", telling(lifespan=lives("inner", {"own": 1})))
    app.include_router(router, prefix="/r")
    with client(app) as http:
        assert states(http, "", "/r/inner") == [{}, {"own": 1}]


def test_middleware_outside_keeps_its_own_state(lives):
    """What the application around has under the same name is back when the mounted one has answered; what that sets stays."""
    app = Typeway(lifespan=lives("outer", {"db": "outer"}))
    inner = Typeway(lifespan=lives("inner", {"db": "inner"}))
    seen: list[Any] = []

    @inner.get("/{what}")
    def read(request: Request, what: str):
        request.state.user = "set inside"
        if what == "fail":
            raise ValueError
        return request.state.db

    @app.middleware("http")
    async def look(request: Request, call_next: Any):
        try:
            return await call_next(request)
        finally:
            seen.append((request.state.db, request.state.user))

    app.mount("/inner", inner)
    with client(app) as http:
        assert http.get("/inner/read").json() == "inner"
        assert http.get("/inner/fail").status_code == 500
    assert seen == [("outer", "set inside")] * 2


def test_the_state_of_what_is_started_by_hand_is_the_authors(lives):
    """Whoever starts it says what its requests see, as in FastAPI."""
    inner = telling(lifespan=lives("inner", {"own": 1}))

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
        async with inner.router.lifespan_context(inner) as state:
            yield {"renamed": state["own"]}

    app = telling(lifespan=lifespan)
    app.mount("/inner", inner)
    with client(app) as http:
        assert states(http, "", "/inner") == [{"renamed": 1}, {"renamed": 1}]


def test_lives_at_the_same_time_have_their_own_states():
    """Two servers, or two clients in tests, of one application do not see each other's."""
    counts = iter(range(10))

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
        yield {"number": next(counts), "thread": threading.get_ident()}

    app = Typeway()
    app.mount("/inner", telling(lifespan=lifespan))
    with client(app) as one, client(app) as other:
        first, second = (http.get("/inner/state").json() for http in (one, other))
        assert (first["number"], second["number"]) == (0, 1)
        assert first["thread"] != second["thread"]
        assert one.get("/inner/state").json() == first


def test_applications_start_at_the_same_time_in_threads(lives):
    """Threads that start one application at once each start what is mounted in it."""
    app = Typeway()
    app.mount("/inner", Starlette(lifespan=lives("inner")))
    barrier = threading.Barrier(4)

    def live() -> None:
        barrier.wait()
        for _ in range(5):
            with client(app):
                pass

    threads = [threading.Thread(target=live) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (lives.log.count("+inner"), lives.log.count("-inner")) == (20, 20)


def test_a_server_without_state_serves_applications_without_state(lives):
    """A server that knows no state is fine where no lifespan gives one."""
    app = Typeway()
    app.mount("/inner", Typeway(lifespan=lives("inner")))
    sent: list[str] = []

    async def send(message: Any) -> None:
        sent.append(message["type"])

    async def receive() -> Any:
        return {"type": "lifespan.startup"}

    asyncio.run(app({"type": "lifespan"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_overrides_of_a_client_hold_for_the_start_as_before(lives):
    """`TestClient(app, overrides=...)` runs the application's lifespan with what is mounted in it."""
    app = Typeway(lifespan=lives("outer"))
    app.mount("/inner", Typeway(lifespan=lives("inner")))

    def value() -> int:
        return 1

    @app.get("/")
    def read(found: int = Depends(value)):
        return found

    with client(app, overrides={value: lambda: 2}) as http:
        assert http.get("/").json() == 2
    assert lives.log == ["+outer", "+inner", "-inner", "-outer"]
