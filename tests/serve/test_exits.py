"""Generators are resumed after their request, in reverse order, and see what ended it, as in FastAPI."""

import asyncio
import gc
import warnings
from typing import Annotated, Any

import anyio
import anyio.lowlevel
import fastapi
import httpx
import pytest

import typeway
from tests.frameworks import answer, application, ask, client, each_framework
from tests.patience import PATIENCE
from typeway import Depends, Typeway
from typeway.exceptions import TypewayError


class Trouble(Exception):
    """What an application raises of its own."""


def traced(web: Any, name: str, log: list[str], *, is_async: bool, **options: Any) -> Any:
    """A generator dependency that logs its beginning, what it sees, and its end."""
    if is_async:

        async def generator():
            log.append(f"{name} begins")
            try:
                yield name
            except Exception as error:
                log.append(f"{name} sees {type(error).__name__}")
                raise
            finally:
                await anyio.lowlevel.checkpoint()
                log.append(f"{name} ends")
    else:

        def generator():
            log.append(f"{name} begins")
            try:
                yield name
            except Exception as error:
                log.append(f"{name} sees {type(error).__name__}")
                raise
            finally:
                log.append(f"{name} ends")

    return web.Depends(generator, **options)


kinds = pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])


@each_framework
@kinds
def test_the_order_of_a_request(web, is_async):
    """Endpoint, validation of its answer, function scope, sending, tasks, request scope: last begun, first ended."""
    log: list[str] = []

    app = web.FastAPI()

    @app.get("/")
    def read(
        tasks: web.BackgroundTasks,
        a: Annotated[str, traced(web, "request 1", log, is_async=is_async)],
        b: Annotated[str, traced(web, "function 1", log, is_async=is_async, scope="function")],
        c: Annotated[str, traced(web, "request 2", log, is_async=is_async)],
        d: Annotated[str, traced(web, "function 2", log, is_async=is_async, scope="function")],
    ) -> str:
        tasks.add_task(log.append, "task")
        log.append("endpoint")
        return "ok"

    async def watched(scope, receive, send):
        async def note(message):
            if message["type"] == "http.response.start":
                log.append("sent")
            await send(message)

        await app(scope, receive, note)

    assert answer(watched, "GET /") == (200, "ok")
    assert log == [
        "request 1 begins", "function 1 begins", "request 2 begins", "function 2 begins", "endpoint",
        "function 2 ends", "function 1 ends", "sent", "task", "request 2 ends", "request 1 ends",
    ]  # fmt: skip


def raise_trouble(web):
    raise Trouble


def raise_http_exception(web):
    raise web.HTTPException(418, "tea")


def return_what_does_not_fit(web):
    return "text"


@each_framework
@kinds
@pytest.mark.parametrize(
    ("act", "seen", "status"),
    [
        (raise_trouble, "Trouble", 500),
        (raise_http_exception, "HTTPException", 418),
        (return_what_does_not_fit, "ResponseValidationError", 500),
    ],
)
@pytest.mark.parametrize("scope", ["function", "request"])
def test_a_generator_sees_what_ended_the_request(web, is_async, act, seen, status, scope):
    """Whatever fails after a generator began is thrown into it, and answered as if it had not been there."""
    log: list[str] = []

    @application(web, response_model=int)
    def read(a: Annotated[str, traced(web, "dependency", log, is_async=is_async, scope=scope)]):
        return act(web)

    assert ask(read, "GET /").status_code == status
    assert log == ["dependency begins", f"dependency sees {seen}", "dependency ends"]


@each_framework
@kinds
def test_a_refusal_that_comes_after_a_generator_began_reaches_it(web, is_async):
    """A request that turns out invalid, or a later dependency that refuses, ends the generators that have begun."""
    log: list[str] = []

    def refuse():
        raise web.HTTPException(403)

    app = web.FastAPI()
    generator = traced(web, "dependency", log, is_async=is_async)
    app.get("/invalid")(lambda a=generator, q=web.Query(gt=3): q)
    app.get("/refused")(lambda a=generator, b=web.Depends(refuse): b)
    assert answer(app, "GET /invalid")[0] == 422
    assert log == ["dependency begins", "dependency sees RequestValidationError", "dependency ends"]
    log.clear()
    assert answer(app, "GET /refused")[0] == 403
    assert log == ["dependency begins", "dependency sees HTTPException", "dependency ends"]


