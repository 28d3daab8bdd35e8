"""Second example: a router that creates, reads, updates and deletes."""

from datetime import datetime
from typing import Any

import fastapi
import pytest
from pydantic import Field

import typeway
from tests.course.task_manager import task_router
from tests.frameworks import client

# The default of `limit` as it is usually spelt, and as the example spells it, with the function for fields of models.
SPELLINGS = [
    pytest.param((typeway, typeway.Query(20, ge=1, le=100)), id="typeway"),
    pytest.param((fastapi, fastapi.Query(20, ge=1, le=100)), id="fastapi"),
    # Typeway only: FastAPI refuses this declaration.
    pytest.param((typeway, Field(default=20, ge=1, le=100)), id="typeway, as the example is written"),
]


@pytest.fixture(params=SPELLINGS)
def application(request: pytest.FixtureRequest) -> Any:
    """The router in an application, for each spelling."""
    web, limit = request.param
    app = web.FastAPI()
    app.include_router(task_router(web, limit))
    return app


@pytest.fixture
def http(application: Any) -> Any:
    """A client of it."""
    return client(application)


def test_create_gives_number_status_and_times(http):
    """A new task has what was sent, the defaults, and what only the server can know."""
    response = http.post("/tasks", json={"title": "Buy milk"})
    assert response.status_code == 201
    task = response.json()
    created, updated = datetime.fromisoformat(task.pop("created_at")), datetime.fromisoformat(task.pop("updated_at"))
    assert created == updated
    assert created.utcoffset() is not None
    assert task == {"id": 1, "title": "Buy milk", "description": "", "priority": 1, "status": "todo"}
    assert http.post("/tasks", json={"title": "Again"}).json()["id"] == 2


def test_a_client_cannot_choose_what_the_server_gives(http):
    """Number and status that are sent with a new task are ignored."""
    task = http.post("/tasks", json={"title": "t", "id": 99, "status": "done"}).json()
    assert (task["id"], task["status"]) == (1, "todo")


@pytest.mark.parametrize("body", [{}, {"title": ""}, {"title": "t" * 201}, {"title": "t", "priority": 6}])
def test_create_refuses_what_is_not_valid(http, body):
    """A body that breaks a rule is refused and nothing is stored."""
    assert http.post("/tasks", json=body).status_code == 422
    assert http.get("/tasks").json() == []


def test_list_filters_by_status_and_is_limited(http):
    """All tasks, those of one status, or the first few."""
    for number in range(25):
        http.post("/tasks", json={"title": f"t{number}"})
    http.patch("/tasks/3", json={"status": "done"})
    assert len(http.get("/tasks").json()) == 20
    assert len(http.get("/tasks?limit=100").json()) == 25
    assert [task["title"] for task in http.get("/tasks?limit=2").json()] == ["t0", "t1"]
    assert [task["id"] for task in http.get("/tasks?status_filter=done").json()] == [3]
    assert http.get("/tasks?status_filter=in_progress").json() == []


@pytest.mark.parametrize(
    ("query", "type_"),
    [
        ("limit=0", "greater_than_equal"),
        ("limit=101", "less_than_equal"),
        ("limit=x", "int_parsing"),
        ("status_filter=lost", "enum"),
    ],
)
def test_list_refuses_what_is_out_of_bounds(http, query, type_):
    """`limit` is a query parameter with bounds, whichever function declared it."""
    response = http.get(f"/tasks?{query}")
    assert response.status_code == 422
    (error,) = response.json()["detail"]
    assert (error["type"], error["loc"]) == (type_, ["query", query.partition("=")[0]])


def test_read_one(http):
    """A task is found by its number, or it is a 404 that says which was not."""
    created = http.post("/tasks", json={"title": "t"}).json()
    assert http.get("/tasks/1").json() == created
    response = http.get("/tasks/42")
    assert (response.status_code, response.json()) == (404, {"detail": "Task 42 not found"})
    assert http.get("/tasks/one").status_code == 422


def test_update_changes_what_is_sent_and_the_time(http):
    """A PATCH changes the fields in its body and `updated_at`; all else stays."""
    before = http.post("/tasks", json={"title": "t", "description": "d", "priority": 4}).json()
    response = http.patch("/tasks/1", json={"status": "in_progress"})
    assert response.status_code == 200
    after = response.json()
    changed = {key for key in after if after[key] != before[key]}
    assert changed == {"status", "updated_at"}
    assert after["status"] == "in_progress"
    assert datetime.fromisoformat(after["updated_at"]) > datetime.fromisoformat(before["updated_at"])
    assert http.get("/tasks/1").json() == after
    assert http.patch("/tasks/42", json={"status": "done"}).status_code == 404
    assert http.patch("/tasks/1", json={"status": "lost"}).status_code == 422


def test_delete_answers_204_without_a_body(http):
    """A deleted task is gone; deleting it again is a 404."""
    http.post("/tasks", json={"title": "t"})
    response = http.delete("/tasks/1")
    assert (response.status_code, response.content) == (204, b"")
    assert http.get("/tasks/1").status_code == 404
    assert http.delete("/tasks/1").status_code == 404
    assert http.get("/tasks").json() == []


def test_the_collection_has_no_trailing_slash(http):
    """A prefix and the empty path are /tasks; with a slash it is a redirect there."""
    assert http.get("/tasks").status_code == 200
    response = http.get("/tasks/")
    assert response.status_code == 307
    assert response.headers["location"].endswith("/tasks")


def test_the_document_groups_and_describes_the_router(application):
    """The router's tag is on each operation; examples, descriptions, enum values and bounds are in the schemas."""
    document = application.openapi()
    operations = {
        (path, method): operation for path, item in document["paths"].items() for method, operation in item.items()
    }
    assert set(operations) == {
        ("/tasks", "post"), ("/tasks", "get"),
        ("/tasks/{task_id}", "get"), ("/tasks/{task_id}", "patch"), ("/tasks/{task_id}", "delete"),
    }  # fmt: skip
    assert all(operation["tags"] == ["tasks"] for operation in operations.values())
    assert list(operations["/tasks/{task_id}", "delete"]["responses"]) == ["204", "422"]
    schemas = document["components"]["schemas"]
    assert schemas["TaskCreate"]["properties"]["title"]["examples"] == ["Buy groceries"]
    assert schemas["TaskCreate"]["properties"]["priority"]["description"] == "1 is lowest, 5 is highest"
    assert schemas["TaskStatus"]["enum"] == ["todo", "in_progress", "done"]
    limit = operations["/tasks", "get"]["parameters"][1]
    assert (limit["name"], limit["in"], limit["required"]) == ("limit", "query", False)
    assert {key: limit["schema"][key] for key in ("default", "minimum", "maximum")} == {
        "default": 20,
        "minimum": 1,
        "maximum": 100,
    }


def test_fastapi_refuses_the_example_as_it_is_written():
    """Why the spelling with `Field` is Typeway only: FastAPI fails where the function is declared."""
    with pytest.raises(AssertionError):
        task_router(fastapi, Field(default=20, ge=1, le=100))
