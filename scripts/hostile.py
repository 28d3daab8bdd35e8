"""Count the server errors that hostile inputs cause: every kind of input in every position, for Typeway and for FastAPI.

    python -m scripts.hostile

An answer counts as a server error if its status is 500 or more, if the application raises, or if a body that is said to be JSON
cannot be read as JSON.
"""

import asyncio
import contextlib
import json
import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address
from types import ModuleType
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote_from_bytes
from uuid import UUID

from pydantic import BaseModel, Field


class Color(Enum):
    """A choice of one."""

    RED = "red"


class Item(BaseModel):
    """A model that contains itself."""

    name: str
    price: float = 1.0
    count: int = 1
    more: Any = None
    inner: "Item | None" = None


class Open(BaseModel, extra="allow"):
    """A model that takes other names."""

    name: str = ""


class Closed(BaseModel, extra="forbid"):
    """A model that refuses other names."""

    name: str = ""


SCALARS: Final[dict[str, Any]] = {
    "str": str, "int": int, "float": float, "bool": bool, "Decimal": Decimal, "UUID": UUID, "date": date, "time": time,
    "datetime": datetime, "timedelta": timedelta, "Enum": Color, "Literal": Literal["a", 1], "bytes": bytes, "list": list[float],
    "IPv4Address": IPv4Address, "pattern": Annotated[str, Field(pattern="^a+$")], "Any": Any,
}  # fmt: skip
SHAPES: Final[dict[str, Any]] = {
    **SCALARS, "Item": Item, "items": list[Item], "dict": dict[str, float], "set": set[float], "union": Item | list[Any] | None,
    "tuple": tuple[int, str], "Open": Open, "Closed": Closed,
}  # fmt: skip
LOCATIONS: Final = ("path", "query", "header", "cookie", "form")

