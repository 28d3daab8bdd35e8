"""Measure CPU time per request against the same work written by hand on pydantic-core; print the ratios as JSON.

The floor is an ASGI application without a framework: for each path it parses what is sent, validates it with a validator
that was built beforehand, calls the function, serialises its result and sends the two messages. Both sides are measured
in turns in one process, and of each the best round counts, so that what else the machine does matters little.

    python tests/floor.py            print the ratios
"""

import asyncio
import gc
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from urllib.parse import parse_qsl

from pydantic import BaseModel
from pydantic_core import SchemaValidator, core_schema, from_json

from typeway import Depends, Header, Typeway

REQUESTS = 400
FEWEST_ROUNDS = 12
MOST_ROUNDS = 60
# Measuring goes on while a ratio is above this: a true excess stays, a disturbed one goes.
LIMIT = 3.0

Message = dict[str, Any]
App = Callable[[Any, Any, Any], Awaitable[None]]


class Item(BaseModel):
    name: str
    price: float
    tags: list[str] = []


# --- what is asked of both --------------------------------------------------------------------------------------


async def plain() -> dict[str, str]:
    return {"hello": "world"}


async def parameters(item_id: int, q: str, limit: int = 10) -> dict[str, Any]:
    return {"item_id": item_id, "q": q, "limit": limit}


async def body(item: Item) -> Item:
    return item


async def session() -> Any:
    yield "session"


def token(x_token: Annotated[str, Header()]) -> str:
    return x_token


class Page:
    def __init__(self, offset: int = 0) -> None:
        self.offset = offset


async def user(db: Annotated[str, Depends(session)], token: Annotated[str, Depends(token)]) -> tuple[str, str]:
    return db, token


async def dependencies(
    user: Annotated[tuple[str, str], Depends(user)], page: Annotated[Page, Depends()]
) -> dict[str, Any]:
    return {"user": user[1], "offset": page.offset}


app = Typeway(openapi_url=None)
app.get("/")(plain)
app.get("/items/{item_id}")(parameters)
app.post("/items")(body)
app.get("/dependencies")(dependencies)


# --- the floor --------------------------------------------------------------------------------------------------


def mapping(**fields: tuple[Any, bool]) -> SchemaValidator:
    """A validator of a flat mapping: per name a schema and whether it must be there."""
    members = {
        name: core_schema.typed_dict_field(schema, required=required) for name, (schema, required) in fields.items()
    }
    return SchemaValidator(core_schema.typed_dict_schema(members))


def optional(schema: Any, default: Any) -> tuple[Any, bool]:
    return core_schema.with_default_schema(schema, default=default), False


INTEGER, TEXT = core_schema.int_schema(), core_schema.str_schema()
OF_PARAMETERS = mapping(item_id=(INTEGER, True), q=(TEXT, True), limit=optional(INTEGER, 10))
OF_TOKEN = mapping(x_token=(TEXT, True))
OF_PAGE = mapping(offset=optional(INTEGER, 0))
OF_ITEM = Item.__pydantic_validator__
TO_JSON = Item.__pydantic_serializer__.to_json


async def answer(send: Any, content: bytes) -> None:
    headers = [(b"content-length", b"%d" % len(content)), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def dumped(result: Any) -> bytes:
    return json.dumps(result, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def query(scope: Any) -> dict[str, str]:
    return dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))


async def floor_plain(scope: Any, receive: Any, send: Any) -> None:
    await answer(send, dumped(await plain()))


async def floor_parameters(scope: Any, receive: Any, send: Any) -> None:
    values: dict[str, Any] = query(scope)
    values["item_id"] = scope["path"].split("/")[2]
    await answer(send, dumped(await parameters(**OF_PARAMETERS.validate_python(values))))


async def floor_body(scope: Any, receive: Any, send: Any) -> None:
    message = await receive()
    headers = dict(scope["headers"])
    if headers[b"content-type"] != b"application/json":
        raise ValueError(headers)
    item = OF_ITEM.validate_python(from_json(message["body"]))
    result = OF_ITEM.validate_python(await body(item))
    await answer(send, TO_JSON(result, by_alias=True))


