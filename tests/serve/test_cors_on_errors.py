"""A browser shows an unhandled error to the page that asked, as it shows any other answer."""

from dataclasses import replace
from functools import partial
from typing import Any

import anyio
import fastapi
import pytest
from starlette.middleware.errors import ServerErrorMiddleware

import typeway
from tests.frameworks import COMPAT, client, compat_and_fastapi
from tests.serve.wire import Wire
from typeway import Request, Response, Typeway
from typeway.declare.conventions import TYPEWAY
from typeway.middleware.cors import CORSMiddleware
from typeway.middleware.gzip import GZipMiddleware
from typeway.responses import JSONResponse, StreamingResponse

ORIGIN = "https://page.example"
OTHER = "https://other.example"


class Boom(Exception):
    """What nobody handles."""


class Raising:
    """ASGI middleware that fails on its way in or out."""

    def __init__(self, app: Any, when: str) -> None:
        self.app, self.when = app, when

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == f"/middleware-{self.when}":
            raise Boom
        await self.app(scope, receive, send)


class Adding:
    """ASGI middleware that adds a header to what passes through it."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def add(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-passed", b"1")]
            await send(message)

        await self.app(scope, receive, add)


class Derived(CORSMiddleware):
    """CORS middleware of the author's own."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Add a header to what the base sends."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        await super().__call__(scope, receive, partial(self.mark, send=send))

    async def mark(self, message: Any, send: Any) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"access-control-x", b"own")]
        await send(message)


def made_elsewhere(app: Any, **options: Any) -> CORSMiddleware:
    """A function that makes the middleware, as a factory of an application does."""
    return CORSMiddleware(app, **options)


def crashing(app: Any, *, cors: Any = CORSMiddleware, **options: Any) -> Any:
    """An application that fails everywhere, with middleware on both sides of CORS."""
    Depends = (fastapi if isinstance(app, fastapi.FastAPI) else typeway).Depends  # noqa: N806  a class's name

    @app.get("/fine")
    def fine():
        return "fine"

    @app.api_route("/endpoint", methods=["GET", "POST", "HEAD"])
    async def endpoint():
        raise Boom

    @app.get("/thread")
    def thread():
        raise Boom

    def broken():
        raise Boom

    @app.get("/dependency", dependencies=[Depends(broken)])
    def dependency():
        return "never"

    def leaving():
        yield
        raise Boom

    @app.get("/exit", dependencies=[Depends(leaving, scope="function")])
    def exit_():
        return "never seen"

    @app.get("/answer")
    def answer() -> int:
        return "no number"

    @app.get("/http-inside")
    @app.get("/http-outside")
    def by_middleware():
        return "never"

    sub = type(app)()
    sub.get("/crash")(endpoint)
    app.mount("/sub", sub)

    @app.middleware("http")
    async def inside(request: Request, call_next: Any):
        if request.url.path == "/http-inside":
            raise Boom
        return await call_next(request)

    app.add_middleware(Raising, when="inside")
    app.add_middleware(cors, **{"allow_origins": [ORIGIN], **options})
    app.add_middleware(Raising, when="outside")

    @app.middleware("http")
    async def outside(request: Request, call_next: Any):
        if request.url.path == "/http-outside":
            raise Boom
        return await call_next(request)

    return app


def cors_headers(response: Any) -> dict[str, str]:
    """What a browser looks at."""
    return {
        name: value for name, value in response.headers.items() if name.startswith("access-control") or name == "vary"
    }


OPTIONS = {
    "one origin": {},
    "several origins": {"allow_origins": [ORIGIN, OTHER]},
    "every origin": {"allow_origins": ["*"]},
    "several origins and credentials": {"allow_origins": [ORIGIN, OTHER], "allow_credentials": True},
    "pattern": {"allow_origins": [], "allow_origin_regex": "https://.*"},
    "credentials": {"allow_credentials": True},
    "exposed": {"expose_headers": ["X-A", "X-B"]},
    "nobody": {"allow_origins": []},
    "derived": {"cors": Derived},
    "factory": {"cors": made_elsewhere},
}
PATHS = [
    "/endpoint", "/thread", "/dependency", "/exit", "/answer", "/http-inside", "/http-outside", "/middleware-inside",
    "/middleware-outside", "/sub/crash",
]  # fmt: skip


@pytest.mark.parametrize("origin", [ORIGIN, OTHER, "https://unknown.test", "null", None])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_an_unhandled_error_has_the_headers_of_any_answer(options, origin):
    """Wherever it was raised, the 500 has exactly the CORS headers that a successful answer to the same origin has."""
    http = client(crashing(Typeway(), **options), headers={"Origin": origin} if origin else {})
    expected = cors_headers(http.get("/fine"))
    assert expected
    for path in PATHS:
        response = http.get(path)
        assert (response.status_code, response.json()) == (500, {"detail": "Internal Server Error"}), path
        assert cors_headers(response) == expected, path
        assert len(response.headers.get_list("access-control-allow-origin")) <= 1


