"""Whatever Starlette's own middleware class gives an application, http middleware that is composed gives it too.

The same functions run both ways: registered with `@app.middleware("http")`, which Typeway composes itself, and as the
`dispatch` of a subclass of BaseHTTPMiddleware that has a `__call__` of its own, which is served as Starlette serves it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from starlette.background import BackgroundTask
from starlette.concurrency import iterate_in_threadpool
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import ClientDisconnect
from starlette.types import Message

from tests.patience import PATIENCE
from typeway import Body, Depends, HTTPException, Request, Response, Typeway
from typeway.declare.conventions import TYPEWAY
from typeway.responses import FileResponse, JSONResponse, StreamingResponse

Dispatch = Callable[[Request, Any], Awaitable[Any]]

log: list[Any] = []
BODY = b'{"a": 1}'


# ---------------------------------------------------------------- what middleware does


async def pass_on(request: Request, call_next: Any) -> Any:
    return await call_next(request)


async def body_before(request: Request, call_next: Any) -> Any:
    log.append(await request.body())
    return await call_next(request)


async def json_before(request: Request, call_next: Any) -> Any:
    log.append(await request.json() if await request.body() else None)
    return await call_next(request)


async def form_before(request: Request, call_next: Any) -> Any:
    log.append(len(await request.form()))
    return await call_next(request)


async def stream_before(request: Request, call_next: Any) -> Any:
    log.append(b"".join([chunk async for chunk in request.stream()]))
    return await call_next(request)


async def part_before(request: Request, call_next: Any) -> Any:
    async for chunk in request.stream():
        log.append(chunk)
        break
    return await call_next(request)


async def body_changed(request: Request, call_next: Any) -> Any:
    await request.body()
    request._body = b'{"a": 2}'
    return await call_next(request)


async def receive_replaced(request: Request, call_next: Any) -> Any:
    async def receive() -> Message:
        return {"type": "http.request", "body": b'{"a": 3}', "more_body": False}

    request._receive = receive
    return await call_next(request)


async def receive_replaced_after_reading(request: Request, call_next: Any) -> Any:
    body = await request.body()

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    request._receive = receive
    return await call_next(request)


async def body_after(request: Request, call_next: Any) -> Any:
    response = await call_next(request)
    await noted(request.body())
    return response


async def body_before_and_after(request: Request, call_next: Any) -> Any:
    await request.body()
    response = await call_next(request)
    await noted(request.body())
    return response


async def json_after(request: Request, call_next: Any) -> Any:
    response = await call_next(request)
    await noted(request.json())
    return response


async def stream_after(request: Request, call_next: Any) -> Any:
    async def read() -> bytes:
        return b"".join([chunk async for chunk in request.stream()])

    response = await call_next(request)
    await noted(read())
    return response


async def noted(work: Awaitable[Any]) -> None:
    """Note what comes of it; that the stream is consumed is Starlette's own answer."""
    try:
        log.append(await work)
    except (RuntimeError, ClientDisconnect, ValueError) as error:
        log.append(f"{type(error).__name__}: {error}")


async def attributes(request: Request, call_next: Any) -> Any:
    response = await call_next(request)
    log.append(sorted(vars(response)))
    log.append([response.media_type, response.background, response.info, response.status_code, response.charset])
    log.append([type(response).__name__, hasattr(response, "body"), isinstance(response, StreamingResponse)])
    log.append(sorted(name.lower() for name in response.headers))
    response.headers["x-new"] = "1"
    response.set_cookie("a", "b")
    response.status_code = 299
    return response


async def body_by_attribute(request: Request, call_next: Any) -> Any:
    response = await call_next(request)
    chunks = [chunk async for chunk in response.body_iterator]
    log.append(b"".join(chunks))
    response.body_iterator = iterate_in_threadpool(iter(chunks))
    return response


async def body_by_dict(request: Request, call_next: Any) -> Any:
    response = await call_next(request)
    chunks = [chunk async for chunk in response.__dict__["body_iterator"]]
    log.append(b"".join(chunks))
    response.__setattr__("body_iterator", iterate_in_threadpool(iter(chunks)))
    return response


