"""Serve the application with a real server, and kill it."""

from pathlib import Path

import httpx

from examples import alias_framework
from examples.task_manager.tests.servers import served

CREDENTIALS = {"username": "alice", "password": "correct horse"}
VARIABLES = {"TASK_MANAGER_SECRET_KEY": "a secret that outlives the server"}


def command() -> tuple[str, ...]:
    """Return uvicorn on the framework that these tests run on."""
    if alias_framework.is_installed():
        return "examples.alias_framework", "uvicorn", "--factory", "examples.task_manager.api:create_api"
    return "uvicorn", "examples.task_manager.main:app"


def test_killed_server_loses_nothing(tmp_path: Path) -> None:
    """After a kill, another server in the same directory has the account, the token and the task."""
    with (
        served(tmp_path, VARIABLES, command(), kill=True) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        client.post("/auth/register", json=CREDENTIALS)
        token = client.post("/auth/token", data=CREDENTIALS).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        task = client.post("/tasks", json={"title": "Survive"}, headers=headers).json()
        assert task["title"] == "Survive"
    with served(tmp_path, VARIABLES, command()) as url, httpx.Client(base_url=url, trust_env=False) as client:
        assert client.get("/tasks", headers=headers).json() == [task]
        assert client.delete(f"/tasks/{task['id']}", headers=headers).status_code == 204
    assert (tmp_path / "task_manager.db").exists()
