"""frontend() answers as FastAPI's does: the same applications on both, the same requests, the same answers."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote

import anyio
import fastapi
import pytest
from starlette.responses import PlainTextResponse
from starlette.staticfiles import StaticFiles

from tests.frameworks import COMPAT
from typeway.testclient import TestClient

PAGE = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}

BUILDS: dict[str, dict[str, str]] = {
    "static": {  # a generator of static sites: a page per folder and a page for what is missing
        "index.html": "home", "404.html": "nothing here", "plain.txt": "0123456789", "assets/app.js": "run()",
        "about/index.html": "about us", "pictures/cat.svg": "<svg/>", ".well-known/key": "k", "with space.txt": "space",
        "grün.txt": "green", "back\\slash.txt": "back", "noextension": "raw", "a b/index.html": "a b", "what?.txt": "what",
    },
    "spa": {"index.html": "shell", "plain.txt": "0123456789", "assets/app.js": "run()", "api": "a file"},
    "admin": {"index.html": "admin", "plain.txt": "of the admin"},
    "bare": {"plain.txt": "0123456789", "index.html/index.html": "a folder in its place", "404.html/x": "another"},
}  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with some builds, and a secret beside them."""
    place = tmp_path_factory.mktemp("frontends")
    (place / "secret.txt").write_text("secret")
    for build, files in BUILDS.items():
        for name, content in files.items():
            file = place / build / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
    static = place / "static"
    (static / "out.txt").symlink_to("../secret.txt")
    (static / "up").symlink_to("..")
    (static / "in.txt").symlink_to("plain.txt")
    (static / "folder").symlink_to("about")
    (static / "nowhere").symlink_to("missing")
    (static / "loop").symlink_to("loop")
    os.mkfifo(static / "pipe")
    (place / "leaking").mkdir()
    for name in ("index.html", "404.html"):
        (place / "leaking" / name).symlink_to("../secret.txt")
    return place


Application = Callable[[Any, Path], Any]
Case = tuple[str, str, dict[str, str]]
CASES: list[tuple[Application, Case]] = []


def asked(*requests: str, **headers: str) -> Callable[[Application], Application]:
    """Ask an application these things, on both frameworks: a method and paths, which are decoded as servers do."""

    def register(build: Application) -> Application:
        for request in requests:
            method, *paths = request.split()
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            CASES.extend((build, (method, path, named)) for path in paths)
        return build

    return register


@asked(
    "GET / /index.html /plain.txt /plain.txt/ //plain.txt /./plain.txt /. /assets /assets/ /assets/app.js",
    "GET /assets/app.js/x /assets/../plain.txt ? /about /about/ /about// /about?x=%20y /about/index.html",
    "GET /pictures/cat.svg /.well-known/key /with%20space.txt /gr%C3%BCn.txt /back%5Cslash.txt /noextension",
    "GET /a%20b /a%20b/ /what%3F.txt /out.txt /up/secret.txt /up/static/plain.txt /in.txt /folder /folder/",
    "GET /nowhere /loop /pipe /PLAIN.TXT /missing /missing.js /404.html /404 /nul%00 /LONG /../secret.txt",
    "GET /..%5Csecret.txt /%5C..%5Csecret.txt //etc/passwd /C:%5Cx /.. * /openapi.json /redoc/ /plain.txt%23x",
    "HEAD / /plain.txt /about /missing",
    "POST / /plain.txt /about /out.txt /LONG /nul%00",
    "PUT /about/",
    "PATCH /missing",
    "DELETE /assets/",
    "OPTIONS /plain.txt /missing",
    "TRACE /plain.txt",
)
@asked("GET / /plain.txt /missing", "HEAD /plain.txt", if_none_match="*")
@asked("GET /plain.txt /missing", if_none_match='"other"')
@asked("GET /plain.txt", "HEAD /plain.txt", if_modified_since="Fri, 01 Jan 2100 00:00:00 GMT")
@asked("GET /plain.txt", if_modified_since="Mon, 01 Jan 2001 00:00:00 GMT")
@asked("GET /plain.txt /missing", "HEAD /plain.txt", range="bytes=2-4")
@asked("GET /plain.txt", range="bytes=-3")
@asked("GET /plain.txt", range="bytes=20-30")
@asked("GET /plain.txt", range="rubbish")
@asked("GET /plain.txt", range="bytes=2-4", if_range='"other"')
@asked("GET /missing /out.txt /../secret.txt", **PAGE)
def at_the_root(web: Any, place: Path) -> Any:
    app = web.FastAPI()
    app.frontend("/", directory=place / "static")
    return app


