"""Middleware: code around every request, in layers, the last added outermost."""

import asyncio
import re
import time
from typing import Any

import httpx
import pytest
from pydantic import BaseModel
from starlette.middleware.cors import CORSMiddleware

from tests.frameworks import answer, ask, each_framework


class Item(BaseModel):
    name: str


def timed(web: Any) -> Any:
    """An application that tells how long each request took."""
    app = web.FastAPI()

    @app.middleware("http")
    async def add_timing_header(request, call_next):
        start_time = time.perf_counter()
        response = await call_next(request)
        duration_ms = (time.perf_counter() - start_time) * 1000
        response.headers["X-Process-Time-Ms"] = f"{duration_ms:.2f}"
        return response

    @app.get("/slow")
    async def slow() -> str:
        await asyncio.sleep(0.02)
        return "done"

    @app.post("/items")
    async def create(item: Item) -> Item:
        return item

    return app


@each_framework
@pytest.mark.parametrize(
    ("request_line", "status"), [("GET /slow", 200), ("GET /nowhere", 404), ("PUT /slow", 405), ("POST /items", 422)]
)
def test_it_runs_for_every_request(web, request_line, status):
    """A header that middleware adds is on every answer, on errors of routing and validation too."""
    response = ask(timed(web), request_line, json={})
    assert response.status_code == status
    assert re.fullmatch(r"\d+\.\d\d", response.headers["X-Process-Time-Ms"])


@each_framework
def test_it_measures_all_that_it_wraps(web):
    """The clock stops when the endpoint is done: what it did is in the time."""
    assert float(ask(timed(web), "GET /slow").headers["X-Process-Time-Ms"]) >= 19


class Layer:
    """An ASGI middleware that notes when the request and the beginning of the response pass it."""

    def __init__(self, app: Any, log: list[str], name: str) -> None:
        self.app, self.log, self.name = app, log, name

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def note(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.log.append(f"{self.name} out")
            await send(message)

        self.log.append(f"{self.name} in")
        await self.app(scope, receive, note)


@each_framework
@pytest.mark.parametrize(
    "kinds", [("http", "http", "http"), ("asgi", "asgi", "asgi"), ("http", "asgi", "http"), ("asgi", "http", "asgi")]
)
def test_the_last_added_is_the_outermost(web, kinds):
    """Layers are passed from the last added to the first on the way in, and the other way round on the way out."""
    log: list[str] = []
    app = web.FastAPI()

    def layer(name: str) -> Any:
        async def around(request, call_next):
            log.append(f"{name} in")
            response = await call_next(request)
            log.append(f"{name} out")
            return response

        return around

    for name, kind in zip(("first", "second", "third"), kinds, strict=True):
        if kind == "http":
            app.middleware("http")(layer(name))
        else:
            app.add_middleware(Layer, log=log, name=name)

    @app.get("/")
    async def read() -> None:
        log.append("endpoint")

    assert answer(app, "GET /") == (200, None)
    assert log == ["third in", "second in", "first in", "endpoint", "first out", "second out", "third out"]


@each_framework
def test_the_outermost_layer_sees_the_time_of_the_others(web):
    """A clock that is added last includes the layers below it; one that is added first does not."""
    app = web.FastAPI()
    times: dict[str, float] = {}

    def clock(name: str) -> Any:
        async def measure(request, call_next):
            start = time.perf_counter()
            response = await call_next(request)
            times[name] = time.perf_counter() - start
            return response

        return measure

    async def sleepy(request, call_next):
        await asyncio.sleep(0.02)
        return await call_next(request)

    for layer in (clock("inner"), sleepy, clock("outer")):
        app.middleware("http")(layer)
    assert ask(app, "GET /nowhere").status_code == 404
    assert times["outer"] >= times["inner"] + 0.019


@each_framework
def test_both_phases_share_local_variables_and_requests_do_not(web):
    """What a function sets before `call_next` is there after it, for this request alone, however many run at once."""
    app = web.FastAPI()

    @app.middleware("http")
    async def remember(request, call_next):
        number = request.url.path.removeprefix("/")
        response = await call_next(request)
        response.headers["X-Number"] = number
        return response

    @app.get("/{number}")
    async def read(number: int) -> int:
        await asyncio.sleep(0.02 * (5 - number))
        return number

    async def run() -> list[tuple[int, str]]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as http:
            responses = await asyncio.gather(*(http.get(f"/{number}") for number in range(5)))
        return [(response.json(), response.headers["X-Number"]) for response in responses]

    assert asyncio.run(run()) == [(number, str(number)) for number in range(5)]


@each_framework
def test_it_can_answer_in_place_of_the_endpoint(web):
    """Authentication and rate limits: middleware that does not call `call_next` is the end of the way."""
    log: list[str] = []
    app = web.FastAPI()

    @app.middleware("http")
    async def authenticate(request, call_next):
        if request.headers.get("authorization") != "Bearer good":
            return web.Response("who are you?", 401)
        return await call_next(request)

    @app.get("/")
    async def read() -> str:
        log.append("endpoint")
        return "welcome"

    assert answer(app, "GET /") == (401, "who are you?")
    assert log == []
    assert answer(app, "GET /", headers={"authorization": "Bearer good"}) == (200, "welcome")


@each_framework
def test_cors_by_starlettes_class(web):
    """Starlette's CORSMiddleware answers preflights and marks answers, for the origins that are allowed."""
    app = web.FastAPI()
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["https://example.com"],
        allow_credentials=True,
        allow_methods=["*"],
        allow_headers=["*"],
    )

    @app.get("/")
    async def read() -> str:
        return "ok"

    ours, theirs = {"origin": "https://example.com"}, {"origin": "https://evil.example"}
    asked = {"access-control-request-method": "DELETE", "access-control-request-headers": "X-Token"}

    preflight = ask(app, "OPTIONS /", headers={**ours, **asked})
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "https://example.com"
    assert preflight.headers["access-control-allow-credentials"] == "true"
    assert "DELETE" in preflight.headers["access-control-allow-methods"]
    assert "X-Token" in preflight.headers["access-control-allow-headers"]
    assert ask(app, "OPTIONS /", headers={**theirs, **asked}).status_code == 400

    assert ask(app, "GET /", headers=ours).headers["access-control-allow-origin"] == "https://example.com"
    assert "access-control-allow-origin" not in ask(app, "GET /", headers=theirs).headers
    assert "access-control-allow-origin" not in ask(app, "GET /").headers
