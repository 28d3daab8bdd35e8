"""Streams: JSON lines, server-sent events and raw bytes from generator endpoints."""

import json
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Generator, Iterable, Iterator
from typing import Annotated, Any

from pydantic import BaseModel

from tests.conformance.cases import case
from tests.frameworks import asked

BACKENDS = ("asyncio", "trio")


class Item(BaseModel):
    name: str = "n"
    price: float | None = None


@case("GET /sync /async /typed /generator /iterator /async-typed /empty /status /annotated", backends=BACKENDS)
def json_lines(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/sync")
    def sync():
        yield {"a": 1}
        yield [1, "é\u2028"]
        yield None

    @app.get("/async")
    async def asynchronous():
        yield Item()
        yield "text"

    @app.get("/typed")
    def typed() -> Iterable[Item]:
        yield Item(price=1)
        yield {"name": "d", "other": 1}

    @app.get("/generator")
    def generator() -> Generator[int, None, None]:
        yield "3"

    @app.get("/iterator")
    def iterator() -> Iterator[Item | int]:
        yield 1
        yield Item()

    @app.get("/async-typed")
    async def async_typed() -> AsyncIterable[list[int]]:
        yield (1, "2")

    @app.get("/empty")
    async def empty() -> AsyncIterator[int]:
        return
        yield 1

    @app.get("/status", status_code=203, tags=["t"], responses={404: {"description": "gone"}})
    async def status(response: web.Response) -> AsyncGenerator[int, None]:
        response.headers["x-lost"] = "1"
        yield 1

    return app


@case("GET /typed /late /untyped /raised /unserialisable", document=False)
def items_that_do_not_fit(web: Any) -> Any:
    app = web.FastAPI()

    # Of the first item FastAPI sends a broken 200, where Typeway answers the error: see tests/serve/test_first_item.py.
    @app.get("/typed")
    def typed() -> Iterable[Item]:
        yield Item()
        yield 3

    @app.get("/late")
    async def late() -> AsyncIterable[int]:
        yield 1
        yield "x"

    @app.get("/untyped")
    def untyped():
        yield float("nan")
        yield {"a": float("inf")}

    @app.get("/raised")
    def raised():
        yield 1
        raise web.HTTPException(418)

    @app.get("/unserialisable")
    def unserialisable():
        yield 1
        yield object()

    return app


@case("GET /?n=2 /?n=x /", "GET /x", "POST /?n=1")
def parameters_of_streams(web: Any) -> Any:
    def need(n: int, response: web.Response):
        response.headers["x-n"] = str(n)
        web.log.append("need")
        yield n
        web.log.append("left")

    app = web.FastAPI()

    @app.get("/")
    @app.post("/")
    def count(n: Annotated[int, web.Depends(need)]) -> Iterable[int]:
        yield from range(n)
        web.log.append("done")

    return app


@case("GET /sync /async /typed /objects /raw /comment /status /post", "POST /post", "HEAD /sync", backends=BACKENDS)
def events(web: Any) -> Any:
    event, stream = web.sse.ServerSentEvent, web.sse.EventSourceResponse
    app = web.FastAPI()

    @app.get("/sync", response_class=stream)
    def sync():
        yield {"a": 1}
        yield "text\nof two lines"
        yield None

    @app.get("/async", response_class=stream)
    async def asynchronous():
        yield Item()

    @app.get("/typed", response_class=stream)
    async def typed() -> AsyncIterable[Item]:
        yield {"name": "d", "other": 1}

    @app.get("/objects", response_class=stream)
    def objects() -> Iterable[event]:
        yield event(data={"a": 1}, event="update", id="7", retry=100, comment="said")
        yield event(data="é", id="")
        yield event(event="only")

    @app.get("/raw", response_class=stream)
    def raw():
        yield event(raw_data="one\r\ntwo\rthree\n")
        yield event(raw_data="")

    @app.get("/comment", response_class=stream)
    def comment():
        yield event(comment="a\nb")
        yield event()

    @app.get("/status", response_class=stream, status_code=202)
    def status():
        yield 1

    @app.post("/post", response_class=stream)
    async def post(response: web.Response):
        response.headers["x-lost"] = "1"
        yield 1

    return app


@case("GET /", document=False)
def events_that_are_no_events(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read():
        found = []
        for options in (
            {"data": 1, "raw_data": "x"}, {"event": "a\nb"}, {"id": "a\0"}, {"id": "a\nb"}, {"retry": -1}, {"retry": 1.5},
            {"retry": True}, {"raw_data": 3}, {"comment": 3}, {"event": 3}, {"id": 3}, {"nonsense": 1}, {"retry": "5"},
        ):  # fmt: skip
            try:
                found.append(web.sse.ServerSentEvent(**options).model_dump())
            except ValueError as error:
                found.append([type(error).__name__, [problem["loc"] for problem in error.errors()]])
        return found

    return app


@case("GET /", document=False)
def events_as_text(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read():
        render = web.sse.format_sse_event
        return [
            render(data_str="a"), render(data_str="a\nb", event="e", id="1", retry=5, comment="c"), render(comment=""),
            render(), render(data_str=""), render(id="", retry=0),
        ]  # fmt: skip

    return app


@case("GET /text /bytes /async /file /whole /class", backends=BACKENDS)
def raw_chunks(web: Any) -> Any:
    stream = web.responses.StreamingResponse

    class Own(stream):
        media_type = "text/csv"

    app = web.FastAPI()

    @app.get("/text", response_class=stream)
    def text():
        yield "a"
        yield "é"

    @app.get("/bytes", response_class=stream)
    def parts() -> Iterable[bytes]:
        yield b"\xff"
        yield bytearray(b"x")

    @app.get("/async", response_class=Own)
    async def asynchronous() -> AsyncIterable[str]:
        yield "a,b\n"

    @app.get("/whole")
    def whole():
        return stream(iter(["a", "b"]), media_type="text/plain")

    @app.get("/class", response_class=Own, status_code=201)
    def own():
        return ["a", "b"]

    return app


@case("GET /depends /tasks /error", document=False, backends=BACKENDS)
def lifetimes_around_streams(web: Any) -> Any:
    def noted(name: str, scope: str | None = None) -> Any:
        async def need():
            web.log.append(f"{name} entered")
            try:
                yield name
            finally:
                web.log.append(f"{name} left")

        return web.Depends(need, scope=scope)

    app = web.FastAPI()

    @app.get("/depends")
    async def depends(long: Annotated[str, noted("long")], short: Annotated[str, noted("short", "function")]):
        web.log.append("first")
        yield 1
        web.log.append("last")

    @app.get("/tasks")
    def tasks(tasks: web.BackgroundTasks, long: Annotated[str, noted("long")]):
        tasks.add_task(web.log.append, "task")
        yield 1
        tasks.add_task(web.log.append, "late task")

    @app.get("/error")
    def error(long: Annotated[str, noted("long")]):
        yield 1
        raise RuntimeError("in the middle")

    return app


@case(asked("POST /", json={"name": "n"}), asked("POST /", json={}), asked("POST /", content=b"{"))
def bodies_of_streams(web: Any) -> Any:
    app = web.FastAPI()

    @app.post("/")
    async def post(item: Item) -> AsyncIterable[Item]:
        yield item
        yield Item(**json.loads('{"name": "again"}'))

    return app


@case("GET /model /none /list", document=False)
def models_of_streams(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/model", response_model=list[Item])
    def model() -> Iterable[Item]:
        yield {"name": "d", "other": 1}

    @app.get("/none", response_model=None)
    def none() -> Iterable[Item]:
        yield {"name": "d", "other": 1}

    @app.get("/list")
    def items() -> list[Item]:
        yield {"name": "d", "other": 1}

    @app.get("/class", response_class=web.responses.JSONResponse)
    def own() -> Iterable[Item]:
        yield {"name": "d"}

    return app
