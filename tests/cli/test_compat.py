"""`--compat` lets the commands load, describe and serve applications that are written for FastAPI."""

import os
import re
import signal
import subprocess
import sys

import pytest

from tests.cli.conftest import Start, Write

APP = """
import os

import fastapi
from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def show():
    return {
        "module": type(app).__module__,
        "version": fastapi.__version__,
        "process": os.getpid(),
        "env": [os.environ.get("TYPEWAY_ENV"), os.environ.get("FASTAPI_ENV")],
    }


def create_app():
    return app
"""


def typeway(*arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own: what `import fastapi` imports is decided once per process."""
    code = f"{before}\nimport sys; from typeway.cli import main; main({list(arguments)!r})"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=100)


def test_routes_and_documents_are_shown(write: Write) -> None:
    """The application is found by FastAPI's own setting, and says what it consists of."""
    write({"src/main.py": APP, "pyproject.toml": '[tool.fastapi]\nentrypoint = "src/main.py:app"\n'})
    shown = typeway("routes", "--compat")
    assert re.search(r"GET +/ +show +src/main.py:\d+", shown.stdout), shown
    described = typeway("openapi", "--compat", "--indent", "0")
    assert '"title": "FastAPI"' in described.stdout


def test_without_the_option_fastapi_is_fastapi(write: Write) -> None:
    """FastAPI is not replaced unless --compat is given."""
    write({"main.py": "import fastapi, sys\napp = fastapi.FastAPI(title=fastapi.FastAPI.__module__)\n"})
    assert '"title": "fastapi.applications"' in typeway("openapi", "--indent", "0").stdout
    assert '"title": "typeway.compat.shapes.application"' in typeway("openapi", "--compat", "--indent", "0").stdout


def test_too_late_is_said_in_one_line(write: Write) -> None:
    """Where something has imported the real package before, the command says so and fails."""
    write({"main.py": APP})
    done = typeway("routes", "--compat", before="import fastapi")
    assert done.returncode == 1
    assert done.stderr.startswith("typeway: fastapi has already been imported from ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("arguments", [[], ["--workers", "2"], ["--factory"]])
def test_applications_are_served(write: Write, start: Start, arguments: list[str]) -> None:
    """One process or several: each imports Typeway under FastAPI's name."""
    write({"main.py": APP})
    target = "main:create_app" if "--factory" in arguments else "main:app"
    server = start("run", "--compat", target, "--host", "127.0.0.1", "--port", "0", *arguments)
    answer = server.get()
    assert (answer["module"], answer["version"]) == ("typeway.compat.shapes.application", "0.165.0")
    assert (answer["process"] == server.process.pid) == ("--workers" not in arguments)
    assert server.end(signal.SIGTERM) in (0, -signal.SIGTERM)


def test_development_serves_and_reloads(write: Write, start: Start) -> None:
    """`dev` does it in the process that is started again, and sets both frameworks' variables."""
    folder = write({"main.py": APP})
    server = start("dev", "--compat", "main.py", "--port", "0", "--reload-dir", str(folder))
    answer = server.get()
    assert (answer["module"], answer["env"]) == ("typeway.compat.shapes.application", ["development"] * 2)
    assert os.environ.get("FASTAPI_ENV") is None