async def body_through_dict(request: Request, call_next: Any) -> Any:
    response = await call_next(request)
    inner = response.__dict__["body_iterator"]

    async def louder() -> AsyncIterator[bytes]:
        async for chunk in inner:
            yield chunk.upper()

    response.__dict__["body_iterator"] = louder()
    return response


async def body_rebuilt(request: Request, call_next: Any) -> Any:
    response = await call_next(request)
    body = b""
    async for chunk in response.body_iterator:
        body += chunk
    headers = dict(response.headers)
    return Response(body, response.status_code, headers, response.media_type)


async def body_consumed(request: Request, call_next: Any) -> Any:
    response = await call_next(request)
    async for _ in response.body_iterator:
        pass
    return response


async def body_half_consumed(request: Request, call_next: Any) -> Any:
    response = await call_next(request)
    try:
        log.append(await anext(response.body_iterator))
        log.append(await response.body_iterator.__anext__())
    except StopAsyncIteration:
        log.append("over")
    return response


async def body_closed(request: Request, call_next: Any) -> Any:
    response = await call_next(request)
    await response.body_iterator.aclose()
    return response


async def task_added(request: Request, call_next: Any) -> Any:
    response = await call_next(request)
    response.background = BackgroundTask(log.append, "middleware's task")
    return response


async def replaced(request: Request, call_next: Any) -> Any:
    await call_next(request)
    return JSONResponse("replaced", 202)


async def replaced_by_stream(request: Request, call_next: Any) -> Any:
    response = await call_next(request)

    async def chunks() -> AsyncIterator[bytes]:
        yield b"<"
        async for chunk in response.body_iterator:
            yield chunk
        yield b">"

    return StreamingResponse(chunks(), 203)


async def not_called(request: Request, call_next: Any) -> Any:
    return JSONResponse("not called")


async def path_changed(request: Request, call_next: Any) -> Any:
    request.scope["path"] = "/json"
    return await call_next(request)


async def another_request(request: Request, call_next: Any) -> Any:
    return await call_next(Request({**request.scope, "path": "/nowhere"}))


async def state_set(request: Request, call_next: Any) -> Any:
    request.state.seen = "seen"
    response = await call_next(request)
    log.append([request.scope["route"].path if "route" in request.scope else None, request.path_params])
    return response


async def handled_here(request: Request, call_next: Any) -> Any:
    try:
        return await call_next(request)
    except Exception as error:
        log.append(f"{type(error).__name__}: {error} from {error.__cause__!r}")
        return JSONResponse("handled", 400)


async def in_time(request: Request, call_next: Any) -> Any:
    return await asyncio.wait_for(call_next(request), PATIENCE)


async def asked_for_disconnect(request: Request, call_next: Any) -> Any:
    response = await call_next(request)
    log.append(await request.is_disconnected())
    return response


MIDDLEWARE: list[Dispatch] = [
    pass_on, body_before, json_before, form_before, stream_before, part_before, body_changed, receive_replaced,
    receive_replaced_after_reading, body_after, body_before_and_after, json_after, stream_after, attributes,
    body_by_attribute, body_by_dict, body_through_dict, body_rebuilt, body_consumed, body_half_consumed, body_closed,
    task_added, replaced, replaced_by_stream, not_called, path_changed, another_request, state_set, handled_here, in_time,
    asked_for_disconnect,
]  # fmt: skip


# ---------------------------------------------------------------- what is behind it


class LikeStarlette(Typeway):
    """An application whose requests raise what Starlette's raise."""

    conventions = replace(TYPEWAY, strict_json=False)


