"""No input gives a 500: whatever a client sends, in whatever place, it gets an answer that says so, and JSON that can be read."""

import asyncio
import itertools
import json
from collections.abc import Iterable
from typing import Annotated, Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from starlette.websockets import WebSocketDisconnect

import typeway
from scripts.hostile import BODIES, CONTENT_TYPES, LOCATIONS, SCALARS, SHAPES, Input, build, inputs, is_server_error
from tests.frameworks import JSON, MULTIPART, Sending, answer_of, client
from typeway import Body, Cookie, File, Form, Header, HTTPException, Query, Request, Typeway, UploadFile, WebSocket
from typeway.responses import JSONResponse
from typeway.staticfiles import StaticFiles


class Item(BaseModel):
    name: str
    price: float = 1.0
    count: int = 1
    tags: list[str] = []
    more: Any = None
    inner: "Item | None" = None


class Names(BaseModel, extra="allow"):
    name: str = ""
    price: float = 0


class Forbidding(BaseModel, extra="forbid"):
    name: str = ""


def hostile(errors: Any) -> Typeway:
    """An application with an endpoint for every way to take an input; each gives back what it got."""
    app = Typeway(errors=errors)

    for path, kind in {
        "item": Item, "anything": Any, "dict": dict[str, Any], "list": list[float], "text": str, "real": float,
        "number": int, "optional": Item | None, "bytes": bytes, "union": Item | list[Any], "numbers": dict[str, int],
    }.items():  # fmt: skip

        def echo(data: Any) -> Any:
            return {"data": None if isinstance(data, bytes) else data}

        echo.__annotations__ = {"data": Annotated[kind, Body()], "return": Any}
        app.post(f"/json/{path}")(echo)

    @app.post("/json/model")
    async def model(item: Item) -> Item:
        return item

    @app.post("/json/members")
    async def members(a: Item, b: Annotated[Any, Body()] = None) -> Any:
        return [a, b]

    @app.post("/json/response")
    async def response(data: Annotated[Any, Body()], request: Request) -> JSONResponse:
        return JSONResponse({"size": len(await request.body())})

    @app.post("/json/refused")
    async def refused(data: Annotated[Any, Body()]) -> None:
        raise HTTPException(409, detail=data)

    @app.post("/raw")
    async def raw(request: Request) -> Any:
        return await request.json()

    @app.post("/raw/beside")
    async def beside(data: Annotated[bytes, Body()], request: Request) -> Any:
        return await request.json()

    @app.post("/form")
    async def form(name: Annotated[str, Form()], price: Annotated[float, Form()] = 1, more: Annotated[Any, Form()] = 0):
        return [name, price, more]

    @app.post("/form/model")
    async def form_model(names: Annotated[Names, Form()]) -> Any:
        return [names.name, names.price, sorted(names.model_extra or ())]

    @app.post("/form/forbidding")
    async def form_forbidding(names: Annotated[Forbidding, Form()]) -> Any:
        return names

    @app.post("/file")
    async def file(upload: UploadFile, name: Annotated[str, Form()] = "") -> Any:
        return [upload.filename, upload.size, upload.content_type, name, dict(upload.headers)]

    @app.post("/file/bytes")
    async def content(upload: Annotated[bytes, File()]) -> int:
        return len(upload)

    @app.get("/query")
    async def query(name: str = "", price: float = 1, count: int = 1, key: UUID | None = None, more: Any = 0) -> Any:
        return [name, price, count, key, more]

    @app.get("/query/model")
    async def query_model(names: Annotated[Names, Query()]) -> Any:
        return names

    @app.get("/query/list")
    async def query_list(names: Annotated[list[float], Query()]) -> Any:
        return names

    @app.get("/header")
    async def header(name: Annotated[str, Header()] = "", price: Annotated[float, Header()] = 1) -> Any:
        return [name, price]

    @app.get("/header/model")
    async def header_model(names: Annotated[Names, Header()]) -> Any:
        return names

    @app.get("/cookie")
    async def cookie(name: Annotated[str, Cookie()] = "", price: Annotated[float, Cookie()] = 1) -> Any:
        return [name, price]

    @app.get("/cookie/model")
    async def cookie_model(names: Annotated[Names, Cookie()]) -> Any:
        return names

    for kind in ("int", "float", "uuid", "str", "path"):

        @app.get(f"/{kind}/{{value:{kind}}}")
        async def path(value: Any) -> Any:
            return {"value": value}

    @app.get("/plain/{value}")
    async def plain(value: float) -> Any:
        return {"value": value}

    @app.get("/url")
    async def url(request: Request) -> Any:
        return [request.url.path, request.query_params.multi_items(), dict(request.headers), request.cookies]

    @app.websocket("/socket")
    async def socket(socket: WebSocket, price: float = 1) -> None:
        await socket.accept()
        while True:
            await socket.send_json(await socket.receive_json())

    @app.websocket("/socket/text")
    async def socket_text(socket: WebSocket) -> None:
        await socket.accept()
        while True:
            await socket.send_text(await socket.receive_text())

    @app.websocket("/socket/bytes")
    async def socket_bytes(socket: WebSocket) -> None:
        await socket.accept()
        while True:
            await socket.send_bytes(await socket.receive_bytes())

    app.mount("/static", StaticFiles(directory="docs"))
    return app


