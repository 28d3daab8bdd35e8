"""Instrumentation and plugins call and replace the functions by which FastAPI serves a request, and run as on FastAPI."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from types import ModuleType
from typing import Any

import fastapi
import pytest
from pydantic import BaseModel, Field
from starlette.datastructures import FormData, Headers, QueryParams
from starlette.requests import Request

from tests.frameworks import COMPAT, compat_and_fastapi, printed
from typeway.testclient import TestClient

Web = Any

STEPS = ("solve_dependencies", "run_endpoint_function", "serialize_response")

# An application of many kinds of routes, written as a program, because a replaced function concerns a whole process.
PROGRAM = """
import sys
import fastapi.routing
from fastapi import BackgroundTasks, Body, Depends, FastAPI, Form, Header, Response, WebSocket, APIRouter
from fastapi.responses import PlainTextResponse
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from pydantic import BaseModel

log = []

def replace(name):
    original = getattr(fastapi.routing, name)
    async def around(*values, **options):
        log.append((name, len(values), sorted(options)))
        return await original(*values, **options)
    setattr(fastapi.routing, name, around)
    return lambda: setattr(fastapi.routing, name, original)

class Item(BaseModel):
    name: str
    secret: int = 1

class Wrapped(APIRoute):
    def get_route_handler(self):
        inner = super().get_route_handler()
        async def handler(request):
            response = await inner(request)
            response.headers["wrapped"] = "1"
            return response
        return handler

async def session(response: Response, tasks: BackgroundTasks, q: int = 0):
    response.headers["q"] = str(q)
    tasks.add_task(lambda: log.append("task"))
    log.append("enter")
    try:
        yield q
    finally:
        log.append("exit")

app, router = FastAPI(), APIRouter()

@app.get("/value")
async def value(q: int = 1): return {"q": q}

@app.get("/thread")
def thread(s: int = Depends(session)): return s

@app.get("/function")
def function(s: int = Depends(session, scope="function")): return s

@app.get("/model", response_model_exclude={"secret"}, status_code=202)
def model(h: str = Header("x")) -> Item: return {"name": h, "more": 1}

@app.get("/wrong")
def wrong() -> Item: return {"name": []}

@app.get("/text", response_class=PlainTextResponse)
def text(): return "text"

@app.get("/own")
def own(): return PlainTextResponse("own")

@app.get("/empty", status_code=204)
def empty(): return None

@app.get("/stream")
def stream() -> "list[int]":
    yield from (1, 2)

@app.post("/body")
def body(item: Item, n: int = Body(3)): return [item, n]

@app.post("/one")
def one(item: Item): return item

@app.post("/form")
def form(a: int = Form(), b: list[str] = Form([])): return [a, b]

@app.websocket("/ws")
async def ws(ws: WebSocket, s: int = Depends(session)):
    await ws.accept()
    await ws.send_json(s)
    await ws.close()

@router.get("/included/{n}")
def included(n: int): return n

app.include_router(router)
app.router.route_class = Wrapped

@app.get("/wrapped")
def wrapped(s: int = Depends(session)): return s

client = TestClient(app, raise_server_exceptions=False)
REQUESTS = [
    ("GET", "/value?q=3", {}), ("GET", "/value?q=x", {}), ("GET", "/thread?q=2", {}), ("GET", "/function", {}),
    ("GET", "/model", {"headers": {"h": "a"}}), ("GET", "/wrong", {}), ("GET", "/text", {}), ("GET", "/own", {}),
    ("GET", "/empty", {}), ("GET", "/stream", {}), ("POST", "/body", {"json": {"item": {"name": "a"}}}),
    ("POST", "/one", {"json": {"name": "a"}}), ("POST", "/one", {"content": b"{"}), ("POST", "/one", {}),
    ("POST", "/form", {"data": {"a": "1", "b": ["x", "y"]}}), ("POST", "/form", {"data": {"b": "x"}}),
    ("GET", "/included/4", {}), ("GET", "/wrapped?q=5", {}), ("GET", "/thread?q=y", {}),
]

