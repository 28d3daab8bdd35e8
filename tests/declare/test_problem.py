"""A domain error declares its own answer; where errors are `{"detail": …}`, so is it."""

import pickle
from typing import Any

import pytest

from tests.frameworks import ask
from typeway import HTTPException, Problem, Request, Response, Typeway
from typeway.exceptions import DeclarationError
from typeway.responses import JSONResponse
from typeway.testclient import TestClient


class TaskNotFound(Problem):
    status = 404
    title = "Task not found"
    task_id: int


class TooManyTasks(Problem):
    status = 429
    type = "https://errors.example.com/too-many"
    headers = {"Retry-After": "60"}


class QuotaExceeded(TooManyTasks):
    def __init__(self, limit: int) -> None:
        super().__init__(f"There are {limit} tasks already.", limit=limit)


class Forgetful(Problem):
    status = 409

    def __init__(self, reason: str) -> None:
        self.reason = reason


def raising(error: Any, **options: Any) -> Typeway:
    """An application whose one endpoint raises."""
    app = Typeway(**options)

    @app.get("/")
    def endpoint() -> None:
        raise error

    return app


@pytest.mark.parametrize(
    ("error", "status", "content"),
    [
        (
            TaskNotFound("There is no task 7.", task_id=7),
            404,
            {"detail": "There is no task 7.", "type": "/problems/task-not-found", "task_id": 7},
        ),
        (TaskNotFound, 404, {"detail": "Task not found", "type": "/problems/task-not-found"}),
        (TooManyTasks(), 429, {"detail": "Too many tasks", "type": "https://errors.example.com/too-many"}),
        (
            QuotaExceeded(5),
            429,
            {"detail": "There are 5 tasks already.", "type": "/problems/quota-exceeded", "limit": 5},
        ),
        (Forgetful("no super()"), 409, {"detail": "Forgetful", "type": "/problems/forgetful"}),
    ],
)
def test_a_problem_answers_by_itself(error, status, content):
    """Status, type and title are the class's, the detail and further members the instance's."""
    response = ask(raising(error), "GET /")
    assert (response.status_code, response.json()) == (status, content)
    assert response.headers["content-type"] == "application/json"


def test_headers_come_along():
    """Headers are declared with the class, or given with one error."""
    assert ask(raising(QuotaExceeded(1)), "GET /").headers["retry-after"] == "60"
    assert ask(raising(TooManyTasks(headers={"Retry-After": "5"})), "GET /").headers["retry-after"] == "5"


def test_members_are_attributes():
    """Who catches a problem reads what it is about."""
    error = TaskNotFound("There is no task 7.", task_id=7)
    assert (error.task_id, error.status_code, error.detail) == (7, 404, "There is no task 7.")
    copied = pickle.loads(pickle.dumps(error))
    assert (type(copied), copied.content()) == (TaskNotFound, error.content())


def test_handlers_for_http_exceptions_catch_problems():
    """One handler gives all errors one form; one for a problem's class comes first."""
    app = raising(TaskNotFound(task_id=7))

    @app.exception_handler(HTTPException)
    async def handle(request: Request, error: HTTPException) -> Response:
        return JSONResponse({"error": error.detail}, error.status_code)

    assert ask(app, "GET /").json() == {"error": "Task not found"}

    @app.exception_handler(TaskNotFound)
    async def handle_task(request: Request, error: TaskNotFound) -> Response:
        return JSONResponse({"task": error.task_id}, 410)

    assert TestClient(app).get("/").json() == {"task": 7}


@pytest.mark.parametrize(("name", "words"), [("HTTPGone", "http-gone"), ("DBDown", "db-down"), ("Gone", "gone")])
def test_names_become_types(name, words):
    """A class that names no type has one of its name's words."""
    assert type(name, (Problem,), {}).type == f"/problems/{words}"


@pytest.mark.parametrize("status", [200, 302, 600, "404", True])
def test_a_status_that_is_no_error_is_refused(status):
    """A problem is answered with 4XX or 5XX."""
    with pytest.raises(DeclarationError, match=rf"Odd declares the status {status!r}"):
        type("Odd", (Problem,), {"status": status})


@pytest.mark.parametrize("name", ["status", "type", "title", "instance", "request_id", "args", "members"])
def test_names_that_are_taken_are_no_members(name):
    """What every problem has cannot be said again."""
    with pytest.raises(TypeError, match=f"cannot have a member '{name}'"):
        TaskNotFound(**{name: 1})


@pytest.mark.parametrize("owner", ["app", "route"])
def test_what_is_no_problem_cannot_be_declared(owner):
    """`raises` takes classes of problems only, and says so where they are declared."""
    with pytest.raises(
        DeclarationError, match=r"raises must be a list of classes derived from Problem, not \(<class 'Val"
    ):
        if owner == "app":
            Typeway(raises=(ValueError,))
        else:
            Typeway().get("/", raises=(ValueError,))(lambda: 1)


def test_the_headers_of_a_problem_are_documented() -> None:
    """Whether a problem is declared or seen, the document names the headers that its class sends along."""

    def fail() -> None:
        raise TooManyTasks

    for app in (raising(TooManyTasks, raises=(TooManyTasks,)), Typeway()):
        app.get("/seen")(fail)
        for item in app.openapi()["paths"].values():
            assert item["get"]["responses"]["429"]["headers"] == {"Retry-After": {"schema": {"type": "string"}}}