# Texts by kind, for every location of a parameter.
TEXTS: Final[dict[str, list[bytes]]] = {
    "not a number": [b"nan", b"NaN", b"-nan", b"inf", b"-Infinity", b"1e999", b"1e-999"],
    "huge number": [b"9" * 310, b"9" * 4_301, b"-" + b"9" * 5_000, b"1" * 400 + b".5", b"1e" + b"9" * 30, b"1_0", b"0x10"],
    "NUL and controls": [b"\x00", b"a\x00b", b"\r\n", b"\x1b[31m", b"\x7f"],
    "invalid UTF-8": [b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xc3", b"\xe9t\xe9"],
    "unicode": ["\N{GRINNING FACE}".encode(), "\ufeff1".encode(), "\u0661".encode(), "\u202e".encode(), "\u00a0".encode()],
    "empty and null": [b"", b" ", b"null", b"None", b"undefined", b"[]", b"{}"],
    "dates": [b"9999-12-31T23:59:59Z", b"0000-00-00", b"1e18", b"-1e18", b"99999999999999999999", b"24:00", b"P" + b"9" * 40 + b"D"],
    "long": [b"x" * 5_000, b"a" * 5_000 + b"!", b"(" * 1_000],
    "quotes": [b'"', b'\\"', b"'", b"{{7*7}}", b"../..", b"%", b"%zz", b"%00", b"%25", b"%u1234"],
}  # fmt: skip

# Bodies by kind, for every shape of a JSON body.
BODIES: Final[dict[str, list[bytes]]] = {
    "NaN and Infinity": [b"NaN", b"-Infinity", b"[NaN]", b'{"name":"x","price":NaN}', b'{"price":Infinity,"a":NaN}'],
    "1e999": [b"1e999", b"-1e999", b"[1e999]", b'{"name":"x","price":1e999,"more":-1e999}', b"1" * 400 + b".0"],
    "lone surrogates": [b'"\\ud800"', b'["\\udfff"]', b'{"name":"\\ud800"}', b'{"\\ud800":1}', b'{"name":1,"more":"\\udc00"}'],
    "NUL": [b'"\\u0000"', b"\x00", b'"\x00"', b'{"name":"\\u0000","price":"\\u0000"}', b"{}\x00"],
    "huge integers": [b"9" * 400, b"9" * 4_301, b'{"name":"x","count":' + b"9" * 4_000 + b"}", b"[" + b"9" * 5_000 + b"]"],
    "invalid UTF-8": [b"\xff", b'"\xed\xa0\x80"', b'{"name":"\xff"}', b'{"\xff":1}', b'"\xc0\x80"', b'["\xf4\x90\x80\x80"]'],
    "other encodings": ["é".encode("utf-16"), '{"name":"é"}'.encode("utf-16"), b"\xef\xbb\xbf{}", '"é"'.encode("utf-32")],
    "duplicate keys": [b'{"name":"a","name":"b"}', b'[{"a":1,"a":2}]', b'{"name":"x","more":{"a":1,"a":1}}'],
    "depth": [b"[" * 199 + b"]" * 199, b"[" * 700 + b"]" * 700, b"[" * 100_000, b'{"inner":' * 190 + b"1" + b"}" * 190],
    "deep failing models": [b'{"name":"x","inner":' * depth + b"1" + b"}" * depth for depth in (90, 250, 600, 950)],
    "empty and null": [b"", b"null", b" ", b"[]", b"{}", b'""', b"[null]", b'{"name":null}', b"[[]]"],
    "broken": [b"{", b"[1,", b"tru", b"{'a':1}", b"[1,]", b"01", b"//", b"\n", b'"\\x"', b'{"a"}'],
    "texts for numbers": [b'"nan"', b'["inf"]', b'{"name":"x","price":"nan"}', b'"1e999"', b'{"a":"nan"}'],
}  # fmt: skip
CONTENT_TYPES: Final = [
    None, "", "application/json; charset=utf-16", "application/json; charset=\xff", "text/plain", "\xff", ";", "a/b; =",
    "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\xff", 'multipart/form-data; boundary="',
    "application/x-www-form-urlencoded; charset=unicode_escape", "application/vnd.api+json", "multipart/form-data; boundary=" + "x" * 300,
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Input:
    """One request, with the kind that it is counted under."""

    kind: str
    method: str
    path: str
    query: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""


def build(web: ModuleType) -> Any:
    """Return an application with a parameter of each type in each location, and a body of each shape; each gives it back."""
    app = web.FastAPI()
    markers = {"path": web.Path, "query": web.Query, "header": web.Header, "cookie": web.Cookie, "form": web.Form}

    def add(path: str, annotation: Any, method: str) -> None:
        def give_back(value: Any) -> Any:
            return None if isinstance(value, bytes) else [value]

        give_back.__annotations__ = {"value": annotation, "return": Any}
        app.api_route(path, methods=[method])(give_back)

    for location in LOCATIONS:
        for name, kind in SCALARS.items():
            if (location, name) not in {("path", "list"), ("path", "Any")}:
                path = f"/{location}/{name}/{{value}}" if location == "path" else f"/{location}/{name}"
                add(path, Annotated[kind, markers[location]()], "POST" if location == "form" else "GET")
    for convertor in ("int", "float", "uuid", "str", "path"):
        add(f"/convertor/{convertor}/{{value:{convertor}}}", Any, "GET")
    for name, kind in SHAPES.items():
        add(f"/body/{name}", Annotated[kind, web.Body()], "POST")

    @app.post("/request/json")
    async def of_request(request: web.Request) -> Any:
        return [await request.json()]

    @app.post("/request/form")
    async def form_of_request(request: web.Request) -> Any:
        return sorted(await request.form())

    return app


def inputs() -> Iterator[Input]:
    """Every kind in every position."""
    for kind, texts in TEXTS.items():
        for text in texts:
            for name in SCALARS:
                escaped = quote_from_bytes(text).encode()
                yield Input(kind, "GET", f"/path/{name}/{text.decode('utf-8', 'replace')}")
                for raw in (text, escaped):
                    yield Input(kind, "GET", f"/query/{name}", query=b"value=" + raw)
                    yield Input(kind, "POST", f"/form/{name}", b"", FORM, b"value=" + raw)
                yield Input(kind, "GET", f"/header/{name}", headers=((b"value", text),))
                yield Input(kind, "GET", f"/cookie/{name}", headers=((b"cookie", b"value=" + text),))
            for convertor in ("int", "float", "uuid", "str", "path"):
                yield Input(kind, "GET", f"/convertor/{convertor}/{text.decode('utf-8', 'replace')}")
    for kind, bodies in BODIES.items():
        for body in bodies:
            for place in (*(f"/body/{name}" for name in SHAPES), "/request/json"):
                yield Input(kind, "POST", place, b"", JSON, body)
    for content_type in CONTENT_TYPES:
        headers = () if content_type is None else ((b"content-type", content_type.encode("latin-1")),)
        for body in (b"", b"null", b'{"name":"x"}', b"value=x", b"--BB\r\n\r\n\r\n--BB--"):
            for place in (
                *(f"/body/{name}" for name in SHAPES),
                *(f"/form/{name}" for name in SCALARS),
                "/request/json",
                "/request/form",
            ):
                yield Input("content types", "POST", place, b"", headers, body)


JSON: Final = ((b"content-type", b"application/json"),)
FORM: Final = ((b"content-type", b"application/x-www-form-urlencoded"),)


def refuse(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


async def is_server_error(app: Any, sent: Input) -> bool:
    """Send one request, and return whether it is answered with a server error, or not at all."""
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": sent.method, "scheme": "http",
        "path": sent.path, "raw_path": quote_from_bytes(sent.path.encode()).encode(), "query_string": sent.query, "root_path": "",
        "headers": [(b"host", b"test"), (b"content-length", b"%d" % len(sent.body)), *sent.headers],
        "client": ("127.0.0.1", 1), "server": ("test", 80),
    }  # fmt: skip
    status, media_type, body = 0, b"", b""

    async def receive() -> Any:
        return {"type": "http.request", "body": sent.body, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status, media_type, body
        if message["type"] == "http.response.start":
            status, media_type = message["status"], dict(message["headers"]).get(b"content-type", b"")
        body += message.get("body", b"")

    try:
        await app(scope, receive, send)
        if media_type.endswith(b"json"):
            json.loads(body.decode(), parse_constant=refuse)
    except Exception:  # noqa: BLE001  whatever an application raises is an error of the server
        return True
    return status >= 500 or status == 0


async def count(app: Any) -> Counter[str]:
    """Return how many inputs of each kind cause a server error."""
    found: Counter[str] = Counter()
    for sent in inputs():
        found[sent.kind] += await is_server_error(app, sent)
    return found


def main() -> None:
    """Print a table: the number of inputs of each kind, and of server errors for both frameworks."""
    import fastapi

    import typeway

    logging.disable(logging.CRITICAL)
    sent = Counter(one.kind for one in inputs())
    with contextlib.redirect_stderr(None):
        ours, theirs = (asyncio.run(count(build(web))) for web in (typeway, fastapi))
    print(f"{'kind':24} {'inputs':>7} {'Typeway':>8} {'FastAPI ' + fastapi.__version__:>16}")
    for kind in sent:
        print(f"{kind:24} {sent[kind]:7,} {ours[kind]:8,} {theirs[kind]:16,}")
    print(f"{'all':24} {sent.total():7,} {ours.total():8,} {theirs.total():16,}")


if __name__ == "__main__":
    main()
