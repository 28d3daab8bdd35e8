"""Act for the people of the tests: register them, log them in, let them create tasks."""

from typing import Any

from typeway.testclient import TestClient

PASSWORD = "correct horse"


def join(client: TestClient, username: str) -> dict[str, str]:
    """Register somebody and return the headers of their requests from then on."""
    registered = client.post("/auth/register", json={"username": username, "password": PASSWORD})
    assert registered.status_code == 201, registered.text
    return log_in(client, username)


def log_in(client: TestClient, username: str) -> dict[str, str]:
    """Return the headers of somebody who has registered before."""
    answer = client.post("/auth/token", data={"username": username, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def create(client: TestClient, owner: dict[str, str], **task: Any) -> dict[str, Any]:
    """Create a task and return it as the server tells it."""
    answer = client.post("/tasks", json={"title": "Buy milk", **task}, headers=owner)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created