def answers(kind: str) -> tuple[Any, int, str]:
    """An application that answers unhandled errors in its own way, with the status and what is in its body."""
    if kind == "problem document":
        return Typeway(errors="problem"), 500, '"instance":"/endpoint"'
    if kind == "debug page":
        return Typeway(debug=True), 500, "Traceback"
    app = Typeway()

    async def text(request: Any, error: Exception) -> Response:
        return Response(
            f"{type(error).__name__}!", 503, headers={"Vary": "Accept", "Access-Control-Allow-Origin": "by hand"}
        )

    def stream(request: Any, error: Exception) -> Response:
        return StreamingResponse(iter(["Bo", "om!"]), 503)

    app.add_exception_handler(500 if kind == "handler for 500" else Exception, stream if kind == "stream" else text)
    return app, 503, "Boom!"


@pytest.mark.parametrize(
    "kind", ["problem document", "debug page", "handler for Exception", "handler for 500", "stream"]
)
def test_every_form_of_the_answer_has_them(kind):
    """A problem document, the page with the traceback, and what the author's own handler answers."""
    app, status, text = answers(kind)
    http = client(crashing(app), headers={"Origin": ORIGIN})
    for path in ("/endpoint", "/middleware-outside"):
        response = http.get(path)
        assert response.status_code == status
        assert text.replace("/endpoint", path) in response.text
        assert response.headers.get_list("access-control-allow-origin") == [ORIGIN]
        assert response.headers["vary"].endswith("Origin")


def test_a_page_with_the_traceback_is_html_where_that_is_accepted():
    """The debug page goes to browsers as HTML, with the headers."""
    response = client(crashing(Typeway(debug=True))).get("/endpoint", headers={"Origin": ORIGIN, "Accept": "text/html"})
    assert (response.status_code, response.headers["content-type"]) == (500, "text/html; charset=utf-8")
    assert response.headers["access-control-allow-origin"] == ORIGIN


@compat_and_fastapi
def test_fastapi_and_compat_mode_send_none(web):
    """There, an unhandled error looks like a refusal by CORS in a browser."""
    http = client(crashing(web.FastAPI()), headers={"Origin": ORIGIN})
    assert cors_headers(http.get("/fine")) == {"access-control-allow-origin": ORIGIN, "vary": "Origin"}
    for path in PATHS:
        response = http.get(path)
        # What is mounted answers for itself, inside the CORS middleware.
        expected = {"access-control-allow-origin": ORIGIN, "vary": "Origin"} if path == "/sub/crash" else {}
        assert (response.status_code, response.text, cors_headers(response)) == (500, "Internal Server Error", expected)


def test_the_error_goes_on_to_the_server():
    """Servers log it, and test clients raise it, once, as it was raised."""
    for path in PATHS:
        kind = typeway.exceptions.ResponseValidationError if path == "/answer" else Boom
        with pytest.raises(kind):
            client(crashing(Typeway()), raise_server_exceptions=True).get(path, headers={"Origin": ORIGIN})


@pytest.mark.parametrize("place", ["inside", "outside"])
@pytest.mark.parametrize("style", ["http", "asgi"])
def test_middleware_that_catches_still_sees_the_exception(style, place):
    """`try: await call_next(request) except Exception` answers by itself, on either side of CORS."""
    app = Typeway()
    seen: list[str] = []

    @app.get("/")
    def crash():
        raise Boom

    async def dispatch(request: Request, call_next: Any) -> Response:
        try:
            return await call_next(request)
        except Exception as error:
            seen.append(type(error).__name__)
            return JSONResponse({"caught": True}, 500)

    class Catching:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            try:
                await self.app(scope, receive, send)
            except Exception as error:
                seen.append(type(error).__name__)
                await JSONResponse({"caught": True}, 500)(scope, receive, send)

    def add() -> None:
        app.middleware("http")(dispatch) if style == "http" else app.add_middleware(Catching)

    if place == "inside":
        add()
    app.add_middleware(CORSMiddleware, allow_origins=[ORIGIN])
    if place == "outside":
        add()
    response = client(app).get("/", headers={"Origin": ORIGIN})
    assert (seen, response.json()) == (["Boom"], {"caught": True})
    # What other middleware answers outside of CORS is its own.
    assert ("access-control-allow-origin" in response.headers) is (place == "inside")


def test_only_cors_middleware_adds_to_the_answer():
    """Other middleware has ended by then: what it would add or compress is not in the answer, as before."""
    app = crashing(Typeway())
    app.add_middleware(Adding)
    app.add_middleware(GZipMiddleware, minimum_size=1)
    response = client(app).get("/endpoint", headers={"Origin": ORIGIN})
    assert response.status_code == 500
    assert "x-passed" not in response.headers
    assert "content-encoding" not in response.headers
    assert cors_headers(response) == {"access-control-allow-origin": ORIGIN, "vary": "Origin"}