@each_framework
@kinds
def test_a_generator_may_turn_one_error_into_another(web, is_async):
    """What a generator raises instead is what ends the request, for the generators further out as well."""
    log: list[str] = []

    if is_async:

        async def translate():
            try:
                yield
            except Trouble as error:
                raise web.HTTPException(409, "translated") from error
    else:

        def translate():
            try:
                yield
            except Trouble as error:
                raise web.HTTPException(409, "translated") from error

    @application(web)
    def read(
        a: Annotated[str, traced(web, "outer", log, is_async=is_async)], b: Annotated[None, web.Depends(translate)]
    ):
        raise Trouble

    assert answer(read, "GET /") == (409, {"detail": "translated"})
    assert log == ["outer begins", "outer sees HTTPException", "outer ends"]


@each_framework
@kinds
@pytest.mark.parametrize("scope", ["function", "request"])
def test_swallowing_an_error_is_a_mistake_that_is_named(web, is_async, scope):
    """A generator that catches the error and raises nothing leaves nothing to answer with: a 500 that says why."""
    if is_async:

        async def swallow():
            try:
                yield
            except Trouble:
                pass
    else:

        def swallow():
            try:
                yield
            except Trouble:
                pass

    @application(web)
    def read(a: Annotated[None, web.Depends(swallow, scope=scope)]):
        raise Trouble

    assert ask(read, "GET /").status_code == 500
    if (web, scope) != (fastapi, "function"):  # which stumbles over its own variable
        error = TypewayError if web is typeway else web.exceptions.FastAPIError
        with pytest.raises(error, match="raising an exception"):
            client(read, raise_server_exceptions=True).get("/")


def test_the_swallowed_error_is_the_cause_of_its_mistake():
    """Whoever reads the log finds the error that was swallowed."""

    def swallow():
        try:
            yield
        except Trouble:
            pass

    @application(typeway)
    def read(a: Annotated[None, Depends(swallow)]):
        raise Trouble("first")

    with pytest.raises(TypewayError, match="Re-raise it") as caught:
        client(read, raise_server_exceptions=True).get("/")
    assert isinstance(caught.value.__cause__, Trouble)


@each_framework
@kinds
def test_an_error_at_the_end_counts_in_the_function_scope_and_comes_too_late_in_the_request_scope(web, is_async):
    """What a generator raises after its yield is answered before sending, and cannot be after it."""
    log: list[str] = []

    if is_async:

        async def fails_late():
            yield
            raise web.HTTPException(409, "late")
    else:

        def fails_late():
            yield
            raise web.HTTPException(409, "late")

    app = web.FastAPI()

    @app.get("/function")
    def function(
        a: Annotated[str, traced(web, "outer", log, is_async=is_async)],
        b: Annotated[None, web.Depends(fails_late, scope="function")],
    ):
        return "ok"

    @app.get("/request")
    def request(
        a: Annotated[str, traced(web, "outer", log, is_async=is_async)], b: Annotated[None, web.Depends(fails_late)]
    ):
        return "ok"

    assert answer(app, "GET /function") == (409, {"detail": "late"})
    assert log == ["outer begins", "outer sees HTTPException", "outer ends"]
    log.clear()
    assert answer(app, "GET /request") == (200, "ok")
    assert log == ["outer begins", "outer sees HTTPException", "outer ends"]
    with pytest.raises(RuntimeError, match="response already started"):
        client(app, raise_server_exceptions=True).get("/request")


@each_framework
@kinds
def test_an_error_in_a_background_task_reaches_the_request_scope(web, is_async):
    """A task that fails ends the request with an error; the answer has been sent."""
    log: list[str] = []

    def fail():
        raise Trouble

    @application(web)
    def read(
        tasks: web.BackgroundTasks,
        a: Annotated[str, traced(web, "request", log, is_async=is_async)],
        b: Annotated[str, traced(web, "function", log, is_async=is_async, scope="function")],
    ):
        tasks.add_task(fail)
        return "ok"

    assert answer(read, "GET /") == (200, "ok")
    assert log == ["request begins", "function begins", "function ends", "request sees Trouble", "request ends"]