FORMATS = ("detail", "problem")
APPS = {errors: hostile(errors) for errors in FORMATS}

HOSTILE = [
    b"", b"null", b"NaN", b"-NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"[NaN]", b'{"price":NaN}',
    b'{"name":"x","price":Infinity}', b'{"name":"x","price":1e999}', b'{"name":"x","more":[1e999,-1e999]}',
    b'{"name":"x","price":"nan"}', b'{"name":"x","price":"inf"}', b'"\\ud800"', b'"\\udc00\\ud800"', b'["\\ud800"]',
    b'{"\\ud800":1}', b'{"name":"\\ud800"}', b'{"name":1,"more":"\\udfff"}', b'"\\u0000"', b'{"name":"\\u0000"}', b"\x00",
    b'"\x00"', b'{"name":"x"}\x00', b"9" * 4300, b"9" * 4301, b"9" * 100_000, b"-" + b"9" * 5000, b"1." + b"9" * 5000,
    b"9" * 400 + b".5", b'{"name":"x","count":' + b"9" * 4000 + b"}", b'{"name":"x","price":' + b"9" * 400 + b"}",
    b'{"name":"x","count":1e400}', b'{"name":"x","count":"' + b"9" * 5000 + b'"}', b"\xff", b"\xed\xa0\x80",
    b'"\xed\xa0\x80"', b'{"name":"\xed\xa0\x80"}', b'{"\xed\xa0\x80":1}', b'"\xc3\x28"', b"\xfe\xff", b'"\xf4\x90\x80\x80"',
    b'\xef\xbb\xbf{"name":"x"}', '{"name":"é"}'.encode("utf-16"), '{"name":"é"}'.encode("utf-32"), b'{"name":"\xe9"}',
    b'{"name":"a","name":"b"}', b'{"name":"x","more":{"a":1,"a":2}}', b'[{"a":1,"a":1}]', b'{"a":1,"a":"\\u003a"}',
    b"[" * 150 + b"]" * 150, b"[" * 250 + b"]" * 250, b"[" * 600 + b"]" * 600, b"[" * 980 + b"]" * 980,
    b"[" * 5000 + b"]" * 5000, b"[" * 100_000, b'{"a":' * 150 + b"1" + b"}" * 150, b'{"a":' * 700 + b"1" + b"}" * 700,
    b'{"name":"x","inner":' * 190 + b"1" + b"}" * 190, b'{"inner":' * 199 + b"{}" + b"}" * 199,
    b'{"name":"x","more":' + b"[" * 198 + b"]" * 198 + b"}", b'{"inner":' * 900 + b"{}" + b"}" * 900,
    b"{", b"[1,", b'{"name"', b"{'name':1}", b"tru", b"//", b"[1,]", b"01", b"+1", b"\n", b'{"":""}', b"{}", b"[]", b"[[]]",
    b'"' + b"x" * 100_000 + b'"', b'{"name":' + b'"' + b"x" * 5000 + b'"}', b"true", b'"password"',
]  # fmt: skip
PLACES = [
    *(f"/json/{name}" for name in (
        "item", "anything", "dict", "list", "text", "real", "number", "optional", "bytes", "union", "numbers", "model",
        "members", "response", "refused",
    )),
    "/raw", "/raw/beside",
]  # fmt: skip
KINDS = [
    None, "", JSON, "application/json; charset=utf-16", "application/json; charset=\xff", "text/plain", "\xff\xfe", "a/b; =",
    ";", "/", "application/", "application/json;", "multipart/form-data", "multipart/form-data; boundary=",
    "application/x-www-form-urlencoded; charset=unicode_escape", "application/vnd.api+json", "*/*", "\x00",
    "multipart/form-data; boundary=\xff", 'multipart/form-data; boundary="', "application/json" * 500,
    "multipart/form-data; boundary=" + "x" * 300, "multipart/mixed; boundary=BB", "application/json, application/json",
]  # fmt: skip