def test_two_cors_layers_add_as_on_any_answer():
    """Each adds in its turn; the outer one has the last word."""
    app = crashing(Typeway(), allow_origins=["*"], expose_headers=["X-A"])
    app.add_middleware(CORSMiddleware, allow_origins=[ORIGIN])
    http = client(app, headers={"Origin": ORIGIN})
    assert cors_headers(http.get("/endpoint")) == cors_headers(http.get("/fine"))


def test_a_preflight_that_fails_is_no_success():
    """Where something outside of CORS fails on a preflight, the answer is the 500, not what CORS would have said."""
    app = crashing(Typeway())
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
    http = client(app, headers=headers)
    assert http.options("/endpoint").status_code == 200
    assert http.options("/middleware-outside").status_code == 500
    # OPTIONS without what makes it a preflight is a request like any other.
    del http.headers["Access-Control-Request-Method"]
    response = http.options("/middleware-outside")
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (500, ORIGIN)


def test_head_has_the_headers_as_well():
    """HEAD is answered with the same headers."""
    response = client(crashing(Typeway())).head("/endpoint", headers={"Origin": ORIGIN})
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (500, ORIGIN)


def test_nothing_is_added_to_an_answer_that_has_begun():
    """Where the response has started, it is left as it is, and the error goes on to the server."""
    app = Typeway()

    @app.get("/")
    def crash():
        def parts():
            yield "begun"
            raise Boom

        return StreamingResponse(parts())

    app.add_middleware(CORSMiddleware, allow_origins=[ORIGIN])
    with pytest.raises(Boom):
        client(app, raise_server_exceptions=True).get("/", headers={"Origin": ORIGIN})
    sent = client(app).get("/", headers={"Origin": ORIGIN})
    assert (sent.status_code, sent.text, sent.headers["access-control-allow-origin"]) == (200, "begun", ORIGIN)


def test_cors_middleware_that_fails_itself_does_not_take_the_answer_away():
    """The client gets the 500 without headers, the server the first error."""

    class Failing(CORSMiddleware):
        def is_allowed_origin(self, origin: str) -> bool:
            raise Boom("cors")

    app = crashing(Typeway(), cors=Failing)
    response = client(app).get("/endpoint", headers={"Origin": ORIGIN})
    assert (response.status_code, response.json(), cors_headers(response)) == (
        500,
        {"detail": "Internal Server Error"},
        {},
    )
    with pytest.raises(Boom) as caught:
        client(app, raise_server_exceptions=True).get("/endpoint", headers={"Origin": ORIGIN})
    assert str(caught.value) == ""


def test_instrumentation_finds_the_layer_that_it_looks_for():
    """The outermost layer is still a ServerErrorMiddleware, with a handler that can be used in another."""
    app = crashing(Typeway())
    original = app.build_middleware_stack
    found: list[Any] = []

    def patched() -> Any:
        inner = original()
        found.append(inner)
        return ServerErrorMiddleware(inner.app, handler=inner.handler, debug=inner.debug)

    app.build_middleware_stack = patched
    response = client(app).get("/endpoint", headers={"Origin": ORIGIN})
    assert isinstance(found[0], ServerErrorMiddleware)
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (500, ORIGIN)


@pytest.mark.parametrize("path", ["/fine", "/nowhere", "/sub/nowhere", "/http-inside"])
def test_a_body_over_the_limit_is_refused_with_them(path):
    """A 413 that is answered outside of the middleware has the headers too."""
    http = client(crashing(Typeway(max_body_size=3)), headers={"Origin": ORIGIN})
    response = http.post(path, content=b"12345")
    assert response.status_code in (413, 500)
    assert response.headers["access-control-allow-origin"] == ORIGIN
    response = client(crashing(COMPAT.FastAPI(max_body_size=3)), headers={"Origin": ORIGIN}).post(
        "/nowhere", content=b"12345"
    )
    assert (response.status_code, cors_headers(response)) == (413, {})


def test_the_convention_can_be_switched_off():
    """An application may keep FastAPI's way."""

    class Plain(Typeway):
        conventions = replace(TYPEWAY, cors_on_errors=False)

    response = client(crashing(Plain())).get("/endpoint", headers={"Origin": ORIGIN})
    assert (response.status_code, cors_headers(response)) == (500, {})


def test_middleware_that_fails_after_the_start_starts_no_second_response():
    """An error of the CORS middleware itself, when the response to an error has started, goes to the server."""

    class Failing(CORSMiddleware):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            async def fail(message: Any) -> None:
                await send(message)
                raise Boom

            await super().__call__(scope, receive, fail)

    app = Typeway()
    app.add_middleware(Failing, allow_origins=[ORIGIN])

    @app.get("/")
    def read():
        raise ValueError("unhandled")

    wire = Wire(headers=[(b"origin", ORIGIN.encode())])
    with pytest.raises(Exception):  # noqa: B017  # which of both errors is raised is not promised
        anyio.run(wire.serve, app)
    assert [message["type"] for message in wire.messages].count("http.response.start") == 1
