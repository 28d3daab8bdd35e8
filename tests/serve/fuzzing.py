"""Send generated requests to every kind of input, and look whether an invariant breaks.

No answer is a server error; JSON is JSON; the connection goes on or is closed, and never answers another request than it was asked;
the answer is the same by the protocol class's direct way and by ASGI; a WebSocket ends with a close code, not with an exception.

    python -m tests.serve.fuzzing --seconds 600 --seed 1
"""

from __future__ import annotations

import argparse
import asyncio
import enum
import json
import logging
import random
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from tests.protocol.connect import LAST_BODY, Server, answers, run
from typeway import Body, Cookie, File, Form, Header, Query, Request, Typeway, UploadFile, WebSocket

# --- what is asked


class Colour(enum.Enum):
    RED = "red"
    ONE = 1


class Item(BaseModel):
    name: str = ""
    count: int = 0
    real: float = 0
    done: bool = False
    at: datetime | None = None
    lasts: timedelta | None = None
    key: UUID | None = None
    price: Decimal | None = None
    colour: Colour | None = None
    tags: list[str] = []
    inner: Item | None = None
    more: dict[str, Any] = {}


class Flat(BaseModel):
    model_config = ConfigDict(extra="allow")
    name: str = ""
    count: int = 0
    real: float = 0
    done: bool = False
    at: datetime | None = None
    tags: list[str] = []


def application() -> Typeway:
    """An application that gives back all that it takes."""
    app = Typeway(openapi_url=None)

    @app.get("/query")
    def query(
        request: Request, name: str = "", count: int = 0, real: float = 0, done: bool = False, key: UUID | None = None,
        price: Decimal = Decimal(0), tags: Annotated[list[str], Query()] = [],  # noqa: B006 - copied by the framework
    ) -> Any:  # fmt: skip
        return [name, count, real, done, key, price, tags, str(request.url)]

    @app.get("/query/model")
    def query_model(flat: Annotated[Flat, Query()]) -> Any:
        return flat

    @app.get("/header")
    def header(name: Annotated[str, Header()] = "", count: Annotated[int, Header()] = 0) -> Any:
        return [name, count]

    @app.get("/header/model")
    def header_model(flat: Annotated[Flat, Header()]) -> Any:
        return flat

    @app.get("/cookie")
    def cookie(name: Annotated[str, Cookie()] = "", count: Annotated[int, Cookie()] = 0) -> Any:
        return [name, count]

    @app.get("/cookie/model")
    def cookie_model(flat: Annotated[Flat, Cookie()]) -> Any:
        return flat

    @app.get("/path/{name}/{count}")
    def path(name: str, count: int) -> Any:
        return [name, count]

    @app.get("/rest/{rest:path}")
    def rest(rest: str) -> Any:
        return rest

    @app.post("/json")
    def body(item: Item) -> Item:
        return item

    @app.post("/json/any")
    def anything(data: Annotated[Any, Body()]) -> Any:
        return data

    @app.post("/json/members")
    def members(item: Item, count: Annotated[int, Body()] = 0) -> Any:
        return [item, count]

    @app.post("/json/raw")
    async def raw(request: Request) -> Any:
        return await request.json()

    @app.post("/form")
    def form(
        name: Annotated[str, Form()] = "", count: Annotated[int, Form()] = 0, tags: Annotated[Any, Form()] = 0
    ) -> Any:
        return [name, count, tags if isinstance(tags, str) else None]

    @app.post("/form/model")
    def form_model(flat: Annotated[Flat, Form()]) -> Any:
        return [flat.name, flat.count, flat.tags]

    @app.post("/file")
    async def file(
        file: UploadFile, files: Annotated[list[bytes] | None, File()] = None, name: Annotated[str, Form()] = ""
    ) -> Any:
        return [file.filename, file.content_type, len(await file.read()), len(files or ()), name]

    @app.websocket("/socket")
    async def socket(socket: WebSocket, name: str = "", count: int = 0) -> None:
        await socket.accept()
        while True:
            await socket.send_json([name, count, await socket.receive_json()])

    return app


# --- what is sent

