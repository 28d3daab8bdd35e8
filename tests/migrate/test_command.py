"""`typeway migrate`: what a project that is written for FastAPI will find different, as a user runs it."""

import json
import os
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from typeway.cli import main
from typeway.migrate.names import look_at_names
from typeway.migrate.pins import look_at_pins

# Each run starts three processes that import frameworks.
pytestmark = pytest.mark.timeout(180)

MAIN = """
from contextlib import asynccontextmanager

import fastapi.routing as routing
from fastapi import APIRouter, FastAPI, HTTPException
from fastapi.responses import JSONResponse
from fastapi.utils import generate_unique_id
from pydantic import BaseModel
from starlette.exceptions import HTTPException as StarletteHTTPException


class Item(BaseModel):
    name: str


@asynccontextmanager
async def lifespan(app):
    yield


router = APIRouter(prefix="/items", route_class=routing.APIRoute)
inner = FastAPI(lifespan=lifespan)


@router.post("", status_code=201)
async def create_item(item: Item) -> Item:
    return item


@router.delete("/{item_id}", status_code=204)
async def delete_item(item_id: int) -> None:
    raise HTTPException(404)


@router.get("/{item_id}")
async def read_item(item_id: int) -> Item:
    return Item(name=str(item_id))


app = FastAPI(generate_unique_id_function=generate_unique_id)
app.include_router(router)
app.mount("/inner", inner)


@app.exception_handler(HTTPException)
async def answer(request, error):
    return JSONResponse({"error": error.detail}, error.status_code)


@app.middleware("http")
async def pass_on(request, call_next):
    return await call_next(request)
"""


def project(folder: Path, **files: str) -> Path:
    """Write the files of a project; two underscores in a name stand for its dot."""
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return folder


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the command printed, and its exit status."""

    status: object
    out: str
    err: str

    @property
    def findings(self) -> list[dict[str, Any]]:
        """What it found, where it was asked for JSON."""
        found: list[dict[str, Any]] = json.loads(self.out)["findings"]
        return found


def migrate(folder: Path, *arguments: str) -> Outcome:
    """Run the command in a folder, in this process; it loads the application in processes of their own."""
    # The project's tests need none of the plugins that are installed here, and begin sooner without.
    out, err = StringIO(), StringIO()
    with (
        chdir(folder), patch.dict(os.environ, {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}), redirect_stdout(out),
        redirect_stderr(err), pytest.raises(SystemExit) as ended,
    ):  # fmt: skip
        main(["migrate", *arguments])
    return Outcome(ended.value.code, out.getvalue(), err.getvalue())


def findings(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    """Return what the command finds, as its JSON says."""
    return migrate(folder, "--json", *arguments).findings


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    """The project above, and what the command said of it."""
    folder = project(tmp_path_factory.mktemp("project"), main__py=MAIN)
    return folder, migrate(folder, "--json")


@pytest.fixture
def report(looked_at: tuple[Path, Outcome]) -> list[dict[str, Any]]:
    """What is found in the project above."""
    return looked_at[1].findings


LINES = {line.strip(): number for number, line in enumerate(MAIN.splitlines(), 1)}


@pytest.mark.parametrize(
    ("field", "line", "weight"),
    [
        ("answers_head", None, "know"),
        ("answers_options", None, "know"),
        ("union_allow", None, "know"),
        ("json_errors", None, "know"),
        ("default_title", None, "know"),
        ("mounted_lifespans", None, "decide"),
        ("rejects_media_types", '@router.post("", status_code=201)', "know"),
        ("bodiless_content_type", '@router.delete("/{item_id}", status_code=204)', "know"),
        ("one_http_exception", "@app.exception_handler(HTTPException)", "decide"),
        ("middleware_errors_answered", '@app.middleware("http")', "know"),
    ],
)
def test_behaviour_that_routes_touch_is_named(
    report: list[dict[str, Any]], field: str, line: str | None, weight: str
) -> None:
    """Each difference that the application touches is reported with the name of its convention, at the line that touches it."""
    found = [one for one in report if one["text"].endswith(f"({field})")]
    place = "" if line is None else f"main.py:{LINES[line]}"
    assert [(one["kind"], one["weight"], one["place"]) for one in found] == [("differences", weight, place)]


def test_nothing_is_said_of_behaviour_that_no_route_touches(tmp_path: Path) -> None:
    """An application without handlers, middleware, mounts and bodies is not warned of what concerns only them."""
    project(tmp_path, main__py="from fastapi import FastAPI\n\napp = FastAPI(title='Things')\n")
    done = migrate(tmp_path, "--json")
    assert done.findings == [
        {
            "kind": "differences",
            "weight": "know",
            "text": "unhandled errors are answered with JSON, instead of plain text (json_errors)",
            "place": "",
            "hint": "",
        }
    ]
    assert done.status == 0


def test_the_document_is_compared(report: list[dict[str, Any]]) -> None:
    """FastAPI and compat mode make the same document, so only Typeway's own additions are reported, as something to know."""
    found = [one for one in report if one["kind"] == "OpenAPI document"]
    assert {one["weight"] for one in found} == {"know"}
    assert "paths → /items/{item_id} → delete → responses → 404" in {one["place"] for one in found}


