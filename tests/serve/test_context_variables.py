"""Context variables that dependencies set are there for all that comes later in the request, also out of threads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Any

import anyio
import httpx
import pytest
from starlette.middleware.base import BaseHTTPMiddleware

from tests.frameworks import ask, client
from typeway import BackgroundTasks, Depends, HTTPException, Request, Typeway, WebSocket
from typeway.compat.shapes.application import FastAPI
from typeway.concurrency import call_in_thread, contextmanager_in_threadpool
from typeway.responses import EventSourceResponse, JSONResponse, StreamingResponse

each_application = pytest.mark.parametrize("kind", [Typeway, FastAPI], ids=["native", "compat"])

user: ContextVar[str] = ContextVar("user")
tenant: ContextVar[Any] = ContextVar("tenant", default="nobody's")
log: list[str] = []


@pytest.fixture(autouse=True)
def clear() -> None:
    log.clear()


def who() -> str:
    return user.get("nobody")


# ---------------------------------------------------------------- what sets, and what sees it


def set_by_def() -> None:
    user.set("ada")


async def set_by_coroutine() -> None:
    user.set("ada")


def set_by_generator() -> Iterator[None]:
    user.set("ada")
    yield


async def set_by_async_generator() -> AsyncIterator[None]:
    user.set("ada")
    yield


class SetByClass:
    def __init__(self) -> None:
        user.set("ada")


def set_and_change() -> None:
    user.set("bob")
    user.set("ada")


def set_before() -> None:
    user.set("bob")


def set_again(before: Any = Depends(set_before)) -> None:
    assert who() == "bob"
    user.set("ada")


SETTERS = [
    set_by_def, set_by_coroutine, set_by_generator, set_by_async_generator, SetByClass, set_and_change, set_again,
]  # fmt: skip


def read_by_def(found: list[str]) -> Any:
    def read() -> Any:
        found.append(who())
        return found

    return read


def read_by_coroutine(found: list[str]) -> Any:
    async def read() -> Any:
        found.append(who())
        return found

    return read


def read_by_generator(found: list[str]) -> Any:
    def read() -> Iterator[Any]:
        found.append(who())
        yield found

    return read


def read_by_async_generator(found: list[str]) -> Any:
    async def read() -> AsyncIterator[Any]:
        found.append(who())
        yield found

    return read


READERS = [read_by_def, read_by_coroutine, read_by_generator, read_by_async_generator]


@each_application
@pytest.mark.parametrize("setter", SETTERS, ids=lambda setter: setter.__name__)
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
def test_what_a_dependency_sets_is_seen_by_what_comes_later(
    kind: Any, setter: Callable[..., Any], reader: Callable[..., Any]
) -> None:
    """Later dependencies and the endpoint see it, whichever of them run in threads; the next request does not."""
    app, found = kind(), []
    app.get("/dependency", dependencies=[Depends(setter), Depends(reader(found))])(lambda: found)
    app.get("/endpoint", dependencies=[Depends(setter)])(reader(found))
    app.get("/untouched")(read_by_def([]))
    assert ask(app, "GET /dependency").json() == ["ada"]
    ask(app, "GET /endpoint")
    assert found == ["ada", "ada"]
    assert ask(app, "GET /untouched").json() == ["nobody"]


@pytest.mark.parametrize("scope", ["function", "request"])
@each_application
def test_a_def_generator_resets_what_it_has_set(kind: Any, scope: Any) -> None:
    """Its clean-up can reset the variable by its token; what came before is there again, or nothing."""
    app = kind()

    def outer() -> Iterator[None]:
        token = user.set("ada")
        yield
        log.append(f"outer leaves {who()}")
        user.reset(token)
        log.append(f"outer has left {who()}")

    def inner(outer: Any = Depends(outer, scope=scope)) -> Iterator[None]:
        token = user.set("bob")
        yield
        log.append(f"inner leaves {who()}")
        user.reset(token)

    async def around() -> AsyncIterator[None]:
        yield
        log.append(f"at last {who()}")

    @app.get("/", dependencies=[Depends(around), Depends(inner, scope=scope)])
    def read() -> str:
        return who()

    assert ask(app, "GET /").json() == "bob"
    assert log == ["inner leaves bob", "outer leaves ada", "outer has left nobody", "at last nobody"]


@each_application
def test_an_async_generator_resets_what_it_has_set(kind: Any) -> None:
    """The token of an asynchronous generator is good until its clean-up, which comes after the response."""
    app = kind()

    async def signed_in() -> AsyncIterator[None]:
        token = user.set("ada")
        yield
        user.reset(token)
        log.append(who())

    @app.get("/", dependencies=[Depends(signed_in)])
    def read() -> str:
        return who()

    assert ask(app, "GET /").json() == "ada"
    assert log == ["nobody"]


def test_generators_see_at_clean_up_what_was_set_meanwhile() -> None:
    """What endpoints and other dependencies have set is there when a `def` generator is resumed."""
    app = Typeway()

    def watching() -> Iterator[None]:
        yield
        log.append(f"{who()} {tenant.get()}")

    @app.get("/", dependencies=[Depends(watching)])
    def read() -> None:
        user.set("ada")
        tenant.set("hers")

    ask(app, "GET /")
    assert log == ["ada hers"]


def test_what_is_set_before_an_error_is_seen_by_handlers() -> None:
    """A dependency that sets a variable and fails has set it: exception handlers in threads and on the loop see it."""
    app = Typeway()

    def failing(status: int) -> None:
        user.set("ada")
        raise HTTPException(status) if status else LookupError

    @app.exception_handler(HTTPException)
    def by_def(request: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse(who(), error.status_code)

    @app.exception_handler(LookupError)
    async def by_coroutine(request: Request, error: LookupError) -> JSONResponse:
        return JSONResponse(who(), 400)

    app.get("/{status}", dependencies=[Depends(failing)])(lambda: None)
    assert (ask(app, "GET /418").status_code, ask(app, "GET /418").json()) == (418, "ada")
    assert ask(app, "GET /0").json() == "ada"


class Odd:
    """A value that refuses to be compared, like an array."""

    def __eq__(self, other: object) -> bool:
        raise AssertionError("values are compared by identity")

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("before", "after"), [(Odd(), Odd()), ({}, {}), (True, 1), ("a", None)], ids=lambda value: type(value).__name__
)
def test_values_are_told_apart_by_identity(before: Any, after: Any) -> None:
    """A value that equals the one before it, or compares as it likes, takes its place nevertheless."""
    app, found = Typeway(), []

    async def first() -> None:
        tenant.set(before)

    def second(first: Any = Depends(first)) -> None:
        tenant.set(after)

    @app.get("/", dependencies=[Depends(second)])
    async def read() -> None:
        found.append(tenant.get())

    ask(app, "GET /")
    assert found[0] is after


# ---------------------------------------------------------------- positions


def test_background_tasks_see_what_was_set() -> None:
    """Background tasks come later as well; they run before generators of the request are resumed."""
    app = Typeway()

    def signed_in() -> Iterator[None]:
        token = user.set("ada")
        yield
        user.reset(token)
        log.append(who())

    @app.get("/", dependencies=[Depends(signed_in)])
    def read(tasks: BackgroundTasks) -> None:
        tasks.add_task(lambda: log.append(who()))

    ask(app, "GET /")
    assert log == ["ada", "nobody"]


@pytest.mark.parametrize(
    "options",
    [{}, {"response_class": StreamingResponse}, {"response_class": EventSourceResponse}],
    ids=["lines", "raw", "events"],
)
@pytest.mark.parametrize("leaves", [False, True])
def test_a_def_generator_endpoint_has_one_context(options: dict[str, Any], leaves: bool) -> None:
    """What a streaming `def` generator sets stays set for its next items, and it can reset it, also when it is closed."""
    app = Typeway()

    def signed_in() -> None:
        user.set("ada")

    @app.get("/", dependencies=[Depends(signed_in)], **options)
    def stream() -> Iterator[str]:
        token = user.set(f"{who()} streams")
        try:
            yield who()
            yield who()
            if leaves:
                raise LookupError
        finally:
            user.reset(token)
            log.append(who())

    assert client(app).get("/").text.count("ada streams") == 2
    assert log == ["ada"]


def test_a_websocket_and_its_dependencies_share_variables() -> None:
    """A WebSocket's dependencies set variables for it, and reset them when it is done."""
    app = Typeway()

    def signed_in() -> Iterator[None]:
        token = user.set("ada")
        yield
        user.reset(token)
        log.append(who())

    @app.websocket("/", dependencies=[Depends(signed_in)])
    async def socket(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(who())
        await socket.close()

    with client(app).websocket_connect("/") as connection:
        assert connection.receive_text() == "ada"
    assert log == ["nobody"]


def test_a_limited_dependency_sets_variables() -> None:
    """A dependency that waits for its turn does so as well, a function or a generator."""
    app = Typeway()

    def signed_in() -> None:
        user.set("ada")

    def hired() -> Iterator[None]:
        token = tenant.set("hers")
        yield
        tenant.reset(token)
        log.append(tenant.get())

    @app.get("/", dependencies=[Depends(signed_in, max_concurrency=1), Depends(hired, max_concurrency=1)])
    async def read() -> list[str]:
        return [who(), tenant.get()]

    assert ask(app, "GET /").json() == ["ada", "hers"]
    assert log == ["nobody's"]


@pytest.mark.parametrize("style", ["function", "class", "none"])
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_middleware_tasks_do_not_part_a_generator_from_its_token(style: str, backend: str) -> None:
    """Behind middleware, which runs the request in a task of its own, entering and leaving have one context."""
    app = Typeway()

    async def pass_on(request: Request, call_next: Any) -> Any:
        tenant.set("the middleware's")
        return await call_next(request)

    class Passing(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: Any) -> Any:
            return await pass_on(request, call_next)

    if style == "function":
        app.middleware("http")(pass_on)
    elif style == "class":
        app.add_middleware(Passing)

    def by_def() -> Iterator[None]:
        token = user.set("ada")
        yield
        user.reset(token)
        log.append(who())

    async def by_async() -> AsyncIterator[None]:
        token = user.set(f"{who()} twice")
        yield
        user.reset(token)
        log.append(who())

    @app.get("/", dependencies=[Depends(by_def), Depends(by_async)])
    def read() -> list[str]:
        return [who(), tenant.get()]

    async def main() -> Any:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as browser:
            return await browser.get("/")

    given = "nobody's" if style == "none" else "the middleware's"
    assert anyio.run(main, backend=backend).json() == ["ada twice", given]
    assert log == ["ada", "nobody"]


def test_variables_flow_out_to_http_middleware() -> None:
    """An http middleware sees after `call_next` what a `def` endpoint without generators has set, as of a coroutine."""
    app = Typeway()

    @app.middleware("http")
    async def look(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        log.append(who())
        return response

    @app.get("/")
    def read() -> None:
        user.set("ada")

    ask(app, "GET /")
    assert log == ["ada"]


# ---------------------------------------------------------------- the functions themselves


@pytest.mark.anyio
async def test_a_context_manager_left_elsewhere_leaves_variables_alone() -> None:
    """Where another task leaves what this one has entered, nothing breaks; its variables are its own."""

    @contextmanager
    def signed_in() -> Iterator[None]:
        token = user.set("ada")
        yield
        user.reset(token)
        log.append(who())

    manager = contextmanager_in_threadpool(signed_in())
    await manager.__aenter__()
    assert who() == "ada"

    async def leave() -> None:
        await manager.__aexit__(None, None, None)

    async with anyio.create_task_group() as group:
        group.start_soon(leave)
    assert log == ["nobody"]
    assert who() == "ada"


@pytest.mark.anyio
async def test_a_function_in_a_thread_may_reset_its_own_token() -> None:
    """What a function sets and resets leaves no trace."""

    def visit() -> str:
        token: Token[str] = user.set("ada")
        seen = who()
        user.reset(token)
        return seen

    assert await call_in_thread(visit) == "ada"
    assert who() == "nobody"
