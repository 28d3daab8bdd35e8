"""The running application: ids, times, logs, CORS, health, failures, restarts."""

import json
import logging
import re
import threading
from typing import Any

import pytest

from examples.task_manager.config import Settings
from examples.task_manager.dependencies import get_session
from examples.task_manager.tests.assembled import create_app, needs_typeway
from examples.task_manager.tests.people import create, join, log_in
from typeway import FastAPI
from typeway.testclient import TestClient

Person = dict[str, str]


@pytest.mark.parametrize(
    ("path", "status"), [("/health/ready", 200), ("/nowhere", 404), ("/tasks", 401), ("/tasks/x", 401)]
)
def test_every_answer_has_an_id_and_a_time(client: TestClient, path: str, status: int) -> None:
    """Successful and failed responses are logged, with their processing times."""
    first, second = client.get(path), client.get(path)
    assert first.status_code == status
    assert re.fullmatch(r"[0-9a-f-]{36}", first.headers["x-request-id"])
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert re.fullmatch(r"\d+\.\d\d", first.headers["x-process-time-ms"])


@pytest.mark.parametrize("given", ["abc-123", "A.b_c", "x" * 128])
def test_id_of_the_client_is_kept(client: TestClient, given: str) -> None:
    """An id from the client is kept, so that several services can log the same id."""
    assert client.get("/health/ready", headers={"X-Request-ID": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "a\tb", 'a"b', "<script>", "é"])
def test_strange_id_is_replaced(client: TestClient, given: str) -> None:
    """An id that could forge a log line or is too long is replaced."""
    answer = client.get("/health/ready", headers={b"X-Request-ID": given.encode("latin-1")})
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["x-request-id"])


def log_lines(text: str, message: str) -> list[dict[str, Any]]:
    """Return the structured log lines of one message."""
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return [line for line in lines if line["message"] == message]


def test_each_request_is_one_line_of_json(client: TestClient, capfd: pytest.CaptureFixture[str]) -> None:
    """The line has the method, the path and the status, but neither the query string nor the body."""
    capfd.readouterr()
    client.get("/tasks?q=private", headers={"X-Request-ID": "abc", "Authorization": "Bearer hidden"})
    written = capfd.readouterr().err
    (line,) = log_lines(written, "request")
    assert line == {
        "time": line["time"],
        "level": "info",
        "logger": "examples.task_manager.middleware",
        "message": "request",
        "request_id": "abc",
        "method": "GET",
        "path": "/tasks",
        "status": 401,
        "duration_ms": line["duration_ms"],
        "client": "testclient",
    }
    assert "private" not in written
    assert "hidden" not in written


def test_log_level_comes_from_the_settings(settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    """Above INFO requests are not logged, and several applications in one process write no line twice."""
    logger = logging.getLogger("examples.task_manager")
    with TestClient(create_app(settings.model_copy(update={"log_level": "WARNING"}))) as client:
        client.get("/health/ready")
    assert log_lines(capfd.readouterr().err, "request") == []
    with TestClient(create_app(settings)) as client:
        client.get("/health/ready")
    assert len(log_lines(capfd.readouterr().err, "request")) == 1
    assert logger.level == logging.INFO


def test_browser_of_a_known_origin_may_ask(client: TestClient) -> None:
    """A preflight request from an allowed origin succeeds, and scripts may read our headers."""
    preflight = client.options(
        "/tasks",
        headers={
            "Origin": "https://app.example",
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "authorization, content-type",
        },
    )
    answer = client.get("/health/ready", headers={"Origin": "https://app.example"})
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "https://app.example"
    assert preflight.headers["x-request-id"]
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    assert "X-Total-Count" in answer.headers["access-control-expose-headers"]


def test_browser_of_an_unknown_origin_may_not(client: TestClient) -> None:
    """Other origins get no permission."""
    preflight = client.options(
        "/tasks", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    )
    answer = client.get("/health/ready", headers={"Origin": "https://evil.example"})
    assert preflight.status_code == 400
    assert "access-control-allow-origin" not in preflight.headers
    assert "access-control-allow-origin" not in answer.headers


def test_health_asks_the_database(client: TestClient) -> None:
    """The check needs no account."""
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()) == (200, {"status": "healthy", "database": "healthy"})


class SlowSession:
    """A session whose database does not respond."""

    async def execute(self, *_: object) -> None:
        """Fail like a timeout."""
        raise TimeoutError


def test_health_fails_without_a_database_that_answers(client: TestClient, app: FastAPI) -> None:
    """The health check fails, without any details."""
    app.dependency_overrides[get_session] = SlowSession
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json() == {"error": "database_unavailable", "message": "The database does not answer"}
    assert answer.headers["retry-after"]


