"""A request is answered without a task only where nothing could ask for the task, and its answer is the same."""

import asyncio
import contextvars
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any, Final

import pytest
from pydantic import AfterValidator, BaseModel

from tests.protocol.connect import Answer, Server, answers
from typeway import BackgroundTasks, Depends, Form, Request, Response, Typeway
from typeway.application.app import OPENTELEMETRY
from typeway.exceptions import RequestValidationError
from typeway.protocol import cycle
from typeway.responses import JSONResponse, PlainTextResponse

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")
tasks: list[bool] = []


class Item(BaseModel):
    name: str
    size: int = 1


def note() -> dict[str, str]:
    """Code of the author's: it runs in a task, in a context of its own."""
    tasks.append(asyncio.current_task() is not None)
    before = variable.get()
    variable.set("set")
    return {"variable": before}


def noted(value: int) -> int:
    note()
    return value


class Noting(JSONResponse):
    def render(self, content: Any) -> bytes:
        note()
        return super().render(content)


async def constant() -> Any:
    return {"a": 1}


async def parameters(number: int, q: str = "x", *, flag: bool = False) -> Any:
    return {"number": number, "q": q, "flag": flag}


async def body(item: Item) -> Item:
    return item


def plain(number: int) -> Any:
    return [number]


async def text() -> Any:
    return "text"


async def calls() -> Any:
    return note()


async def waits() -> Any:
    async with asyncio.timeout(60):
        await asyncio.sleep(0)
    return note()


async def validates(number: Annotated[int, AfterValidator(noted)]) -> Any:
    return number


async def depends(value: Annotated[Any, Depends(calls)]) -> Any:
    return value


async def injected(request: Request) -> Any:
    return request


async def session() -> AsyncIterator[str]:
    yield "open"


async def exits(value: Annotated[str, Depends(session)]) -> Any:
    return value


async def form(name: Annotated[str, Form()]) -> Any:
    return name


async def later(tasks: BackgroundTasks) -> Any:
    return None


def build() -> Typeway:
    app = Typeway()
    for function in (constant, plain, parameters, calls, waits, validates, depends, exits):
        app.get(f"/{function.__name__}", response_model=None)(function)
    app.get("/path/{number}", response_model=None)(parameters)
    app.post("/body")(body)
    app.post("/form", response_model=None)(form)
    app.get("/later", response_model=None)(later)
    app.get("/text", response_class=PlainTextResponse, response_model=None)(text)
    app.get("/noting", response_class=Noting, response_model=None)(constant)
    app.head("/head", response_model=None)(constant)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: Exception) -> Response:
        return JSONResponse(note(), 422)

    return app


def get(target: str, method: str = "GET") -> bytes:
    return f"{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


def post(target: str, content: bytes, kind: str = "application/json") -> bytes:
    return (
        f"POST {target} HTTP/1.1\r\nHost: a\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n\r\n".encode()
        + content
    )


async def ask(app: Any, data: bytes, times: int = 3) -> list[Answer]:
    """Send a request several times on one connection; return the answers."""
    transport = Server(app).connect()
    for count in range(1, times + 1):
        transport.receive(data)
        for _ in range(2000):
            await asyncio.sleep(0)
            if transport.sent.count(b"HTTP/1.1 ") == count:
                break
    transport.close()
    await asyncio.sleep(0)
    return answers(bytes(transport.sent), [data.split(b" ")[0].decode()] * times)


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The requests for which a task has been made."""
    # Where another test has imported OpenTelemetry, requests take the ASGI way.
    monkeypatch.delitem(sys.modules, OPENTELEMETRY, raising=False)
    found: list[Any] = []
    begin: Callable[..., Any] = cycle.begin

    def note_task(work: Awaitable[None], loop: asyncio.AbstractEventLoop) -> Any:
        found.append(work)
        return begin(work, loop=loop)

    monkeypatch.setattr(cycle, "begin", note_task)
    return found


PROMPT: Final = [
    (get("/constant"), 200, b'{"a":1}'),
    (get("/constant?x=y"), 200, b'{"a":1}'),
    (get("/plain?number=7"), 200, b"[7]"),
    (get("/parameters?number=7&flag=true"), 200, b'{"number":7,"q":"x","flag":true}'),
    (get("/path/8?q=%C3%A9"), 200, '{"number":8,"q":"é","flag":false}'.encode()),
    (post("/body", b'{"name":"a"}'), 200, b'{"name":"a","size":1}'),
]


@pytest.mark.parametrize(("data", "status", "content"), PROMPT)
def test_what_runs_only_built_in_code_needs_no_task(begun: list[Any], data: bytes, status: int, content: bytes) -> None:
    """From the second request on, when the plan exists, such an endpoint is answered in the call that reads the request."""
    found = asyncio.run(ask(build(), data, times=3))
    assert [(answer.status, answer.body) for answer in found] == [(status, content)] * 3
    assert len(begun) < 3


IN_A_TASK: Final = [
    (get("/calls"), 200, b'{"variable":"unset"}'),
    (get("/waits"), 200, b'{"variable":"unset"}'),
    (get("/validates?number=7"), 200, b"7"),
    (get("/depends"), 200, b'{"variable":"unset"}'),
    (get("/exits"), 200, b'"open"'),
    (get("/noting"), 200, b'{"a":1}'),
    (get("/later"), 200, b"null"),
    (get("/head", "HEAD"), 200, b""),
    (get("/constant", "HEAD"), 200, b""),
    (get("/constant", "OPTIONS"), 204, b""),
    (get("/constant", "DELETE"), 405, b'{"detail":"Method Not Allowed"}'),
    (get("/nowhere"), 404, b'{"detail":"Not Found"}'),
    (get("/text"), 200, b"text"),
    (get("/path/x"), 422, b'{"variable":"unset"}'),
    (post("/body", b"{}"), 422, b'{"variable":"unset"}'),
    (post("/body", b"{"), 422, b'{"variable":"unset"}'),
    (post("/form", b"name=a", "application/x-www-form-urlencoded"), 200, b'"a"'),
]


@pytest.mark.parametrize(("data", "status", "content"), IN_A_TASK)
def test_what_could_ask_for_its_task_has_one(begun: list[Any], data: bytes, status: int, content: bytes) -> None:
    """Code of the author's runs in a task and in a context of its own, also that of handlers, validators and responses."""
    tasks.clear()
    found = asyncio.run(ask(build(), data, times=3))
    assert [(answer.status, answer.body) for answer in found] == [(status, content)] * 3
    assert len(begun) == 3
    assert all(tasks)