def test_names_without_a_native_home_are_found(report: list[dict[str, Any]]) -> None:
    """A name that only compat mode has is reported at its import; those that Typeway has are not."""
    found = [one for one in report if one["kind"] in ("imports", "private names")]
    line = LINES["from fastapi.utils import generate_unique_id"]
    text = "fastapi.utils.generate_unique_id exists in compat mode only"
    assert [(one["text"], one["place"]) for one in found] == [(text, f"main.py:{line}")]


def test_an_unknown_name_stops(tmp_path: Path) -> None:
    """A name that neither mode has must be changed first, wherever it stands: in an import or behind a module."""
    text = "import fastapi\nfrom fastapi import Nothing\nfrom fastapi.routing import _private\nprint(fastapi.routing.Absent)\n"
    found = findings(project(tmp_path, main__py=text))
    stops = [(one["place"], one["text"]) for one in found if one["weight"] == "stops" and one["place"]]
    assert stops == [
        ("main.py:2", "fastapi.Nothing does not exist in Typeway"),
        ("main.py:4", "fastapi.routing.Absent does not exist in Typeway"),
        ("main.py:3", "fastapi.routing._private does not exist in Typeway"),
    ]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("print(params.absent)", True),
        ("def read():\n    return params.absent", True),
        ("def read():\n    params = []\n    params.append(1)", False),
        ("def read(params):\n    return params.absent", False),
        ("read = lambda params: params.absent", False),
        ("def read():\n    for params in ():\n        params.absent()", False),
    ],
)
def test_a_variable_with_the_name_of_a_module_is_none(tmp_path: Path, body: str, found: bool) -> None:
    """A variable of a function that is called like an imported module of FastAPI is not taken for it."""
    found_names, _ = look_at_names(project(tmp_path, lib__py=f"from fastapi import params\n\n{body}\n"))
    assert [one.text for one in found_names] == ["fastapi.params.absent does not exist in Typeway"] * found


def test_a_declaration_that_typeway_refuses_is_found(tmp_path: Path) -> None:
    """What compat mode accepts and Typeway itself refuses is reported with its place before any import is changed."""
    text = (
        "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/a/{id}')\ndef read(idd: int):\n    return idd\n"
    )
    refused = [one for one in findings(project(tmp_path, main__py=text)) if one["kind"] == "refused declarations"]
    assert [one["weight"] for one in refused] == ["stops"]
    assert "main.py:6" in refused[0]["text"]