@asked("GET / /tasks/7 /missing.js /tasks/ /assets", "HEAD /tasks/7", "POST /tasks/7", **PAGE)
@asked("GET /tasks/7", if_none_match="*", **PAGE)
@asked("GET /tasks/7", range="bytes=0-1", **PAGE)
@asked("GET / /tasks/7 /../secret.txt", "HEAD /tasks/7", "OPTIONS /tasks/7")
def single_page(web: Any, place: Path) -> Any:
    app = web.FastAPI()
    app.frontend("/", directory=str(place / "spa"), fallback="index.html")
    return app


@asked("GET /x")
@asked("GET /x", accept="")
@asked("GET /x", accept="*/*")
@asked("GET /x", accept="text/*")
@asked("GET /x", accept="application/json")
@asked("GET /x", accept="TEXT/HTML")
@asked("GET /x", accept="application/xhtml+xml")
@asked("GET /x", accept="application/json, text/html;q=0.1")
@asked("GET /x", accept="text/html;q=0")
@asked("GET /x", accept="text/html; Q = 0.000")
@asked("GET /x", accept='text/html;q="0"')
@asked("GET /x", accept="text/html;q=0, */*;q=1")
@asked("GET /x", accept="text/html;q=0, application/xhtml+xml")
@asked("GET /x", accept="text/html;q=1, */*;q=0")
@asked("GET /x", accept="text/html;level=1;q=0")
@asked("GET /x", accept="text/html;q=0;q=1")
@asked("GET /x", accept="text/html;q=much")
@asked("GET /x", accept="text/html;q")
@asked("GET /x", accept='text/html;charset="a;q=0"')
@asked("GET /x", accept=", ,text/html")
@asked("GET /x", accept="text/htmlx")
def automatic(web: Any, place: Path) -> Any:
    app = web.FastAPI()
    app.frontend("/", directory=place / "spa")
    return app


@asked("GET /missing /404.html", "HEAD /missing", "POST /missing")
@asked("GET /missing /", accept="application/json")
def own_404(web: Any, place: Path) -> Any:
    app = web.FastAPI()
    app.frontend("/", directory=place / "static", fallback="404.html")
    return app


@asked("GET /missing /assets/ /about /", "POST /plain.txt /missing", **PAGE)
def without_fallback(web: Any, place: Path) -> Any:
    app = web.FastAPI()
    app.frontend("/", directory=place / "static", fallback=None)
    return app


@asked("GET / /missing /index.html /index.html/", "POST / /index.html", **PAGE)
def folders_for_pages(web: Any, place: Path) -> Any:
    app = web.FastAPI()
    app.frontend("/", directory=place / "bare")
    return app


@asked("GET / /missing /index.html /404.html", **PAGE)
def pages_that_leak(web: Any, place: Path) -> Any:
    app = web.FastAPI()
    app.frontend("/", directory=place / "leaking")
    return app


@asked("GET /missing", "POST /plain.txt", "HEAD /", **PAGE)
def a_missing_build(web: Any, place: Path) -> Any:
    app = web.FastAPI()
    app.frontend("/", directory=place / "nothing", check_dir=False)
    return app


@asked("GET /missing /plain.txt", "POST /missing", **PAGE)
@asked("GET /missing")
def a_missing_page(web: Any, place: Path) -> Any:
    app = web.FastAPI()
    app.frontend("/", directory=place / "bare", fallback="index.html", check_dir=False)
    return app


@asked(
    "GET /app /app/ /app?x=1 /application / /app/plain.txt /app//plain.txt /App/plain.txt /app/..",
    "GET /app/../plain.txt //app/plain.txt /app/x /app/.",
    "HEAD /app",
    "POST /app /app/ /app/x",
)
@asked("GET /app/x /application /x", **PAGE)
def below_a_path(web: Any, place: Path) -> Any:
    app = web.FastAPI()
    app.frontend("/app/", directory=place / "spa")
    return app


@asked("GET /{name}/plain.txt /x/plain.txt")
def a_path_is_no_template(web: Any, place: Path) -> Any:
    app = web.FastAPI()
    app.frontend("/{name}", directory=place / "spa")
    return app


