"""Ask applications with schemathesis whether they do what their documents say: `python -m scripts.contract [options]`.

schemathesis has an environment of its own, `.venv-contract`, made from `tests/contract/lock.txt`; `lock` as the only argument
resolves that file again. Each application is served by `typeway run`, with the protocol class, on a port that the system chooses.
`tests/contract/schemathesis.toml` names what the tool gets wrong, and what only an author's code knows, each with the reason.

    python -m scripts.contract --seeds 1-5 --examples 100
    python -m scripts.contract --framework fastapi    # the same applications on FastAPI and uvicorn, to compare
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from scripts.plugins import uv

ROOT: Final = Path(__file__).parents[1]
HERE: Final = ROOT / "tests" / "contract"
ENVIRONMENT: Final = ROOT / ".venv-contract"
PATIENCE: Final = 120.0  # seconds until a server answers


@dataclass(frozen=True)
class Application:
    """An application that is asked."""

    target: str
    variables: dict[str, str] = field(default_factory=dict)  # of its environment; {folder} is a temporary one
    token: str = ""  # what its bearer scheme accepts; empty to register a person and log in
    portable: str = ""  # the factory of the part that runs on FastAPI too; empty if all of it does


# The tokens are those of demonstrations.
APPLICATIONS: Final = {
    "conformance": Application("tests.contract.application:app", token="let-me-in"),  # noqa: S106
    "books": Application("examples.books.main:app", {"BOOKS_READERS": "reader:let-me-read"}, token="let-me-read"),  # noqa: S106
    "task_manager": Application(
        "examples.task_manager.main:app",
        {
            "TASK_MANAGER_DEMO": "1",
            "DATABASE_URL": "sqlite+aiosqlite:///{folder}/tasks.db",
            "TASK_MANAGER_ATTACHMENTS_FOLDER": "{folder}/attachments",
        },
        portable="examples.task_manager.api:create_api",
    ),
}

COMMANDS: Final = {
    # A value that is longer than the server's usual 8 KiB of a target would be refused before the application sees it.
    "typeway": ("-m", "typeway", "run", "--no-access-log", "--request-line-size", "65536"),
    "fastapi": ("-m", "examples.alias_framework", "uvicorn", "--no-access-log"),
}


def install() -> Path:
    """Make the environment if its lock has changed; return its schemathesis."""
    locked = HERE / "lock.txt"
    digest = hashlib.sha256(locked.read_bytes() + sys.version.encode()).hexdigest()
    stamp = ENVIRONMENT / ".lock"
    if not stamp.exists() or stamp.read_text() != digest:
        uv("venv", "--quiet", "--clear", "--python", sys.executable, ENVIRONMENT)
        uv("pip", "sync", "--quiet", "--python", ENVIRONMENT / "bin" / "python", locked)
        stamp.write_text(digest)
    return ENVIRONMENT / "bin" / "schemathesis"


def lock() -> None:
    """Resolve the newest versions."""
    options = ("--quiet", "--universal", "--python-version", "3.11", "--no-annotate", "--no-header", "--upgrade")
    uv("pip", "compile", *options, "-", "--output-file", HERE / "lock.txt", input="schemathesis>=4.32,<5", text=True)


def call(url: str, data: bytes | None = None, media_type: str = "application/json") -> Any:
    """Return the JSON that a URL answers."""
    request = urllib.request.Request(url, data, {"content-type": media_type})  # noqa: S310 - of our own server
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
        return json.load(answer)


@contextmanager
def served(application: Application, framework: str) -> Iterator[str]:
    """Serve an application; yield its URL."""
    with socket.socket() as listener, tempfile.TemporaryDirectory() as folder:
        listener.bind(("127.0.0.1", 0))
        listener.listen(256)
        variables = {name: value.format(folder=folder) for name, value in application.variables.items()}
        target = [application.target]
        if framework == "fastapi" and application.portable:
            target = ["--factory", application.portable]
        command = [sys.executable, *COMMANDS[framework], *target, "--fd", str(listener.fileno())]
        with (
            tempfile.TemporaryFile("w+") as output,
            subprocess.Popen(
                command,
                cwd=ROOT,
                env=os.environ | variables,
                pass_fds=[listener.fileno()],
                stdout=output,
                stderr=output,
            ) as process,
        ):
            try:
                url = f"http://127.0.0.1:{listener.getsockname()[1]}"
                wait_for(url, process)
                yield url
            finally:
                process.terminate()
                process.wait(PATIENCE)
            output.seek(0)
            if "Traceback" in (said := output.read()):
                print(said[-5_000:])


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until a server answers."""
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        try:
            call(f"{url}/openapi.json")
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"{process.args!r} does not answer.")


def log_in(url: str) -> str:
    """Register a person; return an access token."""
    person = {"username": "contract", "password": "correct horse battery"}
    call(f"{url}/auth/register", json.dumps(person).encode())
    form = urllib.parse.urlencode(person).encode()
    token: str = call(f"{url}/auth/token", form, "application/x-www-form-urlencoded")["access_token"]
    return token


def ask(name: str, framework: str, seed: int, examples: int, *, plain: bool) -> int:
    """Run schemathesis on one application; return how many kinds of failures it found."""
    schemathesis, application = install(), APPLICATIONS[name]
    config = () if plain else ("--config-file", str(HERE / "schemathesis.toml"))
    with served(application, framework) as url, tempfile.TemporaryDirectory() as folder:
        token = application.token or log_in(url)
        done = subprocess.run(
            [
                str(schemathesis), *config, "run", f"{url}/openapi.json", "--header", f"Authorization: Bearer {token}",
                *(("--checks", "all") if plain else ()), "--max-examples", str(examples), "--seed", str(seed), "--continue-on-failure",
            ],
            cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
    found = re.search(r"(\d+) unique failures?", done.stdout)
    errors = re.search(r"(\d+) errors?\b", done.stdout.strip().rpartition("\n")[2])
    count = int(found[1]) if found else 0
    cases = re.search(r"(\d+) generated", done.stdout)
    print(f"{name} on {framework}, seed {seed}: {count} failures in {cases[1] if cases else '?'} cases", flush=True)
    if (done.returncode or errors) and not plain:
        print(done.stdout[-20_000:], done.stderr[-2_000:])
        return max(count, 1)
    if plain:
        print(
            "".join(f"    {line.strip()}\n" for line in done.stdout.splitlines() if re.match(r" +❌ ST\d+", line)),
            end="",
        )
    return count


def main() -> None:
    """Do what the arguments say; the exit status is 1 if there is a failure."""
    if sys.argv[1:] == ["lock"]:
        return lock()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1", help="one number, or the first and the last: 1-5")
    parser.add_argument("--examples", type=int, default=20, help="the most cases of each operation and phase")
    parser.add_argument("--framework", choices=COMMANDS, default="typeway")
    parser.add_argument("--application", choices=APPLICATIONS, action="append", help="only this one; may be repeated")
    parser.add_argument("--plain", action="store_true", help="count everything, also what the configuration excuses")
    options = parser.parse_args()
    first, _, last = options.seeds.partition("-")
    total = 0
    for seed in range(int(first), int(last or first) + 1):
        for name in options.application or APPLICATIONS:
            total += ask(name, options.framework, seed, options.examples, plain=options.plain)
    sys.exit(total > 0)


if __name__ == "__main__":
    main()