def ask():
    for method, url, options in REQUESTS:
        log.clear()
        response = client.request(method, url, **options)
        headers = {k: v for k, v in response.headers.items() if k in ("q", "wrapped", "content-type")}
        print(method, url, response.status_code, response.text, headers, log)
    log.clear()
    with client.websocket_connect("/ws?q=6") as socket:
        print(socket.receive_json())
    print(log)
"""


@pytest.mark.parametrize("names", [STEPS[:1], STEPS[1:2], STEPS[2:], STEPS], ids="+".join)
def test_replaced_functions_are_called_for_each_request(names: tuple[str, ...]) -> None:
    """Every kind of route calls what is in `fastapi.routing`, with FastAPI's keyword arguments, and answers the same."""
    code = f"{PROGRAM}\nfor name in {names!r}: replace(name)\nask()"
    assert printed(COMPAT, code, warnings_fail=False) == printed(fastapi, code, warnings_fail=False)


def test_functions_may_be_replaced_and_put_back_while_the_application_serves() -> None:
    """A replacement after the first request takes effect for the next one, and so does the original."""
    code = f"{PROGRAM}\nask()\nback = replace('run_endpoint_function')\nask()\nback()\nask()"
    assert printed(COMPAT, code, warnings_fail=False) == printed(fastapi, code, warnings_fail=False)


def test_a_replaced_function_may_change_what_it_returns() -> None:
    """What stands there decides: other arguments, another result, another body."""
    code = f"""{PROGRAM}
async def run(*, dependant, values, is_coroutine): return {{"name": "changed", "values": sorted(values)}}
async def serialize(*, field=None, response_content, **options): return [field and field.name, response_content]
fastapi.routing.run_endpoint_function = run
print(client.get("/value").text, client.get("/thread").text, client.get("/text").text)
fastapi.routing.serialize_response = serialize
print(client.get("/value").text, client.get("/included/3").text)
"""
    assert printed(COMPAT, code, warnings_fail=False) == printed(fastapi, code, warnings_fail=False)


# --- called by hand ---------------------------------------------------------------------------------------------------


class Page(BaseModel):
    limit: int = Field(10, ge=1)
    sort_by: str = "id"


def scope_with(stack: Any, **more: Any) -> dict[str, Any]:
    return {
        "type": "http", "method": "GET", "path": "/", "headers": [(b"x-token", b"t"), (b"cookie", b"c=7")],
        "query_string": b"q=3&many=1&many=2&limit=4", "path_params": {"p": "9"},
        "fastapi_inner_astack": stack, "fastapi_function_astack": stack, **more,
    }  # fmt: skip


def targets(web: Web, log: list[str]) -> dict[str, Any]:
    def plain() -> int:
        return 5

    async def entered(q: int = 0) -> Any:
        log.append("enter")
        yield q
        log.append("exit")

    def in_thread() -> Iterator[str]:
        log.append("enter thread")
        yield "thread"
        log.append("exit thread")

    def guard(scopes: web.security.SecurityScopes) -> list[str]:
        return list(scopes.scopes)

    class Pager:
        def __init__(self, page: int = 1, size: int = 2) -> None:
            self.shown = (page, size)

    def values(v: int = web.Depends(plain)) -> None: ...
    def generators(a: int = web.Depends(entered), b: str = web.Depends(in_thread)) -> None: ...
    def parameters(
        p: int, q: int, many: list[int] = web.Query(), x_token: str = web.Header(), c: int = web.Cookie()
    ) -> None: ...
    def missing(z: int, a: int = web.Depends(lambda y: y), b: int = web.Depends(plain)) -> None: ...
    def group(page: Page = web.Query()) -> None: ...
    def secured(s: list[str] = web.Security(guard, scopes=["a", "b"])) -> None: ...
    def classes(pager: Pager = web.Depends()) -> str: ...
    def injected(r: web.Request, w: web.Response, t: web.BackgroundTasks) -> None: ...
    def one_body(item: Page) -> None: ...
    def two_bodies(item: Page, n: int = web.Body(1)) -> None: ...
    def form(limit: int = web.Form(), names: list[str] = web.Form([])) -> None: ...
    def whole_form(page: Page = web.Form()) -> None: ...

    found = (
        values, generators, parameters, missing, group, secured, classes, injected, one_body, two_bodies, form, whole_form
    )  # fmt: skip
    return {function.__name__: function for function in found}