WORDS: Final = (
    b"", b"name", b"count", b"real", b"done", b"at", b"tags", b"inner", b"more", b"key", b"1", b"-1", b"0", b"true", b"null",
    b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e-999", b"9" * 400, b"9" * 5_000, b"1.5", b"2024-02-30", b"2024-01-01T00:00:00Z",
    b"P1D", b"red", b"\xff", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"%00", b"%", b"%ff", b"%ed%a0%80", b"%2f", b"+", b" ", b"\t",
    b"../", b"//", b"\\", b"\\u0000", b"\\ud800", b'"', b"'", b"&", b"=", b";", b",", b"[]", b"{}", b"[", b"]", b"{", b"}", b":",
    b"<script>", b"a" * 300, b"x" * 70_000,
)  # fmt: skip
JSON_TEXTS: Final = (
    b'"x"', b"1", b"1.0", b"-0", b"true", b"null", b"[]", b"{}", b"NaN", b"1e999", b'"\\ud800"', b'"\xff"', b'"2024-01-01"', b"9" * 5_000,
    b"[" * 300, b'{"a":' * 300, b"[[[[[]]]]]", b'{"a":1,"a":2}', b"\xef\xbb\xbf1", b'"\\u0000"', b'{"\\ud800":1}',
)  # fmt: skip
NAMES: Final = (b"name", b"count", b"real", b"done", b"at", b"lasts", b"key", b"price", b"colour", b"tags", b"inner", b"more", b"other", b"file", b"files", b"item")  # fmt: skip
CONTENT_TYPES: Final = (
    b"application/json", b"application/json; charset=latin-1", b"application/problem+json", b"text/plain", b"", b"/", b"\xff",
    b"application/x-www-form-urlencoded", b"multipart/form-data", b"multipart/form-data; boundary=", b'multipart/form-data; boundary="x',
)  # fmt: skip
MOST_IN_A_TARGET: Final = 4_000


def word(source: random.Random) -> bytes:
    if source.random() < 0.2:
        return source.randbytes(source.randrange(12))
    return source.choice(WORDS)


def pairs(source: random.Random, between: bytes) -> bytes:
    return between.join(
        source.choice(NAMES) + source.choice((b"=", b"=", b"=", b"", b"==")) + word(source)
        for _ in range(source.randrange(6))
    )


def json_text(source: random.Random, depth: int = 0) -> bytes:
    """Return a JSON text, or nearly one."""
    kind = source.random()
    if kind < 0.5 and depth < 4:
        return (
            b"{"
            + b",".join(
                b'"%s":%s' % (source.choice(NAMES), json_text(source, depth + 1)) for _ in range(source.randrange(5))
            )
            + b"}"
        )
    if kind < 0.6 and depth < 4:
        return b"[" + b",".join(json_text(source, depth + 1) for _ in range(source.randrange(4))) + b"]"
    return word(source) if kind < 0.65 else source.choice(JSON_TEXTS)


def mutated(data: bytes, source: random.Random) -> bytes:
    """Return bytes with one of them changed, removed, or some repeated; most of the time unchanged."""
    if not data or source.random() < 0.6:
        return data
    at = source.randrange(len(data))
    return data[:at] + source.choice((source.randbytes(1), b"", data[at : at + 20] * 2)) + data[at + 1 :]


def part(source: random.Random) -> bytes:
    name = source.choice((b'; name="%s"', b"; name=%s", b'; name="%s', b"; name*=utf-8''%s")) % source.choice(NAMES)
    file_name = source.choice((b"", b"", b'; filename="%s"' % word(source), b"; filename*=utf-8''%s" % word(source)))
    kind = source.choice((b"", b"\r\nContent-Type: %s" % word(source).replace(b"\n", b"")))
    return b"--x\r\nContent-Disposition: form-data" + name + file_name + kind + b"\r\n\r\n" + word(source) + b"\r\n"


def target_text(data: bytes) -> bytes:
    """Return bytes as they may stand in a target: others are encoded."""
    safe = b"!$&'()*+,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~%"
    return b"".join(bytes((byte,)) if byte in safe else b"%%%02X" % byte for byte in data[:MOST_IN_A_TARGET])


def head_text(data: bytes) -> bytes:
    return bytes(byte for byte in data if byte in b"\t" or 32 <= byte != 127)[:8_000]


def request(kind: str, source: random.Random) -> bytes:
    """Return one request with its inputs in one place."""
    method, target, lines, body = b"GET", b"/" + kind.encode(), [], b""
    if kind in ("query", "header", "cookie") and source.random() < 0.4:
        target += b"/model"
    if kind == "query":
        target += b"?" + target_text(mutated(pairs(source, b"&"), source))
    elif kind == "path":
        target = b"/" + source.choice(
            (b"path/%s/%s" % (word(source)[:500], word(source)[:500]), b"rest/" + word(source)[:500])
        )
        target = target_text(target.replace(b"?", b"%3f"))
    elif kind == "header":
        lines = [source.choice(NAMES) + b": " + head_text(word(source)) for _ in range(source.randrange(5))]
    elif kind == "cookie":
        lines = [b"Cookie: " + head_text(mutated(pairs(source, b"; "), source)) for _ in range(source.randrange(3))]
    else:
        method = b"POST"
        media_type = {"json": b"application/json", "form": b"application/x-www-form-urlencoded", "file": b"multipart/form-data; boundary=x"}[kind]  # fmt: skip
        if kind == "json":
            target += source.choice((b"", b"/any", b"/members", b"/raw"))
            body = json_text(source)
        elif kind == "form":
            target += source.choice((b"", b"/model"))
            body = pairs(source, b"&")
        else:
            body = b"".join(part(source) for _ in range(source.randrange(4))) + source.choice(
                (b"--x--\r\n", b"--x--", b"")
            )
        body = mutated(body, source)
        lines = [b"Content-Type: " + (media_type if source.random() < 0.9 else source.choice(CONTENT_TYPES))]
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join([method + b" " + target + b" HTTP/1.1", b"Host: fuzz", *lines, b"", body])