def test_a_body_in_parts_is_waited_for_in_a_task(begun: list[Any]) -> None:
    """A request whose body has not arrived has to wait, and then has the same answer."""
    data, app = post("/body", b'{"name":"a"}'), build()

    async def converse() -> bytes:
        await ask(app, data)
        begun.clear()
        transport = Server(app).connect()
        for part in (data[:-5], data[-5:]):
            transport.receive(part)
            for _ in range(10):
                await asyncio.sleep(0)
        transport.close()
        await asyncio.sleep(0)
        return bytes(transport.sent)

    (answer,) = answers(asyncio.run(converse()))
    assert (answer.status, answer.body, len(begun)) == (200, b'{"name":"a","size":1}', 1)


def test_overrides_and_later_handlers_are_in_force(begun: list[Any]) -> None:
    """An application that overrides a dependency at run time is served with a task, and by the override."""
    app = build()
    assert asyncio.run(ask(app, get("/constant")))[-1].status == 200
    begun.clear()
    app.dependency_overrides[calls] = lambda: {"overridden": True}
    assert asyncio.run(ask(app, get("/depends")))[-1].body == b'{"overridden":true}'
    assert asyncio.run(ask(app, get("/constant")))[-1].status == 200
    assert len(begun) == 6


def test_an_unsafe_answer_is_a_clean_500(begun: list[Any], caplog: pytest.LogCaptureFixture) -> None:
    """What fails while a response is written is logged and answered, without a task as with one."""
    app = build()

    async def converse() -> list[Answer]:
        await ask(app, get("/constant"))
        server = Server(app)
        server.state.default_headers = [(b"server", b"a")]
        transport = server.connect()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(cycle, "status_line", lambda status: {500: b"HTTP/1.1 500 Internal Server Error\r\n"}[status])
            transport.receive(get("/constant"))
            for _ in range(10):
                await asyncio.sleep(0)
        transport.close()
        await asyncio.sleep(0)
        return answers(bytes(transport.sent))

    (answer,) = asyncio.run(converse())
    assert (answer.status, answer.body) == (500, b'{"detail": "Internal Server Error"}')
    assert "Exception in ASGI application" in caplog.text


@pytest.mark.parametrize("limits", [{"route": 30}, {"application": 30}, {"route": 30, "application": 10}])
def test_a_body_over_the_limit_is_refused_without_a_task_too(begun: list[Any], limits: dict[str, int]) -> None:
    """A body that has arrived whole, and is larger than the limit, is a 413, whether or not its plan needs a task."""
    app = Typeway(max_body_size=limits.get("application"))

    @app.post("/body", max_body_size=limits.get("route"))
    async def take(item: Item) -> Any:
        return {"a": 1}

    short, long = post("/body", b'{"name":"a"}'), post("/body", b'{"name":"%b"}' % (b"a" * 100))
    for data, status in [(short, 200), (long, 413), (short, 200)]:
        assert [answer.status for answer in asyncio.run(ask(app, data, times=3))] == [status] * 3
