"""What the commands print: version, help, routes, OpenAPI document, and the mistakes of whoever types them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import APP, Command, Write
from typeway.version import __version__


def test_version(command: Command) -> None:
    """--version prints the version and nothing else."""
    outcome = command("--version")
    assert (outcome.status, outcome.out) == (0, f"Typeway {__version__}\n")


@pytest.mark.parametrize("program", [[str(Path(sys.executable).parent / "typeway")], [sys.executable, "-m", "typeway"]])
def test_both_ways_to_start_the_program(program: list[str]) -> None:
    """The installed command and `python -m typeway` are the same program."""
    done = subprocess.run([*program, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"Typeway {__version__}\n"


def test_help_names_every_command(command: Command) -> None:
    """--help lists what there is."""
    outcome = command("--help")
    assert outcome.status == 0
    for name in ("run", "dev", "routes", "openapi"):
        assert f"\n  {name} " in outcome.out


@pytest.mark.parametrize(
    "arguments", [["run", "--port", "http"], ["run", "--port", "70000"], ["fly"], ["run", "--hots", "x"], []]
)
def test_wrong_usage_is_status_2(command: Command, arguments: list[str]) -> None:
    """A mistake in the arguments shows the usage and exits with 2."""
    outcome = command(*arguments)
    assert outcome.status == 2
    assert "Usage: typeway" in outcome.err + outcome.out


@pytest.mark.parametrize("missing", ["typer", "uvicorn"])
def test_missing_extra_says_what_to_install(
    write: Write, command: Command, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """Without the extra `standard`, one line says how to get it."""
    write({"main.py": APP.format(name="app")})
    # A module inside a package is found although the package is not, once another test has imported it.
    loaded = [name for name in sys.modules if name.startswith(f"{missing}.")]
    for module in ("typeway.cli.commands", "typeway.cli.serve", "typeway.cli.logs", *loaded):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, missing, None)
    outcome = command("run")
    assert outcome.status == 1
    assert outcome.err.strip() == (
        f'typeway: {missing} is not installed; the command line needs: pip install "typeway[standard]"'
    )


def test_an_error_of_ours_is_not_taken_for_a_missing_extra(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any other missing module is an error to be seen as it is."""
    monkeypatch.delitem(sys.modules, "typeway.cli.commands", raising=False)
    monkeypatch.setitem(sys.modules, "typeway.cli.load", None)
    with pytest.raises(ModuleNotFoundError):
        command("run")


# An application of Starlette in which nothing is Typeway's.
PLAIN = """
from starlette.applications import Starlette

app = Starlette()
"""

ROUTES = """
from functools import partial
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Host, Mount, Route, WebSocketRoute
from typeway import Typeway

def hello(request): ...

def scaled(request, factor): ...

class Items(HTTPEndpoint): ...

class Odd(BaseRoute): ...

async def socket(websocket): ...

app = Typeway(
    openapi_url=None,
    routes=[
        Route("/", hello),
        Route("/scaled", partial(scaled, factor=2), methods=["POST"], name="scaled"),
        Route("/items", Items),
        Route("/done", PlainTextResponse("x")),
        WebSocketRoute("/socket", socket),
        Mount("/sub", routes=[Route("/inner", hello)]),
        Mount("/static", app=PlainTextResponse("x"), name="static"),
        Host("api.example.com", Starlette(routes=[Route("/there", hello)])),
        Odd(),
    ]
)
"""


def test_routes_are_a_table(write: Write, command: Command) -> None:
    """Every route is one line: methods, full path, name, and where its endpoint is defined."""
    write({"main.py": ROUTES})
    rows = [line.split() for line in command("routes").out.splitlines()]
    assert rows == [
        ["METHODS", "PATH", "NAME", "ENDPOINT"],
        ["GET,HEAD", "/", "hello", "main.py:9"],
        ["POST", "/scaled", "scaled", "main.py:11"],
        ["ANY", "/items", "Items", "main.py:13"],
        ["ANY", "/done", "PlainTextResponse", "PlainTextResponse"],
        ["WEBSOCKET", "/socket", "socket", "main.py:17"],
        ["GET,HEAD", "/sub/inner", "hello", "main.py:9"],
        ["MOUNT", "/static", "static", "PlainTextResponse"],
        ["GET,HEAD", "//api.example.com/there", "hello", "main.py:9"],
        ["Odd"],
    ]


POLICIES = """
from starlette.routing import Mount, Route
from typeway import Typeway
from typeway.policies import Concurrency, RateLimit, RequireAuthentication, Timeout, Idempotency

def read(): ...

inner = Typeway(policies=[Concurrency(3)], openapi_url=None)
inner.get("/inner")(read)
app = Typeway(policies=[RateLimit("5/minute", except_for=["/free"]), Timeout(2.5)])
app.get("/tasks")(read)
app.get("/free", policies=[RequireAuthentication(public=True)])(read)
app.post("/tasks", policies=[Idempotency()])(read)
app.mount("/sub", inner)
"""


