"""Measure CPU time per request against the same work written by hand on pydantic-core; print the ratios as JSON.

The floor is an ASGI application without a framework: for each path it parses what is sent, validates it with a validator
that was built beforehand, calls the function, serialises its result and sends the two messages. Both sides are measured
in turns in one process, and of each the best round counts, so that what else the machine does matters little. How much it
does matter is measured too: the floor is measured twice in each round, as if it were two, which would be equal without it.

    python tests/floor.py                                print the ratios
    python tests/floor.py --limits '{"404": 2.5}'        go on measuring while a ratio is above its limit
    python tests/floor.py --times 2                      serve each request twice, to see what a doubling looks like
"""

import argparse
import asyncio
import gc
import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import parse_qsl

from pydantic import BaseModel
from pydantic_core import SchemaValidator, core_schema, from_json

from typeway import Depends, Header, Typeway

REQUESTS = 400
FEWEST_ROUNDS = 12

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
# By the names of docs/performance.md.
CASES = {
    "no parameters": ("GET", "/", b""),
    "three parameters": ("GET", "/items/3", b"q=text&limit=7"),
    "JSON body and response model": ("POST", "/items", b""),
    "nested dependencies, generator without await": ("GET", "/dependencies", b"offset=3"),
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


def repeated(serve: App, times: int) -> App:
    """An application that costs several times as much."""

    async def serve_again(scope: Any, receive: Any, send: Any) -> None:
        for _ in range(times):
            await serve(dict(scope), receive, send)

    return serve if times == 1 else serve_again


@dataclass
class Best:
    """The best CPU times of one case: of the floor, of the floor once more, and of the framework."""

    floor: float = float("inf")
    again: float = float("inf")
    framework: float = float("inf")

    @property
    def low(self) -> float:
        return min(self.floor, self.again)

    @property
    def noise(self) -> float:
        """By how much the same differs from itself."""
        return max(self.floor, self.again) / self.low - 1

    def exceeds(self, limit: float) -> bool:
        """Whether the framework costs more than so many times the floor, whatever disturbed the measuring."""
        return self.framework > limit * self.low * (1 + self.noise)


async def measure(limits: dict[str, float], rounds: int, times: int) -> dict[str, dict[str, float | bool]]:
    """What each case costs; a true excess stays in all rounds, a disturbed one goes."""
    framework = repeated(app, times)
    best: dict[str, Best] = {}
    for case in CASES:
        expected, found = await sent_by(floor, case), await sent_by(app, case)
        if expected != found:
            raise ValueError(f"{case}: the floor sends {expected}, the framework {found}")
        best[case] = Best()
    # What has been imported is no garbage; collecting only what requests leave keeps the times even.
    gc.collect()
    gc.freeze()
    for number in range(rounds):
        for case, found in best.items():
            if number < FEWEST_ROUNDS or found.exceeds(limits.get(case, 0)):
                found.floor = min(found.floor, await seconds(floor, case))
                found.framework = min(found.framework, await seconds(framework, case))
                found.again = min(found.again, await seconds(floor, case))
    return {
        case: {
            "floor": round(found.low * 1e6, 2),
            "typeway": round(found.framework * 1e6, 2),
            "ratio": round(found.framework / found.low, 2),
            "noise": round(found.noise, 3),
            "exceeds": found.exceeds(limits.get(case, float("inf"))),
        }
        for case, found in best.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--limits", type=json.loads, default={}, help="by case, the ratio that must not be exceeded")
    parser.add_argument("--rounds", type=int, default=60, help="how often each case is measured at most")
    parser.add_argument("--times", type=int, default=1, help="how often the framework serves each request")
    options = parser.parse_args()
    if sys.gettrace() is not None:
        sys.exit("Tracing (coverage, a debugger) distorts what is measured: run this without.")
    sys.stdout.write(json.dumps(asyncio.run(measure(options.limits, options.rounds, options.times)), indent=2) + "\n")


if __name__ == "__main__":
    main()
