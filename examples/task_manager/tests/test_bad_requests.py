"""Refuse invalid requests with clear errors, without losing data."""

import pytest

from examples.task_manager.config import Settings
from examples.task_manager.tests.people import create
from typeway.testclient import TestClient

Person = dict[str, str]
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b'{"title":', b"{'title': 'x'}", b'{"title": "x",}', b"title=x", b'{"title": "x"} {}'],
)
def test_body_must_be_json(client: TestClient, alice: Person, content: bytes) -> None:
    """Broken JSON is the client's error, and the response says so."""
    answer = client.post("/tasks", content=content, headers={**alice, **JSON})
    assert answer.status_code == 422
    assert answer.json()["error"] == "validation_error"


def test_broken_json_is_explained(client: TestClient, alice: Person) -> None:
    """The response names the place and the reason."""
    answer = client.post("/tasks", content=b'{"title":', headers={**alice, **JSON})
    assert answer.json()["details"] == [
        {"field": "body.9", "message": "JSON decode error: Expecting value", "type": "json_invalid"}
    ]


@pytest.mark.parametrize("content", [b"\xff\xfe\xfd", b'{"title": "\xff"}'])
def test_body_must_be_text(client: TestClient, alice: Person, content: bytes) -> None:
    """Bytes that are not UTF-8 are refused like any other body that cannot be parsed."""
    answer = client.post("/tasks", content=content, headers={**alice, **JSON})
    assert answer.status_code in {400, 422}
    assert answer.json()["error"] in {"bad_request", "validation_error"}


@pytest.mark.parametrize("content", [b"[]", b"null", b'"x"', b"7", b"true", b"{}", b"[[[[]]]]"])
def test_body_must_be_an_object_with_a_title(client: TestClient, alice: Person, content: bytes) -> None:
    """JSON of another type is a validation error."""
    answer = client.post("/tasks", content=content, headers={**alice, **JSON})
    assert answer.status_code == 422
    assert all(problem["field"].startswith("body") for problem in answer.json()["details"])


@pytest.mark.parametrize("content", [rb'{"title": "\ud800"}', rb'{"title": "x", "\ud800": 1}'])
def test_half_characters_are_refused(client: TestClient, alice: Person, content: bytes) -> None:
    """JSON can contain escapes that UTF-8 cannot encode; neither storing nor responding fails because of them."""
    answer = client.post("/tasks", content=content, headers={**alice, **JSON})
    # FastAPI finds them only while it validates.
    assert (answer.status_code, answer.json()["error"]) in {(400, "bad_request"), (422, "validation_error")}


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml"])
def test_body_must_be_sent_as_json(client: TestClient, alice: Person, content_type: str) -> None:
    """JSON with another content type is refused, so that a form of another site cannot post it."""
    answer = client.post("/tasks", content=b'{"title": "x"}', headers={**alice, "Content-Type": content_type})
    assert answer.status_code in {415, 422}
    assert client.get("/tasks", headers=alice).json() == []


def test_body_has_a_limit(client: TestClient, alice: Person, settings: Settings) -> None:
    """A body over the limit is refused before anything happens; the connection stays open."""
    content = b'{"title": "x", "description": "' + b"x" * settings.max_body_bytes + b'"}'
    answer = client.post("/tasks", content=content, headers={**alice, **JSON})
    assert answer.status_code == 413
    assert client.get("/tasks", headers=alice).json() == []


def test_a_number_may_be_written_with_a_point(client: TestClient, alice: Person) -> None:
    """JSON has one type of numbers: a priority of 3.0 is 3, one of 3.5 or "3" is none."""
    answers = [
        client.post("/tasks", json={"title": str(each), "priority": each}, headers=alice) for each in (3.0, 3.5, "3")
    ]
    assert [answer.status_code for answer in answers] == [201, 422, 422]
    assert answers[0].json()["priority"] == 3


def test_deep_nesting_is_refused(client: TestClient, alice: Person) -> None:
    """Thousands of brackets do not overflow the stack."""
    answer = client.post("/tasks", content=b"[" * 20_000, headers={**alice, **JSON})
    assert answer.status_code in {400, 422}


@pytest.mark.parametrize("path", ["/task", "/tasks/1/owner", "/users", "/users/2", "/auth", "/%00", "/tasks/%F0"])
def test_unknown_paths(client: TestClient, alice: Person, path: str) -> None:
    """An unknown path is a 404 in the format of all errors; an almost correct path is not a server error."""
    answer = client.get(path, headers=alice)
    assert answer.status_code in {404, 422}
    assert answer.json()["error"] in {"not_found", "validation_error"}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/tasks/1", "PATCH"),
        ("POST", "/tasks/1", "PATCH"),
        ("DELETE", "/tasks", "POST"),
        ("GET", "/auth/register", "POST"),
        ("BREW", "/auth/token", "POST"),
        ("DELETE", "/users/me", "GET"),
    ],
)
def test_unknown_methods(client: TestClient, alice: Person, method: str, path: str, allowed: str) -> None:
    """A method that the path does not have is a 405 that lists the others; nothing is changed."""
    task = create(client, alice)
    answer = client.request(method, path, headers=alice)
    assert answer.status_code == 405
    assert answer.json() == {"error": "method_not_allowed", "message": "Method Not Allowed"}
    assert answer.headers["allow"]
    assert client.get("/tasks", headers=alice).json() == [task]
