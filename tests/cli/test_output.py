"""Where the answer of a command goes: to a pipe in any encoding, to a full disk, to a stream that is closed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Write

SLEEPY = """
import time
from typeway import Typeway

app = Typeway()

@app.get("/")
async def nap():
    time.sleep(1)  # → später
"""


def run(folder: Path, command: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    line = f"{sys.executable} -m typeway {command}"
    variables = {**os.environ, **environment}
    return subprocess.run(line, shell=True, cwd=folder, env=variables, capture_output=True, timeout=100, check=False)


@pytest.mark.parametrize(
    ("encoding", "form"),
    [("ascii", "text"), ("ascii", "json"), ("ascii", "sarif"), ("cp1252", "github"), ("utf-8", "text")],
)
def test_an_answer_is_written_whatever_the_encoding_of_stdout(write: Write, encoding: str, form: str) -> None:
    """Where the encoding does not have a character of the answer, all of it is written in UTF-8, as files are."""
    folder = write({})
    (folder / "main.py").write_text(SLEEPY, encoding="utf-8")
    done = run(folder, f"check --no-cache --format {form}", PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (1, b"")
    text = done.stdout.decode()
    assert "→ später" in (json.dumps(json.loads(text), ensure_ascii=False) if form in ("json", "sarif") else text)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("command", ["check --no-cache", "openapi", "routes --json"])
def test_an_answer_that_cannot_be_written_is_said(write: Write, command: str) -> None:
    """A full disk is one line on stderr, not a traceback, and never success."""
    done = run(write({"main.py": SLEEPY.replace("→ später", "")}), f"{command} > /dev/full")
    assert done.returncode == (2 if command.startswith("check") else 1)
    assert done.stderr == b"typeway: cannot write to stdout: No space left on device\n"


@pytest.mark.parametrize("stream", [">&-", "2>&-", "> /dev/null"])
def test_a_closed_stream_leaves_the_status_as_it_is(write: Write, stream: str) -> None:
    """Who wants only the exit status gets it."""
    done = run(write({"main.py": SLEEPY.replace("→ später", "")}), f"check --no-cache {stream}")
    assert (done.returncode, done.stderr) == (1, b"")
