"""Make small projects in temporary folders, run the command line in them, and start servers."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from unittest.mock import patch

import pytest

from tests.patience import PATIENCE
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


@dataclass
class Server:
    """A running `typeway run` or `typeway dev`."""

    process: subprocess.Popen[str]
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            self.log.extend(lines)

    def until(self, found: Callable[[], object], seconds: float = PATIENCE) -> object:
        """Ask until the answer is true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            if value := found():
                return value
            time.sleep(0.05)
        raise AssertionError(f"status {self.process.poll()}\n{''.join(self.log)}")

    @property
    def address(self) -> str:
        """Where it serves, once it says so."""
        pattern = re.compile(r"(?:Uvicorn running on|Application) +(http://[^\s]+)")
        found = self.until(lambda: pattern.search("".join(self.log)))
        assert isinstance(found, re.Match)
        return str(found[1])

    def get(self, **headers: str) -> dict[str, object]:
        """Fetch the first page, once it is served."""

        def fetch() -> dict[str, object] | None:
            request = urllib.request.Request(self.address, headers=headers)
            try:
                with urllib.request.urlopen(request, timeout=5) as response:
                    content: dict[str, object] = json.load(response)
                    return content
            except OSError:
                return None

        answer = self.until(fetch)
        assert isinstance(answer, dict)
        return answer

    def end(self, number: signal.Signals) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(timeout=PATIENCE)


Start = Callable[..., Server]


@pytest.fixture
def start(write: Write) -> Iterator[Start]:
    """Start servers in the temporary project; whatever still runs at the end is ended."""
    started = []

    def start(*arguments: str, **environment: str) -> Server:
        process = subprocess.Popen(
            [sys.executable, "-m", "typeway", *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
            process_group=0,  # so that a test can signal all its processes, as a terminal does
        )
        server = Server(process)
        started.append(server)
        return server

    yield start
    for server in started:
        if server.process.poll() is None:
            server.process.terminate()
            try:
                server.process.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                server.process.kill()
                server.process.wait(timeout=PATIENCE)