def test_unexpected_error_is_logged_and_hidden(
    client: TestClient, app: FastAPI, alice: Person, capfd: pytest.CaptureFixture[str]
) -> None:
    """A bug is a 500 in the format of all errors, with an id under which the log has the traceback."""

    async def buggy_session() -> None:
        raise RuntimeError("a secret detail")

    app.dependency_overrides[get_session] = buggy_session
    capfd.readouterr()
    answer = client.get("/tasks", headers={**alice, "X-Request-ID": "find-me"})
    written = capfd.readouterr().err
    assert answer.status_code == 500
    assert answer.json() == {"error": "internal_error", "message": "An unexpected error occurred"}
    assert answer.headers["x-request-id"] == "find-me"
    assert answer.headers["x-process-time-ms"]
    (report,) = log_lines(written, "unexpected error")
    assert report["request_id"] == "find-me"
    assert "a secret detail" in report["exception"]
    assert [line["status"] for line in log_lines(written, "request")] == [500]


def test_data_outlives_a_restart(settings: Settings) -> None:
    """Accounts, tokens and tasks are still there after a restart with the same database."""
    with TestClient(create_app(settings)) as client:
        headers = join(client, "alice")
        task = create(client, headers)
    with TestClient(create_app(settings)) as client:
        assert client.get("/tasks", headers=headers).json() == [task]
        assert client.get("/tasks", headers=log_in(client, "alice")).json() == [task]


@needs_typeway
def test_a_stopping_server_is_not_ready(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A load balancer sends requests elsewhere while the server finishes those that it has."""
    from typeway import health

    stopping = threading.Event()
    monkeypatch.setattr(health, "STOPPING", stopping)
    assert client.get("/health/ready").status_code == 200
    stopping.set()
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["error"]) == (503, "http_error")
    assert client.get("/health/live").status_code == 200


def test_demo_makes_a_secret_and_says_so(settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    """Without a secret the demo's tokens are valid until the process ends, and the log has a warning."""
    demo = settings.model_copy(update={"demo": True, "secret_key": None})
    with TestClient(create_app(demo)) as client:
        headers = join(client, "alice")
        assert client.get("/users/me", headers=headers).status_code == 200
    with TestClient(create_app(demo)) as client:
        assert client.get("/users/me", headers=headers).status_code == 401
    assert capfd.readouterr().err.count("demo mode") == 2


def test_documentation_shows_every_operation(client: TestClient) -> None:
    """The OpenAPI document contains the paths, the token URL, and the format of errors."""
    document = client.get("/openapi.json").json()
    operations = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert operations == {
        ("post", "/auth/register"),
        ("post", "/auth/token"),
        ("post", "/auth/refresh"),
        ("post", "/auth/logout"),
        ("get", "/users/me"),
        ("get", "/tasks"),
        ("post", "/tasks"),
        ("get", "/tasks/{task_id}"),
        ("patch", "/tasks/{task_id}"),
        ("delete", "/tasks/{task_id}"),
        ("get", "/tasks.csv"),
        ("get", "/tasks/{task_id}/attachments"),
        ("post", "/tasks/{task_id}/attachments"),
        ("get", "/attachments/{attachment_id}"),
        ("delete", "/attachments/{attachment_id}"),
        ("get", "/events"),
        ("get", "/health/live"),
        ("get", "/health/ready"),
    }
    schemas = document["components"]["schemas"]
    invalid = document["paths"]["/tasks"]["post"]["responses"]["422"]["content"]["application/json"]["schema"]
    flow = document["components"]["securitySchemes"]["OAuth2PasswordBearer"]["flows"]["password"]
    assert flow["tokenUrl"] == "auth/token"
    assert invalid == {"$ref": "#/components/schemas/ErrorResponse"}
    assert "required" not in schemas["TaskUpdate"]
    assert "default" not in schemas["TaskUpdate"]["properties"]["title"]
    assert "password_hash" not in json.dumps(document)
    assert client.get("/docs").status_code == client.get("/redoc").status_code == 200


@needs_typeway
def test_only_hosts_of_the_setting_are_answered(settings: Settings) -> None:
    """Another value of `Host` is refused, so that no link leads to it."""
    with TestClient(create_app(settings.model_copy(update={"trusted_hosts": ["tasks.example"]}))) as client:
        assert client.get("/health/live", headers={"Host": "tasks.example"}).status_code == 200
        refused = client.get("/health/live", headers={"Host": "elsewhere.example"})
    assert refused.status_code == 400
    assert set(refused.json()) == {"error", "message"}
