"""Save tasks as CSV."""

import csv
import io

import pytest

from examples.task_manager.services import tasks
from examples.task_manager.tests.databases import each_database
from examples.task_manager.tests.people import create
from typeway.testclient import TestClient

Person = dict[str, str]


def rows_of(client: TestClient, owner: Person, query: str = "") -> list[list[str]]:
    """Return the rows of the file."""
    answer = client.get(f"/tasks.csv{query}", headers=owner)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="tasks.csv"' in answer.headers["content-disposition"]
    return list(csv.reader(io.StringIO(answer.text, newline="")))


@each_database
def test_all_tasks_are_in_the_file(
    client: TestClient, alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than a page of them, in their order, whatever they contain, and nobody else's."""
    monkeypatch.setattr(tasks, "LARGEST_PAGE", 3)
    texts = ["a,b", 'a "quoted" b', "two\nlines", "Ärzte 😀", *(f"Task {number}" for number in range(4))]
    created = [create(client, alice, title=text, description=text) for text in texts]
    create(client, bob, title="Not yours")
    head, *rows = rows_of(client, alice)
    assert head == ["id", "title", "description", "priority", "status", "created_at", "updated_at"]
    assert [row[:3] for row in rows] == [[str(task["id"]), task["title"], task["description"]] for task in created]
    assert len(rows_of(client, alice, "?limit=1&offset=5")) == 9
    assert [row[1] for row in rows_of(client, alice, "?q=quoted&sort=-title")[1:]] == ['a "quoted" b']


def test_an_empty_list_has_a_head(client: TestClient, alice: Person) -> None:
    """A program that reads the file needs no exception for it."""
    assert len(rows_of(client, alice)) == 1


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\uff1d", "\t=", "\r=", "\n="])
def test_nothing_is_a_formula(client: TestClient, alice: Person, start: str) -> None:
    """What a spreadsheet would run is marked as text."""
    create(client, alice, title="x", description=f"{start}1+1")
    assert rows_of(client, alice)[1][2] == f"'{start}1+1"


def test_a_file_needs_credentials_and_a_valid_query(client: TestClient, alice: Person) -> None:
    """Errors come before the first byte of the file."""
    assert client.get("/tasks.csv").status_code == 401
    assert client.get("/tasks.csv?status=later", headers=alice).status_code == 422
