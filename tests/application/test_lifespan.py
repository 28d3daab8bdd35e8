"""Lifespans and event functions run around an application's life, those of included routers too."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import fastapi
import pytest

import typeway
from tests.frameworks import client, each_framework
from typeway import Request, Router, Typeway
from typeway.exceptions import DeclarationError


def logged(log: list[str], name: str, state: dict[str, Any] | None = None) -> Any:
    """An async context manager that logs its beginning and end, and yields a state."""

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[dict[str, Any] | None]:
        log.append(f"{name} begins")
        yield state
        log.append(f"{name} ends")

    return lifespan


@each_framework
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("kind", ["context manager", "async generator", "generator"])
def test_a_lifespan_runs_around_the_applications_life(web, kind):
    """A lifespan may be a context manager, an async generator or a generator; what it yields is every request's state."""
    log: list[str] = []

    async def async_generator(app: Any) -> AsyncIterator[dict[str, Any]]:
        log.append("begins")
        yield {"value": 3}
        log.append("ends")

    def generator(app: Any) -> Iterator[dict[str, Any]]:
        log.append("begins")
        yield {"value": 3}
        log.append("ends")

    kinds = {
        "context manager": asynccontextmanager(async_generator),
        "async generator": async_generator,
        "generator": generator,
    }
    app = web.FastAPI(lifespan=kinds[kind])

    @app.get("/")
    def read(request: web.Request):
        return request.state.value

    assert log == []
    with client(app) as http:
        assert log == ["begins"]
        assert http.get("/").json() == 3
    assert log == ["begins", "ends"]


@each_framework
def test_lifespans_of_included_routers_are_run_inside(web):
    """The outer lifespan begins first and ends last; states are joined, the outer one wins."""
    log: list[str] = []
    app = web.FastAPI(lifespan=logged(log, "app", {"a": "app", "b": "app"}))
    outer = web.APIRouter(lifespan=logged(log, "outer", {"b": "outer", "c": "outer"}))
    inner = web.APIRouter(lifespan=logged(log, "inner"))
    outer.include_router(inner)
    app.include_router(outer)

    @app.get("/")
    def read(request: web.Request):
        return [request.state.a, request.state.b, request.state.c]

    with client(app) as http:
        assert http.get("/").json() == ["app", "app", "outer"]
    assert log == ["app begins", "outer begins", "inner begins", "inner ends", "outer ends", "app ends"]


@each_framework
def test_a_state_need_not_be_given(web):
    """Lifespans that yield nothing leave the state empty."""
    log: list[str] = []
    app = web.FastAPI(lifespan=logged(log, "app"))
    app.include_router(web.APIRouter(lifespan=logged(log, "router")))
    app.get("/")(lambda: "ok")
    with client(app) as http:
        assert http.get("/").json() == "ok"
    assert len(log) == 4


@each_framework
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("how", ["on_event", "add_event_handler", "constructor"])
def test_event_functions_run_at_start_and_end(web, how):
    """Functions for start-up and shut-down, plain or async, run in order, however they are given."""
    log: list[str] = []

    def start():
        log.append("start")

    async def stop():
        log.append("stop")

    if how == "constructor":
        app = web.FastAPI(on_startup=[start], on_shutdown=[stop])
    else:
        app = web.FastAPI()
        for name, function in (("startup", start), ("shutdown", stop)):
            if how == "on_event":
                assert app.on_event(name)(function) is function
            else:
                app.add_event_handler(name, function) if web is typeway else app.router.add_event_handler(
                    name, function
                )
    with client(app):
        assert log == ["start"]
    assert log == ["start", "stop"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_event_functions_of_included_routers_run_once():
    """An included router's functions start after the outer ones and stop before them, each once, beside lifespans too."""
    log: list[str] = []
    app = Typeway(on_startup=[lambda: log.append("app start")], on_shutdown=[lambda: log.append("app stop")])
    router = Router(on_startup=[lambda: log.append("start")], on_shutdown=[lambda: log.append("stop")])
    app.include_router(router)
    app.include_router(Router(lifespan=logged(log, "lifespan")))
    with client(app):
        pass
    assert log == ["app start", "start", "lifespan begins", "lifespan ends", "stop", "app stop"]


def test_an_unknown_event_is_refused_with_the_known_ones():
    """There are two events; another is a mistake that names them."""
    with pytest.raises(AssertionError):
        fastapi.FastAPI().router.add_event_handler("begin", lambda: 1)
    with pytest.raises(DeclarationError, match=r"there is no event 'begin'.*'startup' or 'shutdown'"):
        Typeway().add_event_handler("begin", lambda: 1)


def test_routes_that_a_start_adds_are_served():
    """Plugins add routes while the application starts; they are served, and documented."""

    @asynccontextmanager
    async def lifespan(app: Typeway) -> AsyncIterator[None]:
        app.get("/late")(lambda: "late")
        yield

    app = Typeway(lifespan=lifespan)
    with client(app) as http:
        assert http.get("/late").json() == "late"
        assert "/late" in http.get("/openapi.json").json()["paths"]


def test_a_lifespan_may_be_wrapped_after_construction():
    """Plugins replace `router.lifespan_context` by a wrapper of it."""
    log: list[str] = []
    app = Typeway(lifespan=logged(log, "own"))
    original = app.router.lifespan_context

    @asynccontextmanager
    async def wrapper(app: Any) -> AsyncIterator[Any]:
        log.append("wrapper begins")
        async with original(app) as state:
            yield state
        log.append("wrapper ends")

    app.router.lifespan_context = wrapper
    with client(app):
        pass
    assert log == ["wrapper begins", "own begins", "own ends", "wrapper ends"]


def test_a_start_that_fails_is_raised():
    """What a lifespan raises at its beginning ends the application's start."""

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        raise ValueError("no database")
        yield

    with pytest.raises(ValueError, match="no database"), client(Typeway(lifespan=lifespan)):
        pass


def test_a_router_that_serves_alone_has_a_life():
    """A router is an application: its lifespan is run, and its state reaches requests."""
    log: list[str] = []
    router = Router(lifespan=logged(log, "router", {"value": 3}))

    @router.get("/")
    def read(request: Request):
        return request.state.value

    with client(router) as http:
        assert http.get("/").json() == 3
    assert log == ["router begins", "router ends"]