# --- what must hold

KINDS: Final = ("query", "path", "header", "cookie", "json", "form", "file", "socket")


class Broken(AssertionError):
    """An invariant does not hold; the message has what was sent."""


class Fuzzer:
    """Two servers of one application: the direct way, and the way of ASGI."""

    def __init__(self) -> None:
        app = self.app = application()

        @app.get("/last")
        def last() -> str:
            return "last"

        async def asgi(scope: Any, receive: Any, send: Any) -> None:
            await app(scope, receive, send)

        self.servers = Server(app), Server(asgi)

    async def ask(self, kind: str, source: random.Random) -> None:
        """Send one request, or open one WebSocket.

        Raises:
            Broken: an invariant does not hold.
        """
        if kind == "socket":
            await self.talk(source)
            return
        sent = request(kind, source)
        try:
            found = [answers(await server.converse([sent])) for server in self.servers]
        except (AssertionError, ValueError) as error:
            raise Broken(f"{error}: {sent[:2_000]!r}") from error
        for seen in found:
            first, *others = seen
            if first.status >= 500 or len(others) > 1 or (others and others[0].body not in (b'"last"', LAST_BODY)):
                raise Broken(f"{seen}: {sent[:2_000]!r}")
            if not others and first.headers.get("connection") != "close":
                raise Broken(f"the connection is silent after {first}: {sent[:2_000]!r}")
            if first.headers.get("content-type", "").endswith("json"):
                json.loads(first.body.decode("utf-8"))
        shown = [[(each.status, each.headers.get("content-type"), each.body) for each in seen] for seen in found]
        if shown[0] != shown[1]:
            raise Broken(f"{shown}: {sent[:2_000]!r}")

    async def talk(self, source: random.Random) -> None:
        """Open a WebSocket and send frames."""
        query = target_text(pairs(source, b"&"))
        frames: list[dict[str, Any]] = [{"type": "websocket.connect"}]
        for _ in range(source.randrange(4)):
            data = mutated(json_text(source), source)
            as_text = {"text": data.decode("utf-8", "replace")}
            frames.append({"type": "websocket.receive", **(as_text if source.random() < 0.7 else {"bytes": data})})
        frames.append({"type": "websocket.disconnect", "code": 1001})
        scope = {
            "type": "websocket", "path": "/socket", "query_string": query, "headers": [(b"host", b"fuzz")], "root_path": "",
            "scheme": "ws", "asgi": {"version": "3.0"}, "subprotocols": [], "server": ("fuzz", 80), "client": ("fuzz", 1),
        }  # fmt: skip
        given, sent = iter(frames), []

        async def receive() -> dict[str, Any]:
            return next(given, frames[-1])

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        try:
            await asyncio.wait_for(self.app(scope, receive, send), 60)
        except Exception as error:
            raise Broken(f"{error!r}: {query!r} {frames}") from error
        for message in sent:
            if message["type"] == "websocket.send":
                json.loads(message["text"])
            elif message["type"] == "websocket.close" and message.get("code", 1000) == 1011:
                raise Broken(f"{message}: {query!r} {frames}")


def fuzz(kind: str, seed: int, goes_on: Callable[[int], bool]) -> int:
    """Ask as long as the function of the number of requests says; return that number."""

    async def work() -> int:
        fuzzer, source, number = Fuzzer(), random.Random(f"{kind} {seed}"), 0
        while goes_on(number):
            await fuzzer.ask(kind, source)
            number += 1
        return number

    return run(work())


def main() -> None:
    """Fuzz every kind of input for a share of the time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    for kind in KINDS:
        end = time.monotonic() + options.seconds / len(KINDS)
        try:
            number = fuzz(kind, options.seed, lambda _, end=end: time.monotonic() < end)  # type: ignore[misc]
        except Broken as error:
            sys.exit(f"{kind}, --seed {options.seed}: {error}")
        sys.stdout.write(f"{kind}: {number} requests, seed {options.seed}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
