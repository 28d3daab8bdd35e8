"""What stands on the wire, byte by byte: no body after a HEAD, and query strings in every encoding.

Test clients repair both: they drop the body of a HEAD, and encode what they are given once more.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import anyio
import fastapi
import pytest
from pydantic import BaseModel, Field
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

import typeway
from tests.frameworks import each_framework
from tests.serve.wire import Wire, ask, converse, served
from typeway import Depends, HTTPException, Request, Response, Typeway
from typeway.responses import FileResponse
from typeway.sse import EventSourceResponse, ServerSentEvent
from typeway.staticfiles import StaticFiles

# --- HEAD -------------------------------------------------------------------------------------------------------


class Item(BaseModel):
    name: str


async def resource() -> Any:
    yield "resource"


def returned(app: Any) -> None:
    """Endpoints that return something."""

    @app.get("/model")
    def model() -> Item:
        return Item(name="a")

    @app.get("/plain")
    async def plain():
        return {"a": [1, 2]}

    @app.get("/thread")
    def thread():
        return Path("a").name

    @app.get("/response")
    def response():
        return Response("text", headers={"x-own": "1"})

    @app.get("/class", response_class=PlainTextResponse)
    def response_class():
        return "text"

    @app.get("/with-resource")
    async def with_resource(value: Annotated[str, Depends(resource)]):
        return value

    @app.get("/file")
    def file():
        return FileResponse(__file__)

    @app.head("/declared")
    def declared():
        return {"a": 1}

    @app.get("/error")
    def error():
        raise HTTPException(418, "a teapot")

    @app.get("/invalid")
    def invalid(number: int): ...

    @app.get("/unhandled")
    def unhandled():
        raise LookupError("a secret")

    @app.post("/post")
    def post(): ...


def streamed(app: Any) -> None:
    """Endpoints that yield, or return what yields."""

    @app.get("/stream")
    async def stream():
        yield 1

    @app.get("/stream-in-threads")
    def stream_in_threads():
        yield 1

    @app.get("/events", response_class=EventSourceResponse)
    async def events():
        yield ServerSentEvent(data="a")

    @app.get("/returned-stream")
    def returned_stream():
        return StreamingResponse(iter([b"a"]))


def everything(place: Path) -> Typeway:
    """An application with an answer of every kind."""
    place.joinpath("plain.txt").write_text("a file", encoding="utf-8")
    app, inner, behind = Typeway(), Typeway(), Typeway()
    for each in (app, inner, behind):
        returned(each)
        streamed(each)
    app.mount("/mounted", inner)
    app.mount("/static", StaticFiles(directory=place))
    app.mount("/starlette", Starlette(routes=[Route("/text", lambda request: PlainTextResponse("text"))]))

    @behind.middleware("http")
    async def pass_on(request: Request, call_next: Any) -> Any:
        return await call_next(request)

    app.mount("/middleware", behind)
    squeezed = Typeway()
    squeezed.add_middleware(GZipMiddleware, minimum_size=1)
    returned(squeezed)
    app.mount("/gzip", squeezed)
    app.frontend("/app", directory=place, fallback=None)
    app.get("/query")(lambda a: a)
    return app


# Of every kind of answer a path, and the status of its answer to HEAD.
RETURNED = {
    "/model": 200,
    "/plain": 200,
    "/thread": 200,
    "/response": 200,
    "/class": 200,
    "/with-resource": 200,
    "/file": 200,
    "/declared": 200,
    "/error": 418,
    "/invalid": 422,
    "/unhandled": 500,
    "/post": 405,
    "/missing": 404,
    "/model/": 307,
}
STREAMED = dict.fromkeys(("/stream", "/stream-in-threads", "/events", "/returned-stream"), 200)
PLACES = {
    "": RETURNED | STREAMED,
    "/mounted": RETURNED | STREAMED,
    "/middleware": RETURNED | STREAMED,
    "/gzip": RETURNED,
    "/app": {"/plain.txt": 200, "/missing.txt": 404},
    "/static": {"/plain.txt": 200},
}
ALL = {f"{place}{path}": status for place, paths in PLACES.items() for path, status in paths.items()}
# What Starlette's own applications and middleware send is theirs, and servers drop it.
STARLETTES = {
    "/docs": 200,
    "/openapi.json": 200,
    "/starlette/text": 200,
    "/starlette/missing": 404,
    "/static/missing": 404,
    "/middleware/unhandled": 500,
    "/gzip/unhandled": 500,
}
OURS = {path: status for path, status in ALL.items() if path not in STARLETTES}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Typeway:
    return everything(tmp_path_factory.mktemp("frontend"))


@pytest.fixture(scope="module", params=["h11", "httptools"])
def port(app: Typeway, request: pytest.FixtureRequest) -> Iterator[int]:
    with served(app, http=request.param) as port:
        yield port


def sent(app: Typeway, path: str, method: str) -> Wire:
    """What the application sends; an error that nothing handles is answered, and then raised for the server's log."""
    wire = Wire(path, method=method, headers=[(b"x-request-id", b"1")])
    with suppress(LookupError):
        anyio.run(wire.serve, app)
    return wire


