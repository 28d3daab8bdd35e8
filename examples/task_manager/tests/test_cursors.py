"""Follow a list from page to page by its `Link` header."""

import base64
import json
import re

import pytest

from examples.task_manager.tests.databases import each_database
from examples.task_manager.tests.people import create
from typeway.testclient import TestClient

Person = dict[str, str]

ORDERS = ["created_at", "-created_at", "updated_at", "-updated_at", "title", "-title", "priority", "-priority"]


def next_url(link: str | None) -> str | None:
    """Return the URL of the next page."""
    found = re.fullmatch(r'<([^>]*)>; rel="next"', link or "")
    return found[1] if found else None


def cursor(*parts: object) -> str:
    """Make a cursor that the server has not sent."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


@each_database
@pytest.mark.parametrize("sort", ORDERS)
def test_pages_cover_the_list_once(client: TestClient, alice: Person, bob: Person, sort: str) -> None:
    """In every order, also among equal values, and with a filter, the pages are the list."""
    for number in range(7):
        create(client, alice, title=f"Task {number} ä", priority=number % 2 + 1)
    create(client, bob, title="Task of another")
    whole = client.get("/tasks", params={"sort": sort, "q": "Ä"}, headers=alice).json()
    url: str | None = f"/tasks?sort={sort}&q=%C3%84&limit=2"
    found, sizes = [], []
    while url is not None:
        answer = client.get(url, headers=alice)
        assert answer.headers["x-total-count"] == "7"
        found += answer.json()
        sizes.append(len(answer.json()))
        url = next_url(answer.headers.get("link"))
    assert found == whole
    assert sizes == [2, 2, 2, 1]


@each_database
def test_nothing_is_missed_or_repeated_when_tasks_come_and_go(client: TestClient, alice: Person) -> None:
    """A task that is deleted on the first page moves none of the second page away, unlike with an offset."""
    first, second, third = (create(client, alice, title=title) for title in "ABC")
    answer = client.get("/tasks?sort=title&limit=2", headers=alice)
    assert answer.json() == [first, second]
    assert client.delete(f"/tasks/{second['id']}", headers=alice).status_code == 204
    create(client, alice, title="AA")
    url = next_url(answer.headers["link"])
    assert url is not None
    assert client.get(url, headers=alice).json() == [third]


def test_the_last_page_has_no_link(client: TestClient, alice: Person) -> None:
    """Also if it is full."""
    create(client, alice)
    assert "link" not in client.get("/tasks?limit=1", headers=alice).headers


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "ä",
        "W10=",
        cursor(),
        cursor(1),
        cursor([]),
        cursor({}),
        cursor("title"),
        cursor("title", "a"),
        cursor("title", "a", "1"),
        cursor("title", "a", 1.5),
        cursor("title", "a", True),
        cursor("title", "a", 0),
        cursor("title", "a", 2**63),
        cursor("title", "nul\x00", 1),
        cursor("title", "\ud800", 1),
        cursor("title", "x" * 201, 1),
        cursor("title", None, 1),
        cursor("owner_id", 1, 1),
        cursor("priority", 10**30, 1),
        cursor("priority", "1", 1),
        cursor("created_at", "yesterday", 1),
        cursor("created_at", "2026-01-01T00:00:00", 1),
        cursor("created_at", "0001-01-01T00:00:00+14:00", 1),
        cursor("created_at", "9999-12-31T23:59:59-14:00", 1),
        "W" * 2_001,
    ],
)
def test_other_texts_are_no_cursors(client: TestClient, alice: Person, text: str) -> None:
    """A cursor that the server cannot have sent is the client's mistake."""
    for sort in ("created_at", "title", "priority"):
        answer = client.get("/tasks", params={"cursor": text, "sort": sort}, headers=alice)
        assert (answer.status_code, answer.json()["error"]) == (422, "validation_error")


def test_a_cursor_belongs_to_its_order(client: TestClient, alice: Person) -> None:
    """With another order, or an offset, it would select something arbitrary."""
    valid = cursor("title", "a", 1)
    assert client.get("/tasks", params={"cursor": valid, "sort": "title"}, headers=alice).status_code == 200
    for other in ("sort=-title", "sort=title&offset=1"):
        assert client.get(f"/tasks?cursor={valid}&{other}", headers=alice).status_code == 422