@pytest.mark.parametrize(
    ("file", "line", "conflicts"),
    [
        ("requirements.txt", "starlette==0.40.0", True),
        ("requirements.txt", "starlette>=0.40,<1", True),
        ("requirements.txt", "starlette>=0.40", False),
        ("requirements.txt", "starlette~=1.10", False),
        ("requirements.txt", "pydantic[email]>=1.10,<2  # old", True),
        ("requirements.txt", "Pydantic==1.*", True),
        ("requirements.txt", "pydantic==2.14.0 ; python_version > '3.8'", False),
        ("requirements-dev.txt", "anyio<4", True),
        ("constraints.txt", "typing_extensions==4.12.0", True),
        ("requirements.txt", "-r other.txt", False),
        ("requirements.txt", "git+https://example.org/x.git", False),
        ("pyproject.toml", '[project]\nname = "x"\ndependencies = ["starlette<1"]', True),
        ("pyproject.toml", '[project.optional-dependencies]\nweb = ["starlette<1"]', True),
        ("pyproject.toml", '[dependency-groups]\ndev = ["starlette<1", {include-group = "x"}]', True),
        ("pyproject.toml", '[tool.poetry.dependencies]\npydantic = "^1.10"', True),
        ("pyproject.toml", '[tool.poetry.dependencies]\npydantic = {version = "^2.14", extras = ["email"]}', False),
        ("pyproject.toml", '[tool.poetry.group.dev.dependencies]\nanyio = "~3.7"', True),
        ("pyproject.toml", "not toml", False),
    ],
)
def test_requirements_that_conflict_are_found(tmp_path: Path, file: str, line: str, conflicts: bool) -> None:
    """A requirement that no version of a package could meet together with Typeway's own is reported with its file and line."""
    (tmp_path / file).write_text(line, encoding="utf-8")
    found, _ = look_at_pins(tmp_path)
    number = line.count("\n") + 1
    assert [(one.place, one.weight) for one in found] == [(f"{file}:{number}", "stops")] * conflicts


def test_tests_are_compared_one_by_one(tmp_path: Path) -> None:
    """With --tests the project's suite runs on both, and a test that passes on FastAPI only is named."""
    text = (
        "import typing\n\nimport fastapi\n\n\ndef test_both():\n    assert fastapi.FastAPI().title == 'FastAPI'\n\n\n"
        "def test_one():\n    assert 'site-packages' in fastapi.__file__\n"
    )
    found = findings(project(tmp_path, test_it__py=text), "--tests")
    tests = [one["text"] for one in found if one["kind"] == "tests"]
    assert tests == ["test_it::test_one: passed on FastAPI, failure on Typeway"]


def test_nothing_is_changed_without_being_asked(looked_at: tuple[Path, Outcome]) -> None:
    """The report leaves every file as it was, and no other behind."""
    folder, _ = looked_at
    assert (folder / "main.py").read_text(encoding="utf-8") == MAIN
    assert sorted(path.name for path in folder.iterdir() if path.name != "__pycache__") == ["main.py"]


def test_a_project_without_an_application_is_looked_at(tmp_path: Path) -> None:
    """Where no application is found, source and requirements are looked at all the same, and the report says what was not."""
    done = migrate(project(tmp_path, lib__py="from fastapi import FastAPI\n"))
    assert done.status == 0
    assert "Not looked at\n  the application: found no application" in done.out
    assert "1 source file" in done.out


def test_a_path_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    """A missing folder is one line and status 2."""
    done = migrate(tmp_path, "nowhere")
    assert (done.status, done.out) == (2, "")
    assert done.err == "typeway: there is no file or folder nowhere\n"


def test_an_application_that_does_not_load_anywhere_is_said_to_be_so(tmp_path: Path) -> None:
    """An application that fails on FastAPI too is no finding; the report says why its routes were not compared."""
    done = migrate(project(tmp_path, main__py="from fastapi import FastAPI\n\nraise RuntimeError('no database')\n"))
    assert "the routes: the application does not load here, on FastAPI either" in done.out
    assert "no database" in done.out
