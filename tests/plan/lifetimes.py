"""Tell the life of a request: dependencies of every kind write down when they begin, what they see and when they end.

The same application is built for FastAPI and for compat mode; the two logs must be equal, line by line.
"""

import functools
import inspect
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import anyio.from_thread
import anyio.lowlevel
import fastapi
from starlette.responses import PlainTextResponse, StreamingResponse

from tests.frameworks import COMPAT
from tests.patience import PATIENCE
from typeway.exceptions import TypewayError


@dataclass(frozen=True)
class Ending:
    """How a request ends.

    Parameters:
        raises: at which points something is raised, and what.
        answer_to_errors: what the dependency does with an error that it sees: raise it again, `"swallow"`, `"convert"`
            it to an HTTPException, `"replace"` it.
        cancelled_at: the point at which the request is cancelled.
        query: the request's query string; the endpoint takes `n: int`.
        wrong_answer: whether the endpoint's answer does not fit its model.
        lost_at: the message that can no longer be sent.
    """

    raises: dict[str, str] = field(default_factory=dict)
    answer_to_errors: str = ""
    cancelled_at: str = ""
    query: str = ""
    wrong_answer: bool = False
    lost_at: str = ""


def name_of(error: BaseException) -> str:
    """The name of an error's type, the same for both frameworks."""
    if isinstance(error, BaseExceptionGroup):
        return f"group of {[name_of(inner) for inner in error.exceptions]}"
    if isinstance(error, (TypewayError, fastapi.exceptions.FastAPIError, UnboundLocalError)):
        # Where a generator swallowed an error there is nothing to send, and FastAPI trips over its own variable.
        return "no answer"
    return type(error).__name__


class Story:
    """What happens to one request, in order.

    Parameters:
        web: the framework.
        ending: how the request ends.
    """

    def __init__(self, web: Any, ending: Ending) -> None:
        self.web = web
        self.ending = ending
        self.log: list[str] = []
        self.paused = anyio.Event()
        self.cancelled = anyio.Event()
        self.cancelled_for_threads = threading.Event()

    def note(self, event: str) -> None:
        self.log.append(event)

    def reach(self, point: str) -> None:
        """Raise what the ending says is raised at this point."""
        raises = self.ending.raises.get(point)
        if raises is None:
            return
        self.note(f"{raises} at {point}")
        if raises == "HTTPException":
            raise self.web.HTTPException(409, "conflict")
        raise {"ValueError": ValueError, "ZeroDivisionError": ZeroDivisionError}[raises](point)

    async def pause(self, point: str) -> None:
        """If the request is cancelled at this point, wait for it; clean-up goes on, everything else is stopped."""
        if self.ending.cancelled_at == point:
            self.note(f"paused at {point}")
            self.paused.set()
            await self.cancelled.wait()
            if point != "end":
                await anyio.sleep_forever()

    def pause_thread(self, point: str) -> None:
        if self.ending.cancelled_at == point:
            self.note(f"paused at {point}")
            anyio.from_thread.run_sync(self.paused.set)
            assert self.cancelled_for_threads.wait(PATIENCE)

    async def run(self, app: Any, scope_type: str = "http") -> list[str]:
        """Serve one request, cancel it where the ending says so, and return what happened."""
        with anyio.fail_after(PATIENCE):
            async with anyio.create_task_group() as group:
                group.start_soon(self.serve, app, scope_type, group.cancel_scope)
                if self.ending.cancelled_at:
                    await self.paused.wait()
                    group.cancel_scope.cancel()
                    self.cancelled.set()
                    self.cancelled_for_threads.set()
        return self.log

    async def serve(self, app: Any, scope_type: str, whole: anyio.CancelScope) -> None:
        messages: list[dict[str, Any]] = (
            [{"type": "http.request"}]
            if scope_type == "http"
            else [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}]
        )

        async def receive() -> dict[str, Any]:
            if not messages:
                await anyio.sleep_forever()
            return messages.pop(0)

        async def send(message: Any) -> None:
            kind = message["type"]
            shown = message.get("status", "") or message.get("body", b"") or message.get("code", "")
            self.note(f"{kind} {shown!r}")
            if self.ending.lost_at == kind:
                raise OSError("The client is gone.")
            if kind.endswith((".body", ".send")):
                await self.pause("sending")

        try:
            await app(request_scope(scope_type, self.ending.query), receive, send)
        except BaseException as error:
            self.note(f"raised {name_of(error)}")
            if not isinstance(error, Exception):
                raise
        self.note("served")
        if self.ending.cancelled_at and not self.paused.is_set():
            whole.cancel()  # the point was never reached


