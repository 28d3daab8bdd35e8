"""Write the floor: ASGI by hand that does the same validated work with the same libraries, and nothing else."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import anyio
from pydantic import TypeAdapter, ValidationError
from pydantic_core import SchemaSerializer, SchemaValidator, core_schema, from_json
from starlette.requests import Request
from starlette.responses import FileResponse

from benchmarks.models import ROW_MODELS, Item, Page, Row
from benchmarks.workloads import EVENTS, ROWS, large_file

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Scope = dict[str, Any]

ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def validator(**fields: tuple[core_schema.CoreSchema, bool]) -> SchemaValidator:
    members = {name: core_schema.typed_dict_field(schema, required=need) for name, (schema, need) in fields.items()}
    return SchemaValidator(core_schema.typed_dict_schema(members))


PARAMETERS = validator(
    item_id=(core_schema.int_schema(), True),
    q=(core_schema.str_schema(), True),
    limit=(core_schema.with_default_schema(core_schema.int_schema(ge=1, le=100), default=10), False),
)
ITEM_ID = validator(item_id=(core_schema.int_schema(), True))
OFFSET = validator(offset=(core_schema.with_default_schema(core_schema.int_schema(), default=0), False))
TOKEN = validator(x_token=(core_schema.str_schema(), True))
CREDENTIALS = validator(username=(core_schema.str_schema(), True), password=(core_schema.str_schema(), True))
ITEM: Any = Item.__pydantic_validator__
ITEM_TO_JSON: Any = Item.__pydantic_serializer__
ROWS_SCHEMA = TypeAdapter(list[Row]).core_schema
ROW_LIST = SchemaValidator(ROWS_SCHEMA)
ROW_LIST_TO_JSON = SchemaSerializer(ROWS_SCHEMA)


async def answer(send: Send, body: bytes, status: int = 200, *more: tuple[bytes, bytes]) -> None:
    headers = [*more, (b"content-length", b"%d" % len(body)), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def to_json(value: Any) -> bytes:
    return ENCODER.encode(value).encode()


async def body_of(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message["body"]
    while message.get("more_body"):
        message = await receive()
        body += message["body"]
    return body


async def plain(scope: Scope, receive: Receive, send: Send) -> None:
    await answer(send, to_json({"message": "hello"}))


async def read_item(scope: Scope, receive: Receive, send: Send) -> None:
    raw = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    raw["item_id"] = scope["path"].rpartition("/")[2]
    try:
        values = PARAMETERS.validate_python(raw)
    except ValidationError as error:
        await answer(send, to_json({"detail": error.errors(include_url=False)}), 422)
        return
    result = {"item_id": values["item_id"], "q": values["q"], "limit": values["limit"]}
    await answer(send, to_json(result))


async def create_item(scope: Scope, receive: Receive, send: Send) -> None:
    item = ITEM.validate_python(from_json(await body_of(receive)))
    await answer(send, ITEM_TO_JSON.to_json(ITEM.validate_python(item), by_alias=True), 201)


async def dicts(scope: Scope, receive: Receive, send: Send) -> None:
    await answer(send, ROW_LIST_TO_JSON.to_json(ROW_LIST.validate_python(ROWS), by_alias=True))


async def models(scope: Scope, receive: Receive, send: Send) -> None:
    await answer(send, ROW_LIST_TO_JSON.to_json(ROW_LIST.validate_python(ROW_MODELS), by_alias=True))


async def session() -> AsyncGenerator[str, None]:
    yield "open"


async def awaiting_session() -> AsyncGenerator[str, None]:
    await anyio.lowlevel.checkpoint()
    yield "open"


async def token(x_token: str) -> str:
    return x_token


async def user(db: str, name: str) -> dict[str, str]:
    return {"user": name, "session": db}


def dependencies(make_session: Callable[[], AsyncGenerator[str, None]]) -> Any:
    async def read(scope: Scope, receive: Receive, send: Send) -> None:
        generator = make_session()
        db = await generator.__anext__()
        try:
            header = next(value for name, value in scope["headers"] if name == b"x-token")
            name = await token(**TOKEN.validate_python({"x_token": header.decode("latin-1")}))
            current = await user(db, name)
            raw = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
            page = Page(**OFFSET.validate_python(raw))
            result = {"user": current["user"], "offset": page.offset, "session": current["session"]}
            await answer(send, to_json(result))
        finally:
            await anext(generator, None)

    return read


def block() -> dict[str, str]:
    time.sleep(0)
    return {"message": "hello"}


async def thread(scope: Scope, receive: Receive, send: Send) -> None:
    await answer(send, to_json(await anyio.to_thread.run_sync(block)))


async def form(scope: Scope, receive: Receive, send: Send) -> None:
    values = CREDENTIALS.validate_python(dict(parse_qsl((await body_of(receive)).decode(), keep_blank_values=True)))
    await answer(send, to_json({"username": values["username"], "length": len(values["password"])}))


async def upload(scope: Scope, receive: Receive, send: Send) -> None:
    async with Request(scope, receive).form() as data:  # the same parser as everybody's
        file: Any = data["file"]
        await answer(send, to_json({"size": file.size}))


async def rows(scope: Scope, receive: Receive, send: Send) -> None:
    await answer(send, to_json({"count": len(ROW_LIST.validate_python(from_json(await body_of(receive))))}))


async def events(scope: Scope, receive: Receive, send: Send) -> None:
    headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for number in range(EVENTS):
        chunk = b"data: " + to_json({"number": number}) + b"\n\n"
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def lines(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/jsonl")]})
    for number in range(EVENTS):
        await send({"type": "http.response.body", "body": to_json({"number": number}) + b"\n", "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def file(scope: Scope, receive: Receive, send: Send) -> None:
    await FileResponse(large_file())(scope, receive, send)  # the same as everybody's


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})


async def missing(scope: Scope, receive: Receive, send: Send) -> None:
    await answer(send, to_json({"detail": "Not Found"}), 404)


async def wrong_method(scope: Scope, receive: Receive, send: Send) -> None:
    await answer(send, to_json({"detail": "Method Not Allowed"}), 405, (b"allow", ALLOWED[scope["path"]]))


class Refusal(Exception):
    def __init__(self, status: int, detail: str) -> None:
        self.status = status
        self.detail = detail


async def refuse() -> None:
    raise Refusal(409, "Refused")


async def refused(scope: Scope, receive: Receive, send: Send) -> None:
    try:
        await refuse()
    except Refusal as error:
        await answer(send, to_json({"detail": error.detail}), error.status)


ROUTES: Mapping[tuple[str, str], Any] = {
    ("GET", "/plain"): plain, ("POST", "/items"): create_item, ("GET", "/dicts"): dicts, ("GET", "/models"): models,
    ("GET", "/dependencies"): dependencies(session), ("GET", "/dependencies-await"): dependencies(awaiting_session),
    ("GET", "/events"): events, ("GET", "/lines"): lines, ("GET", "/file"): file, ("GET", "/thread"): thread, ("POST", "/form"): form, ("POST", "/upload"): upload, ("POST", "/rows"): rows,
    ("GET", "/refused"): refused,
}  # fmt: skip
ALLOWED = {path: b", ".join(sorted([m.encode() for m, p in ROUTES if p == path] + [b"OPTIONS"])) for _, path in ROUTES}


async def main(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await echo(scope, receive, send)
        return
    path = scope["path"]
    endpoint = ROUTES.get((scope["method"], path))
    if endpoint is None:
        endpoint = wrong_method if path in ALLOWED else read_item if path.startswith("/items/") else missing
    await endpoint(scope, receive, send)


async def numbered(scope: Scope, receive: Receive, send: Send) -> None:
    """One of many routes, as a person would write it who knows that only the last part varies."""
    values = ITEM_ID.validate_python({"item_id": scope["path"].rpartition("/")[2]})
    await answer(send, to_json({"item_id": values["item_id"]}))


def known(prefix: str, count: int) -> Any:
    routes = {f"{prefix}/route-{number}": numbered for number in range(count)}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = routes.get(scope["path"].rpartition("/")[0], missing)
        await endpoint(scope, receive, send)

    return app


def layered(app: Any, names: tuple[bytes, ...]) -> Any:
    """Middleware by hand: each layer adds a header to the start of the response."""
    for name in names:
        app = layer(app, name)
    return app


def layer(app: Any, name: bytes) -> Any:
    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_marked(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append((name, b"passed"))
            await send(message)

        await app(scope, receive, send_marked)

    return middleware


def build() -> Mapping[str, Any]:
    """The floor's applications."""
    return {
        "main": main,
        "flat": known("", 500),
        "deep": known("/a/b/c", 500),
        "middleware": layered(main, (b"x-layer-0", b"x-layer-1", b"x-layer-2")),
    }