@asked(
    "GET /api /api/ /about /about/ /plain.txt /assets/app.js /numbers/7 /numbers/x /typed/x /gone",
    "GET /mounted/app.js /mounted /mounted/plain.txt /docs/",
    "HEAD /api",
    "POST /api /plain.txt /assets/app.js /typed/7 /mounted/plain.txt",
)
@asked("GET /gone /numbers /nothing", **PAGE)
def beside_routes(web: Any, place: Path) -> Any:
    app = web.FastAPI()
    app.frontend("/", directory=place / "static", fallback="index.html")
    app.mount("/mounted", StaticFiles(directory=place / "spa"))

    @app.get("/api")
    def read() -> str:
        return "api"

    @app.get("/about/")
    def about() -> str:
        return "api"

    @app.post("/assets/app.js")
    def post() -> str:
        return "api"

    @app.get("/numbers/{number}")
    def number(number: int) -> int:
        return number

    @app.get("/typed/{number:int}")
    def typed(number: int) -> int:
        return number

    @app.get("/gone")
    def gone() -> None:
        raise web.HTTPException(404, "gone")

    return app


@asked("GET / /plain.txt /admin /admin/plain.txt /administration /admin/assets/app.js")
@asked("GET /admin/x /x", "POST /admin/x /admin/assets/app.js /admin/plain.txt", **PAGE)
def the_longest_path(web: Any, place: Path) -> Any:
    app = web.FastAPI()
    app.frontend("/", directory=place / "spa")
    app.frontend("/admin", directory=place / "admin")
    return app


@asked("GET /p/plain.txt /p/q/plain.txt /p/q/deep/plain.txt /p/q /elsewhere/deep/plain.txt")
@asked("GET /p/q/x /p/q/deep/x /elsewhere/x", **PAGE)
def of_several_routers(web: Any, place: Path) -> Any:
    inner, outer = web.APIRouter(prefix="/deep"), web.APIRouter(prefix="/q")
    inner.frontend("/", directory=place / "admin")
    outer.include_router(inner)
    outer.frontend("/", directory=place / "spa")
    app = web.FastAPI()
    app.include_router(outer, prefix="/p")
    app.include_router(inner, prefix="/elsewhere")
    app.frontend("/p", directory=place / "static")
    return app


@asked("GET /p/plain.txt /q/plain.txt /r/plain.txt")
def the_same_path_twice(web: Any, place: Path) -> Any:
    first, second = web.APIRouter(), web.APIRouter()
    app = web.FastAPI()
    for router, path, build in ((first, "/p", "admin"), (first, "/q", "spa"), (second, "/q", "admin")):
        router.frontend(path, directory=place / build)
    app.include_router(first)
    app.include_router(second)
    app.frontend("/p", directory=place / "spa")
    app.frontend("/r", directory=place / "admin")
    app.frontend("/r", directory=place / "spa")
    return app


@asked("GET /sub /sub/ /sub/api /sub/plain.txt /subway /plain.txt", "POST /sub/plain.txt")
@asked("GET /sub/x /x", **PAGE)
def in_a_mounted_application(web: Any, place: Path) -> Any:
    inside = web.FastAPI()
    inside.frontend("/", directory=place / "spa")

    @inside.get("/api")
    def read() -> str:
        return "api"

    app = web.FastAPI()
    app.mount("/sub", inside)
    app.frontend("/", directory=place / "static")
    return app


@asked("GET /plain.txt /missing /?token=x", "HEAD /", "POST /plain.txt /missing")
@asked("GET /plain.txt?token=x /?token=x /missing?token=x", "HEAD /plain.txt?token=x", count="3")
@asked("GET /plain.txt?token=x", count="many")
@asked("GET /plain.txt?token=x /about?token=x", count="3", if_none_match="*")
def guarded(web: Any, place: Path) -> Any:
    def need(token: str, response: web.Response, count: Annotated[int, web.Header()]) -> None:
        response.headers["x-count"] = str(count)
        response.set_cookie("seen", token)
        response.status_code = 202

    app = web.FastAPI(dependencies=[web.Depends(need)])
    app.frontend("/", directory=place / "static")
    return app


@asked("GET /in/plain.txt /plain.txt /in/missing.js", "HEAD /in/", "POST /in/plain.txt")
@asked("GET /in/plain.txt /in/missing.js", "HEAD /in/", authorization="Bearer x")
def behind_a_token(web: Any, place: Path) -> Any:
    router = web.APIRouter(dependencies=[web.Depends(web.security.HTTPBearer())])
    router.frontend("/", directory=place / "spa")
    app = web.FastAPI()
    app.include_router(router, prefix="/in")
    app.frontend("/", directory=place / "static")
    return app


