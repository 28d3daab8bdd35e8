"""Second pitfall: one model for creating, updating and answering."""

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, Field

from tests.frameworks import answer, ask, each_framework, errors


class Task(BaseModel):
    """One model for everything: nothing in it can be required."""

    id: int | None = None
    title: str | None = None
    status: str = "todo"
    password_hash: str | None = None


class TaskCreate(BaseModel):
    title: str = Field(min_length=1, max_length=200)
    description: str = Field(default="", max_length=2000)


class TaskUpdate(BaseModel):
    title: str | None = Field(None, min_length=1, max_length=200)
    description: str | None = None


class TaskResponse(BaseModel):
    id: int
    title: str
    description: str
    status: str
    created_at: datetime


def bad(web: Any) -> Any:
    app = web.FastAPI()

    @app.post("/tasks")
    async def create_task(task: Task) -> Task:
        if task.title is None:
            raise ValueError("title is required")
        return task.model_copy(update={"password_hash": "$argon2$secret"})

    return app


def good(web: Any) -> Any:
    app = web.FastAPI()

    @app.post("/tasks", response_model=TaskResponse, status_code=201)
    async def create_task(task: TaskCreate) -> Any:
        made = {"id": 1, "status": "todo", "created_at": datetime.now(UTC), "password_hash": "$argon2$secret"}
        return {**made, **task.model_dump()}

    @app.patch("/tasks")
    async def update_task(changes: TaskUpdate) -> dict:
        return changes.model_dump(exclude_unset=True)

    return app


@each_framework
def test_one_model_cannot_require_what_only_creation_needs(web):
    """A task without a title passes validation; the check by hand makes it the server's error."""
    response = ask(bad(web), "POST /tasks", json={})
    assert response.status_code == 500
    assert bad(web).openapi()["components"]["schemas"]["Task"].get("required") is None


@each_framework
def test_one_model_lets_in_and_out_what_is_internal(web):
    """A client sets the server's fields and sees what should stay inside."""
    status, body = answer(bad(web), "POST /tasks", json={"title": "t", "id": 999})
    assert status == 200
    assert body["id"] == 999
    assert body["password_hash"] == "$argon2$secret"


@each_framework
def test_a_model_per_operation_has_a_clear_contract(web):
    """Creation requires a title, an update requires nothing, and an answer has what it should and no more."""
    app = good(web)
    assert errors(app, "POST /tasks", json={}) == [("missing", ["body", "title"])]
    assert errors(app, "POST /tasks", json={"title": ""}) == [("string_too_short", ["body", "title"])]
    status, body = answer(app, "POST /tasks", json={"title": "t", "id": 999})
    assert status == 201
    assert set(body) == set(TaskResponse.model_fields)
    assert body["id"] == 1
    assert answer(app, "PATCH /tasks", json={"description": "d"}) == (200, {"description": "d"})
    schemas = app.openapi()["components"]["schemas"]
    assert schemas["TaskCreate"]["required"] == ["title"]
    assert "required" not in schemas["TaskUpdate"]