async def floor_dependencies(scope: Any, receive: Any, send: Any) -> None:
    generator = session()
    db = await anext(generator)
    try:
        headers = dict(scope["headers"])
        found = token(**OF_TOKEN.validate_python({"x_token": headers[b"x-token"].decode("latin-1")}))
        known = await user(db, found)
        page = Page(**OF_PAGE.validate_python(query(scope)))
        await answer(send, dumped(await dependencies(known, page)))
    finally:
        try:
            await anext(generator)
        except StopAsyncIteration:
            pass


FLOORS: dict[tuple[str, str], App] = {
    ("GET", "/"): floor_plain,
    ("GET", "/items"): floor_parameters,
    ("POST", "/items"): floor_body,
    ("GET", "/dependencies"): floor_dependencies,
}


async def floor(scope: Any, receive: Any, send: Any) -> None:
    """The whole floor: the first two parts of the path choose what is done."""
    if scope["type"] != "http":
        raise ValueError(scope["type"])
    path = scope["path"]
    end = path.find("/", 1)
    await FLOORS[scope["method"], path if end < 0 else path[:end]](scope, receive, send)


# --- measuring --------------------------------------------------------------------------------------------------

HEADERS = [
    (b"host", b"127.0.0.1:8000"), (b"user-agent", b"curl/8"), (b"accept", b"*/*"), (b"x-token", b"secret"),
    (b"content-type", b"application/json"),
]  # fmt: skip
BODY = json.dumps({"name": "name", "price": 1.5, "tags": ["a", "b"]}).encode()
CASES = {
    "plain": ("GET", "/", b""),
    "three parameters": ("GET", "/items/3", b"q=text&limit=7"),
    "body with response model": ("POST", "/items", b""),
    "nested dependencies": ("GET", "/dependencies", b"offset=3"),
}


def scope_of(method: str, path: str, query_string: bytes) -> dict[str, Any]:
    """A scope as servers make it; each request needs one of its own."""
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 5000), "scheme": "http", "root_path": "", "method": method, "path": path,
        "raw_path": path.encode(), "query_string": query_string, "headers": HEADERS,
    }  # fmt: skip


async def receive() -> Message:
    return {"type": "http.request", "body": BODY, "more_body": False}


async def ignore(message: Message) -> None: ...


async def sent_by(serve: App, case: str) -> list[Message]:
    """What one request makes an application send."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await serve(scope_of(*CASES[case]), receive, keep)
    return messages


async def seconds(serve: App, case: str) -> float:
    """CPU time of one request, by the mean of one round."""
    scopes = [scope_of(*CASES[case]) for _ in range(REQUESTS)]
    started = time.process_time()
    for scope in scopes:
        await serve(scope, receive, ignore)
    return (time.process_time() - started) / REQUESTS


async def measure() -> dict[str, dict[str, float]]:
    """The best CPU time of floor and framework in microseconds, and their ratio, per case."""
    best: dict[str, list[float]] = {}
    for case in CASES:
        expected, found = await sent_by(floor, case), await sent_by(app, case)
        if expected != found:
            raise ValueError(f"{case}: the floor sends {expected}, the framework {found}")
        best[case] = [float("inf"), float("inf")]
    # What has been imported is no garbage; collecting only what requests leave keeps the times even.
    gc.collect()
    gc.freeze()
    for number in range(MOST_ROUNDS):
        for case, times in best.items():
            if number < FEWEST_ROUNDS or times[1] > LIMIT * times[0]:
                times[0] = min(times[0], await seconds(floor, case))
                times[1] = min(times[1], await seconds(app, case))
    return {
        case: {"floor": round(low * 1e6, 2), "typeway": round(high * 1e6, 2), "ratio": round(high / low, 2)}
        for case, (low, high) in best.items()
    }


if __name__ == "__main__":
    if sys.gettrace() is not None:
        sys.exit("Tracing (coverage, a debugger) distorts what is measured: run this without.")
    sys.stdout.write(json.dumps(asyncio.run(measure()), indent=2) + "\n")