@asked("GET /plain.txt /{x}/plain.txt /{x}/plain.txt?x=1")
def a_prefix_with_a_parameter(web: Any, place: Path) -> Any:
    def need(x: str) -> None: ...

    router = web.APIRouter()
    router.frontend("/", directory=place / "spa")
    app = web.FastAPI()
    app.include_router(router, prefix="/{x}", dependencies=[web.Depends(need)])
    return app


@asked("GET /plain.txt /missing")
def needing_a_path_parameter(web: Any, place: Path) -> Any:
    def need(x: str = web.Path()) -> None: ...

    app = web.FastAPI(dependencies=[web.Depends(need)])
    app.frontend("/", directory=place / "spa")
    return app


@asked("GET /missing /nul%00", "POST /missing /plain.txt")
def with_handlers(web: Any, place: Path) -> Any:
    app = web.FastAPI()
    app.frontend("/", directory=place / "spa")

    @app.exception_handler(404)
    async def missing(request: web.Request, error: Exception) -> Any:
        return PlainTextResponse(f"{request.url.path} is not here, {request.scope.get('endpoint')}", 404)

    @app.exception_handler(405)
    async def refused(request: web.Request, error: Exception) -> Any:
        return PlainTextResponse(f"not {request.method}", 405)

    return app


@asked("GET /missing", "POST /plain.txt")
def with_a_handler_for_the_exception_of_endpoints(web: Any, place: Path) -> Any:
    app = web.FastAPI()
    app.frontend("/", directory=place / "spa")

    @app.exception_handler(web.HTTPException)
    async def handle(request: web.Request, error: Exception) -> Any:
        return PlainTextResponse("handled", 418)

    return app


async def exchange(app: Any, case: Case, **scope: Any) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Send one request as a server does, and return status, headers and body."""
    method, url, headers = case
    path, _, query = url.replace("LONG", "x" * 300).partition("?")
    messages: list[Any] = []
    received = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Any:
        if received:
            return received.pop()
        return await anyio.sleep_forever()

    async def send(message: Any) -> None:
        messages.append(message)

    raw = [(name.encode(), value.encode()) for name, value in {"host": "testserver", **headers}.items()]
    connection = {
        "type": "http", "http_version": "1.1", "method": method, "path": unquote(path), "query_string": query.encode(),
        "root_path": "", "headers": raw, "scheme": "http", "server": ("testserver", 80), "client": ("client", 1), **scope,
    }  # fmt: skip
    with suppress(RuntimeError, OSError):  # what servers log; a 500 has been sent
        await app(connection, receive, send)
    start, *rest = messages
    # What follows the headers of an answer to HEAD is not sent by servers.
    body = b"" if method == "HEAD" else b"".join(message.get("body", b"") for message in rest)
    return start["status"], sorted(start["headers"]), body


def applications(build: Application, place: Path) -> tuple[Any, Any]:
    return build(COMPAT, place), build(fastapi, place)


@pytest.mark.parametrize(
    ("build", "case"), CASES, ids=lambda part: getattr(part, "__name__", None) or f"{part[:2]}"[:40]
)
def test_both_answer_the_same(build: Application, case: Case, place: Path) -> None:
    """Whatever is asked of a frontend, status, headers and body are what FastAPI answers."""
    ours, theirs = applications(build, place)
    assert anyio.run(exchange, ours, case) == anyio.run(exchange, theirs, case)


@pytest.mark.parametrize(
    "path", ["/app/plain.txt", "/proxy/app/plain.txt", "/proxy/app", "/proxy", "/proxyapp/plain.txt"]
)
def test_the_root_path_is_not_part_of_the_path(path: str, place: Path) -> None:
    """Behind a proxy, a frontend answers with and without the root path, and redirects with it."""
    for scope in ({"root_path": "/proxy"}, {"root_path": "/app"}):
        ours, theirs = applications(below_a_path, place)
        send = lambda app, scope=scope: anyio.run(lambda: exchange(app, ("GET", path, {}), **scope))  # noqa: E731
        assert send(ours) == send(theirs)


@pytest.mark.parametrize("path", ["/", "/plain.txt", "/missing"])
def test_websockets_are_closed(path: str, place: Path) -> None:
    """No frontend takes a WebSocket."""
    for app in applications(at_the_root, place):
        with pytest.raises(Exception) as caught, TestClient(app).websocket_connect(path):
            pass
        assert caught.value.code == 1000
