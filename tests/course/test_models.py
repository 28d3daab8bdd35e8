"""Request and response models: what is accepted, what is given to the function, and what leaves the server."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from tests.frameworks import answer, application, ask, each_framework, errors

NOW = datetime(2024, 5, 17, 12, 30, tzinfo=UTC)


class TaskCreate(BaseModel):
    title: str = Field(min_length=1, max_length=200)
    description: str = Field(default="", max_length=2000)
    priority: int = Field(default=1, ge=1, le=5)


class TaskUpdate(BaseModel):
    title: str | None = Field(None, min_length=1, max_length=200)
    description: str | None = Field(None, max_length=2000)
    priority: int | None = Field(None, ge=1, le=5)
    status: str | None = None


class TaskResponse(BaseModel):
    id: int
    title: str
    description: str
    priority: int
    status: str
    created_at: datetime
    updated_at: datetime


def task_api(web: Any, log: list[Any]) -> Any:
    """An endpoint that takes a TaskCreate, notes it, and answers with more than a TaskResponse has."""
    app = web.FastAPI()

    @app.post("/tasks", response_model=TaskResponse, status_code=201)
    async def create_task(task: TaskCreate) -> Any:
        log.append(task)
        stored = {"id": 1, "status": "todo", "created_at": NOW, "updated_at": NOW, "password_hash": "secret"}
        return {**stored, **task.model_dump()}

    @app.patch("/tasks")
    async def update_task(changes: TaskUpdate) -> dict:
        return changes.model_dump(exclude_unset=True)

    return app


@each_framework
def test_the_function_receives_an_instance_with_its_defaults(web):
    """The JSON body comes as an instance of the model, defaults filled in."""
    log: list[Any] = []
    assert ask(task_api(web, log), "POST /tasks", json={"title": "Write"}).status_code == 201
    assert log == [TaskCreate(title="Write", description="", priority=1)]
    assert type(log[0]) is TaskCreate


@each_framework
@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, [("missing", ["body", "title"])]),
        ({"title": ""}, [("string_too_short", ["body", "title"])]),
        ({"title": "t" * 201}, [("string_too_long", ["body", "title"])]),
        ({"title": 5}, [("string_type", ["body", "title"])]),
        ({"title": "t", "description": "d" * 2001}, [("string_too_long", ["body", "description"])]),
        ({"title": "t", "priority": 0}, [("greater_than_equal", ["body", "priority"])]),
        ({"title": "t", "priority": 6}, [("less_than_equal", ["body", "priority"])]),
        ({"title": "t", "priority": -1}, [("greater_than_equal", ["body", "priority"])]),
        ({"title": "", "priority": 9}, [("string_too_short", ["body", "title"]), ("less_than_equal", ["body", "priority"])]),
        ([], [("model_attributes_type", ["body"])]),
    ],
)  # fmt: skip
def test_every_constraint_is_enforced_and_the_function_never_runs(web, body, found):
    """A body that breaks a rule is a 422 that lists each field, and the function is not called."""
    log: list[Any] = []
    assert errors(task_api(web, log), "POST /tasks", json=body) == found
    assert log == []


@each_framework
@pytest.mark.parametrize(
    "body",
    [
        {"title": "t"},
        {"title": "t" * 200, "description": "d" * 2000, "priority": 5},
        {"title": "t", "priority": 1},
    ],
)
def test_the_limits_themselves_are_allowed(web, body):
    """The longest title and the highest priority pass."""
    assert ask(task_api(web, []), "POST /tasks", json=body).status_code == 201


@each_framework
def test_bytes_that_are_no_json_are_refused(web):
    """A body is parsed as JSON first: what cannot be parsed is a 422 that says where it went wrong."""
    log: list[Any] = []
    json = {"content-type": "application/json"}
    assert errors(task_api(web, log), "POST /tasks", content=b'{"title": ', headers=json) == [
        ("json_invalid", ["body", 10])
    ]
    assert errors(task_api(web, log), "POST /tasks", content=b"", headers=json) == [("missing", ["body"])]
    assert log == []


@each_framework
def test_an_update_may_hold_any_part_but_what_it_holds_must_be_valid(web):
    """All fields of an update are optional; those that are sent obey the same rules."""
    app = task_api(web, [])
    assert answer(app, "PATCH /tasks", json={}) == (200, {})
    assert answer(app, "PATCH /tasks", json={"priority": 2}) == (200, {"priority": 2})
    assert answer(app, "PATCH /tasks", json={"description": None}) == (200, {"description": None})
    assert errors(app, "PATCH /tasks", json={"title": ""}) == [("string_too_short", ["body", "title"])]
    assert errors(app, "PATCH /tasks", json={"priority": 6}) == [("less_than_equal", ["body", "priority"])]


@each_framework
def test_the_response_model_shapes_the_answer_and_strips_the_rest(web):
    """The answer has the fields of the response model and no others: a password hash does not leave."""
    assert answer(task_api(web, []), "POST /tasks", json={"title": "Write", "priority": 3}) == (
        201,
        {
            "id": 1,
            "title": "Write",
            "description": "",
            "priority": 3,
            "status": "todo",
            "created_at": "2024-05-17T12:30:00Z",
            "updated_at": "2024-05-17T12:30:00Z",
        },
    )


class Public(BaseModel):
    name: str


class Account(Public):
    password_hash: str


@each_framework
@pytest.mark.parametrize(
    "result",
    [
        {"name": "ada", "password_hash": "x"},
        Account(name="ada", password_hash="x"),
        SimpleNamespace(name="ada", password_hash="x"),
    ],
    ids=["dict", "model", "object"],
)
@pytest.mark.parametrize("spelling", ["response_model", "annotation"])
def test_fields_are_stripped_from_whatever_is_returned(web, result, spelling):
    """Dicts, models with more fields and plain objects are cut down alike, by `response_model` or by the annotation."""

    class Shown(Public):
        model_config = ConfigDict(from_attributes=True)

    options = {"response_model": Shown} if spelling == "response_model" else {}

    async def read():
        return result

    if spelling == "annotation":
        read.__annotations__["return"] = Shown
    assert answer(application(web, **options)(read), "GET /") == (200, {"name": "ada"})


@each_framework
def test_response_model_goes_before_the_return_annotation(web):
    """Where both are there, `response_model` decides; the annotation may say what the function really returns."""

    @application(web, response_model=Public)
    async def read() -> Account:
        return Account(name="ada", password_hash="x")

    assert answer(read, "GET /") == (200, {"name": "ada"})


@each_framework
def test_an_answer_that_does_not_fit_its_model_is_the_servers_error(web):
    """What does not fit the response model is a 500 that shows nothing of it."""

    @application(web, response_model=Public)
    async def read() -> dict:
        return {"nom": "ada", "password_hash": "x"}

    response = ask(read, "GET /")
    assert response.status_code == 500
    assert "ada" not in response.text
    assert "password" not in response.text


@each_framework
def test_request_and_response_models_are_documented_each_in_its_place(web):
    """The document names one model for the body, another for the answer, and the error between them."""
    document = task_api(web, []).openapi()
    operation = document["paths"]["/tasks"]["post"]
    reference = "#/components/schemas/"
    assert operation["requestBody"]["content"]["application/json"]["schema"] == {"$ref": f"{reference}TaskCreate"}
    answers = {
        code: response["content"]["application/json"]["schema"] for code, response in operation["responses"].items()
    }
    # Typeway's document has the refusals of an unreadable body and of another media type as well.
    assert {code: answers[code] for code in ("201", "422")} == {
        "201": {"$ref": f"{reference}TaskResponse"},
        "422": {"$ref": f"{reference}HTTPValidationError"},
    }
    schemas = document["components"]["schemas"]
    assert schemas["TaskCreate"]["required"] == ["title"]
    assert "required" not in schemas["TaskUpdate"]
    assert schemas["TaskResponse"]["required"] == list(TaskResponse.model_fields)
    title, priority = (schemas["TaskCreate"]["properties"][name] for name in ("title", "priority"))
    assert (title["minLength"], title["maxLength"]) == (1, 200)
    assert (priority["minimum"], priority["maximum"], priority["default"]) == (1, 5, 1)


@each_framework
def test_fields_that_the_model_does_not_name_are_ignored_unless_forbidden(web):
    """An unknown field never reaches the function; with `extra="forbid"` it is an error."""

    class Strict(BaseModel):
        model_config = ConfigDict(extra="forbid")
        title: str

    app = web.FastAPI()

    @app.post("/lenient")
    async def lenient(task: TaskCreate) -> dict:
        return task.model_dump()

    @app.post("/strict")
    async def strict(task: Strict) -> dict:
        return task.model_dump()

    sent = {"title": "t", "is_admin": True}
    assert answer(app, "POST /lenient", json=sent) == (200, {"title": "t", "description": "", "priority": 1})
    assert errors(app, "POST /strict", json=sent) == [("extra_forbidden", ["body", "is_admin"])]
