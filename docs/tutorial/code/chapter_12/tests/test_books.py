"""Books over HTTP, with a real database in a temporary folder."""

import pytest
from typeway.testclient import TestClient

FRANKENSTEIN = {"title": "Frankenstein", "author": "Mary Shelley", "year": 1818, "isbn": "9780141439471"}


@pytest.mark.usefixtures("logged_in")
def test_a_book_from_its_beginning_to_its_end(client: TestClient) -> None:
    """A book is created, read, changed and deleted."""
    created = client.post("/books", json=FRANKENSTEIN)
    assert created.status_code == 201
    assert created.json() == {"id": 1, **FRANKENSTEIN}

    changed = client.patch("/books/1", json={"year": 1831})
    assert changed.json() == {"id": 1, **FRANKENSTEIN, "year": 1831}
    assert client.get("/books/1/summary").json() == {
        "summary": "Frankenstein by Mary Shelley appeared in 1831.",
        "asked_by": "ada",
    }

    assert client.delete("/books/1").status_code == 204
    assert client.get("/books/1").json() == {
        "error": "book_not_found",
        "message": "There is no book 1.",
        "book_id": 1,
    }


@pytest.mark.usefixtures("logged_in")
@pytest.mark.parametrize(
    ("field", "value"),
    [("title", "   "), ("year", 1449), ("year", 9999), ("isbn", "9780141439472"), ("isbn", "978-0141439471")],
)
def test_what_is_not_valid_is_refused(client: TestClient, field: str, value: object) -> None:
    """The error names the invalid field, and nothing is stored."""
    response = client.post("/books", json={**FRANKENSTEIN, field: value})
    assert response.status_code == 422
    assert [detail["field"] for detail in response.json()["details"]] == [f"body.{field}"]
    assert client.get("/books").json()["total"] == 0


@pytest.mark.usefixtures("logged_in")
def test_an_isbn_is_used_once(client: TestClient) -> None:
    """A second book with the same ISBN is refused."""
    client.post("/books", json=FRANKENSTEIN)
    response = client.post("/books", json={**FRANKENSTEIN, "title": "Another"})
    assert response.status_code == 409
    assert response.json()["error"] == "duplicate_isbn"


def test_strangers_may_read_and_not_write(client: TestClient) -> None:
    """Without a token a client can read the list, but not add a book."""
    assert client.get("/books").status_code == 200
    assert client.post("/books", json=FRANKENSTEIN).status_code == 401
    assert client.get("/books/1/summary").status_code == 401
