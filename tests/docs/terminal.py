"""Carry out the commands that a tutorial shows, against an application in this process."""

import json
import os
import re
import shlex
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from http import HTTPStatus
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest
from httpx2 import Response

from typeway.cli import main
from typeway.testclient import TestClient

# What a command's name means here; every other command is a mistake in the document.
PROGRAMS = {
    "typeway": [sys.executable, "-m", "typeway"],
    "python3": [sys.executable],
    **{name: [sys.executable, "-m", name] for name in ("alembic", "procrastinate", "taskiq")},
}
# The tokens that later commands repeat.
GIVEN_TOKEN = re.compile(r'"(?:access|refresh)_token":"([^"]+)"')
# What a reader's terminal does not say, and what makes programs (pytest: both of the first) print otherwise.
UNKNOWN_TO_READERS = {"CI", "BUILD_NUMBER", "COLUMNS", "FORCE_COLOR", "PYTEST_ADDOPTS"}
ASSIGNMENT = re.compile(r"([A-Z_]+)=(.*)", re.DOTALL)

# What is another at each run, or at each place, and what stands for it in a comparison.
VARYING = [
    (re.compile(r"^(date|server|last-modified): .*\n", re.MULTILINE), ""),
    (re.compile(r'^etag: "[0-9a-f]{32}"$', re.MULTILINE), "etag: <of a file>"),
    (re.compile(r"x-process-time: \d+\.\d{6}"), "x-process-time: <seconds>"),
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
    served: str | None = None
    """The application that the last server was told to serve, if it was told one."""
    jars: dict[str, dict[str, str]] = field(default_factory=dict)
    """The cookies in the files that `curl -c` wrote."""

    def run(self, block: str) -> str:
        """Carry out the commands of one block, and return what they print."""
        return "".join(self._pipeline(line) for line in block.replace("\\\n", " ").splitlines())

    def prepare(self, block: str) -> None:
        """Take over the variables that a block sets for what follows, and the application that it serves."""
        for line in block.replace("\\\n", " ").splitlines():
            variables, words = _assigned(shlex.split(self._recognized(line)))
            if not words or words[:2] == ["typeway", "run"]:
                self.variables |= variables
            if words[:2] == ["typeway", "run"] and len(words) == 3:
                self.served, self.client = words[2], None

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
        if words[:2] == ["grep", "-E"]:
            return "".join(line for line in given.splitlines(keepends=True) if re.search(words[2], line))
        if words[0] == "tail":
            return "".join(given.splitlines(keepends=True)[-int(words[2]) :])
        if words[:2] == ["typeway", "check"]:
            return _check(words[1:])
        done = subprocess.run(
            [*PROGRAMS[words[0]], *words[1:]],
            cwd=self.folder,
            env={**_environment(), **variables, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        return (done.stdout + done.stderr).replace(f"{self.folder}/", "")

    def _curl(self, words: list[str]) -> str:
        if self.client is None:
            self.client = self.connect(self.variables, self.served)
        asked = _read_curl(words)
        self.client.cookies = self.jars.get(asked.cookies, {})
        response = self.client.request(
            asked.method,
            asked.url,
            headers=asked.headers,
            content=asked.content,
            files=asked.files(self.folder),
            params=asked.query,
            follow_redirects=asked.follows,
        )
        if asked.jar:
            self.jars[asked.jar] = dict(self.client.cookies)
        body = "" if asked.hides_body else response.text
        return (_head(response) if asked.shows_head else "") + body + asked.ending(response)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in UNKNOWN_TO_READERS}


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


@dataclass
class Asked:
    """What the arguments of `curl` ask for."""

    url: str = ""
    verb: str | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    form: list[str] = field(default_factory=list)
    shows_head: bool = False
    hides_body: bool = False
    follows: bool = False
    in_query: bool = False
    cookies: str = ""
    """A jar whose cookies are sent."""
    jar: str = ""
    """A jar that is filled."""
    written: str = ""

    @property
    def method(self) -> str:
        return self.verb or ("POST" if self.form or (self.data and not self.in_query) else "GET")

    @property
    def content(self) -> bytes | None:
        return "&".join(self.data).encode() if self.data and not self.in_query else None

    @property
    def query(self) -> list[tuple[str, str | int | float | bool | None]] | None:
        return [*parse_qsl("&".join(self.data))] if self.in_query else None

    def files(self, folder: Path) -> list[tuple[str, tuple[str | None, bytes, str | None]]] | None:
        """Read the parts of a form: `name=value`, or `name=@file;type=media/type`."""
        parts: list[tuple[str, tuple[str | None, bytes, str | None]]] = []
        for name, _, value in (part.partition("=") for part in self.form):
            text, _, media_type = value.partition(";type=")
            if text.startswith("@"):
                file = folder / text[1:]
                parts.append((name, (file.name, file.read_bytes(), media_type or None)))
            else:
                parts.append((name, (None, text.encode(), media_type or None)))
        return parts or None

    def ending(self, response: Response) -> str:
        """Return what `-w` writes after the response."""
        values = {"http_code": str(response.status_code), "content_type": response.headers.get("content-type", "")}
        text = re.sub(r"%\{(\w+)\}", lambda found: values[found[1]], self.written)
        return text.replace("\\n", "\n")


def _read_curl(words: list[str]) -> Asked:
    """Read arguments of curl: options of one letter, two long ones, and a URL."""
    asked = Asked()
    remaining = iter(words)
    for word in remaining:
        if word in {"--data-binary", "--data-urlencode"}:
            name, _, value = next(remaining).partition("=")
            asked.data.append(f"{name}={quote(value)}" if word == "--data-urlencode" else f"{name}{_}{value}")
        elif not word.startswith("-"):
            asked.url = word
        else:
            for letter in word[1:]:
                _apply(asked, letter, remaining)
    if asked.content and not any(name.lower() == "content-type" for name, _ in asked.headers):
        asked.headers.append(("Content-Type", "application/x-www-form-urlencoded"))
    return asked


FLAGS: dict[str, dict[str, Any]] = {
    "s": {},
    "N": {},
    "i": {"shows_head": True},
    "I": {"shows_head": True, "verb": "HEAD"},
    "L": {"follows": True},
    "G": {"in_query": True},
}


def _apply(asked: Asked, letter: str, remaining: Iterator[str]) -> None:
    if letter in FLAGS:
        for name, value in FLAGS[letter].items():
            setattr(asked, name, value)
        return
    word = next(remaining)
    match letter:
        case "X":
            asked.verb = word
        case "H":
            name, _, value = word.partition(": ")
            asked.headers.append((name, value))
        case "d":
            asked.data.append(word)
        case "F":
            asked.form.append(word)
        case "u":
            asked.headers.append(("Authorization", f"Basic {b64encode(word.encode()).decode()}"))
        case "b" if "=" in word:
            asked.headers.append(("Cookie", word))
        case "b":
            asked.cookies = word
        case "c":
            asked.jar = word
        case "o":
            assert word == "/dev/null"
            asked.hides_body = True
        case "w":
            asked.written = word
        case _:
            raise ValueError(f"curl -{letter} is not known here")


def _head(response: Response) -> str:
    """Write status and headers as curl shows them."""
    phrase = HTTPStatus(response.status_code).phrase
    lines = [
        f"HTTP/1.1 {response.status_code} {phrase}",
        *(f"{name}: {value}" for name, value in response.headers.multi_items()),
    ]
    return "\n".join(lines) + "\n\n"
