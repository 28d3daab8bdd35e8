"""What http middleware reads of a body after the application inside it has read that: all of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.types import Message

from tests.patience import PATIENCE
from typeway import Body, Depends, Form, HTTPException, Request, Response, Typeway
from typeway.responses import FileResponse, StreamingResponse

Dispatch = Callable[[Request, Any], Awaitable[Any]]
BODY = b'{"a": 1}'


def as_function(app: Any, dispatch: Dispatch) -> None:
    app.middleware("http")(dispatch)


def as_class(app: Any, dispatch: Dispatch) -> None:
    class Layer(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: Any) -> Any:
            return await dispatch(request, call_next)

    app.add_middleware(Layer)


def around_asgi(app: Any, dispatch: Dispatch) -> None:
    class Plain:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await self.app(scope, receive, send)

    app.add_middleware(Plain)
    as_class(app, dispatch)


def around_another(app: Any, dispatch: Dispatch) -> None:
    async def pass_on(request: Request, call_next: Any) -> Any:
        return await call_next(request)

    as_class(app, pass_on)
    as_function(app, dispatch)


def build() -> Typeway:
    app = Typeway()

    async def resource() -> AsyncIterator[int]:
        yield 1

    async def read(request: Request) -> bytes:
        return await request.body()

    async def read_stream(request: Request) -> str:
        return b"".join([chunk async for chunk in request.stream()]).decode()

    async def read_part(request: Request) -> str:
        return (await anext(request.stream())).decode()

    async def mounted(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await Response("mounted")(scope, receive, send)

    async def refuse(item: dict[str, int]) -> None:
        raise HTTPException(409)

    async def empty(item: Any = Body()) -> None: ...

    app.post("/json")(lambda item=Body(): item)
    app.post("/raw")(read)
    app.post("/stream")(read_stream)
    app.post("/part")(read_part)
    app.post("/unread")(lambda: 1)
    app.post("/form")(lambda a=Form(None): a)
    app.post("/resource", dependencies=[Depends(resource)])(lambda item=Body(): item)
    app.post("/depends", dependencies=[Depends(read)])(lambda item=Body(): item)
    app.post("/file")(lambda item=Body(): FileResponse(__file__))
    app.post("/unread-file")(lambda: FileResponse(__file__))
    app.post("/streaming")(lambda item=Body(): StreamingResponse(iter(["a", "b"])))
    app.post("/refused")(refuse)
    app.post("/empty", status_code=204)(empty)
    app.mount("/mounted", mounted)
    return app


PATHS = [
    "json", "raw", "stream", "part", "unread", "form", "resource", "depends", "file", "unread-file", "streaming",
    "refused", "empty", "mounted", "nowhere",
]  # fmt: skip


async def ask(app: Typeway, path: str, *parts: bytes, spec_version: str = "2.3") -> tuple[list[int], list[Message]]:
    """Send a request; after its body, `receive` waits for ever, as that of a server waits for the client to go."""
    last = len(parts) - 1
    messages = [{"type": "http.request", "body": part, "more_body": number < last} for number, part in enumerate(parts)]
    sent: list[Message] = []

    async def receive() -> Message:
        if not messages:
            await asyncio.Event().wait()
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": spec_version}, "http_version": "1.1",
        "method": "POST", "path": f"/{path}", "raw_path": f"/{path}".encode(), "query_string": b"", "root_path": "",
        "headers": [(b"content-type", b"application/json")], "scheme": "http", "server": ("t", 80), "state": {},
    }  # fmt: skip
    await asyncio.wait_for(app(scope, receive, send), PATIENCE)
    return [message["status"] for message in sent if message["type"] == "http.response.start"], sent[1:]


def content(messages: list[Message]) -> bytes:
    return b"".join(message.get("body", b"") for message in messages)


each_way = pytest.mark.parametrize("add", [as_function, as_class, around_asgi, around_another])
each_version = pytest.mark.parametrize("spec_version", ["2.3", "2.4"])


@each_version
@each_way
@pytest.mark.parametrize("parts", [[BODY], [BODY[:3], BODY[3:]]], ids=["at once", "in parts"])
def test_the_body_can_be_read_afterwards(add: Any, parts: list[bytes], spec_version: str) -> None:
    """After call_next, body() and stream() give the whole body, whoever has read it and whatever was answered."""
    seen: list[bytes] = []

    async def by_body(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        seen.append(await request.body())
        return response

    async def by_stream(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        seen.append(b"".join([chunk async for chunk in request.stream()]))
        return response

    async def main() -> None:
        for dispatch in (by_body, by_stream):
            app = build()
            add(app, dispatch)
            for path in PATHS:
                seen.clear()
                await ask(app, path, *parts, spec_version=spec_version)
                assert seen == [BODY], path

    asyncio.run(main())


@each_version
@each_way
@pytest.mark.parametrize("parts", [[BODY], [BODY[:3], BODY[3:]]], ids=["at once", "in parts"])
def test_a_second_call_finds_the_body(add: Any, parts: list[bytes], spec_version: str) -> None:
    """A request can be tried again: the second call answers as the first does, whoever has read the body."""

    async def twice(request: Request, call_next: Any) -> Any:
        await call_next(request)
        return await call_next(request)

    async def main() -> None:
        once, again = build(), build()
        add(again, twice)
        for path in PATHS:
            expected = await ask(once, path, *parts, spec_version=spec_version)
            found = await ask(again, path, *parts, spec_version=spec_version)
            assert (found[0], content(found[1])) == (expected[0], content(expected[1])), path

    asyncio.run(main())


@each_way
def test_calls_at_once_read_one_body(add: Any) -> None:
    """Two calls that run at the same time each get every part, and middleware can read beside them."""
    seen: list[Any] = []

    async def at_once(request: Request, call_next: Any) -> Any:
        first, second, body = await asyncio.gather(call_next(request), call_next(request), request.body())
        seen.append(b"".join([chunk async for chunk in first.body_iterator]))
        seen.append(body)
        return second

    app = build()
    add(app, at_once)
    status, messages = asyncio.run(ask(app, "json", BODY[:2], BODY[2:5], BODY[5:]))
    assert (status, content(messages), seen) == ([200], b'{"a":1}', [b'{"a":1}', BODY])


@each_way
@pytest.mark.parametrize("again", ["body", "call"])
@pytest.mark.parametrize("path", ["raw", "part"])
def test_a_large_body_is_not_kept(add: Any, again: str, path: str) -> None:
    """Of a body over 1 MiB nothing is kept; reading it afterwards raises an error that says what to do."""

    async def dispatch(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        with pytest.raises(RuntimeError, match=r"more than 1 MiB is not kept\. Read it .* before `call_next`"):
            await (request.body() if again == "body" else call_next(request))
        return response

    app = build()
    add(app, dispatch)
    large = b"x" * (1 << 19)
    first = b"x" * ((1 << 20) + 1) if path == "part" else large
    assert asyncio.run(ask(app, path, first, large, b"end"))[0] == [200]


@each_way
def test_a_large_body_that_middleware_reads_first(add: Any) -> None:
    """A body of any size can be read before call_next, and is there for the application and for a second call."""
    seen: list[int] = []

    async def dispatch(request: Request, call_next: Any) -> Any:
        seen.append(len(await request.body()))
        await call_next(request)
        return await call_next(request)

    app = build()
    add(app, dispatch)
    large = b"x" * (1 << 20)
    _, messages = asyncio.run(ask(app, "raw", large, large))
    assert (seen, len(content(messages))) == ([2 << 20], (2 << 20) + 2)


@each_way
@pytest.mark.parametrize("by", ["attribute", "dictionary"])
def test_an_empty_body_has_no_chunk(add: Any, by: str) -> None:
    """`response.body_iterator` yields nothing for an empty body, so that a 204 stays empty if it is replaced."""
    seen: list[bytes] = []

    async def dispatch(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        assert response.body_iterator is response.__dict__["body_iterator"]
        iterator = response.body_iterator if by == "attribute" else response.__dict__["body_iterator"]

        async def chunks() -> AsyncIterator[bytes]:
            async for chunk in iterator:
                seen.append(chunk)
                yield chunk

        response.body_iterator = chunks()
        return response

    app = build()
    add(app, dispatch)
    status, messages = asyncio.run(ask(app, "empty", BODY))
    assert (status, messages, seen) == ([204], [{"type": "http.response.body", "body": b"", "more_body": False}], [])


def test_a_subclass_with_its_own_call_keeps_it() -> None:
    """Middleware that overrides `__call__` is served through it."""
    log: list[str] = []

    class Layer(BaseHTTPMiddleware):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            log.append("call")
            await super().__call__(scope, receive, send)

        async def dispatch(self, request: Request, call_next: Any) -> Any:
            log.append("dispatch")
            return await call_next(request)

    app = build()
    app.add_middleware(Layer)
    assert (asyncio.run(ask(app, "json", BODY))[0], log) == ([200], ["call", "dispatch"])


def test_layers_can_be_walked() -> None:
    """Tools find each middleware object by following `app` from the outermost layer inwards."""
    app = build()
    around_asgi(app, lambda request, call_next: call_next(request))
    asyncio.run(ask(app, "json", BODY))
    names, current = [], app.middleware_stack
    while current is not None:
        names.append(type(current).__name__)
        current = getattr(current, "app", None)
    assert [name for name in names if name in ("Layer", "Plain")] == ["Layer", "Plain"]
