"""Fourth example: a factory that assembles routers, middleware and error handlers."""

import logging
import re
from typing import Any

import pytest

from tests.course.task_manager import TaskNotFoundError, create_app, task_router
from tests.frameworks import client, each_framework


def assembled(web: Any) -> Any:
    """A client of the application, with a router that fails in several ways beside the tasks."""
    trouble = web.APIRouter(prefix="/trouble")

    @trouble.get("/missing/{task_id}")
    async def missing(task_id: int) -> None:
        raise TaskNotFoundError(task_id)

    @trouble.get("/unexpected")
    async def unexpected() -> None:
        raise RuntimeError("internal: db password is hunter2")

    return client(create_app(web, task_router(web, web.Query(20, ge=1, le=100)), trouble))


@each_framework
def test_title_version_and_pages_are_as_configured(web):
    """The document carries the factory's title and version; both pages are where it put them."""
    http = assembled(web)
    assert http.get("/openapi.json").json()["info"] == {"title": "Task Manager API", "version": "1.0.0"}
    assert http.get("/docs").status_code == http.get("/redoc").status_code == 200
    assert http.post("/tasks", json={"title": "t"}).status_code == 201


@each_framework
def test_each_request_is_one_line_in_the_log_and_a_header(web, caplog):
    """Method, path, status and time are logged, and the time is on the answer, for errors too."""
    caplog.set_level(logging.INFO, logger="course.task_manager")
    http = assembled(web)
    for path, status in [("/tasks", 200), ("/tasks/9", 404), ("/nowhere", 404), ("/tasks/x", 422)]:
        caplog.clear()
        response = http.get(path)
        assert response.status_code == status
        (line,) = [record.getMessage() for record in caplog.records if record.name == "course.task_manager"]
        pattern = rf"GET {path} → {status} \((\d+\.\d\d)ms\)"
        found = re.fullmatch(pattern, line)
        assert found is not None, line
        assert response.headers["X-Request-Duration-Ms"] == found[1]


@each_framework
def test_domain_and_validation_errors_have_one_form(web):
    """A missing task and a bad request are both `{"error": ...}` with more about them."""
    http = assembled(web)
    response = http.get("/trouble/missing/7")
    assert (response.status_code, response.json()) == (404, {"error": "not_found", "message": "Task 7 not found"})
    response = http.post("/tasks", json={"title": "", "priority": 99})
    assert (response.status_code, response.json()) == (
        422,
        {
            "error": "validation_error",
            "details": [
                {"field": "body.title", "message": "String should have at least 1 character"},
                {"field": "body.priority", "message": "Input should be less than or equal to 5"},
            ],
        },
    )


@each_framework
def test_the_unexpected_is_logged_whole_and_answered_safely(web, caplog):
    """The log has the traceback, the client a fixed sentence."""
    response = assembled(web).get("/trouble/unexpected")
    assert (response.status_code, response.json()) == (
        500,
        {"error": "internal_error", "message": "An unexpected error occurred"},
    )
    (record,) = [record for record in caplog.records if record.name == "course.task_manager"]
    assert record.getMessage() == "Unexpected error on GET /trouble/unexpected"
    assert record.levelname == "ERROR"
    assert "hunter2" in (logging.Formatter().format(record))


@each_framework
@pytest.mark.parametrize(
    ("origin", "method", "header", "status"),
    [
        ("https://example.com", "PATCH", "Authorization", 200),
        ("https://example.com", "PUT", "Authorization", 400),
        ("https://example.com", "GET", "X-Secret", 400),
        ("https://evil.example", "GET", "Authorization", 400),
    ],
)
def test_cors_allows_what_is_listed(web, origin, method, header, status):
    """A preflight succeeds for the listed origin, methods and headers only."""
    headers = {
        "origin": origin,
        "access-control-request-method": method,
        "access-control-request-headers": header,
    }
    assert assembled(web).options("/tasks", headers=headers).status_code == status


@each_framework
def test_the_log_is_outside_cors_because_it_was_added_later(web, caplog):
    """A preflight that CORS answers by itself is logged all the same."""
    caplog.set_level(logging.INFO, logger="course.task_manager")
    headers = {"origin": "https://example.com", "access-control-request-method": "GET"}
    response = assembled(web).options("/tasks", headers=headers)
    assert "X-Request-Duration-Ms" in response.headers
    assert any(record.getMessage().startswith("OPTIONS /tasks → 200") for record in caplog.records)