BODIES = {
    "one_body": [{"limit": 3}, {"limit": 0}, None, b"raw"],
    "two_bodies": [{"item": {"limit": 3}, "n": 2}, {"n": "x"}, [], None],
    "form": [FormData([("limit", "3"), ("names", "a"), ("names", "b")]), FormData([])],
    "whole_form": [FormData([("limit", "3"), ("more", "a")]), FormData([("limit", "x")])],
}


def shown(value: Any) -> Any:
    return value if isinstance(value, (int, str, list, BaseModel)) else getattr(value, "shown", type(value).__name__)


@pytest.mark.parametrize("name", targets(fastapi, []))
def test_dependencies_are_solved_outside_of_a_request(name: str) -> None:
    """The values, the errors and the cache are FastAPI's, and generators are left with the stack."""

    def act(web: Web) -> Any:
        log: list[str] = []
        call = targets(web, log)[name]
        utils = web.dependencies.utils
        found: list[Any] = []

        async def solve(body: Any) -> None:
            async with AsyncExitStack() as stack:
                dependant = utils.get_dependant(path="/{p}", call=call)
                solved = await utils.solve_dependencies(
                    request=Request(scope_with(stack)), dependant=dependant, body=body, async_exit_stack=stack,
                    embed_body_fields=utils._should_embed_body_fields(dependant.body_params),
                )  # fmt: skip
                found.append(
                    [
                        {key: shown(value) for key, value in sorted(solved.values.items())} if not solved.errors else {},
                        [(error["type"], error["loc"], error["msg"]) for error in solved.errors],
                        len(solved.dependency_cache), type(solved.background_tasks).__name__,
                        solved.response.status_code, log[:],
                    ]
                )  # fmt: skip
            found.append(log[:])

        for body in BODIES.get(name, [None]):
            asyncio.run(solve(body))
        return found

    assert act(COMPAT) == act(fastapi)


@compat_and_fastapi
def test_results_are_shared_through_a_cache(web: ModuleType) -> None:
    """Several calls of one request share results, but for dependencies that are not to be cached; overrides apply."""
    log: list[str] = []
    utils = web.dependencies.utils

    def shared() -> str:
        log.append("shared")
        return "shared"

    def fresh() -> str:
        log.append("fresh")
        return "fresh"

    def call(a: str = web.Depends(shared), b: str = web.Depends(fresh, use_cache=False)) -> None: ...

    app = web.FastAPI()

    async def solve() -> list[Any]:
        found, cache = [], None
        async with AsyncExitStack() as stack:
            for _ in range(3):
                solved = await utils.solve_dependencies(
                    request=Request(scope_with(stack)), dependant=utils.get_dependant(path="/", call=call),
                    dependency_overrides_provider=app, dependency_cache=cache, async_exit_stack=stack,
                    embed_body_fields=False,
                )  # fmt: skip
                cache = solved.dependency_cache
                found.append(dict(solved.values))
                app.dependency_overrides[fresh] = lambda: "other"
        return found

    assert asyncio.run(solve()) == [{"a": "shared", "b": "fresh"}, *[{"a": "shared", "b": "other"}] * 2]
    assert log == ["shared", "fresh"]