@each_framework
def test_a_generator_that_fails_before_its_yield_is_a_plain_error(web):
    """What a generator raises at its beginning is raised as from any dependency; those before it are ended."""
    log: list[str] = []

    def broken():
        raise web.HTTPException(503, "no database")
        yield

    @application(web)
    def read(a: Annotated[str, traced(web, "outer", log, is_async=False)], b: Annotated[None, web.Depends(broken)]): ...

    assert answer(read, "GET /") == (503, {"detail": "no database"})
    assert log == ["outer begins", "outer sees HTTPException", "outer ends"]


@pytest.mark.parametrize("yields", [0, 2])
@kinds
def test_a_generator_must_yield_once(yields, is_async):
    """A dependency that yields never or twice is a mistake of the application: a 500."""
    if is_async:

        async def odd():
            for _ in range(yields):
                yield
    else:

        def odd():
            yield from range(yields)

    @application(typeway)
    def read(a: Annotated[None, Depends(odd)]):
        return "ok"

    assert ask(read, "GET /").status_code == (500 if yields == 0 else 200)
    with pytest.raises(RuntimeError, match=r"didn't yield|didn't stop"):
        client(read, raise_server_exceptions=True).get("/")


@each_framework
def test_a_shared_generator_is_begun_and_ended_once(web):
    """A generator that several ask for exists once per request."""
    log: list[str] = []
    generator = traced(web, "shared", log, is_async=True)

    def other(value: Annotated[str, generator]):
        return value

    @application(web)
    def read(a: Annotated[str, generator], b: Annotated[str, web.Depends(other)]):
        return [a, b]

    assert answer(read, "GET /") == (200, ["shared", "shared"])
    assert log == ["shared begins", "shared ends"]


@each_framework
@kinds
def test_generators_may_need_generators(web, is_async):
    """What a generator needs is there until the generator has ended, in both scopes."""
    log: list[str] = []

    def above(name: str, below: Any) -> Any:
        def generator(value: Annotated[str, below]):
            log.append(f"{name} begins with {value}")
            yield name
            log.append(f"{name} ends")

        return generator

    lowest = traced(web, "lowest", log, is_async=is_async)
    middle = web.Depends(above("middle", lowest))

    @application(web)
    def read(a: Annotated[str, web.Depends(above("highest", middle), scope="function")]):
        return a

    assert answer(read, "GET /") == (200, "highest")
    assert log == [
        "lowest begins", "middle begins with lowest", "highest begins with middle", "highest ends", "middle ends",
        "lowest ends",
    ]  # fmt: skip


@each_framework
def test_a_generator_in_two_scopes_is_begun_twice(web):
    """The scope is a part of what makes a result shared."""
    log: list[str] = []

    async def generator():
        log.append("begins")
        yield len(log)

    @application(web)
    def read(
        a: Annotated[int, web.Depends(generator, scope="function")],
        b: Annotated[int, web.Depends(generator, scope="request")],
        c: Annotated[int, web.Depends(generator)],
    ):
        return [a, b, c]

    status, body = answer(read, "GET /")
    assert (status, len(log), body[0] != body[1]) == (200, len(set(body)), True)


def closing(log: list[str]) -> Any:
    """A generator dependency that logs what it sees, waits, and only then logs that it has closed."""

    async def session():
        try:
            yield "session"
        except BaseException as error:
            log.append(type(error).__name__)
            raise
        finally:
            await anyio.sleep(0.01)
            log.append("closed")

    return Depends(session)


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_clean_up_ends_even_if_the_request_is_cancelled(anyio_backend):
    """A generator's awaits after its yield run to their end when the request is cancelled."""
    log: list[str] = []
    app = Typeway()

    @app.get("/")
    async def read(a: Annotated[str, closing(log)]):
        scope.cancel()
        await anyio.sleep_forever()

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        with anyio.CancelScope() as scope:
            await http.get("/")
    assert scope.cancelled_caught
    assert log[-1] == "closed"
    assert log[0] in ("CancelledError", "Cancelled")


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_clean_up_ends_even_if_the_task_of_the_request_is_cancelled(anyio_backend):
    """A server that cancels the task of a request, around which there is no cancel scope, waits for its generators."""
    log: list[str] = []
    app = Typeway()
    begun = asyncio.Event()

    @app.get("/")
    async def read(a: Annotated[str, closing(log)]):
        begun.set()
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        log.append(message["type"])

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
    request = asyncio.get_running_loop().create_task(app(scope, asyncio.Event().wait, send))
    await begun.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert log == ["CancelledError", "closed"]


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_cancel_scopes_may_span_a_yield(anyio_backend):
    """A generator may hold a timeout or a task group open around the endpoint."""
    app = Typeway()

    async def with_timeout():
        with anyio.fail_after(PATIENCE):
            yield "in time"

    async def with_group():
        async with anyio.create_task_group() as group:
            yield group
            group.cancel_scope.cancel()

    @app.get("/")
    async def read(a: Annotated[str, Depends(with_timeout)], group: Annotated[Any, Depends(with_group)]):
        group.start_soon(anyio.sleep_forever)
        await anyio.lowlevel.checkpoint()
        return a

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        response = await http.get("/")
    assert (response.status_code, response.json()) == (200, "in time")


