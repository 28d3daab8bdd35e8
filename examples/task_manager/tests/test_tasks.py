"""Create, read, change and delete tasks over HTTP."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from examples.task_manager.tests.databases import each_database
from examples.task_manager.tests.people import create
from typeway.testclient import TestClient

Person = dict[str, str]


@each_database
def test_new_task_gets_number_owner_times_and_defaults(client: TestClient, alice: Person) -> None:
    """A title is enough; the server sets the other fields."""
    answer = client.post("/tasks", json={"title": "Buy milk"}, headers=alice)
    task = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"http://testserver/tasks/{task['id']}"
    assert task == {
        "id": task["id"],
        "owner_id": client.get("/users/me", headers=alice).json()["id"],
        "title": "Buy milk",
        "description": "",
        "priority": 1,
        "status": "todo",
        "created_at": task["created_at"],
        "updated_at": task["created_at"],
        "version": 1,
    }
    assert datetime.fromisoformat(task["created_at"]).utcoffset() == timedelta(0)


@each_database
def test_created_task_can_be_read_at_its_location(client: TestClient, alice: Person) -> None:
    """Creating and reading a task have the same response."""
    sent = {"title": "Übung ✓ 😀", "description": "d" * 2000, "priority": 5, "status": "in_progress"}
    created = client.post("/tasks", json=sent, headers=alice)
    read = client.get(created.headers["location"], headers=alice)
    assert read.status_code == 200
    assert read.json() == created.json()
    assert sent.items() <= read.json().items()


def test_title_loses_the_space_around_it(client: TestClient, alice: Person) -> None:
    """Two titles never differ by invisible space alone."""
    assert create(client, alice, title="  Buy milk\t")["title"] == "Buy milk"
    assert client.post("/tasks", json={"title": "Buy milk "}, headers=alice).status_code == 409


WRONG_FIELDS = [
    ("title", ""),
    ("title", "   "),
    ("title", "x" * 201),
    ("title", None),
    ("title", 7),
    ("title", ["x"]),
    ("title", "nul\x00"),
    ("description", "x" * 2001),
    ("description", None),
    ("description", "nul\x00"),
    ("priority", 0),
    ("priority", 6),
    ("priority", -1),
    ("priority", 10**30),
    ("priority", 1.5),
    ("priority", "3"),
    ("priority", True),
    ("priority", None),
    ("status", "later"),
    ("status", None),
    ("status", 1),
    ("id", 7),
    ("owner_id", 2),
]


@pytest.mark.parametrize(("field", "value"), WRONG_FIELDS)
def test_wrong_field_is_named_and_nothing_is_stored(
    client: TestClient, alice: Person, field: str, value: object
) -> None:
    """A task that breaks a rule is refused when it is created and when it is changed."""
    task = create(client, alice, title="Untouched")
    created = client.post("/tasks", json={"title": "Fine", field: value}, headers=alice)
    changed = client.patch(f"/tasks/{task['id']}", json={field: value}, headers=alice)
    for answer in (created, changed):
        assert answer.status_code == 422
        assert answer.json()["error"] == "validation_error"
        assert [problem["field"] for problem in answer.json()["details"]] == [f"body.{field}"]
    assert client.get("/tasks", headers=alice).json() == [task]


@each_database
def test_longest_values_fit(client: TestClient, alice: Person) -> None:
    """Limits count characters, not bytes."""
    task = create(client, alice, title="😀" * 200, description="😀" * 2000, priority=5)
    assert client.get(f"/tasks/{task['id']}", headers=alice).json() == task


@each_database
def test_title_is_unique_for_its_owner_only(client: TestClient, alice: Person, bob: Person) -> None:
    """The same owner gets a conflict, another owner may use the title, and letter case matters."""
    create(client, alice, title="Buy milk")
    again = client.post("/tasks", json={"title": "Buy milk"}, headers=alice)
    assert again.status_code == 409
    assert again.json() == {"error": "duplicate_task", "message": "You already have a task called 'Buy milk'"}
    create(client, bob, title="Buy milk")
    create(client, alice, title="buy milk")


@each_database
@pytest.mark.parametrize(
    "changes",
    [
        {"title": "Buy bread"},
        {"description": "two litres"},
        {"priority": 4},
        {"status": "done"},
        {"title": "Buy bread", "description": "", "priority": 1, "status": "in_progress"},
    ],
)
def test_patch_changes_only_what_was_sent(client: TestClient, alice: Person, changes: dict[str, Any]) -> None:
    """Fields that are not sent keep their values; the time of change moves, the time of creation does not."""
    task = create(client, alice, description="one litre", priority=3)
    answer = client.patch(f"/tasks/{task['id']}", json=changes, headers=alice)
    changed = answer.json()
    assert answer.status_code == 200
    assert changed == {**task, **changes, "updated_at": changed["updated_at"], "version": 2}
    assert changed["updated_at"] > task["updated_at"]
    assert client.get(f"/tasks/{task['id']}", headers=alice).json() == changed


def test_empty_patch_changes_nothing(client: TestClient, alice: Person) -> None:
    """An update without fields does not change the time of change."""
    task = create(client, alice)
    answer = client.patch(f"/tasks/{task['id']}", json={}, headers=alice)
    assert (answer.status_code, answer.json()) == (200, task)


@each_database
def test_patch_to_a_taken_title_is_a_conflict(client: TestClient, alice: Person) -> None:
    """Renaming keeps titles unique, renaming to the same title is allowed, and a refused change loses nothing."""
    create(client, alice, title="Taken")
    task = create(client, alice, title="Mine")
    refused = client.patch(f"/tasks/{task['id']}", json={"title": "Taken", "priority": 5}, headers=alice)
    assert (refused.status_code, refused.json()["error"]) == (409, "duplicate_task")
    assert client.get(f"/tasks/{task['id']}", headers=alice).json() == task
    assert client.patch(f"/tasks/{task['id']}", json={"title": "Mine"}, headers=alice).status_code == 200


@each_database
def test_deleted_task_is_gone(client: TestClient, alice: Person) -> None:
    """204 without a body; afterwards the task is unknown and its number is not used again."""
    task = create(client, alice)
    deleted = client.delete(f"/tasks/{task['id']}", headers=alice)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert client.get(f"/tasks/{task['id']}", headers=alice).status_code == 404
    assert client.delete(f"/tasks/{task['id']}", headers=alice).status_code == 404
    assert create(client, alice)["id"] > task["id"]


@each_database
@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PATCH", {"title": "Stolen"}), ("DELETE", None)])
def test_tasks_of_others_do_not_exist(
    client: TestClient, alice: Person, bob: Person, method: str, body: dict[str, str] | None
) -> None:
    """Another user's task is the same 404 as a task that never existed, and does not change."""
    task = create(client, alice)
    answer = client.request(method, f"/tasks/{task['id']}", json=body, headers=bob)
    assert answer.status_code == 404
    assert answer.json() == {"error": "task_not_found", "message": f"Task {task['id']} not found"}
    assert client.get(f"/tasks/{task['id']}", headers=alice).json() == task


@each_database
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("number", "status"), [("999", 404), (str(2**63 - 1), 404), (str(2**63), 422), ("0", 422), ("-1", 422), ("x", 422)]
)
def test_unknown_and_impossible_numbers(
    client: TestClient, alice: Person, method: str, number: str, status: int
) -> None:
    """A number that no task has is 404; one that no task can have is the client's mistake."""
    answer = client.request(method, f"/tasks/{number}", json={} if method == "PATCH" else None, headers=alice)
    assert answer.status_code == status
    assert answer.json()["error"] == {404: "task_not_found", 422: "validation_error"}[status]