@compat_and_fastapi
def test_values_are_read_of_mappings(web: ModuleType) -> None:
    """`request_params_to_args` and `request_body_to_args` return the valid values and the errors of the others."""
    utils = web.dependencies.utils

    def call(
        q: int, many: list[int] = web.Query(), x_token: int = web.Header(), c: int = web.Cookie(), d: str = "d"
    ) -> None: ...
    def bodies(item: Page, n: int = web.Body(), s: str = web.Body("s")) -> None: ...

    def plain(found: Any) -> Any:
        values, errors = found
        return values, [(error["type"], tuple(error["loc"])) for error in errors]

    dependant, body = (utils.get_dependant(path="/", call=function) for function in (call, bodies))
    read = utils.request_params_to_args
    query = dependant.query_params
    assert plain(read(query, QueryParams("q=1&many=2&many=3"))) == ({"q": 1, "many": [2, 3], "d": "d"}, [])
    assert plain(read(query, QueryParams("q=x&many=2"))) == ({"many": [2], "d": "d"}, [("int_parsing", ("query", "q"))])
    assert plain(read(query[:1], {"q": "7"})) == ({"q": 7}, [])
    assert plain(read(dependant.header_params, Headers({"X-Token": "4"}))) == ({"x_token": 4}, [])
    assert plain(read(dependant.cookie_params, {"c": "x"})) == ({}, [("int_parsing", ("cookie", "c"))])
    assert plain(read([], {})) == ({}, [])

    def embedded(received: Any, *, embed: bool = True) -> Any:
        fields = body.body_params if embed else body.body_params[:1]
        return plain(asyncio.run(utils.request_body_to_args(fields, received, embed)))

    seen = 0

    class Counting(list[Any]):
        def __iter__(self) -> Any:
            nonlocal seen
            for item in super().__iter__():
                seen += 1
                yield item

    # The client chooses how many headers there are: each is looked at a few times, not as often as there are headers.
    headers = Headers(raw=[(b"h-%d" % number, b"1") for number in range(200)])
    headers._list = Counting(headers._list)
    assert plain(read(dependant.header_params, headers)) == ({}, [("missing", ("header", "x-token"))])
    assert seen < 200 * 10

    page = Page(limit=3)
    assert embedded({"item": {"limit": 3}, "n": 2}) == ({"item": page, "n": 2, "s": "s"}, [])
    assert embedded({"item": {"limit": 0}, "n": 2}) == (
        {"n": 2, "s": "s"}, [("greater_than_equal", ("body", "item", "limit"))]
    )  # fmt: skip
    assert embedded({"limit": 3}, embed=False) == ({"item": page}, [])
    assert embedded(None, embed=False)[1] == [("model_attributes_type", ("body",))]


@compat_and_fastapi
def test_handlers_find_the_exit_stacks(web: ModuleType) -> None:
    """A route class that solves by itself leaves generators to the stacks: of functions before the response, of requests after."""
    log: list[str] = []
    utils = web.dependencies.utils

    async def early() -> Any:
        yield "early"
        log.append("early")

    async def late() -> Any:
        yield "late"
        log.append("late")

    def call(a: str = web.Depends(early, scope="function"), b: str = web.Depends(late)) -> None: ...

    class Response(web.responses.JSONResponse):  # type: ignore[misc]
        async def __call__(self, *values: Any) -> None:
            log.append("response")
            await super().__call__(*values)

    class Own(web.routing.APIRoute):  # type: ignore[misc]
        def get_route_handler(self) -> Any:
            async def handler(request: Any) -> Any:
                stack = request.scope["fastapi_inner_astack"]
                solved = await utils.solve_dependencies(
                    request=request, dependant=utils.get_dependant(path="/", call=call), async_exit_stack=stack,
                    embed_body_fields=False,
                )  # fmt: skip
                stack.callback(log.append, "callback")
                request.scope["fastapi_middleware_astack"].callback(log.append, "outermost")
                return Response(solved.values)

            return handler

    app = web.FastAPI()
    app.router.route_class = Own
    app.get("/x")(lambda: None)
    assert TestClient(app).get("/x").json() == {"a": "early", "b": "late"}
    assert log == ["early", "response", "callback", "late", "outermost"]