# --- requests that are destroyed --------------------------------------------------------------------------------


def destroy(app: Any, path: str, waits: asyncio.Event) -> None:
    """Send a request, and close its event loop as soon as the request says that it waits."""
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda loop, context: None)  # asyncio reports the pending task in a way of its own

    async def receive() -> Any: ...

    async def send(message: Any) -> None: ...

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
    task = loop.create_task(app(scope, receive, send))
    loop.run_until_complete(waits.wait())
    assert not task.done()
    loop.close()
    del task
    gc.collect()


def destructible(log: list[str], waits: asyncio.Event, **options: Any) -> Any:
    """An application with two generators, of which the first must wait for its clean-up."""
    app = Typeway()

    async def get_session():
        try:
            yield "session"
        finally:
            log.append("session closes")
            waits.set()
            await asyncio.sleep(3600)

    async def get_user():
        try:
            yield "user"
        finally:
            log.append("user ends")

    @app.get("/items/{key}")
    async def read_item(
        key: str, session: Annotated[str, Depends(get_session, **options)], user: Annotated[str, Depends(get_user)]
    ):
        if key == "waits":
            waits.set()
            await asyncio.sleep(3600)

    return app


@pytest.mark.parametrize("options", [{}, {"scope": "function"}], ids=repr)
def test_a_destroyed_request_warns_of_clean_up_that_is_pending(options):
    """Where a loop ends with a request in it, the warning names the request, its endpoint and what did not finish."""
    log, waits = [], asyncio.Event()
    app = destructible(log, waits, **options)
    expected = (
        r"GET /items/waits \(endpoint read_item\) was destroyed .*; unfinished: get_session .*\. Cancel the tasks"
    )
    with pytest.warns(ResourceWarning, match=expected):
        destroy(app, "/items/waits", waits)
    assert sorted(log) == ["session closes", "user ends"]


def test_a_request_that_is_destroyed_during_its_clean_up_warns_as_well():
    """A generator that waits in its clean-up when the request is destroyed has not finished."""
    log, waits = [], asyncio.Event()
    app = destructible(log, waits)
    with pytest.warns(ResourceWarning, match="unfinished: get_session"):
        destroy(app, "/items/x", waits)
    assert log == ["user ends", "session closes"]


def test_a_synchronous_generator_of_a_destroyed_request_is_named():
    """A generator that would be resumed in a thread cannot be, and the warning names the author's function."""
    app, waits = Typeway(), asyncio.Event()

    def get_db():
        yield "db"

    @app.get("/")
    async def read(db: Annotated[str, Depends(get_db)]):
        waits.set()
        await asyncio.sleep(3600)

    with pytest.warns(ResourceWarning, match="unfinished: get_db"):
        destroy(app, "/", waits)


def test_a_destroyed_request_whose_clean_up_need_not_wait_finishes_it():
    """Clean-up that awaits nothing is done even then, in reverse order, and nothing warns."""
    log: list[str] = []
    app, waits = Typeway(), asyncio.Event()

    def logging(name: str) -> Any:
        async def generator():
            try:
                yield name
            finally:
                log.append(name)

        return Depends(generator)

    @app.get("/")
    async def read(first: Annotated[str, logging("first")], second: Annotated[str, logging("second")]):
        waits.set()
        await asyncio.sleep(3600)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        destroy(app, "/", waits)
    assert log == ["second", "first"]