@pytest.mark.parametrize("path", OURS)
def test_nothing_is_sent_after_the_headers(app, path):
    """The application sends for HEAD the status and the headers that it sends for GET, and not one byte more."""
    get, head = sent(app, path, "GET"), sent(app, path, "HEAD")
    assert (head.status, head.body) == (OURS[path], b"")
    if path.endswith("/declared"):  # where GET is not served
        return
    assert head.status == get.status
    # What is never made cannot be compressed, and so has another length.
    changed = {b"content-length", b"content-encoding", b"vary"} if path.startswith("/gzip") else set()
    changed |= {b"x-request-id"}  # each request has its own
    headers = [{name: value for name, value in wire.headers.items() if name not in changed} for wire in (get, head)]
    assert headers[0] == headers[1]


def test_nothing_is_on_the_wire_after_the_headers(app, port):
    """On one connection, the next answer follows directly on the headers of an answer to HEAD."""
    end = b"GET /class HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
    for path, status in (ALL | STARLETTES).items():
        received = converse(port, b"HEAD %b HTTP/1.1\r\nHost: test\r\n\r\n" % path.encode() + end)
        head, _, rest = received.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 %d " % status), received
        if status == 500:  # after which servers close the connection
            assert rest == b"", received
        else:
            assert rest.startswith(b"HTTP/1.1 200 "), received
            assert rest.endswith(b"\r\n\r\ntext"), received


# --- query strings ----------------------------------------------------------------------------------------------

# Raw bytes, and what `a` (the last value) and `b` (all values) are then.
QUERIES: dict[bytes, tuple[str | None, list[str] | None]] = {
    b"a=x+y": ("x y", None),
    b"b=x+y": (None, ["x y"]),
    b"a=x%20y": ("x y", None),
    b"a=x%2By": ("x+y", None),
    b"a=x%26b%3Dy": ("x&b=y", None),
    b"a=+": (" ", None),
    b"a=": ("", None),
    b"a": ("", None),
    b"b=&b": (None, ["", ""]),
    b"": (None, None),
    b"&&": (None, None),
    b"=x": (None, None),
    b"&a=x&&b=y&": ("x", ["y"]),
    b"a=x&a=y": ("y", None),
    b"a=x&a=": ("", None),
    b"b=x&a=1&b=y+z&b=": ("1", ["x", "y z", ""]),
    b"a=x;b=y": ("x;b=y", None),
    b"a=x%3Bb=y": ("x;b=y", None),
    b"a==x": ("=x", None),
    b"a=x=y": ("x=y", None),
    b"%61=x": ("x", None),
    b"+a=x&a+=y": (None, None),
    b"%62=x&b=y": (None, ["x", "y"]),
    b"A=x": (None, None),
    b"a=%": ("%", None),
    b"a=%2": ("%2", None),
    b"a=%zz": ("%zz", None),
    b"a=%zz+": ("%zz ", None),
    b"a=%25zz": ("%zz", None),
    b"a=%2520": ("%20", None),
    b"a=%C3%A9": ("\u00e9", None),
    b"a=%c3%a9&b=%E2%82%AC": ("\u00e9", ["\u20ac"]),
    b"a=%FF": ("\ufffd", None),
    b"a=%C3": ("\ufffd", None),
    b"a=%ED%A0%80": ("\ufffd" * 3, None),
    b"a=%00": ("\0", None),
    b"a=x%0Ay": ("x\ny", None),
    b"a=x#y": ("x#y", None),
    b"a[]=x&b[0]=y": (None, None),
    # No client may send these bytes as they are; whatever they mean, it is what they mean to FastAPI.
    "a=\u00e9".encode(): ("\u00c3\u00a9", None),
    "a=\u00e9+".encode(): ("\u00c3\u00a9 ", None),
    b"a=\xff": ("\u00ff", None),
    b"a=\xff%20": ("\u00ff ", None),
    b"a=x y": ("x y", None),
    b"a=x\ty": ("x\ty", None),
}


