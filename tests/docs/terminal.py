"""Carry out the commands that a tutorial shows, against an application in this process."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from io import StringIO
from pathlib import Path

import pytest

from tests.docs import curl
from tests.docs.interpreter import interpreter
from tests.modes import without_debug_modes
from typeway.cli import main
from typeway.testclient import TestClient

# What a command's name means here; every other command is a mistake in the document.
PROGRAMS = {
    "typeway": [sys.executable, "-m", "typeway"],
    "python3": [sys.executable],
    "grep": ["grep"],
    **{name: [sys.executable, "-m", name] for name in ("alembic", "procrastinate", "taskiq")},
}
# The tokens that later commands repeat.
GIVEN_TOKEN = re.compile(r'"(?:access|refresh)_token":"([^"]+)"')
# What a reader's terminal does not say, and what makes programs (pytest: both of the first) print otherwise.
UNKNOWN_TO_READERS = {"CI", "BUILD_NUMBER", "COLUMNS", "FORCE_COLOR", "PYTEST_ADDOPTS"}
ASSIGNMENT = re.compile(r"([A-Z_]+)=(.*)", re.DOTALL)

# What is another at each run, or at each place, and what stands for it in a comparison.
VARYING = [
    (re.compile(r"^(date|server): .*\n", re.MULTILINE), ""),
    (re.compile(r'last-modified: .*|etag: "[0-9a-f]{32}"'), "<of the file>"),
    (re.compile(r"content-length: \d+(?=\n(.+\n)*content-encoding: gzip)"), "content-length: <compressed>"),
    (re.compile(r"x-process-time: \d+\.\d{6}"), "x-process-time: <seconds>"),
    (re.compile(r"(x-request-id|Request id): [0-9a-f]{32}"), r"\1: <id>"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "<uuid>"),
    (re.compile(r'"(access|refresh)_token":"[\w.-]{40,}"'), r'"\1_token":"<token>"'),
    (re.compile(r"\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d([.,]\d+)?"), "<time>"),
    (re.compile(r'("duration_ms": ?|_seconds_sum\S* )[\d.e-]+'), r"\1<number>"),
    (re.compile(r'"id":"[0-9a-f]{32}"'), '"id":"<id>"'),
    (re.compile(r"between 1450 and \d{4}"), "between 1450 and <this year>"),
    (re.compile(r"(passed|failed) in [\d.]+s"), r"\1 in <seconds>"),
    (re.compile(r"calls that wait for one: \d+"), "calls that wait for one: <number>"),
    (re.compile(r"(bytes after|about|for|lasted) [\d.]+ s\b"), r"\1 <seconds>"),
    (re.compile(r"typeway/([\w/]+)\.py:\d+"), r"typeway/\1.py:<line>"),
    (re.compile(r"errors\.pydantic\.dev/[\d.]+/"), "errors.pydantic.dev/<version>/"),
]


def comparable(output: str) -> str:
    """Replace what differs from run to run."""
    output = output.replace("\r\n", "\n")
    for pattern, name in VARYING:
        output = pattern.sub(name, output)
    return output.rstrip("\n")


@dataclass
class Terminal:
    """A folder, some variables, and a way to reach the application."""

    folder: Path
    connect: Callable[[dict[str, str], str | None], TestClient]
    """Start the application with these variables, and of this name if one was given; called at the first request."""
    variables: dict[str, str] = field(default_factory=dict)
    learnt: dict[str, str] = field(default_factory=dict)
    """Tokens that the document shows, with those that were really given."""
    client: TestClient | None = None
    jars: dict[str, CookieJar] = field(default_factory=dict)
    """The files in which `curl -c` keeps cookies."""
    served: str | None = None
    """The application that the last server was told to serve, if it was told one."""
    root_path: str = ""
    """The prefix that the last server was told with `--root-path`."""

    def run(self, block: str) -> str:
        """Carry out the commands of one block, and return what they print."""
        return "".join(self._pipeline(line) for line in block.replace("\\\n", " ").splitlines())

    def prepare(self, block: str) -> None:
        """Take over the variables that a block sets for what follows, and the application that it serves."""
        for line in block.replace("\\\n", " ").splitlines():
            variables, words = _assigned(shlex.split(self._recognized(line)))
            if not words or words[:2] == ["typeway", "run"]:
                self.variables |= variables
            if words[:2] == ["typeway", "run"] and len(words) > 2:
                self.served, self.client = words[2], None
                self.root_path = words[words.index("--root-path") + 1] if "--root-path" in words else ""

    def learn(self, shown: str, output: str) -> None:
        """Remember which token stands for which in later commands."""
        self.learnt.update(zip(GIVEN_TOKEN.findall(shown), GIVEN_TOKEN.findall(output), strict=True))

    def _pipeline(self, line: str) -> str:
        output = ""
        for command in line.replace(" 2>&1", "").split(" | "):
            output = self._command(shlex.split(self._recognized(command)), output)
        return output

    def _recognized(self, command: str) -> str:
        """Put values in the place of variables, and tokens that were given in the place of those that are shown."""
        command = re.sub(r"\$([A-Z_]+)", lambda found: self.variables[found[1]], command)
        for shown, given in self.learnt.items():
            command = command.replace(shown, given)
        return command

    def _command(self, words: list[str], given: str) -> str:
        variables, words = _assigned(words)
        if words[0] == "curl":
            return self._curl(words[1:])
        if words[:3] == ["python3", "-m", "json.tool"]:
            return json.dumps(json.loads(given), indent=4, ensure_ascii="--no-ensure-ascii" not in words) + "\n"
        if words[0] == "tail":
            return "".join(given.splitlines(keepends=True)[-int(words[2]) :])
        if words[:2] == ["typeway", "check"]:
            return _check(words[1:])
        program = PROGRAMS[words[0]]
        environment = {**_environment(), **variables, "NO_COLOR": "1"}
        if [*program, *words[1:]][:2] == [sys.executable, "-m"] and hasattr(os, "fork"):
            arguments = [*program, *words[1:]][2:]
            return interpreter().run(arguments, self.folder, environment, given).replace(f"{self.folder}/", "")
        done = subprocess.run(
            [*program, *words[1:]],
            cwd=self.folder,
            env=environment,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        return (done.stdout + done.stderr).replace(f"{self.folder}/", "")

    def _curl(self, words: list[str]) -> str:
        if self.client is None:
            self.client = self.connect(self.variables, self.served)
        return curl.read(words, self.folder).ask(self.client, self.jars)


def _environment() -> dict[str, str]:
    return {name: value for name, value in without_debug_modes().items() if name not in UNKNOWN_TO_READERS}


def _check(words: list[str]) -> str:
    """Carry out `typeway check` in this process, which is quicker than in one of its own."""
    with redirect_stdout(StringIO()) as printed, pytest.raises(SystemExit):
        main(words)
    return printed.getvalue()


def _assigned(words: list[str]) -> tuple[dict[str, str], list[str]]:
    """Part the variables before a command from the command."""
    variables = {}
    while words and (found := ASSIGNMENT.fullmatch(words[0])):
        variables[found[1]] = found[2]
        words = words[1:]
    return variables, words
