"""Conditional requests: do not send what is known, and do not overwrite what is not."""

import asyncio
from collections import Counter

import pytest
from httpx import ASGITransport, AsyncClient

from examples.task_manager.tests.databases import each_database
from examples.task_manager.tests.people import create
from typeway import FastAPI
from typeway.testclient import TestClient

Person = dict[str, str]


@each_database
def test_a_known_task_is_not_sent_again(client: TestClient, alice: Person) -> None:
    """With the tag of the newest version the answer is 304 without a body; after a change it is the task."""
    path = f"/tasks/{create(client, alice)['id']}"
    tag = client.get(path, headers=alice).headers["etag"]
    known = client.get(path, headers={**alice, "If-None-Match": tag})
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", tag)
    changed = client.patch(path, json={"priority": 5}, headers=alice)
    assert changed.headers["etag"] != tag
    answer = client.get(path, headers={**alice, "If-None-Match": tag})
    assert (answer.status_code, answer.headers["etag"]) == (200, changed.headers["etag"])


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ('"1"', 304), ('W/"1"', 304), ('"0", "1"', 304), ("*", 304), (' "0",W/"1" ', 304),
        ('"2"', 200), ("1", 200), ('""', 200), ("", 200), ('"1', 200), ('"a,b"', 200),
    ],
)  # fmt: skip
def test_if_none_match(client: TestClient, alice: Person, sent: str, status: int) -> None:
    """RFC 9110 13.1.2: any of the tags, weak or strong, or a star."""
    path = f"/tasks/{create(client, alice)['id']}"
    assert client.get(path, headers={**alice, "If-None-Match": sent}).status_code == status


@each_database
def test_a_known_list_is_not_sent_again(client: TestClient, alice: Person) -> None:
    """The tag of a list changes with each change of a task in it, and with the order."""
    task = create(client, alice, title="A")
    create(client, alice, title="B")
    tag = client.get("/tasks", headers=alice).headers["etag"]
    assert client.get("/tasks", headers={**alice, "If-None-Match": tag}).status_code == 304
    assert client.get("/tasks?sort=-title", headers={**alice, "If-None-Match": tag}).status_code == 200
    client.patch(f"/tasks/{task['id']}", json={"status": "done"}, headers=alice)
    assert client.get("/tasks", headers={**alice, "If-None-Match": tag}).status_code == 200


@each_database
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("sent", "is_done"),
    [
        ('"1"', True), ('"0", "1"', True), ("*", True),
        ('"2"', False), ('W/"1"', False), ("1", False), ("", False), ('"x"', False), ('"99999999999999999999"', False),
    ],
)  # fmt: skip
def test_if_match(client: TestClient, alice: Person, method: str, sent: str, is_done: bool) -> None:
    """RFC 9110 13.1.1: any of the strong tags, or a star; otherwise 412, and nothing happens."""
    task = create(client, alice)
    path, body = f"/tasks/{task['id']}", {"priority": 5} if method == "PATCH" else None
    answer = client.request(method, path, json=body, headers={**alice, "If-Match": sent})
    if is_done:
        assert answer.status_code in (200, 204)
    else:
        assert (answer.status_code, answer.json()["error"]) == (412, "task_changed")
        assert client.get(path, headers=alice).json() == task


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_task_that_is_not_there_is_404_first(client: TestClient, alice: Person, method: str) -> None:
    """A condition on nothing says nothing."""
    body = {"priority": 5} if method == "PATCH" else None
    assert client.request(method, "/tasks/999", json=body, headers={**alice, "If-Match": '"1"'}).status_code == 404


@each_database
def test_an_empty_change_has_a_condition_too(client: TestClient, alice: Person) -> None:
    """Changing nothing of another version is refused as well."""
    path = f"/tasks/{create(client, alice)['id']}"
    assert client.patch(path, json={}, headers={**alice, "If-Match": '"2"'}).status_code == 412
    assert client.patch(path, json={}, headers={**alice, "If-Match": '"1"'}).json()["version"] == 1


@each_database
def test_no_update_is_lost(client: TestClient, app: FastAPI, alice: Person) -> None:
    """Of many clients that have read the same version, one can change it."""
    path = f"/tasks/{create(client, alice)['id']}"

    async def change() -> list[int]:
        headers = {**alice, "If-Match": '"1"'}
        async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as web:
            answers = await asyncio.gather(
                *(web.patch(path, json={"priority": n % 5 + 1}, headers=headers) for n in range(10))
            )
        return [answer.status_code for answer in answers]

    assert client.portal is not None
    assert Counter(client.portal.call(change)) == {200: 1, 412: 9}
    assert client.get(path, headers=alice).json()["version"] == 2
