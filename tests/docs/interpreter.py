"""Run Python modules in forks of one process, which has imported already what most commands of a page need.

Starting an interpreter and importing pytest and the framework takes longer than most of these commands do.
"""

from __future__ import annotations

import atexit
import json
import os
import runpy
import signal
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

# Not the plugins of pytest, whose assertions it rewrites when it imports them.
IMPORTED = (
    "pytest",
    "_pytest.main",
    "_pytest.terminal",
    "typeway",
    "typeway.application.app",
    "typeway.testclient",
    "httpx",
)


class Interpreter:
    """The process, which runs one command at a time and ends with the process that has started it."""

    def __init__(self) -> None:
        # The process runs this file alone, and could not import it.
        from tests.modes import without_debug_modes

        self.process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env=without_debug_modes(),
        )

    def run(self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], given: str) -> str:
        """Run `python -m` with these arguments, and return what it prints: stdout, then stderr."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with TemporaryDirectory() as place:
            files = [Path(place, name) for name in ("in", "out", "err")]
            files[0].write_text(given, encoding="utf-8")
            command = {"arguments": arguments, "folder": str(folder), "environment": dict(environment)}
            self.process.stdin.write(json.dumps(command | {"files": [*map(str, files)]}) + "\n")
            self.process.stdin.flush()
            assert self.process.stdout.readline(), "the interpreter has ended"
            return "".join(file.read_text(encoding="utf-8") for file in files[1:])

    def close(self) -> None:
        """End the process, and a command that it still runs."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()


@cache
def interpreter() -> Interpreter:
    """Start the process at the first use; it is ended at the end."""
    started = Interpreter()
    atexit.register(started.close)
    return started


def serve() -> None:
    """Run each command that arrives in a fork, and tell when it has ended."""
    # The folder of this file, which no command has on its path.
    sys.path.pop(0)
    for name in IMPORTED:
        import_module(name)
    for line in sys.stdin:
        command = json.loads(line)
        child = os.fork()
        if child == 0:
            os._exit(status_of(command))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def status_of(command: dict[str, Any]) -> int:
    """Run one command in this process and return its exit status."""
    os.chdir(command["folder"])
    os.environ.clear()
    os.environ.update(command["environment"])
    given, out, err = command["files"]
    for descriptor, (path, flags) in enumerate(
        [(given, os.O_RDONLY), (out, os.O_WRONLY | os.O_CREAT), (err, os.O_WRONLY | os.O_CREAT)]
    ):
        os.dup2(os.open(path, flags, 0o600), descriptor)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  the old one has read ahead
    try:
        run_module(command["arguments"])
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        status = 1
    else:
        status = 0
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return status


def run_module(arguments: list[str]) -> None:
    """Do what `python -m` does."""
    module, *rest = arguments
    sys.path.insert(0, str(Path.cwd()))
    sys.argv = [module, *rest]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    serve()
