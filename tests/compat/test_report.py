"""`--report` tells which names of FastAPI that it does not document a program asks for, who asks, and whether they are there."""

from pathlib import Path

import pytest

from tests.frameworks import run_python

PLUGIN = """
from fastapi.dependencies.utils import solve_dependencies
import fastapi.routing

wrapped = fastapi.routing.run_endpoint_function
found = getattr(fastapi.routing, "_nothing", None)
try:
    from fastapi._body_limit import BodyLimit
except ImportError:
    pass
"""
MAIN = """
import plugin
from fastapi import FastAPI, Depends
from fastapi.routing import APIRoute, run_endpoint_function

app = FastAPI()
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "plugin.py").write_text(PLUGIN)
    (tmp_path / "main.py").write_text(MAIN)
    return tmp_path


def reported(folder: Path, *arguments: str, status: int = 0) -> list[list[str]]:
    """The rows of the table that a program leaves on stderr."""
    code = f"import os, subprocess, sys; os.chdir({str(folder)!r}); sys.exit(subprocess.call([sys.executable, *sys.argv[1:]]))"
    done = run_python("-c", code, "-m", "typeway.compat", "--report", *arguments, PYTHONDONTWRITEBYTECODE="1")
    assert done.returncode == status, done.stderr
    return [line.split() for line in done.stderr.splitlines() if line.startswith("fastapi")]


ROWS = [
    ["fastapi._body_limit", "NO", "plugin", "plugin.py:8"],
    ["fastapi.routing._nothing", "NO", "plugin", "plugin.py:6"],
    ["fastapi.dependencies.utils.solve_dependencies", "yes", "plugin", "plugin.py:2"],
    ["fastapi.routing.run_endpoint_function", "yes", "__main__", "main.py:4"],
    ["fastapi.routing.run_endpoint_function", "yes", "plugin", "plugin.py:5"],
]


def test_each_place_that_asks_for_a_private_name_is_listed(project: Path) -> None:
    """Names that are not there come first; documented names are not listed."""
    assert reported(project, "main.py") == ROWS


@pytest.mark.parametrize("arguments", [("main:app",), ("-m", "main")])
def test_applications_and_modules_are_reported(project: Path, arguments: tuple[str, ...]) -> None:
    """An application is imported, a module is run, and both ask for the same."""
    rows = reported(project, *arguments)
    assert [row[0] for row in rows] == [row[0] for row in ROWS]


def test_the_table_is_printed_where_the_program_fails(project: Path) -> None:
    """What a plugin cannot import stands in the table, and the status is the program's."""
    (project / "main.py").write_text("from fastapi.routing import _handle")
    assert reported(project, "main.py", status=1) == [["fastapi.routing._handle", "NO", "__main__", "main.py:1"]]


def test_processes_that_the_program_starts_are_reported(project: Path) -> None:
    """Workers and test runners say what they ask for, each with the number of its process."""
    (project / "main.py").write_text(
        "import subprocess, sys; subprocess.run([sys.executable, 'plugin.py'], check=True)"
    )
    rows = reported(project, "main.py")
    assert [row[0] for row in rows] == [row[0] for row in ROWS if row[2] == "plugin"]


def test_packages_are_named_by_their_place_in_site_packages(project: Path) -> None:
    """The long path of an environment is left out."""
    package = project / "site-packages" / "plugin"
    package.mkdir(parents=True)
    (project / "plugin.py").rename(package / "__init__.py")
    (project / "main.py").write_text(f"import sys; sys.path.append({str(package.parent)!r})\n{MAIN}")
    places = {row[3] for row in reported(project, "main.py")}
    assert str(Path("plugin", "__init__.py:8")) in places


def test_a_program_that_asks_for_nothing_is_told_so(project: Path) -> None:
    """An empty report is a sentence."""
    (project / "main.py").write_text("from fastapi import FastAPI; FastAPI()")
    done = run_python("-m", "typeway.compat", "--report", str(project / "main.py"))
    assert done.returncode == 0
    assert "No private name of FastAPI was asked for." in done.stderr