@compat_and_fastapi
def test_websocket_routes_can_be_made_of_dependants(web: ModuleType) -> None:
    """`get_websocket_app` and `websocket_session` serve a dependant, its generators and its errors included."""
    log: list[str] = []

    async def entered(q: int) -> Any:
        yield q
        log.append("exit")

    async def talk(ws: web.WebSocket, q: int = web.Depends(entered)) -> None:
        await ws.accept()
        await ws.send_json(q)
        await ws.close()

    dependant = web.dependencies.utils.get_dependant(path="/ws", call=talk)
    app = web.FastAPI()
    app.websocket("/ws")(talk)
    app.routes[-1].app = web.routing.websocket_session(web.routing.get_websocket_app(dependant=dependant))
    with TestClient(app).websocket_connect("/ws?q=4") as socket:
        assert socket.receive_json() == 4
    assert log == ["exit"]
    with pytest.raises(web.WebSocketDisconnect) as raised, TestClient(app).websocket_connect("/ws?q=x"):
        pass
    assert raised.value.code == 1008


@compat_and_fastapi
def test_endpoints_are_run_and_results_serialized_by_hand(web: ModuleType) -> None:
    """Message brokers call the functions for endpoints and responses outside of a request."""
    routing, utils = web.routing, web.dependencies.utils

    def call(n: int) -> int:
        return n

    async def act() -> list[Any]:
        dependant = utils.get_dependant(path="/", call=call)
        field = web.utils.create_model_field("page", Page, mode="serialization")
        return [
            await routing.run_endpoint_function(dependant=dependant, values={"n": 3}, is_coroutine=False),
            await routing.serialize_response(response_content={"a": Page()}),
            await routing.serialize_response(field=field, response_content={"limit": 2}, exclude={"sort_by"}),
            await routing.serialize_response(
                field=field, response_content=Page(), exclude_unset=True, is_coroutine=False
            ),
            await routing.serialize_response(field=field, response_content={"limit": 2}, dump_json=True),
        ]

    page = {"limit": 10, "sort_by": "id"}
    assert asyncio.run(act()) == [3, {"a": page}, {"limit": 2}, {}, b'{"limit":2,"sort_by":"id"}']
    field = web.utils.create_model_field("page", Page, mode="serialization")
    with pytest.raises(web.exceptions.ResponseValidationError):
        asyncio.run(routing.serialize_response(field=field, response_content={"limit": 0}))


@compat_and_fastapi
def test_messages_of_brokers_are_solved(web: ModuleType) -> None:
    """FastStream's messages are requests whose scope has only the path; their attributes say the rest."""

    class Message(web.Request):
        def __init__(self) -> None:
            self.scope = {"path_params": {"number": "7"}}
            self._headers, self._query_params, self._cookies = {"x-user": "ada"}, {"number": "7", "q": 3}, {"c": "tea"}

    def call(
        message: web.Request,
        number: int,
        body: dict[str, int],
        q: int,
        x_user: str = web.Header(),
        c: str = web.Cookie(),
    ) -> None: ...

    async def act() -> Any:
        async with AsyncExitStack() as stack:
            dependant = web.dependencies.utils.get_dependant(path="/{number}", call=call)
            scope_stacks = {"fastapi_inner_astack": stack, "fastapi_function_astack": stack}
            message = Message()
            message.scope |= scope_stacks
            solved = await web.dependencies.utils.solve_dependencies(
                request=message, dependant=dependant, body={"a": 1}, async_exit_stack=stack, embed_body_fields=False
            )
            assert solved.values.pop("message") is message
            return solved.values, solved.errors

    assert asyncio.run(act()) == ({"number": 7, "body": {"a": 1}, "q": 3, "x_user": "ada", "c": "tea"}, [])