def test_policies_of_routes_are_a_column(write: Write, command: Command) -> None:
    """Each route has those that act on it, a mounted application those around it too; the documentation has none."""
    write({"main.py": POLICIES})
    lines = command("routes").out.splitlines()
    assert lines[0].split() == ["METHODS", "PATH", "NAME", "ENDPOINT", "POLICIES"]
    limit = "RateLimit(5/minute, by_address)"
    assert [line.split("main.py:6")[1].strip() for line in lines if "main.py:6" in line] == [
        f"{limit}; Timeout(2.5 s)",
        "Timeout(2.5 s)",
        f"{limit}; Timeout(2.5 s); Idempotency(memory)",
        f"{limit}; Timeout(2.5 s); Concurrency(3)",
    ]
    assert not any("Timeout" in line for line in lines if "/docs" in line or "openapi" in line)


def test_routes_are_json_for_programs(write: Write, command: Command) -> None:
    """`--json` writes one object for each route, with its policies as a list; it has no plans."""
    write({"main.py": POLICIES})
    rows = {(*row["methods"], row["path"]): row for row in json.loads(command("routes", "--json").out)}
    assert rows["GET", "/free"] == {
        "methods": ["GET"], "path": "/free", "name": "read", "endpoint": "main.py:6", "policies": ["Timeout(2.5 s)"],
        "tags": [],
    }  # fmt: skip
    assert rows["GET", "HEAD", "/docs"]["policies"] == []
    outcome = command("routes", "--json", "--plan")
    assert outcome.status == 2
    assert "leave out all but one" in outcome.err


PLANS = """
from typing import Annotated
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from typeway import Depends, Router, Typeway, WebSocket

def get_db():
    yield "db"

async def user(db: Annotated[str, Depends(get_db)]):
    return db

async def settings():
    return {}

async def rates(settings: Annotated[dict, Depends(settings)]):
    return {}

def hello(request):
    return PlainTextResponse("hello")

inner = Typeway(openapi_url=None)
app = Typeway(openapi_url=None)
router = Router(prefix="/items", dependencies=[Depends(settings)])

@router.get("/{item_id:int}")
async def read_item(item_id: int, user: Annotated[str, Depends(user)]): ...

@router.api_route("/", methods=["PUT", "POST"])
def create(): ...

@app.get("/both")
def both(
    user: Annotated[str, Depends(user, concurrent=True)],
    rates: Annotated[dict, Depends(rates, concurrent=True)],
): ...

@app.websocket("/ws")
async def chat(socket: WebSocket, user: Annotated[str, Depends(user)]): ...

@inner.get("/deep")
def deep(db: Annotated[str, Depends(get_db)]): ...

app.include_router(router)
app.mount("/inner", inner)
app.mount("/files", PlainTextResponse("x"), name="files")
app.router.routes.append(Route("/plain", hello))
"""


def test_plans_of_routes_are_lines(write: Write, command: Command) -> None:
    """With --plan each route is one line that tells its calls in order; a route without a plan tells its name."""
    write({"main.py": PLANS})
    outcome = command("routes", "--plan")
    assert outcome.status == 0
    assert outcome.out.splitlines() == [
        "GET /both: get_db (yield) → (user | settings → rates) → both",
        "WEBSOCKET /ws: get_db (yield) → user → chat",
        "GET /items/{item_id:int}: settings → get_db (yield) → user → read_item",
        "POST,PUT /items/: settings → create",
        "GET /inner/deep: get_db (yield) → deep",
        "MOUNT /files: files",
        "GET,HEAD /plain: hello",
    ]


def test_a_route_that_cannot_be_planned_is_told_on_one_line(write: Write, command: Command) -> None:
    """--plan finds what a request would find: a name that is never defined is told with its place."""
    write(
        {
            "main.py": """
                from typeway import Typeway

                app = Typeway()

                @app.get("/")
                def read(item: "Missing"): ...
            """
        }
    )
    outcome = command("routes", "--plan")
    assert outcome.status == 1
    assert "main.py:6" in outcome.err
    assert "the name 'Missing'" in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1