def request_scope(kind: str, query: str) -> dict[str, Any]:
    scope = {
        "type": kind, "path": "/", "raw_path": b"/", "query_string": query.encode(), "headers": [], "root_path": "",
        "scheme": "http", "server": ("testserver", 80), "client": ("testclient", 1), "http_version": "1.1",
        "asgi": {"version": "3.0", "spec_version": "2.3"}, "state": {},
    }  # fmt: skip
    return scope | ({"method": "GET"} if kind == "http" else {"subprotocols": []})


class Told:
    """A dependency whose life is told, in every shape that a dependency may have.

    Parameters:
        story: where it is told.
        name: under which name.
        is_subject: whether the ending happens to this one.
    """

    def __init__(self, story: Story, name: str, *, is_subject: bool) -> None:
        self.story = story
        self.name = name
        self.is_subject = is_subject

    def begin(self) -> None:
        self.story.note(f"{self.name} begins")
        if self.is_subject:
            self.story.reach("beginning")

    def see(self, error: BaseException) -> None:
        self.story.note(f"{self.name} sees {name_of(error)}")
        answer = self.story.ending.answer_to_errors if self.is_subject else ""
        if answer == "swallow" and isinstance(error, Exception):
            return
        if answer == "convert":
            raise self.story.web.HTTPException(418, "converted")
        if answer == "replace":
            raise KeyError("replaced") from error
        raise error

    def end(self) -> None:
        self.story.note(f"{self.name} ends")
        if self.is_subject:
            self.story.reach("end")

    async def pause(self, point: str) -> None:
        if self.is_subject:
            await self.story.pause(point)
        await anyio.lowlevel.checkpoint()

    def pause_thread(self, point: str) -> None:
        if self.is_subject:
            self.story.pause_thread(point)

    def plain(self) -> str:
        self.begin()
        self.pause_thread("beginning")
        return self.name

    async def coroutine(self) -> str:
        self.begin()
        await self.pause("beginning")
        return self.name

    def generator(self) -> Iterator[str]:
        self.begin()
        self.pause_thread("beginning")
        try:
            yield self.name
        except BaseException as error:  # it is told, and raised again
            self.see(error)
        finally:
            self.pause_thread("end")
            self.end()

    async def async_generator(self) -> AsyncIterator[str]:
        self.begin()
        await self.pause("beginning")
        try:
            yield self.name
        except BaseException as error:  # it is told, and raised again
            self.see(error)
        finally:
            await self.pause("end")
            self.end()


def shapes(told: Told) -> dict[str, Callable[..., Any]]:
    """The dependency in every shape: function, method, partial, wrapped function, callable object, class."""
    found = functions(told)
    for base in ("plain", "coroutine", "generator", "async_generator"):
        function = getattr(Told, base)
        found[f"method {base}"] = getattr(told, base)
        found[f"partial {base}"] = functools.partial(function, told)
        found[f"wrapped {base}"] = wrapped(found[base])
        found[f"object {base}"] = type("Callable", (Told,), {"__call__": function})(
            told.story, told.name, is_subject=told.is_subject
        )

    class Constructed:
        def __init__(self) -> None:
            told.plain()

        def __str__(self) -> str:
            return told.name

    found["class"] = Constructed
    return found


def functions(told: Told) -> dict[str, Callable[..., Any]]:
    def plain() -> str:
        return told.plain()

    async def coroutine() -> str:
        return await told.coroutine()

    def generator() -> Iterator[str]:
        with contextmanager(told.generator)() as value:
            yield value

    async def async_generator() -> AsyncIterator[str]:
        async with asynccontextmanager(told.async_generator)() as value:
            yield value

    async def still_generator() -> AsyncIterator[str]:
        """It never awaits."""
        told.begin()
        try:
            yield told.name
        except BaseException as error:  # it is told, and raised again
            told.see(error)
        finally:
            told.end()

    return {
        "plain": plain, "coroutine": coroutine, "generator": generator, "async_generator": async_generator,
        "still_generator": still_generator,
    }  # fmt: skip


def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


SHAPES = tuple(shapes(Told(Story(COMPAT, Ending()), "", is_subject=False)))


