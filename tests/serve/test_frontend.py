"""frontend(): the files of a build where no route answers, and its page for paths that only the browser knows."""

from pathlib import Path
from typing import Any

import pytest
from starlette.responses import PlainTextResponse

import typeway
from tests.frameworks import answer, ask
from typeway import BackgroundTasks, Depends, HTTPException, Request, Response, Router, Typeway
from typeway.compat.shapes.application import FastAPI
from typeway.exceptions import DeclarationError
from typeway.serve.frontend import Build
from typeway.testclient import TestClient

PAGE = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
BUILDS = {
    "spa": {"index.html": "shell", "plain.txt": "0123456789", "api": "a file"},
    "admin": {"plain.txt": "of the admin"},
    "bare": {"plain.txt": "0123456789"},
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with some builds, one of them with a link out of it, and a secret beside them."""
    place = tmp_path_factory.mktemp("frontends")
    (place / "secret.txt").write_text("secret")
    for build, files in BUILDS.items():
        (place / build).mkdir()
        for name, content in files.items():
            (place / build / name).write_text(content)
    (place / "leaking").mkdir()
    (place / "leaking" / "404.html").symlink_to("../secret.txt")
    return place


@pytest.fixture
def app(place: Path) -> Typeway:
    app = Typeway()
    app.frontend("/", directory=place / "spa")
    return app


@pytest.fixture
def _production(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TYPEWAY_ENV", "FASTAPI_ENV"):
        monkeypatch.delenv(name, raising=False)


def test_a_refused_method_is_told_what_works(app: Typeway) -> None:
    """A 405 for a file names GET and HEAD, as RFC 9110 demands, and is JSON like every error."""
    response = ask(app, "POST /plain.txt")
    assert (response.status_code, response.json()) == (405, {"detail": "Method Not Allowed"})
    assert response.headers["allow"] == "GET, HEAD, OPTIONS"
    assert answer(app, "POST /nothing") == (404, {"detail": "Not Found"})


def test_options_names_the_methods(place: Path) -> None:
    """OPTIONS on a file is answered with its methods, and no dependency runs."""
    app = Typeway(dependencies=[Depends(lambda: 1 / 0)])
    app.frontend("/", directory=place / "spa")
    response = ask(app, "OPTIONS /plain.txt")
    assert (response.status_code, response.headers["allow"], response.text) == (204, "GET, HEAD, OPTIONS", "")
    assert answer(app, "OPTIONS /nothing") == (404, {"detail": "Not Found"})


@pytest.mark.parametrize("request_", ["GET /nothing", "GET /nul%00", "POST /plain.txt", "POST /nothing"])
def test_handlers_see_its_errors(app: Typeway, request_: str) -> None:
    """A handler for HTTPException catches what a frontend does not find or does not allow."""

    @app.exception_handler(HTTPException)
    async def handle(request: Request, error: HTTPException) -> Response:
        return PlainTextResponse(f"handled {error.status_code}", 418)

    assert answer(app, request_) == (418, f"handled {405 if 'plain' in request_ else 404}")


def test_a_missing_build_tells_clients_nothing(place: Path) -> None:
    """Where the directory is missing when it is asked for, clients get a 500 without its path."""
    app = Typeway()
    app.frontend("/", directory=place / "nothing", check_dir=False)
    assert answer(app, "GET /x") == (500, {"detail": "Internal Server Error"})


@pytest.mark.parametrize(
    ("error", "status"),
    [(PermissionError(), 401), (OSError(36, "File name too long"), 404), (OSError(5, "Input/output error"), 500)],
)
def test_files_that_cannot_be_looked_up(
    app: Typeway, monkeypatch: pytest.MonkeyPatch, error: OSError, status: int
) -> None:
    """A forbidden file is 401, an impossible name 404, and a failing disk our own mistake."""

    def lookup_path(self: Build, path: str) -> Any:
        raise error

    monkeypatch.setattr(Build, "lookup_path", lookup_path)
    assert ask(app, "GET /plain.txt").status_code == status


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_it_runs_on_both_event_loops(app: Typeway, backend: Any) -> None:
    """Files are looked up in threads, whatever the event loop."""
    response = TestClient(app, backend=backend).get("/plain.txt")
    assert (response.status_code, response.text) == (200, "0123456789")


def logging(log: list[str], name: str, scope: Any = None) -> Any:
    """A dependency with clean-up that writes down when its ends run."""

    async def dependency() -> Any:
        log.append(name)
        try:
            yield
        except HTTPException as error:
            log.append(f"{name} saw {error.status_code}")
            raise
        finally:
            log.append(f"{name} ends")

    return Depends(dependency, scope=scope)


def test_dependencies_run_from_the_outside_in(place: Path) -> None:
    """Those of the application, of inclusions and of routers run once each, in order, for whatever is served."""
    log: list[str] = []
    inner, outer = Router(dependencies=[logging(log, "inner")]), Router(dependencies=[logging(log, "outer")])
    inner.frontend("/", directory=place / "spa")
    outer.include_router(inner, prefix="/b", dependencies=[logging(log, "including inner")])
    app = Typeway(dependencies=[logging(log, "app")])
    app.include_router(outer, prefix="/a", dependencies=[logging(log, "including outer")])
    for request, headers in (("GET /a/b/plain.txt", {}), ("GET /a/b/", {}), ("HEAD /a/b/x", PAGE)):
        assert ask(app, request, headers=headers).status_code == 200
        order = ["app", "including outer", "outer", "including inner", "inner"]
        assert log == [*order, *(f"{name} ends" for name in reversed(order))]
        log.clear()
    for request in ("GET /elsewhere", "POST /a/b/plain.txt"):
        ask(app, request)
        assert log == []


def test_clean_up_and_background_tasks_have_their_order(place: Path) -> None:
    """As with any endpoint: function-scoped clean-up, the answer, background tasks, request-scoped clean-up."""
    log: list[str] = []

    def start(tasks: BackgroundTasks) -> None:
        tasks.add_task(log.append, "task")

    app = Typeway(dependencies=[logging(log, "long"), logging(log, "short", "function"), Depends(start)])
    app.frontend("/", directory=place / "spa")

    @app.middleware("http")
    async def middleware(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        log.append(f"answered {response.status_code}")
        return response

    assert ask(app, "GET /plain.txt").text == "0123456789"
    assert log == ["long", "short", "short ends", "answered 200", "task", "long ends"]
    log.clear()
    assert answer(app, "GET /nothing") == (404, {"detail": "Not Found"})
    assert log == ["long", "short", "short saw 404", "short ends", "long saw 404", "long ends", "answered 404"]


def test_overrides_replace_its_dependencies(place: Path) -> None:
    """What stands in `dependency_overrides` runs for frontends as well, its own parameters included."""

    def refuse() -> None:
        raise HTTPException(403)

    def allow(word: str) -> None:
        assert word == "please"

    router = Router(dependencies=[Depends(refuse)])
    router.frontend("/", directory=place / "spa")
    app = Typeway()
    app.include_router(router)
    assert ask(app, "GET /plain.txt").status_code == 403
    app.dependency_overrides[refuse] = allow
    assert ask(app, "GET /plain.txt").status_code == 422
    assert ask(app, "GET /plain.txt?word=please").status_code == 200


def test_a_dependency_may_read_the_body(place: Path) -> None:
    """A dependency that declares a body gets it, and a body over the limit is refused."""

    def read(item: dict[str, int], response: Response) -> None:
        response.headers["x-item"] = str(item["number"])

    app = Typeway(dependencies=[Depends(read)], max_body_size=30)
    app.frontend("/", directory=place / "spa")
    assert ask(app, "GET /plain.txt", json={"number": 7}).headers["x-item"] == "7"
    assert ask(app, "GET /plain.txt", json={"number": 7, "text": "x" * 40}).status_code == 413


def test_it_is_not_among_the_routes(app: Typeway) -> None:
    """A frontend is no operation: neither lists of routes nor the document show it."""
    bare = Typeway()
    assert [route.path for route in app.routes] == [route.path for route in bare.routes]  # type: ignore[attr-defined]
    assert app.openapi()["paths"] == {}


def test_changing_the_routes_keeps_it(app: Typeway, place: Path) -> None:
    """Clearing, sorting or replacing the routes leaves frontends alone, those of included routers too."""
    router = Router(prefix="/more")
    app.include_router(router)
    assert ask(app, "GET /more/plain.txt").status_code == 404
    router.frontend("/", directory=place / "admin")
    assert ask(app, "GET /more/plain.txt").text == "of the admin"
    app.routes.sort(key=lambda route: route.path)  # type: ignore[attr-defined]
    app.routes.clear()
    assert ask(app, "GET /docs").status_code == 404
    assert ask(app, "GET /plain.txt").text == "0123456789"
    assert ask(app, "GET /more/plain.txt").text == "of the admin"


def test_a_route_added_later_comes_first(app: Typeway) -> None:
    """Routes that are added after the first request go before the frontend."""
    assert ask(app, "GET /api").text == "a file"

    @app.get("/api")
    async def read() -> str:
        return "the api"

    assert answer(app, "GET /api") == (200, "the api")


@pytest.mark.usefixtures("_production")
@pytest.mark.parametrize("web", [Typeway, Router], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize(
    ("path", "options", "kind", "words"),
    [
        ("", {}, AssertionError, "cannot be empty"),
        ("//", {}, AssertionError, "cannot be empty"),
        ("app", {}, AssertionError, "start with '/'.*Write '/app'"),
        ("/", {"fallback": "app.html"}, AssertionError, "fallback must be .*'app.html'"),
        ("/", {"fallback": False}, AssertionError, "fallback must be"),
        ("/", {"directory": "nothing"}, RuntimeError, "directory '.*nothing' does not exist.*check_dir=False"),
        ("/", {"directory": "nothing", "check_dir": True}, RuntimeError, "does not exist"),
        ("/", {"directory": "secret.txt"}, RuntimeError, "does not exist"),
        ("/", {"directory": "bare", "fallback": "index.html"}, RuntimeError, "'index.html' does not exist in .*bare'"),
        ("/", {"directory": "leaking", "fallback": "404.html"}, RuntimeError, "'404.html' does not exist"),
    ],
)
def test_mistakes_are_found_at_once(
    place: Path, web: Any, path: str, options: dict[str, Any], kind: type[Exception], words: str
) -> None:
    """What cannot be served fails where it is declared, with the mend, and as the type that FastAPI raises."""
    options = {**options, "directory": place / options.get("directory", "spa")}
    with pytest.raises(DeclarationError, match=words) as caught:
        web().frontend(path, **options)
    assert isinstance(caught.value, kind)


@pytest.mark.usefixtures("_production")
def test_an_empty_directory_name_is_not_the_working_directory() -> None:
    """A path from a variable that nobody set must not serve whatever the process was started in."""
    with pytest.raises(DeclarationError, match="does not exist"):
        Typeway().frontend("/", directory="")


@pytest.mark.usefixtures("_production")
def test_a_bad_dependency_is_found_at_once(place: Path) -> None:
    """A dependency that cannot work fails where the frontend is declared."""

    def need(numbers: dict[str, int] = typeway.Query()) -> None: ...

    with pytest.raises(DeclarationError, match="numbers"):
        Typeway(dependencies=[Depends(need)]).frontend("/", directory=place / "spa")


@pytest.fixture(params=["TYPEWAY_ENV", "FASTAPI_ENV"])
def _development(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, _production: None) -> None:
    monkeypatch.setenv(request.param, "development")


@pytest.mark.usefixtures("_development")
@pytest.mark.parametrize("web", [Typeway, Router, FastAPI], ids=lambda kind: kind.__name__)
def test_development_only_warns(place: Path, web: Any) -> None:
    """While developing, the build may come later: a warning names the caller's line, and only True still fails."""
    with pytest.warns(UserWarning, match="nothing' does not exist") as caught:
        web().frontend("/", directory=place / "nothing", fallback="index.html")
    assert [warning.filename for warning in caught] == [__file__]
    web().frontend("/", directory=place / "bare", fallback="index.html")
    with pytest.raises(RuntimeError, match="does not exist"):
        web().frontend("/", directory=place / "nothing", check_dir=True)


def test_a_build_may_come_later(tmp_path: Path) -> None:
    """A build that was not there when it was declared is served as soon as it is, and its pages as they come and go."""
    app = Typeway()
    app.frontend("/", directory=tmp_path / "dist", check_dir=False)
    assert ask(app, "GET /x", headers=PAGE).status_code == 500
    (tmp_path / "dist").mkdir()
    assert ask(app, "GET /x", headers=PAGE).status_code == 404
    (tmp_path / "dist" / "index.html").write_text("shell")
    assert ask(app, "GET /x", headers=PAGE).text == "shell"
    (tmp_path / "dist" / "404.html").write_text("nothing")
    assert ask(app, "GET /x", headers=PAGE).text == "nothing"
