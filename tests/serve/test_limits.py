"""Bodies over the limit are refused before the endpoint runs, by their declared length or while they are counted."""

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

import typeway
from tests.frameworks import answer, ask, client, compat_and_fastapi, each_framework, every_mode
from typeway import Body, Depends, Request, Router, Typeway
from typeway.exceptions import DeclarationError
from typeway.responses import PlainTextResponse

TOO_LARGE = (413, {"detail": "Content Too Large"})


def sized(size: int, *, pieces: int = 1) -> dict[str, Any]:
    """A JSON body of so many bytes, in one piece with its length declared or in several without."""
    text = b'"' + b"x" * (size - 2) + b'"'
    if pieces == 1:
        return {"content": text, "headers": {"content-type": "application/json"}}

    def chunks() -> Iterator[bytes]:
        step = size // pieces + 1
        yield from (text[start : start + step] for start in range(0, size, step))

    return {"content": chunks(), "headers": {"content-type": "application/json"}}


def limited(web: Any, **levels: int | None) -> tuple[Any, list[str]]:
    """An application whose levels have limits, and what its endpoints log."""
    log: list[str] = []
    options = {name: {"max_body_size": size} for name, size in levels.items()}
    app = web.FastAPI(**options.get("app", {}))
    router = web.APIRouter(**options.get("router", {}))

    @router.post("/read", **options.get("route", {}))
    def read(data: Annotated[str, web.Body()] = ""):
        log.append("read")
        return len(data)

    @router.post("/ignore", **options.get("route", {}))
    def ignore():
        log.append("ignore")

    app.include_router(router, prefix="/r", **options.get("include", {}))
    return app, log


LEVELS = [
    ({"app": 10}, 10),
    ({"router": 10}, 10),
    ({"include": 10}, 10),
    ({"route": 10}, 10),
    ({"app": 5, "route": 10}, 10),
    ({"app": 20, "router": 10}, 10),
    ({"app": 5, "include": 7, "router": 10}, 10),
    ({"app": 10, "route": None}, 10),
    ({"include": 20, "route": 10}, 10),
]


@every_mode
@pytest.mark.parametrize(("levels", "most"), LEVELS, ids=str)
@pytest.mark.parametrize("pieces", [1, 3], ids=["declared", "chunked"])
def test_the_innermost_limit_counts(web, levels, most, pieces):
    """Route over router over inclusion over application; None leaves it to the outer level."""
    app, log = limited(web, **levels)
    assert answer(app, "POST /r/read", **sized(most, pieces=pieces)) == (200, most - 2)
    assert ask(app, "POST /r/read", **sized(most + 1, pieces=pieces)).status_code == 413
    assert log == ["read"]


@each_framework
def test_zero_allows_no_body_at_all(web):
    """A limit of 0 lets only requests without a body pass."""
    app, _ = limited(web, app=0)
    assert answer(app, "POST /r/read") == (200, 0)
    assert ask(app, "POST /r/read", content=b"1").status_code == 413


@pytest.mark.parametrize("pieces", [1, 3], ids=["declared", "chunked"])
def test_the_answer_is_json_and_the_endpoint_does_not_run(pieces):
    """However the excess shows, the answer is the same JSON, and nothing of the endpoint has run."""
    app, log = limited(typeway, app=10)
    assert answer(app, "POST /r/read", **sized(11, pieces=pieces)) == TOO_LARGE
    assert answer(app, "POST /r/ignore", **sized(11)) == TOO_LARGE
    assert log == []


def test_a_handler_may_answer_otherwise():
    """413 is an HTTPException that handlers by class or status answer."""
    app, _ = limited(typeway, app=10)
    app.exception_handler(413)(lambda request, error: PlainTextResponse("too much", 413))
    for pieces in (1, 3):
        assert ask(app, "POST /r/read", **sized(11, pieces=pieces)).text == "too much"


def test_dependencies_do_not_run_either():
    """A declared length over the limit is refused before any dependency; a generator sees an excess that shows later."""
    log: list[str] = []

    def generator():
        log.append("begins")
        yield
        log.append("never")

    app = Typeway(max_body_size=10, dependencies=[Depends(generator)])
    app.post("/")(lambda data=Body(): data)
    assert answer(app, "POST /", **sized(11)) == TOO_LARGE
    assert log == []


@each_framework
@pytest.mark.parametrize("declared", ["x", "-1", ""])
def test_a_nonsensical_length_is_ignored(web, declared):
    """A Content-Length that is no length does not matter; the bytes are counted."""
    app, _ = limited(web, app=10)
    options = sized(8)
    options["headers"]["content-length"] = declared
    assert answer(app, "POST /r/read", **options) == (200, 6)