def test_routes_of_installed_packages_are_named_as_they_are_imported(
    write: Write, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package's own routes do not show where its environment is, not even if that is below the current folder."""
    packages = ".venv/lib/python3/site-packages"
    folder = write(
        {
            f"{packages}/plugin/web.py": "def status(request): ...",
            "main.py": """
                from plugin.web import status
                from starlette.routing import Route
                from typeway import Typeway

                app = Typeway(routes=[Route("/status", status)])
            """,
        }
    )
    monkeypatch.syspath_prepend(str(folder / packages))
    places = [line.split()[-1] for line in command("routes").out.splitlines()]
    assert places[1] == "plugin/web.py:1"
    own = ("typeway/application/documentation.py:", "typeway/describe/pages.py:")
    assert all(place.startswith(own) for place in places[2:])
    assert len(places) > 2


DESCRIBED = """
class Described:
    title = "é"

    async def __call__(self, scope, receive, send): ...

    def openapi(self):
        return {"openapi": "3.1.0", "info": {"title": self.title}}

app = Described()
"""


def test_openapi_document_goes_to_stdout(write: Write, command: Command) -> None:
    """Without a file the document is printed, indented as asked."""
    write({"main.py": DESCRIBED})
    indented = command("openapi", "main:app").out
    assert json.loads(indented)["info"] == {"title": "é"}
    assert indented.startswith('{\n  "openapi"')
    assert command("openapi", "main:app", "--indent", "0").out.count("\n") == 1


def test_openapi_document_goes_to_a_file(write: Write, command: Command) -> None:
    """With --output nothing is printed and the file holds UTF-8."""
    folder = write({"main.py": DESCRIBED})
    outcome = command("openapi", "main:app", "--output", "document.json")
    assert (outcome.status, outcome.out) == (0, "")
    assert json.loads((folder / "document.json").read_text(encoding="utf-8"))["info"] == {"title": "é"}


@pytest.mark.parametrize(
    ("content", "arguments", "complaint"),
    [
        (DESCRIBED, ["openapi", "main:app", "-o", "no/such/folder.json"], "cannot write no/such/folder.json: No such"),
        (DESCRIBED.replace('"3.1.0"', "1 / 0"), ["openapi", "main:app"], "main.py:8: ZeroDivisionError"),
        (PLAIN, ["openapi"], "Starlette has no OpenAPI document"),
        (DESCRIBED, ["routes", "main:app"], "Described has no routes to show"),
    ],
)
def test_what_cannot_be_shown_gets_one_line(
    write: Write, command: Command, content: str, arguments: list[str], complaint: str
) -> None:
    """An application without routes or document, or a failing one, is said in one line."""
    write({"main.py": content})
    outcome = command(*arguments)
    assert outcome.status == 1
    assert outcome.err.startswith(f"typeway: {complaint}")
    assert outcome.err.count("\n") == 1


PEER = """
from fastapi import FastAPI

app = FastAPI()
"""


@pytest.mark.parametrize("arguments", [["check"], ["routes"], ["run", "--port", "0"], ["dev", "--port", "0"]])
@pytest.mark.parametrize(
    ("content", "framework", "fix"),
    [(PEER, "FastAPI", "add --compat"), (PLAIN, "Starlette", "serve it with `uvicorn main:app`")],
)
def test_an_application_of_another_framework_is_not_taken_for_ours(
    write: Write, command: Command, arguments: list[str], content: str, framework: str, fix: str
) -> None:
    """The commands say whose application it is and how to go on, on stderr and with status 2."""
    write({"main.py": content})
    outcome = command(*arguments)
    assert outcome.status == 2
    assert outcome.err.startswith(f"typeway: main:app is a {framework} application, not a Typeway application: {fix}")
    assert "--compat" in outcome.err
    assert outcome.err.count("\n") == 1
    assert "No findings" not in outcome.out


@pytest.mark.parametrize(
    "content",
    [
        (
            "{0}from starlette.applications import Starlette\nfrom starlette.routing import Mount\n"
            "app = Starlette(routes=[Mount('/api', inner)])\n"
        ),
        (
            "{0}from starlette.middleware.cors import CORSMiddleware\nfrom starlette.applications import Starlette\n"
            "from starlette.routing import Host\napp = Starlette(routes=[Host('x.example', CORSMiddleware(inner))])\n"
        ),
    ],
)
def test_an_application_around_one_of_ours_is_ours(write: Write, command: Command, content: str) -> None:
    """What mounts or wraps one of Typeway's applications is shown and checked like it."""
    typed = '@inner.get("/typed")\nasync def typed() -> str: ...\n'
    write({"main.py": content.format(APP.format(name="inner") + typed)})
    assert command("routes", "main:app").status == 0
    assert command("check", "main:app").out == "No findings.\n"


def test_fastapi_that_is_not_installed_suggests_compat(
    write: Write, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An application for FastAPI, without that installed, needs nothing but the option."""
    write({"main.py": PEER})
    monkeypatch.setitem(sys.modules, "fastapi", None)
    for arguments in (["routes"], ["check"], ["run"]):
        outcome = command(*arguments)
        assert outcome.status == 2
        assert outcome.err.startswith("typeway: main.py:2: ModuleNotFoundError: ")
        assert outcome.err.endswith("; if the application is written for FastAPI, add --compat\n")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["routes", "main.app"], "; did you mean main:app?"),
        (["check", "shop.main.web"], "; did you mean shop.main:web?"),
        (["run", "--reload"], "run does not reload; use: typeway dev\n"),
        (["run", "main:app", "--reload"], "run does not reload; use: typeway dev main:app\n"),
        (["dev", "--workers", "3"], "dev serves with one process; use: typeway run --workers 3\n"),
    ],
)
def test_what_was_meant_is_suggested(write: Write, command: Command, arguments: list[str], complaint: str) -> None:
    """A dot for the colon, and an option of the other command, are answered with what to type, and status 2."""
    source = APP.format(name="app")
    write({"main.py": source, "shop/__init__.py": "", "shop/main.py": source})
    outcome = command(*arguments)
    assert outcome.status == 2
    assert complaint.strip() in outcome.err
    assert outcome.out == ""
