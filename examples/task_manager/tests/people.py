"""Users of the tests: register, log in, create tasks."""

from typing import Any

from typeway.testclient import TestClient

PASSWORD = "correct horse"


def join(client: TestClient, username: str) -> dict[str, str]:
    """Register a user and return the headers of the user's requests."""
    registered = client.post("/auth/register", json={"username": username, "password": PASSWORD})
    assert registered.status_code == 201, registered.text
    return log_in(client, username)


def log_in(client: TestClient, username: str) -> dict[str, str]:
    """Return the headers of a registered user."""
    answer = client.post("/auth/token", data={"username": username, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def create(client: TestClient, owner: dict[str, str], **task: Any) -> dict[str, Any]:
    """Create a task and return the server's response."""
    answer = client.post("/tasks", json={"title": "Buy milk", **task}, headers=owner)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created