def build(dispatches: list[Dispatch], *, composed: bool) -> Typeway:
    app = LikeStarlette()

    def resource() -> Iterator[int]:
        yield 1
        log.append("clean-up")

    methods = ["GET", "POST"]
    app.api_route("/plain", methods=methods)(lambda: 1)
    app.api_route("/json", methods=methods)(json)
    app.api_route("/raw", methods=methods)(raw)
    app.api_route("/response", methods=methods)(lambda: JSONResponse({"a": 1}, 201, {"x-own": "1"}))
    app.api_route("/text", methods=methods)(lambda: StreamingResponse(iter(["te", "", "xt"])))
    app.api_route("/stream", methods=methods)(lambda: StreamingResponse(iter([b"a", b"b"]), media_type="text/x"))
    app.api_route("/lines", methods=methods)(lines)
    app.api_route("/file", methods=methods)(lambda: FileResponse(__file__))
    app.api_route("/resource", methods=methods, dependencies=[Depends(resource)])(lambda: {"a": 1})
    app.api_route("/forbidden", methods=methods)(forbidden)
    app.api_route("/failing", methods=methods)(failing)
    app.api_route("/task", methods=methods)(lambda: JSONResponse(1, background=BackgroundTask(log.append, "task")))
    app.mount("/mounted", mounted)
    for dispatch in dispatches:
        if composed:
            app.middleware("http")(dispatch)
        else:
            app.add_middleware(class_of(dispatch))
    return app


def class_of(dispatch: Dispatch) -> Any:
    class Middleware(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: Any) -> Any:
            return await dispatch(request, call_next)

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await super().__call__(scope, receive, send)

    return Middleware


async def json(body: Any = Body(None)) -> Any:
    return {"got": body}


async def raw(request: Request) -> str:
    return (await request.body()).decode()


async def lines() -> AsyncIterator[int]:
    yield 1
    yield 2


def forbidden() -> None:
    raise HTTPException(403)


def failing() -> None:
    raise LookupError("failing") from KeyError("cause")


async def mounted(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-mounted", b"1")]})
    await send({"type": "http.response.body", "body": b"moun", "more_body": True})
    await send({"type": "http.response.body", "body": b"ted"})


PATHS = [
    "plain", "json", "raw", "response", "text", "stream", "lines", "file", "resource", "forbidden", "failing", "task",
    "mounted/x", "nowhere",
]  # fmt: skip


async def ask(
    app: Typeway, method: str, path: str, spec_version: str, *, in_parts: bool = False, patience: float = PATIENCE
) -> Any:
    """What comes of a request, as a server sees it: after the body, `receive` waits until the client has gone."""
    log.clear()
    sent: list[Message] = []
    answered = asyncio.Event()
    parts = [b"", BODY] if in_parts and method == "POST" else [BODY if method == "POST" else b""]
    messages = [{"type": "http.request", "body": part, "more_body": part is not parts[-1]} for part in parts]

    async def receive() -> Message:
        if messages:
            for _ in range(3 if in_parts else 0):
                await asyncio.sleep(0)
            return messages.pop(0)
        await answered.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            answered.set()

    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": spec_version}, "http_version": "1.1", "method": method,
        "path": f"/{path}", "raw_path": f"/{path}".encode(), "query_string": b"", "root_path": "",
        "headers": [(b"content-type", b"application/json"), (b"x-request-id", b"1")], "scheme": "http", "server": ("t", 80), "state": {},
    }  # fmt: skip
    outcome = ""
    try:
        await asyncio.wait_for(app(scope, receive, send), patience)
    except TimeoutError:
        outcome = "hangs"
    except Exception as error:
        outcome = f"{type(error).__name__}: {error}"
    starts = [message for message in sent if message["type"] == "http.response.start"]
    headers = sorted((name, value) for start in starts for name, value in start["headers"])
    body = b"".join(message.get("body", b"") for message in sent)
    return [start["status"] for start in starts], headers, body, outcome, list(log)


CONSUMED = "RuntimeError: Stream consumed"
REPLACING = {"receive_replaced", "receive_replaced_after_reading"}

each_version = pytest.mark.parametrize("spec_version", ["2.3", "2.4"])


