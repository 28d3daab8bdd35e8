"""Routes, path parameters and query parameters: where a value comes from, and what it must be."""

from enum import Enum
from typing import Any

import pytest
from pydantic import BaseModel

from tests.frameworks import answer, each_framework, errors


class TaskStatus(str, Enum):  # noqa: UP042 (the spelling that the course teaches)
    """The states of a task."""

    TODO = "todo"
    IN_PROGRESS = "in_progress"
    DONE = "done"


class Note(BaseModel):
    text: str


def task_list(web: Any, log: list[Any]) -> Any:
    """One task, and a list with a pattern, a page size and a beginning."""
    app = web.FastAPI()

    @app.get("/tasks/{task_id}")
    async def get_task(task_id: int = web.Path(ge=1, description="Which task to fetch")) -> dict:
        log.append(task_id)
        return {"task_id": task_id}

    @app.get("/tasks")
    async def list_tasks(
        status: str | None = web.Query(None, pattern="^(todo|in_progress|done)$"),
        limit: int = web.Query(10, ge=1, le=100),
        offset: int = web.Query(0, ge=0),
    ) -> dict:
        log.append((status, limit, offset))
        return {"status": status, "limit": limit, "offset": offset}

    return app


@each_framework
def test_method_and_path_choose_the_function(web):
    """A route is a method and a path; the same path may have a function per method."""
    app = web.FastAPI()

    @app.get("/tasks")
    async def read() -> str:
        return "read"

    @app.post("/tasks")
    async def create() -> str:
        return "create"

    assert answer(app, "GET /tasks") == (200, "read")
    assert answer(app, "POST /tasks") == (200, "create")
    assert answer(app, "GET /task") == (404, {"detail": "Not Found"})
    assert answer(app, "PUT /tasks") == (405, {"detail": "Method Not Allowed"})


@each_framework
def test_name_in_path_then_model_then_query(web):
    """A name in the path is a path parameter, a model is the body, and everything else is a query parameter."""
    app = web.FastAPI()

    @app.put("/tasks/{task_id}")
    async def update(task_id: int, note: Note, notify: bool = False, tag: str = "none") -> list:
        return [task_id, note.text, notify, tag]

    assert answer(app, "PUT /tasks/7?notify=true&tag=x", json={"text": "hi"}) == (200, [7, "hi", True, "x"])
    operation = app.openapi()["paths"]["/tasks/{task_id}"]["put"]
    assert {item["name"]: item["in"] for item in operation["parameters"]} == {
        "task_id": "path",
        "notify": "query",
        "tag": "query",
    }
    assert operation["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Note"}
    # The order in which parameters are written plays no part, nor does a query value of a path parameter's name.
    assert answer(app, "PUT /tasks/7?task_id=8", json={"text": "hi"})[1][0] == 7


@each_framework
@pytest.mark.parametrize(
    ("request_line", "type_", "loc"),
    [
        ("GET /tasks/0", "greater_than_equal", ["path", "task_id"]),
        ("GET /tasks/-1", "greater_than_equal", ["path", "task_id"]),
        ("GET /tasks/one", "int_parsing", ["path", "task_id"]),
        ("GET /tasks?status=lost", "string_pattern_mismatch", ["query", "status"]),
        ("GET /tasks?status=done2", "string_pattern_mismatch", ["query", "status"]),
        ("GET /tasks?limit=0", "greater_than_equal", ["query", "limit"]),
        ("GET /tasks?limit=101", "less_than_equal", ["query", "limit"]),
        ("GET /tasks?limit=ten", "int_parsing", ["query", "limit"]),
        ("GET /tasks?offset=-1", "greater_than_equal", ["query", "offset"]),
    ],
)
def test_constraints_of_path_and_query_are_enforced_before_the_function(web, request_line, type_, loc):
    """`ge`, `le` and `pattern` are checked for the function, which does not run if one fails."""
    log: list[Any] = []
    assert errors(task_list(web, log), request_line) == [(type_, loc)]
    assert log == []


