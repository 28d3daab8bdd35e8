"""List tasks: filter, search, sort and page."""

import pytest

from examples.task_manager.tests.databases import each_database
from examples.task_manager.tests.people import create
from typeway.testclient import TestClient

Person = dict[str, str]

TASKS = [
    {"title": "Call Ärzte", "description": "before noon", "priority": 2, "status": "todo"},
    {"title": "buy milk", "description": "100% fat", "priority": 5, "status": "done"},
    {"title": "Ask for a_b", "description": "", "priority": 2, "status": "in_progress"},
    {"title": "Zip files", "description": "1000 files, no milk", "priority": 1, "status": "todo"},
]


@pytest.fixture
def owner(client: TestClient, alice: Person, bob: Person) -> Person:
    """A user with a few tasks, and another user with one."""
    for task in TASKS:
        create(client, alice, **task)
    create(client, bob, title="buy milk", priority=5)
    return alice


def titles(client: TestClient, owner: Person, **query: str | int) -> list[str]:
    """Return the titles that a query finds."""
    answer = client.get("/tasks", params=query, headers=owner)
    assert answer.status_code == 200, answer.text
    return [task["title"] for task in answer.json()]


def test_list_of_a_newcomer_is_empty(client: TestClient, alice: Person) -> None:
    """An empty list is not an error."""
    answer = client.get("/tasks", headers=alice)
    assert (answer.status_code, answer.json(), answer.headers["x-total-count"]) == (200, [], "0")


@each_database
def test_list_holds_the_own_tasks_in_the_order_of_creation(client: TestClient, owner: Person) -> None:
    """Without a query the list has all own tasks, oldest first."""
    assert titles(client, owner) == [task["title"] for task in TASKS]


@each_database
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "todo"}, ["Call Ärzte", "Zip files"]),
        ({"status": "done"}, ["buy milk"]),
        ({"q": "MILK"}, ["buy milk", "Zip files"]),
        ({"q": "ärz"}, ["Call Ärzte"]),
        ({"q": "NOON"}, ["Call Ärzte"]),
        ({"q": "100%"}, ["buy milk"]),
        ({"q": "a_b"}, ["Ask for a_b"]),
        ({"q": "%"}, ["buy milk"]),
        ({"q": "_"}, ["Ask for a_b"]),
        ({"q": "/"}, []),
        ({"q": "\\"}, []),
        ({"q": "' OR 1=1 --"}, []),
        ({"q": ""}, ["Call Ärzte", "buy milk", "Ask for a_b", "Zip files"]),
        ({"q": "milk", "status": "todo"}, ["Zip files"]),
    ],
)
def test_filters_find_what_they_say(client: TestClient, owner: Person, query: dict[str, str], found: list[str]) -> None:
    """Status is exact; text is found in title and description, in any letter case, with no wildcards."""
    answer = client.get("/tasks", params=query, headers=owner)
    assert [task["title"] for task in answer.json()] == found
    assert answer.headers["x-total-count"] == str(len(found))


@each_database
@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("created_at", ["Call Ärzte", "buy milk", "Ask for a_b", "Zip files"]),
        ("-created_at", ["Zip files", "Ask for a_b", "buy milk", "Call Ärzte"]),
        ("priority", ["Zip files", "Call Ärzte", "Ask for a_b", "buy milk"]),
        ("-priority", ["buy milk", "Ask for a_b", "Call Ärzte", "Zip files"]),
        ("title", ["Ask for a_b", "Call Ärzte", "Zip files", "buy milk"]),
        ("-title", ["buy milk", "Zip files", "Call Ärzte", "Ask for a_b"]),
    ],
)
def test_sort_orders_by_one_field(client: TestClient, owner: Person, sort: str, order: list[str]) -> None:
    """A minus sign reverses; tasks of equal value keep one order, so that pages never overlap."""
    assert titles(client, owner, sort=sort) == order


@each_database
def test_last_changed_task_comes_first_by_updated_at(client: TestClient, owner: Person) -> None:
    """A change moves a task to the front of the most recently changed ones."""
    first = client.get("/tasks", headers=owner).json()[0]
    client.patch(f"/tasks/{first['id']}", json={"priority": 3}, headers=owner)
    assert titles(client, owner, sort="-updated_at", limit=1) == [first["title"]]


@each_database
def test_pages_cover_the_list_once(client: TestClient, owner: Person) -> None:
    """Offset and limit select a slice; the total is that of the whole query."""
    pages = [client.get("/tasks", params={"offset": start, "limit": 3}, headers=owner) for start in (0, 3, 6)]
    assert [len(page.json()) for page in pages] == [3, 1, 0]
    assert {page.headers["x-total-count"] for page in pages} == {"4"}
    assert [task["title"] for page in pages for task in page.json()] == [task["title"] for task in TASKS]


def test_page_holds_twenty_unless_asked(client: TestClient, alice: Person) -> None:
    """The size of a list is limited."""
    for number in range(21):
        create(client, alice, title=f"Task {number}")
    assert len(titles(client, alice)) == 20
    assert len(titles(client, alice, limit=100)) == 21


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"status": "later"}, "query.status"),
        ({"status": ""}, "query.status"),
        ({"q": "x" * 201}, "query.q"),
        ({"q": "nul\x00"}, "query.q"),
        ({"sort": "owner_id"}, "query.sort"),
        ({"sort": "--title"}, "query.sort"),
        ({"limit": "0"}, "query.limit"),
        ({"limit": "101"}, "query.limit"),
        ({"limit": "many"}, "query.limit"),
        ({"offset": "-1"}, "query.offset"),
        ({"offset": str(2**63)}, "query.offset"),
    ],
)
def test_query_must_be_valid(client: TestClient, alice: Person, query: dict[str, str], field: str) -> None:
    """The error names the invalid parameter of a query."""
    answer = client.get("/tasks", params=query, headers=alice)
    assert answer.status_code == 422
    assert [problem["field"] for problem in answer.json()["details"]] == [field]


@each_database
def test_farthest_page_is_empty(client: TestClient, owner: Person) -> None:
    """The largest offset that a database understands is fine."""
    assert titles(client, owner, offset=2**63 - 1) == []
