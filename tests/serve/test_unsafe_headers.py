"""A response header that would end early is a 500 that names its endpoint, on every server and before anything is sent."""

import re
import traceback
from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import quote

import anyio
import pytest

from tests.serve.wire import Wire, converse, served
from typeway import Depends, HTTPException, Request, Response, Typeway
from typeway.protocol import HTTPProtocol
from typeway.responses import FileResponse, JSONResponse, PlainTextResponse, RedirectResponse, StreamingResponse

BAD = ["a\r\nset-cookie: admin=1", "a\nb", "a\rb", "a\0b", "\x7f", "\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"]


def application(*, layer: bool) -> Typeway:
    """An application with an endpoint for each place in which a header can be set; each takes the value from the query."""
    app = Typeway()

    class Mistake(Exception):
        pass

    @app.get("/injected")
    async def injected(v: str, response: Response) -> str:
        response.headers["x-note"] = v
        return v

    @app.get("/cookie")
    async def cookie(v: str, response: Response) -> str:
        response.set_cookie("session", "1", path=f"/{v}")
        return v

    def setting(v: str, response: Response) -> None:
        response.headers["x-note"] = v

    @app.get("/dependency")
    def dependency(v: str, done: Annotated[None, Depends(setting)]) -> str:
        return v

    @app.get("/returned")
    async def returned(v: str) -> Response:
        return PlainTextResponse("", headers={"x-note": v})

    @app.get("/name")
    async def name(v: str) -> Response:
        return PlainTextResponse("", headers={f"x-{v}": "1"})

    @app.get("/media")
    async def media(v: str) -> Response:
        return Response("", media_type=f"text/plain; x={v}")

    @app.get("/stream")
    async def stream(v: str) -> Response:
        return StreamingResponse(iter([b"a"]), headers={"x-note": v})

    @app.get("/raised")
    async def raised(v: str) -> None:
        raise HTTPException(400, headers={"x-note": v})

    @app.exception_handler(Mistake)
    async def handle(request: Request, error: Mistake) -> JSONResponse:
        return JSONResponse({}, 418, {"x-note": str(error)})

    @app.get("/handled")
    async def handled(v: str) -> None:
        raise Mistake(v)

    @app.get("/file")
    async def file(v: str) -> Response:
        return FileResponse(__file__, headers={"x-note": v})

    async def plain(request: Request) -> Response:
        return PlainTextResponse("", headers={"x-note": request.query_params["v"]})

    app.add_route("/plain", plain)

    inner = Typeway()

    @inner.get("/inner")
    async def mounted(v: str) -> Response:
        return PlainTextResponse("", headers={"x-note": v})

    app.mount("/mounted", inner)
    if layer:

        @app.middleware("http")
        async def pass_on(request: Request, call_next: Any) -> Any:
            return await call_next(request)

    return app


PLACES = [
    "/injected", "/cookie", "/dependency", "/returned", "/name", "/media", "/stream", "/raised", "/handled", "/file", "/plain",
    "/mounted/inner",
]  # fmt: skip


@pytest.fixture(
    scope="module", params=["typeway", "httptools", "h11", "typeway with middleware", "h11 with middleware"]
)
def port(request: Any) -> Iterator[int]:
    """The port of a server with the application."""
    kind, _, layer = request.param.partition(" ")
    with served(application(layer=bool(layer)), http=HTTPProtocol if kind == "typeway" else kind) as number:
        yield number


@pytest.mark.parametrize("path", PLACES)
def test_no_value_ends_a_header(port, path):
    """Each bad value is answered with one whole 500, and nothing of the value reaches the client."""
    for value in BAD:
        if path == "/name" and value == "\x7f":
            continue
        target = f"{path}?v={quote(value)}"
        got = converse(port, f"GET {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".encode())
        assert re.match(rb"HTTP/1\.1 500 ", got), (value, got)
        assert got.count(b"HTTP/1.1") == 1, (value, got)
        assert b"x-note" not in got, (value, got)
        assert b"set-cookie" not in got, (value, got)


@pytest.mark.parametrize("path", PLACES)
def test_other_values_are_sent(port, path):
    """A tab, spaces and bytes over 127 may stand in a value."""
    value = "a" if path == "/name" else "a\tb c é"
    got = converse(port, f"GET {path}?v={quote(value)} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".encode())
    assert re.match(rb"HTTP/1\.1 (200|400|418) ", got), got


def test_redirects_and_file_names_are_escaped(port):
    """What a redirect or a file name is made of is percent-encoded, so that it cannot end its header."""
    for response in (RedirectResponse("/\r\nx: y"), FileResponse(__file__, filename="a\r\nx: y")):
        for name, value in response.raw_headers:
            assert not {0, 10, 13} & set(name + value)


@pytest.mark.parametrize("layer", [False, True], ids=["alone", "layer"])
@pytest.mark.parametrize("path", ["/injected", "/returned", "/stream", "/raised"])
def test_the_log_names_the_endpoint(path, layer):
    """The error that reaches the server's log names the header, its value, and the endpoint with file and line."""
    wire = Wire(path, query=b"v=a%0Ab")
    with pytest.raises(ValueError, match="x-note") as caught:
        anyio.run(wire.serve, application(layer=layer))
    text = "".join(traceback.format_exception(caught.value))
    assert re.search(rf"response of {path[1:]}\(\), \S*test_unsafe_headers\.py:\d+", text), text
    assert wire.status == 500