@each_framework
def test_what_the_endpoint_reads_itself_is_counted(web):
    """A body that only the Request reads is held to the limit as well, forms too."""
    app = web.FastAPI(max_body_size=40)

    @app.post("/body")
    async def body(request: web.Request):
        return len(await request.body())

    @app.post("/form")
    async def form(a: Annotated[str, web.Form()]):
        return a

    assert answer(app, "POST /body", **sized(40, pieces=2)) == (200, 40)
    assert ask(app, "POST /body", **sized(41, pieces=2)).status_code == 413
    assert answer(app, "POST /form", data={"a": "x" * 30}) == (200, "x" * 30)
    assert ask(app, "POST /form", data={"a": "x" * 50}).status_code == 413


@each_framework
@pytest.mark.parametrize("size", [-1, 1.5, "1", True])
def test_a_limit_must_be_a_size(web, size):
    """A limit that is no number of bytes is refused where it is given, at every level."""
    with pytest.raises(ValueError, match="max_body_size must be a non-negative integer or None"):
        web.FastAPI(max_body_size=size)
    with pytest.raises(ValueError, match="max_body_size"):
        web.APIRouter(max_body_size=size)
    with pytest.raises(ValueError, match="max_body_size"):
        web.FastAPI().post("/", max_body_size=size)(lambda: 1)
    with pytest.raises(ValueError, match="max_body_size"):
        web.FastAPI().include_router(web.APIRouter(), max_body_size=size)


def test_a_limit_that_is_no_size_says_what_would_be():
    """The error names what was given and how to say it."""
    with pytest.raises(DeclarationError, match="It is -1: pass a number of bytes"):
        Router(max_body_size=-1)


@each_framework
def test_middleware_that_reads_the_body_sees_the_applications_limit(web):
    """A body that http middleware reads is held to the application's limit."""
    app = web.FastAPI(max_body_size=10)

    @app.middleware("http")
    async def read(request: Request, call_next: Any):
        await request.body()
        return await call_next(request)

    app.post("/")(lambda data=web.Body(): data)
    assert answer(app, "POST /", **sized(10)) == (200, "x" * 8)
    assert ask(app, "POST /", **sized(11)).status_code == 413
    assert ask(app, "POST /", **sized(11, pieces=3)).status_code == 413


def test_mounted_applications_have_limits_of_their_own():
    """A mounted application's limit holds below it, that of the outer one elsewhere."""
    inner = Typeway(max_body_size=20)
    inner.post("/")(lambda data=Body(): len(data))
    app = Typeway(max_body_size=10)
    app.post("/")(lambda data=Body(): len(data))
    app.mount("/inner", inner)
    assert answer(app, "POST /", **sized(11)) == TOO_LARGE
    assert answer(app, "POST /inner/", **sized(20)) == (200, 18)
    assert answer(app, "POST /inner/", **sized(21)) == TOO_LARGE


def test_nothing_is_counted_where_there_is_no_limit():
    """Without a limit a large body is read."""
    app, _ = limited(typeway)
    assert answer(app, "POST /r/read", **sized(100_000)) == (200, 99_998)
    assert client(app).post("/r/read", **sized(100_000, pieces=9)).json() == 99_998


@compat_and_fastapi
def test_compat_mode_runs_the_endpoint_and_replaces_its_answer(web):
    """Like FastAPI, compat mode answers a declared excess in plain text, after an endpoint that does not read."""
    app, log = limited(web, app=10)
    response = ask(app, "POST /r/ignore", **sized(11))
    assert (response.status_code, response.text, log) == (413, "Content Too Large", ["ignore"])
    assert answer(app, "POST /r/read", **sized(11, pieces=3)) == TOO_LARGE
    assert ask(app, "POST /r/ignore", **sized(11, pieces=3)).status_code == 200


@every_mode
def test_mounted_starlette_applications_are_held_to_the_limit(web):
    """What is mounted reads its body under the application's limit, and sockets are left alone."""

    async def read(request: Request):
        return PlainTextResponse(str(len(await request.body())))

    async def serve(socket: typeway.WebSocket):
        await socket.accept()
        await socket.send_text("open")
        await socket.close()

    app = web.FastAPI(max_body_size=10)
    app.mount("/m", Starlette(routes=[Route("/read", read, methods=["POST"]), WebSocketRoute("/s", serve)]))
    assert ask(app, "POST /m/read", **sized(10)).text == "10"
    assert ask(app, "POST /m/read", **sized(11)).status_code == 413
    assert ask(app, "POST /m/read", **sized(11, pieces=3)).status_code == 413
    with client(app).websocket_connect("/m/s") as socket:
        assert socket.receive_text() == "open"
