"""Serve the endpoints with uvicorn in a separate process while they are measured."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from examples import alias_framework

REPOSITORY = Path(__file__).parents[3]
APPLICATION = "examples.books.analysis.endpoints:app"
SECONDS_TO_START = 30
SECONDS_TO_STOP = 10


@contextmanager
def serve() -> Iterator[str]:
    """Start the server on a free local port, yield its address, and stop it.

    Raises:
        RuntimeError: the server did not start; the message contains its output.
    """
    # On the same framework as this process.
    alias = [alias_framework.__name__] if alias_framework.is_installed() else []
    command = [sys.executable, "-m", *alias, "uvicorn", APPLICATION, "--port", "0", "--no-access-log"]
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory, "server.log")
        with log.open("w", encoding="utf-8") as output:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and an application of ours
                command, env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, stdout=output, stderr=output
            )
        try:
            yield address_of(process, log)
        finally:
            stop(process)


def address_of(process: subprocess.Popen[bytes], log: Path) -> str:
    """Wait until the server prints its address."""
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r"running on (http://\S+)", log.read_text(encoding="utf-8"))
        if found:
            return found[1]
        time.sleep(0.05)
    raise RuntimeError(f"the server did not start:\n{log.read_text(encoding='utf-8')}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Terminate the server, and kill it if it is still asleep after a while."""
    process.terminate()
    try:
        process.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