def reading(web: Any) -> Any:
    """An application that reads the query string in every way: one value, all, a model's, a number, through the request."""
    app = web.FastAPI()

    class Group(BaseModel):
        a: str | None = None
        every: Annotated[list[str], Field(alias="b")] = []

    @app.get("/single")
    def single(a: str | None = None, b: Annotated[list[str] | None, web.Query()] = None):
        return [a, b]

    @app.get("/one")
    def one(a: str = "none"):
        return a

    @app.get("/alias")
    def alias(value: Annotated[str, web.Query(alias="a")] = "none", plus: Annotated[str, web.Query(alias="a ")] = ""):
        return [value, plus]

    @app.get("/group")
    def group(values: Annotated[Group, web.Query()]):
        return values

    @app.get("/number")
    def number(a: int):
        return a

    @app.get("/request")
    def through_request(request: web.Request):
        return request.query_params.multi_items()

    @app.get("/mixed")
    def mixed(request: web.Request, a: str = "none"):
        return [a, request.query_params.getlist("a")]

    return app


@pytest.mark.parametrize("query", QUERIES, ids=repr)
@each_framework
def test_query_strings_mean_what_browsers_mean(web, query):
    """Every encoding of a query string gives the same values, as one and as a list, on both frameworks."""
    assert json.loads(ask(reading(web), "/single", query=query).body) == list(QUERIES[query])


@pytest.mark.parametrize("path", ["/one", "/alias", "/group", "/number", "/request", "/mixed"])
def test_every_reader_understands_a_query_string_as_in_fastapi(path):
    """However an endpoint asks for query parameters, it is given what it would be given by FastAPI."""
    ours, theirs = reading(typeway), reading(fastapi)
    for query in QUERIES:
        found, expected = ask(ours, path, query=query), ask(theirs, path, query=query)
        assert (found.status, json.loads(found.body)) == (expected.status, json.loads(expected.body)), query


@pytest.mark.parametrize(("query", "expected"), [(b"a=x+y", b'"x y"'), (b"a=x%2By", b'"x+y"'), (b"a=%26&a=+", b'" "')])
def test_a_query_string_is_read_as_the_server_hands_it_on(port, query, expected):
    """A plus sign in the request line is a space, an encoded one a plus sign."""
    line = b"GET /query?" + query + b" HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
    assert converse(port, line).partition(b"\r\n\r\n")[2] == expected


# --- messages of servers that say only what ASGI demands ----------------------------------------------------------


class Named(BaseModel):
    name: str


@pytest.mark.parametrize(
    ("messages", "status"),
    [
        ([{"type": "http.request", "body": b'{"name": "a"}'}], 200),
        (
            [
                {"type": "http.request", "body": b'{"name"', "more_body": True},
                {"type": "http.request", "body": b': "a"}'},
            ],
            200,
        ),
        ([{"type": "http.request", "more_body": True}, {"type": "http.request", "body": b'{"name": "a"}'}], 200),
        ([{"type": "http.request"}], 422),
    ],
)
@pytest.mark.parametrize("limit", [None, 100])
@each_framework
def test_a_message_may_leave_out_what_has_a_default(web, limit, messages, status):
    """Without `more_body` a message is the last of the body, and without `body` it is empty."""
    if web is fastapi and limit is not None:
        pytest.skip("FastAPI has no such option")
    app = web.FastAPI() if limit is None else web.FastAPI(max_body_size=limit)

    @app.post("/")
    async def read(named: Named):
        return named

    wire = Wire(method="POST", headers=[(b"content-type", b"application/json")])
    left = [dict(message) for message in messages]

    async def receive() -> Any:
        return left.pop(0)

    wire.receive = receive
    anyio.run(wire.serve, app)
    assert wire.status == status
    assert left == []
