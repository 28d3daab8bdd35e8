"""Create, read, change and delete books over HTTP."""

import pytest

from examples.books.tests.collection import DARKNESS, create
from examples.books.tests.isbns import isbn
from typeway.testclient import TestClient


def test_created_book_has_a_number_and_an_address(client: TestClient) -> None:
    """The response to a creation is the stored book, with its URL."""
    answer = client.post("/books", json=DARKNESS)
    assert answer.status_code == 201
    assert answer.json() == {"id": 1, **DARKNESS}
    assert answer.headers["location"] == "http://testserver/books/1"
    assert client.get(answer.headers["location"]).json() == answer.json()


def test_spaces_around_text_are_taken_off(client: TestClient) -> None:
    """Title and author are stored without surrounding whitespace."""
    book = create(client, title="  Emma ", author="\tJane Austen\n")
    assert (book["title"], book["author"]) == ("Emma", "Jane Austen")


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Winter"},
        {"author": "U. K. Le Guin"},
        {"publication_year": 1970},
        {"isbn": isbn(7)},
        {"title": "Winter", "publication_year": 1970},
        # A book's own ISBN is not a conflict.
        {"isbn": DARKNESS["isbn"]},
    ],
)
def test_patch_changes_only_what_is_sent(client: TestClient, change: dict[str, object]) -> None:
    """Every field that is not in the request keeps its value."""
    book = create(client)
    answer = client.patch(f"/books/{book['id']}", json=change)
    assert (answer.status_code, answer.json()) == (200, {**book, **change})
    assert client.get(f"/books/{book['id']}").json() == {**book, **change}


def test_empty_patch_changes_nothing(client: TestClient) -> None:
    """An update without fields is allowed, and changes nothing."""
    book = create(client)
    answer = client.patch(f"/books/{book['id']}", json={})
    assert (answer.status_code, answer.json()) == (200, book)


def test_deleted_book_is_gone(client: TestClient) -> None:
    """After its deletion a book is a 404, and other books still exist."""
    book, other = create(client), create(client, isbn=isbn(2))
    answer = client.delete(f"/books/{book['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert client.get(f"/books/{book['id']}").status_code == 404
    assert client.get("/books").json()["items"] == [other]


def test_number_of_a_deleted_book_is_not_used_again(client: TestClient) -> None:
    """The id of a deleted book is not used again, but its ISBN is free."""
    book = create(client)
    client.delete(f"/books/{book['id']}")
    assert create(client)["id"] > book["id"]


def test_isbn_that_was_changed_is_free(client: TestClient) -> None:
    """After a change of its ISBN, a book's former ISBN is free."""
    book = create(client)
    client.patch(f"/books/{book['id']}", json={"isbn": isbn(2)})
    assert create(client)["isbn"] == DARKNESS["isbn"]
    assert client.post("/books", json={**DARKNESS, "isbn": isbn(2)}).status_code == 409


def test_documentation_shows_every_operation(client: TestClient) -> None:
    """The OpenAPI document contains the paths, the parameters with their bounds, and the format of errors."""
    document = client.get("/openapi.json").json()
    operations = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert operations == {
        ("post", "/books"),
        ("get", "/books"),
        ("get", "/books/{book_id}"),
        ("patch", "/books/{book_id}"),
        ("delete", "/books/{book_id}"),
        ("get", "/books/{book_id}/summary"),
    }
    schemas = document["components"]["schemas"]
    parameters = {each["name"]: each["schema"] for each in document["paths"]["/books"]["get"]["parameters"]}
    assert set(parameters) == {"page", "per_page", "sort_by", "order"}
    assert (parameters["per_page"]["maximum"], parameters["per_page"]["default"]) == (100, 20)
    assert parameters["sort_by"]["enum"] == ["id", "title", "author", "publication_year"]
    assert schemas["BookCreate"]["properties"]["publication_year"]["minimum"] == 1450
    assert schemas["BookCreate"]["properties"]["isbn"]["pattern"] == "^[0-9]{13}$"
    assert "required" not in schemas["BookUpdate"]
    assert document["paths"]["/books/{book_id}/summary"]["get"]["security"] == [{"HTTPBearer": []}]
    assert client.get("/docs").status_code == client.get("/redoc").status_code == 200
