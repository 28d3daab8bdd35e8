"""Serve the application with a real server, and kill it."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from examples import alias_framework

REPOSITORY = Path(__file__).parents[3]
CREDENTIALS = {"username": "alice", "password": "correct horse"}


def command() -> list[str]:
    """Start uvicorn on the framework that these tests run on."""
    if alias_framework.is_installed():
        server, target = ["examples.alias_framework", "uvicorn"], ["--factory", "examples.task_manager.api:create_api"]
    else:
        server, target = ["uvicorn"], ["examples.task_manager.main:app"]
    return [sys.executable, "-m", *server, *target, "--port", "0"]


@contextmanager
def server(directory: Path) -> Iterator[httpx.Client]:
    """Run a server in its own directory, and kill it without any clean-up."""
    log = directory / "server.log"
    variables = {"PYTHONPATH": str(REPOSITORY), "TASK_MANAGER_SECRET_KEY": "a secret that outlives the server"}
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            command(), cwd=directory, env={**os.environ, **variables}, stdout=output, stderr=output
        )
    try:
        with httpx.Client(base_url=address(process, log), trust_env=False) as client:
            yield client
    finally:
        process.kill()
        process.wait()


def address(process: subprocess.Popen[bytes], log: Path) -> str:
    """Wait until the server says where it listens."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r"running on (http://\S+)", log.read_text(encoding="utf-8"))
        if found:
            return found[1]
        time.sleep(0.05)
    raise AssertionError(f"the server did not start:\n{log.read_text(encoding='utf-8')}")


def test_killed_server_loses_nothing(tmp_path: Path) -> None:
    """After a kill, another server in the same directory has the account, the token and the task."""
    with server(tmp_path) as client:
        client.post("/auth/register", json=CREDENTIALS)
        token = client.post("/auth/token", data=CREDENTIALS).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        task = client.post("/tasks", json={"title": "Survive"}, headers=headers).json()
        assert task["title"] == "Survive"
    with server(tmp_path) as client:
        assert client.get("/tasks", headers=headers).json() == [task]
        assert client.delete(f"/tasks/{task['id']}", headers=headers).status_code == 204
    assert (tmp_path / "task_manager.db").exists()