@dataclass(frozen=True)
class Scenario:
    """One application and the end of one request to it.

    Parameters:
        shape: of the dependency.
        options: of its declaration.
        place: where it is declared: as a `parameter`, below a `nested` function or generator, for the `route`, the
            `router` or the `application`.
        is_shared: whether a second parameter asks for the same dependency.
        endpoint: what kind of endpoint asks for it.
        ending: how the request ends.
    """

    shape: str
    options: dict[str, Any]
    place: str
    is_shared: bool
    endpoint: str
    ending: Ending


def build(scenario: Scenario, story: Story) -> Any:
    """The application of a scenario: the dependency among others of both scopes."""
    web = story.web
    it = web.Depends(shapes(Told(story, "it", is_subject=True))[scenario.shape], **scenario.options)
    others = {
        "outer": web.Depends(functions(Told(story, "outer", is_subject=False))["async_generator"]),
        "brief": web.Depends(functions(Told(story, "brief", is_subject=False))["async_generator"], scope="function"),
        "threaded": web.Depends(functions(Told(story, "threaded", is_subject=False))["generator"]),
    }

    def beyond(value: Any = it) -> str:
        story.note(f"beyond has {value}")
        return "beyond"

    placed = {"parameter": it, "nested": web.Depends(beyond)}
    first, *rest = others.items()
    given = dict([first, *([("it", placed[scenario.place])] if scenario.place in placed else []), *rest])
    if scenario.is_shared:
        given["again"] = it
    app = web.FastAPI(openapi_url=None, dependencies=[it] if scenario.place == "application" else [])
    router = web.APIRouter(dependencies=[it] if scenario.place == "router" else [])

    @app.exception_handler(ZeroDivisionError)
    async def handle(connection: Any, error: Exception) -> Any:
        story.note("handler")
        return PlainTextResponse("handled", 503)

    on_route = [it] if scenario.place == "route" else []
    if scenario.endpoint == "socket":
        router.websocket("/", dependencies=on_route)(endpoint(scenario, story, given))
    else:
        options = {"response_model": int} if scenario.ending.wrong_answer else {}
        router.get("/", dependencies=on_route, **options)(endpoint(scenario, story, given))
    app.include_router(router)
    return app


def endpoint(scenario: Scenario, story: Story, dependencies: dict[str, Any]) -> Callable[..., Any]:
    """The endpoint of a scenario, with a parameter for each dependency."""
    function: Any = endpoints(story)[scenario.endpoint]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    web = story.web
    connection = (
        inspect.Parameter("socket", kind, annotation=web.WebSocket)
        if scenario.endpoint == "socket"
        else inspect.Parameter("tasks", kind, annotation=web.BackgroundTasks)
    )
    parameters = [inspect.Parameter(name, kind, default=value) for name, value in dependencies.items()]
    number = inspect.Parameter("n", kind, default=0, annotation=int)
    function.__signature__ = inspect.Signature([connection, *parameters, number])
    return function  # type: ignore[no-any-return]


def endpoints(story: Story) -> dict[str, Callable[..., Any]]:
    async def task() -> None:
        story.note("task")
        await story.pause("task")
        story.reach("task")

    def act(given: dict[str, Any]) -> None:
        values = {name: str(given[name]) for name in sorted(given.keys() - {"tasks", "socket"})}
        story.note(f"endpoint with {values}")
        if "tasks" in given:
            given["tasks"].add_task(task)
        story.reach("endpoint")

    async def coroutine(**given: Any) -> str:
        act(given)
        await story.pause("endpoint")
        return "text"

    def plain(**given: Any) -> str:
        act(given)
        story.pause_thread("endpoint")
        return "text"

    async def response(**given: Any) -> Any:
        act(given)
        await story.pause("endpoint")
        return PlainTextResponse("text")

    async def streaming(**given: Any) -> Any:
        async def chunks() -> AsyncIterator[bytes]:
            story.note("chunk")
            yield b"chunk"

        act(given)
        return StreamingResponse(chunks())

    async def generator(**given: Any) -> AsyncIterator[int]:
        yield 1
        act(given)
        await story.pause("endpoint")
        yield 2

    def threaded_generator(**given: Any) -> Iterator[int]:
        yield 1
        act(given)

    async def socket(**given: Any) -> None:
        await given["socket"].accept()
        act(given)
        await story.pause("endpoint")
        await given["socket"].send_text("text")
        await given["socket"].receive_text()

    return {
        "coroutine": coroutine, "plain": plain, "response": response, "streaming": streaming, "generator": generator,
        "threaded generator": threaded_generator, "socket": socket,
    }  # fmt: skip
