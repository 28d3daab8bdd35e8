"""Make small projects in temporary folders and run the command line in them."""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from unittest.mock import patch

import pytest

from typeway.cli import main

APP = """
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from typeway import Typeway

def hello(request):
    return PlainTextResponse("hello")

{name} = Typeway(routes=[Route("/{name}", hello)], openapi_url=None)
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command left behind."""

    status: int
    out: str
    err: str


Write = Callable[[dict[str, str]], Path]
Command = Callable[..., Outcome]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Write files into an empty current folder; modules that a test imports from there are removed afterwards."""
    monkeypatch.chdir(tmp_path)
    for name in ("PORT", "WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS", "TYPEWAY_ENV", "TYPEWAY_WATCHDOG"):
        monkeypatch.delenv(name, raising=False)
    path, modules = list(sys.path), set(sys.modules)

    def write(files: dict[str, str]) -> Path:
        for name, content in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(content))
        return tmp_path

    # `dev` sets variables for the application; they must not stay after the test.
    with patch.dict(os.environ):
        yield write
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        file = getattr(sys.modules[name], "__file__", None)
        # A package without __init__ has folders in the place of a file.
        places = [file] if file else list(getattr(sys.modules[name], "__path__", ()))
        if any(Path(place).is_relative_to(tmp_path) for place in places):
            del sys.modules[name]


@pytest.fixture
def command(write: Write, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command line in this process."""

    def command(*arguments: str) -> Outcome:
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
        code = stopped.value.code
        printed = capsys.readouterr()
        return Outcome(
            code if isinstance(code, int) else 1, printed.out, printed.err + (code if isinstance(code, str) else "")
        )

    return command