def refused(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


def read(body: bytes) -> Any:
    """JSON as a strict reader of another language takes it."""
    return json.loads(body.decode("utf-8"), parse_constant=refused)


def check(errors: str, sendings: Iterable[Sending]) -> None:
    """Send requests: nothing is raised, no status is a 5xx, and what is said to be JSON can be read."""

    async def send_all() -> None:
        for sending in sendings:
            found = await answer_of(APPS[errors], sending)
            assert found["raised"] is None, sending
            (status,) = found["status"]
            assert status < 500, (sending, found["body"][:300])
            if dict(found["headers"]).get(b"content-type", b"").endswith(b"json"):
                read(found["body"])

    asyncio.run(send_all())


def asking(path: str, query: bytes = b"", *headers: tuple[str, str]) -> Sending:
    return Sending(path, [b""], None, method="GET", query=query, headers=headers)


@pytest.mark.parametrize("errors", FORMATS)
@pytest.mark.parametrize("place", PLACES)
def test_bodies_of_json(place, errors):
    """Each text, taken in each way, is accepted and given back as JSON, or refused with a 4xx that can be read."""
    check(errors, (Sending(place, [text]) for text in HOSTILE))


@pytest.mark.parametrize("errors", FORMATS)
@pytest.mark.parametrize("place", [*PLACES, "/form", "/form/model", "/file"])
def test_content_types(place, errors):
    """A content type may be any bytes: the body is read, or the answer is a 4xx."""
    texts = (b"", b"null", b'{"name":"x"}', b"name=x", b"--BB\r\n\r\n\r\n--BB--\r\n")
    check(errors, (Sending(place, [text], kind) for kind in KINDS for text in texts))


VALUES = [
    b"", b"nan", b"NaN", b"inf", b"-Infinity", b"1e999", b"%00", b"\x00", b"%", b"%%", b"%zz", b"%f", b"%ff", b"%ED%A0%80",
    b"\xed\xa0\x80", b"\xff", b"+", b"%2B", b"%u1234", b"9" * 5000, b"%C0%80", b"%F4%90%80%80", b"%F0%9F%98%80", b"a=b&c",
    b"=", b"&", b"&&=&", b";", b"a;b=c", b"\xe9", b"%0d%0a", b"\r\n", b'"', b'"\\777"', b'"\\ud800"', b'\\"', b"{", b"1_000",
    b"\xc2\xa0", b"%EF%BB%BF1", b"0x10", b"1" * 400 + b".5", b"[]", b"x" * 70_000, b"urn:uuid:", b"{" + b"0" * 32 + b"}",
]  # fmt: skip
NAMES = [
    b"name",
    b"price",
    b"count",
    b"key",
    b"more",
    b"names",
    b"other",
    b"",
    b"\xff",
    b"na%6de",
    b"%ff",
    b"__proto__",
]


@pytest.mark.parametrize("errors", FORMATS)
@pytest.mark.parametrize("place", ["/query", "/query/model", "/query/list", "/url"])
def test_query_strings(place, errors):
    """A query string may be any bytes."""
    pairs = list(itertools.product(NAMES, VALUES))
    check(errors, (asking(place, name + b"=" + value) for name, value in pairs))
    check(errors, (asking(place, value + name) for name, value in pairs))


@pytest.mark.parametrize("errors", FORMATS)
@pytest.mark.parametrize("place", ["/header", "/header/model", "/cookie", "/cookie/model", "/url"])
def test_headers_and_cookies(place, errors):
    """A header and a cookie may be any bytes, also those over 127."""
    names = ("name", "price", "other", "host", "cookie", "x-request-id", "origin", "content-length", "range")
    for name, value in itertools.product(names, [value.decode("latin-1") for value in VALUES]):
        cookies = [("cookie", f"{name}={value}"), ("cookie", f"{value}; {name}={value};;=")]
        check(errors, (asking(place, b"", header) for header in [(name, value), *cookies]))


@pytest.mark.parametrize("errors", FORMATS)
@pytest.mark.parametrize("place", ["/form", "/form/model", "/form/forbidding", "/file", "/file/bytes"])
def test_forms(place, errors):
    """Fields, files, and the headers of their parts may be any bytes."""
    urlencoded = "application/x-www-form-urlencoded"
    kinds = (urlencoded, f"{urlencoded}; charset=unicode_escape")
    pairs = itertools.product(NAMES, VALUES, kinds)
    check(errors, (Sending(place, [name + b"=" + value + b"&" + value], kind) for name, value, kind in pairs))


PART = b'--BB\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n%b\r\n--BB--\r\n'
CHARSETS = [
    "unicode_escape",
    "utf-7",
    "utf-16",
    "idna",
    "punycode",
    "undefined",
    "base64",
    "\xff",
    "a\x00",
    "",
    "latin-1",
]


@pytest.mark.parametrize("errors", FORMATS)
@pytest.mark.parametrize("place", ["/form", "/form/model", "/file", "/file/bytes"])
def test_parts_of_forms(place, errors):
    """Fields, files, their names and the headers of their parts may be any bytes, in any charset."""
    for value in VALUES:
        rests = (b"", b'; filename="%b"' % value, b"; filename*=utf-8''" + value)
        parts = [PART % (name, rest, value) for name, rest in itertools.product([b"name", b"upload", b"\xff"], rests)]
        kinds = [f"{MULTIPART}; charset={charset}" for charset in CHARSETS]
        check(errors, (Sending(place, [part], kind) for part, kind in itertools.product(parts, kinds)))


@pytest.mark.parametrize("errors", FORMATS)
@pytest.mark.parametrize("kind", ["int", "float", "uuid", "str", "path", "plain", "static", "nowhere"])
def test_paths(kind, errors):
    """A path may be any text: a convertor that cannot convert it does not match, and the answer is a 404."""
    texts = [value.decode("latin-1") for value in VALUES]
    texts += ["9" * 400, "9" * 4301, "..", "a/../b", "%2e%2e%2f", "a" * 300, "x" * 5000]
    check(errors, (asking(f"/{kind}/{text}") for text in texts))


@pytest.mark.parametrize("host", ["[", "a b", "\xff", "a@b", "[::1", "h/?", "h:99999", "", "//", "h:x", "a\\b"])
def test_hosts(host):
    """A Host may be any bytes: what needs the URL answers all the same."""
    paths = ("/query/", "/url", "/nowhere/", "/static", "/docs", "/openapi.json")
    check("detail", (asking(path, b"", ("host", host)) for path in paths))


@pytest.mark.parametrize("place", ["/socket", "/socket/text", "/socket/bytes"])
def test_web_sockets(place):
    """A frame may hold anything: the connection goes on, or is closed with a code that says what was wrong."""
    for text in HOSTILE:
        frames: list[Any] = [text]
        try:
            frames.append(text.decode())
        except UnicodeDecodeError:
            pass
        for frame in frames:
            name = "text" if isinstance(frame, str) else "bytes"
            with client(APPS["detail"], raise_server_exceptions=True).websocket_connect(place) as socket:
                socket.send({"type": "websocket.receive", name: frame})
                message = socket.receive()
                if message["type"] == "websocket.close":
                    assert message["code"] in (1003, 1007), (place, frame[:50], message)
                elif place == "/socket":
                    read(message["text"].encode())


@pytest.mark.parametrize("price", ["nan", "1e999"])
def test_handshakes_with_numbers_that_json_does_not_have(price):
    """NaN and infinity are numbers, unless the parameter forbids them."""
    with client(APPS["detail"], raise_server_exceptions=True).websocket_connect(f"/socket?price={price}") as socket:
        socket.send_json(1)
        assert socket.receive_json() == 1


@pytest.mark.parametrize("price", ["x", "%ff", "%00", "9" * 5000 + "x"])
def test_handshakes(price):
    """The handshake of a WebSocket may hold anything: what does not fit closes it with 1008 and a text."""
    hostile = client(APPS["detail"], raise_server_exceptions=True)
    with pytest.raises(WebSocketDisconnect) as caught, hostile.websocket_connect(f"/socket?price={price}"):
        pass
    assert caught.value.code == 1008
    assert isinstance(caught.value.reason, str)


# --- every kind in every position, as `python -m scripts.hostile` counts them for both frameworks -------------------------

EVERYTHING = build(typeway)


def server_errors(sent: Iterable[Input]) -> list[Input]:
    async def find() -> list[Input]:
        return [one for one in sent if await is_server_error(EVERYTHING, one)]

    return asyncio.run(find())


@pytest.mark.parametrize("kind", dict.fromkeys(one.kind for one in inputs()))
def test_no_kind_of_input_is_a_server_error_in_any_position(kind):
    """A parameter of each type in each location, and a body of each shape, answer each kind with less than 500."""
    assert server_errors(one for one in inputs() if one.kind == kind) == []


FRAGMENTS = [
    *itertools.chain(*BODIES.values()),
    *VALUES,
    b"value=",
    b"&",
    b"=",
    b"--BB\r\n",
    b"\r\n\r\n",
    b'{"name":',
    b"}",
]
raw = st.lists(
    st.sampled_from([text for text in FRAGMENTS if len(text) < 2_000]) | st.binary(max_size=20), max_size=6
).map(b"".join)


@settings(max_examples=150, deadline=None)
@given(
    body=raw,
    query=raw,
    header=raw,
    path=st.text(max_size=20),
    name=st.sampled_from([*SCALARS]),
    shape=st.sampled_from([*SHAPES]),
    media_type=st.sampled_from([kind.encode("latin-1") for kind in CONTENT_TYPES if kind is not None]) | raw,
)
def test_no_bytes_are_a_server_error(body, query, header, path, name, shape, media_type):
    """Whatever bytes are the query, a header, a cookie, the path, the body and its type, the answer is less than 500."""
    sent = [
        Input("any", "POST", f"/body/{shape}", query, ((b"content-type", kind),), body)
        for kind in (media_type, JSON.encode())
    ]
    sent += [
        Input("any", "POST", place, query, ((b"content-type", media_type),), body)
        for place in ("/request/json", "/request/form")
    ]
    for location in LOCATIONS:
        method = "POST" if location == "form" else "GET"
        headers = ((b"value", header), (b"cookie", b"value=" + header), (b"content-type", media_type))
        sent.append(Input("any", method, f"/{location}/{name}/{path}".rstrip("/"), b"value=" + query, headers, body))
        sent.append(Input("any", method, f"/{location}/{name}", b"value=" + query, headers, body))
    assert server_errors(sent) == []