@each_framework
@pytest.mark.parametrize(
    ("request_line", "body"),
    [
        ("GET /tasks/1", {"task_id": 1}),
        ("GET /tasks", {"status": None, "limit": 10, "offset": 0}),
        ("GET /tasks?status=done&limit=10", {"status": "done", "limit": 10, "offset": 0}),
        ("GET /tasks?limit=1&offset=5", {"status": None, "limit": 1, "offset": 5}),
        ("GET /tasks?limit=100", {"status": None, "limit": 100, "offset": 0}),
    ],
)
def test_defaults_make_query_parameters_optional(web, request_line, body):
    """What is absent has its default; what is given comes converted; the bounds themselves are allowed."""
    assert answer(task_list(web, []), request_line) == (200, body)


@each_framework
def test_a_query_parameter_without_default_is_required(web):
    """Leaving it out is an error that names it."""
    app = web.FastAPI()

    @app.get("/search")
    async def search(word: str, limit: int = 5) -> str:
        return word * limit

    assert answer(app, "GET /search") == (
        422,
        {"detail": [{"type": "missing", "loc": ["query", "word"], "msg": "Field required", "input": None}]},
    )
    assert answer(app, "GET /search?word=a") == (200, "aaaaa")


@each_framework
def test_all_that_is_wrong_is_told_at_once(web):
    """One answer lists every parameter that is wrong."""
    assert errors(task_list(web, []), "GET /tasks?limit=0&offset=-1&status=x") == [
        ("string_pattern_mismatch", ["query", "status"]),
        ("greater_than_equal", ["query", "limit"]),
        ("greater_than_equal", ["query", "offset"]),
    ]


@each_framework
def test_descriptions_bounds_and_defaults_are_documented(web):
    """What the signature says of a parameter is what its documentation says."""
    paths = task_list(web, []).openapi()["paths"]
    (task_id,) = paths["/tasks/{task_id}"]["get"]["parameters"]
    assert task_id["description"] == "Which task to fetch"
    assert (task_id["in"], task_id["required"], task_id["schema"]["minimum"]) == ("path", True, 1)
    status, limit, offset = paths["/tasks"]["get"]["parameters"]
    assert not status["required"]
    # FastAPI's document allows null as well, which no query can say.
    text = status["schema"].get("anyOf", [status["schema"]])[0]
    assert (text["type"], text["pattern"]) == ("string", "^(todo|in_progress|done)$")
    assert {key: limit["schema"][key] for key in ("type", "minimum", "maximum", "default")} == {
        "type": "integer",
        "minimum": 1,
        "maximum": 100,
        "default": 10,
    }
    assert (offset["schema"]["minimum"], offset["schema"]["default"], offset["required"]) == (0, 0, False)


@each_framework
def test_an_enum_restricts_values_and_documents_them(web):
    """An Enum parameter takes one of its values, comes as a member, and lists the values in the schema."""
    app = web.FastAPI()
    seen: list[Any] = []

    @app.get("/tasks")
    async def list_tasks(status: TaskStatus | None = None) -> dict:
        seen.append(status)
        return {"status": status}

    @app.get("/tasks/{status}")
    async def by_status(status: TaskStatus) -> TaskStatus:
        return status

    assert answer(app, "GET /tasks") == (200, {"status": None})
    assert answer(app, "GET /tasks?status=in_progress") == (200, {"status": "in_progress"})
    assert seen == [None, TaskStatus.IN_PROGRESS]
    assert answer(app, "GET /tasks/done") == (200, "done")
    assert errors(app, "GET /tasks?status=lost") == [("enum", ["query", "status"])]
    assert errors(app, "GET /tasks/lost") == [("enum", ["path", "status"])]
    _, body = answer(app, "GET /tasks/lost")
    assert body["detail"][0]["msg"] == "Input should be 'todo', 'in_progress' or 'done'"
    schema = app.openapi()["components"]["schemas"]["TaskStatus"]
    assert (schema["type"], schema["enum"]) == ("string", ["todo", "in_progress", "done"])


@each_framework
def test_the_first_of_two_equal_routes_answers(web):
    """Routes are tried in the order of their declaration."""
    app = web.FastAPI()

    @app.get("/tasks/next")
    async def upcoming() -> str:
        return "the next task"

    @app.get("/tasks/{task_id}")
    async def first(task_id: str) -> str:
        return f"task {task_id}"

    @app.get("/tasks/{name}")
    async def second(name: str) -> str:
        return "never"

    assert answer(app, "GET /tasks/next") == (200, "the next task")
    assert answer(app, "GET /tasks/2") == (200, "task 2")