@each_version
@pytest.mark.parametrize("dispatch", MIDDLEWARE, ids=lambda dispatch: dispatch.__name__)
def test_composed_middleware_is_like_starlettes(dispatch: Dispatch, spec_version: str) -> None:
    """Status, headers, body, exceptions, and all that the middleware sees, are the same both ways."""

    async def compare(dispatches: list[Dispatch], paths: list[str]) -> None:
        ours, theirs = build(dispatches, composed=True), build(dispatches, composed=False)
        for path in paths:
            for method in ("GET", "POST"):
                expected = await ask(theirs, method, path, spec_version, patience=0.5)
                found = await ask(ours, method, path, spec_version)
                assert found[3] != "hangs", (method, path)
                if expected[3] == "hangs" and found[3]:  # on a busy machine half a second may be too short
                    expected = await ask(theirs, method, path, spec_version, patience=PATIENCE / 4)
                if expected[3] == "hangs":  # two of Starlette's layers may take the body from each other
                    assert found[3] == "", (method, path)
                elif (
                    CONSUMED in expected[4]
                ):  # with us a stream may not yet have begun to listen, and the body is there
                    assert found[:4] == expected[:4], (method, path)
                elif dispatch.__name__ not in REPLACING or not expected[3]:
                    # Starlette refuses to listen to a function that never says that the client has gone.
                    assert found == expected, (method, path)

    async def main() -> None:
        await compare([dispatch], PATHS)
        await compare([pass_on, dispatch], ["json", "stream", "resource"])
        await compare([dispatch, pass_on], ["json", "stream", "resource"])

    asyncio.run(main())


async def twice(request: Request, call_next: Any) -> Any:
    await call_next(request)
    return await call_next(request)


async def twice_with_the_body(request: Request, call_next: Any) -> Any:
    await request.body()
    return await twice(request, call_next)


async def twice_at_once(request: Request, call_next: Any) -> Any:
    responses = await asyncio.gather(call_next(request), call_next(request))
    return responses[0]


async def twice_and_the_body(request: Request, call_next: Any) -> Any:
    response = await twice(request, call_next)
    await noted(request.body())
    return response


async def again_after_an_error(request: Request, call_next: Any) -> Any:
    try:
        return await call_next(request)
    except LookupError:
        return await call_next(request)


async def read_at_once(request: Request, call_next: Any) -> Any:
    response, _ = await asyncio.gather(call_next(request), noted(request.body()))
    return response


async def timed_out(request: Request, call_next: Any) -> Any:
    reading = asyncio.ensure_future(request.body())
    await asyncio.sleep(0)
    reading.cancel()
    return await call_next(request)


@each_version
@pytest.mark.parametrize("in_parts", [False, True], ids=["at once", "in parts"])
@pytest.mark.parametrize(
    "dispatch",
    [
        *MIDDLEWARE,
        twice,
        twice_with_the_body,
        twice_at_once,
        twice_and_the_body,
        again_after_an_error,
        read_at_once,
        timed_out,
    ],
    ids=lambda dispatch: dispatch.__name__,
)
def test_nothing_waits_for_ever(dispatch: Dispatch, in_parts: bool, spec_version: str) -> None:
    """Whatever middleware does with a request and its body, however late that comes, there is an answer."""

    async def main() -> None:
        for dispatches in ([dispatch], [pass_on, dispatch, pass_on], [body_after, dispatch]):
            app = build(dispatches, composed=True)
            for path in PATHS:
                for method in ("GET", "POST"):
                    outcome = (await ask(app, method, path, spec_version, in_parts=in_parts))[3]
                    assert outcome in ("", "LookupError: failing"), (method, path, len(dispatches))

    asyncio.run(main())


@pytest.mark.parametrize("dispatch", [body_after, stream_after])
@pytest.mark.parametrize("path", ["plain", "stream", "lines", "file", "resource"])
@each_version
def test_a_body_that_nobody_has_read_can_be_read_afterwards(dispatch: Dispatch, path: str, spec_version: str) -> None:
    """A stream that only listens for its client to leave takes nothing away from who reads the body at that time."""
    app = build([dispatch], composed=True)
    *_, outcome, noted = asyncio.run(ask(app, "POST", path, spec_version, in_parts=True))
    assert (outcome, noted[:1]) == ("", [BODY])
