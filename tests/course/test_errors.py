"""Error handling: exceptions that are answers, exceptions that become answers, and those that nobody expected."""

from typing import Any

import pytest
from pydantic import BaseModel, Field

import typeway
from tests.frameworks import answer, application, ask, client, each_framework
from typeway import HTTPException, Typeway
from typeway.responses import JSONResponse


class TaskNotFoundError(Exception):
    def __init__(self, task_id: int) -> None:
        self.task_id = task_id


class PermissionDeniedError(Exception):
    def __init__(self, action: str, resource: str) -> None:
        self.action = action
        self.resource = resource


class ArchivedTaskError(TaskNotFoundError):
    pass


def find_task(task_id: int) -> str:
    """A service: it knows tasks and the errors of tasks, and nothing of HTTP."""
    if task_id == 1:
        return "Write"
    raise (TaskNotFoundError if task_id < 100 else ArchivedTaskError)(task_id)


def translating(web: Any) -> Any:
    """An application whose handlers turn the domain's errors into answers."""
    app = web.FastAPI()

    @app.exception_handler(TaskNotFoundError)
    async def not_found(request, exc):
        content = {"error": "not_found", "message": f"Task {exc.task_id} not found"}
        return web.responses.JSONResponse(content, 404)

    @app.exception_handler(PermissionDeniedError)
    def denied(request, exc):
        content = {"error": "permission_denied", "message": f"Cannot {exc.action} on {exc.resource}"}
        return web.responses.JSONResponse(content, 403)

    @app.get("/tasks/{task_id}")
    async def read(task_id: int) -> str:
        return find_task(task_id)

    @app.delete("/tasks/{task_id}")
    async def delete(task_id: int) -> None:
        raise PermissionDeniedError("delete", f"task {task_id}")

    return app


@each_framework
def test_an_http_exception_is_the_answer(web):
    """`HTTPException` raised anywhere becomes JSON with its status, detail and headers."""
    status = web.status
    app = web.FastAPI()

    def deep_below(task_id: int) -> None:
        raise web.HTTPException(
            status_code=status.HTTP_404_NOT_FOUND, detail=f"Task {task_id} not found", headers={"X-Reason": "gone"}
        )

    @app.get("/tasks/{task_id}")
    async def get_task(task_id: int) -> None:
        deep_below(task_id)

    @app.get("/other/{task_id}", dependencies=[web.Depends(deep_below)])
    async def other(task_id: int) -> None: ...

    for path in ("/tasks/42", "/other/42"):
        response = ask(app, f"GET {path}")
        assert (response.status_code, response.json()) == (404, {"detail": "Task 42 not found"})
        assert response.headers["content-type"] == "application/json"
        assert response.headers["X-Reason"] == "gone"


@each_framework
@pytest.mark.parametrize("detail", ["text", ["a", "b"], {"code": 7}, None])
def test_detail_is_any_json(web, detail):
    """Not only text: whatever JSON can hold; without a detail it is the status in words."""

    @application(web)
    async def read():
        raise web.HTTPException(409, detail)

    assert answer(read, "GET /") == (409, {"detail": "Conflict" if detail is None else detail})


@each_framework
def test_domain_errors_become_answers_by_their_handlers(web):
    """Functions raise what the domain knows; a handler per type, async or not, makes the answer."""
    app = translating(web)
    assert answer(app, "GET /tasks/1") == (200, "Write")
    assert answer(app, "GET /tasks/7") == (404, {"error": "not_found", "message": "Task 7 not found"})
    assert answer(app, "DELETE /tasks/7") == (
        403,
        {"error": "permission_denied", "message": "Cannot delete on task 7"},
    )
    # The handler of a type is the handler of those derived from it.
    assert answer(app, "GET /tasks/100") == (404, {"error": "not_found", "message": "Task 100 not found"})


def test_the_service_works_without_http():
    """What raises the domain's errors can be used where there is no request at all."""
    assert find_task(1) == "Write"
    with pytest.raises(TaskNotFoundError) as failure:
        find_task(7)
    assert failure.value.task_id == 7


class TaskCreate(BaseModel):
    title: str = Field(min_length=1)
    tags: list[int] = []


def creating(web: Any) -> Any:
    app = web.FastAPI()

    @app.post("/tasks/{place}")
    async def create(place: int, task: TaskCreate) -> None: ...

    return app


@each_framework
def test_validation_errors_are_structured_without_any_code(web):
    """A 422 names type, place, message and input of each error."""
    status, body = answer(creating(web), "POST /tasks/first", json={"title": "", "tags": [1, "x"]})
    assert status == 422
    assert [sorted(error) for error in body["detail"]] == [
        ["input", "loc", "msg", "type"],
        ["ctx", "input", "loc", "msg", "type"],
        ["input", "loc", "msg", "type"],
    ]
    assert [error["loc"] for error in body["detail"]] == [["path", "place"], ["body", "title"], ["body", "tags", 1]]


@each_framework
def test_the_form_of_validation_errors_can_be_changed(web):
    """A handler for RequestValidationError writes them in the application's own way."""
    app = creating(web)

    @app.exception_handler(web.exceptions.RequestValidationError)
    async def validation_error(request, exc):
        details = [
            {"field": ".".join(str(part) for part in error["loc"]), "message": error["msg"], "type": error["type"]}
            for error in exc.errors()
        ]
        return web.responses.JSONResponse({"error": "validation_error", "details": details}, 422)

    assert answer(app, "POST /tasks/1", json={"title": "", "tags": [1, "x"]}) == (
        422,
        {
            "error": "validation_error",
            "details": [
                {
                    "field": "body.title",
                    "message": "String should have at least 1 character",
                    "type": "string_too_short",
                },
                {
                    "field": "body.tags.1",
                    "message": "Input should be a valid integer, unable to parse string as an integer",
                    "type": "int_parsing",
                },
            ],
        },
    )


def failing(web: Any) -> Any:
    @application(web)
    async def read():
        raise RuntimeError("password=hunter2")

    return read


@each_framework
def test_an_unexpected_error_shows_nothing(web):
    """The answer is a bare 500, without the message or the traceback; the server is told, so that it can log them."""
    response = ask(failing(web), "GET /")
    assert response.status_code == 500
    assert "hunter2" not in response.text
    assert "Traceback" not in response.text
    with pytest.raises(RuntimeError, match="hunter2"):
        client(failing(web), raise_server_exceptions=True).get("/")


def test_an_unexpected_error_is_json_like_the_others():
    """Every error has one form. Typeway only: FastAPI answers this one in plain text."""
    response = ask(failing(typeway), "GET /")
    assert (response.status_code, response.json()) == (500, {"detail": "Internal Server Error"})


def test_one_handler_gives_all_http_errors_one_form():
    """A handler for HTTPException answers unknown paths and methods too.

    Typeway only: FastAPI's HTTPException handler misses the router's own 404 and 405.
    """
    app = Typeway()

    @app.exception_handler(HTTPException)
    async def one_form(request, exc):
        return JSONResponse({"error": exc.detail}, exc.status_code)

    @app.get("/tasks")
    async def read() -> None: ...

    assert answer(app, "GET /nowhere") == (404, {"error": "Not Found"})
    assert answer(app, "PUT /tasks") == (405, {"error": "Method Not Allowed"})
