"""Serve the application with a real server."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

REPOSITORY = Path(__file__).parents[3]
TYPEWAY = ("typeway", "run", "examples.task_manager.main:app", "--log-format", "json", "--no-access-log")
PATIENCE = 60


@contextmanager
def served(
    directory: Path,
    variables: Mapping[str, str],
    command: tuple[str, ...] = TYPEWAY,
    *,
    workers: int = 1,
    kill: bool = False,
) -> Iterator[str]:
    """Serve the application on a free port until the block ends, and yield its URL.

    Parameters:
        directory: where the process runs; its log is in `server.log`.
        variables: environment variables beside those of this process.
        command: the module to run, and its arguments.
        workers: the number of processes.
        kill: whether to end it without any clean-up.
    """
    with socket.socket() as listener, (directory / "server.log").open("w+", encoding="utf-8") as log:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1024)
        arguments = [sys.executable, "-m", *command, "--fd", str(listener.fileno()), "--workers", str(workers)]
        process = subprocess.Popen(
            arguments,
            cwd=directory,
            env={**os.environ, "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'src'}", **variables},
            pass_fds=[listener.fileno()],
            stdout=log,
            stderr=log,
        )
        try:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            wait_for(url, process, directory / "server.log")
            yield url
        finally:
            if kill:
                process.kill()
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the application answers."""
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        try:
            if httpx.get(f"{url}/health/ready", trust_env=False, timeout=PATIENCE).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"the server did not start:\n{log.read_text(encoding='utf-8')}")
