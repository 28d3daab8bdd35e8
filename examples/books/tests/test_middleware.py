"""Every response has an id and a processing time."""

import logging
import re
import time

import pytest

from examples.books.dependencies import get_session
from typeway import FastAPI
from typeway.testclient import TestClient

# The middleware does not depend on the store.
pytestmark = pytest.mark.parametrize("settings", ["memory"], indirect=True)

UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@pytest.mark.parametrize(
    ("path", "status"),
    [("/books", 200), ("/books/1", 404), ("/books/x", 422), ("/books/1/summary", 401), ("/nowhere", 404)],
)
def test_every_answer_has_an_id_and_a_time(client: TestClient, path: str, status: int) -> None:
    """Successful and failed responses have an id and a processing time."""
    first, second = client.get(path), client.get(path)
    assert first.status_code == status
    assert re.fullmatch(UUID, first.headers["x-request-id"])
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert re.fullmatch(r"\d+\.\d{6}", first.headers["x-process-time"])


def test_time_is_in_seconds(client: TestClient, app: FastAPI) -> None:
    """The header includes the time of the endpoint."""

    async def slow_session() -> None:
        time.sleep(0.05)  # noqa: ASYNC251 - the time of the processor is what is measured
        raise RuntimeError

    app.dependency_overrides[get_session] = slow_session
    started = time.perf_counter()
    answer = client.get("/books")
    assert 0.05 <= float(answer.headers["x-process-time"]) <= time.perf_counter() - started


@pytest.mark.parametrize("given", ["abc-123", "A.b_c", "x" * 128])
def test_valid_id_of_the_client_is_kept(client: TestClient, given: str) -> None:
    """An id from the client is kept, so that several services can log the same id."""
    assert client.get("/books", headers={"X-Request-ID": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "a\tb", 'a"b', "<script>", "é"])
def test_strange_id_is_replaced(client: TestClient, given: str) -> None:
    """An id that could forge a log line or is too long is replaced."""
    answer = client.get("/books", headers={b"X-Request-ID": given.encode("latin-1")})
    assert re.fullmatch(UUID, answer.headers["x-request-id"])


def test_unexpected_error_is_logged_and_hidden(
    client: TestClient, app: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug is a 500 in the format of all errors, with an id under which the log has the traceback."""

    async def buggy_session() -> None:
        raise RuntimeError("a secret detail")

    app.dependency_overrides[get_session] = buggy_session
    with caplog.at_level(logging.ERROR, logger="examples.books"):
        answer = client.get("/books", headers={"X-Request-ID": "find-me"})
    assert answer.status_code == 500
    assert answer.json() == {"error": "internal_error", "message": "An unexpected error occurred"}
    assert answer.headers["x-request-id"] == "find-me"
    (record,) = [record for record in caplog.records if record.name == "examples.books.errors"]
    assert "find-me" in record.getMessage()
    assert record.exc_info is not None
    assert "a secret detail" in str(record.exc_info[1])
