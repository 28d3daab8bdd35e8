"""Refuse invalid books, with a response that says what is wrong."""

from typing import Any

import pytest

from examples.books.schemas import book as schema
from examples.books.tests.collection import DARKNESS, create
from examples.books.tests.isbns import isbn
from typeway.testclient import TestClient

WRONG: list[tuple[str, Any, str]] = [
    ("title", "", "string_too_short"),
    ("title", "   ", "string_too_short"),
    ("title", "x" * 301, "string_too_long"),
    ("title", "a\x00b", "value_error"),
    ("title", 7, "string_type"),
    ("title", None, "string_type"),
    ("author", "", "string_too_short"),
    ("author", "x" * 201, "string_too_long"),
    ("publication_year", 1449, "greater_than_equal"),
    ("publication_year", 9999, "less_than_equal"),
    ("publication_year", "1969", "int_type"),
    ("publication_year", True, "int_type"),
    ("publication_year", 1969.5, "int_type"),
    ("publication_year", None, "int_type"),
    ("isbn", "", "string_pattern_mismatch"),
    ("isbn", "978044147812", "string_pattern_mismatch"),
    ("isbn", "97804414781255", "string_pattern_mismatch"),
    ("isbn", "978-0441478125", "string_pattern_mismatch"),
    ("isbn", "978044147812X", "string_pattern_mismatch"),
    ("isbn", "9780441478125\n", "string_pattern_mismatch"),
    # The same digits in Arabic script.
    ("isbn", "٩٧٨٠٤٤١٤٧٨١٢٥", "string_pattern_mismatch"),
    ("isbn", "9780441478126", "isbn_checksum"),
    ("isbn", 9780441478125, "string_type"),
    ("pages", 300, "extra_forbidden"),
]


@pytest.mark.parametrize(("field", "value", "kind"), WRONG)
def test_wrong_field_is_named(client: TestClient, field: str, value: Any, kind: str) -> None:
    """One invalid field is one detail, for creating and for updating, and nothing is stored."""
    book = create(client)
    answers = [
        client.post("/books", json={**DARKNESS, "isbn": isbn(2), field: value}),
        client.patch(f"/books/{book['id']}", json={field: value}),
    ]
    for answer in answers:
        assert answer.status_code == 422
        body = answer.json()
        assert (body["error"], body["message"]) == ("validation_error", "The request is not valid")
        assert [(detail["field"], detail["type"]) for detail in body["details"]] == [(f"body.{field}", kind)]
    assert client.get("/books").json()["items"] == [book]


def test_everything_that_is_wrong_is_said_at_once(client: TestClient) -> None:
    """One response reports all mistakes of a request."""
    answer = client.post("/books", json={"title": "", "publication_year": 1, "isbn": "1"})
    assert {detail["field"] for detail in answer.json()["details"]} == {
        "body.title",
        "body.author",
        "body.publication_year",
        "body.isbn",
    }


@pytest.mark.parametrize("year", [1450, 1969, 2031])
def test_years_from_the_first_press_to_now_are_accepted(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, year: int
) -> None:
    """Both ends of the range are valid."""
    monkeypatch.setattr(schema, "current_year", lambda: 2031)
    assert create(client, publication_year=year)["publication_year"] == year


def test_current_year_is_asked_at_each_request(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that runs past New Year accepts the new year's books without a restart."""
    late = {**DARKNESS, "publication_year": 2032}
    monkeypatch.setattr(schema, "current_year", lambda: 2031)
    refused = client.post("/books", json=late)
    monkeypatch.setattr(schema, "current_year", lambda: 2032)
    accepted = client.post("/books", json=late)
    assert refused.json()["details"][0]["message"] == "Input should be less than or equal to 2031"
    assert (refused.status_code, accepted.status_code) == (422, 201)


def test_a_year_may_be_written_with_a_point(client: TestClient) -> None:
    """JSON has one type of numbers: 1969.0 is 1969."""
    assert create(client, publication_year=1969.0)["publication_year"] == 1969


def test_wrong_check_digit_is_corrected(client: TestClient) -> None:
    """The message says which check digit was expected."""
    answer = client.post("/books", json={**DARKNESS, "isbn": "9780306406158"})
    assert answer.json()["details"][0]["message"] == "the last digit of this ISBN should be 7"


@pytest.mark.parametrize("valid", ["9780306406157", "9783161484100", "9791090636071", "0000000000000"])
def test_valid_isbn_is_accepted(client: TestClient, valid: str) -> None:
    """Thirteen digits with a correct checksum are an ISBN, also with 0 as the check digit."""
    assert create(client, isbn=valid)["isbn"] == valid


def test_isbn_belongs_to_one_book(client: TestClient) -> None:
    """A second book with the same ISBN is a conflict, whether it is created or updated, and nothing is stored."""
    book, other = create(client), create(client, title="Emma", isbn=isbn(2))
    for answer in (
        client.post("/books", json={**DARKNESS, "title": "Another"}),
        client.patch(f"/books/{other['id']}", json={"title": "Another", "isbn": DARKNESS["isbn"]}),
    ):
        assert answer.status_code == 409
        assert answer.json() == {
            "error": "duplicate_isbn",
            "message": f"There is a book with the ISBN {DARKNESS['isbn']} already",
        }
    assert client.get("/books").json()["items"] == [book, other]


@pytest.mark.parametrize(
    ("method", "path", "json"),
    [
        ("GET", "/books/7", None),
        ("PATCH", "/books/7", {"title": "x"}),
        ("PATCH", "/books/7", {}),
        ("PATCH", "/books/7", {"isbn": DARKNESS["isbn"]}),
        ("DELETE", "/books/7", None),
        ("GET", "/books/7/summary", None),
    ],
)
def test_unknown_book_is_a_structured_404(client: TestClient, method: str, path: str, json: Any) -> None:
    """`BookNotFoundError` becomes JSON that programs and people can read, for every method."""
    create(client)
    answer = client.request(method, path, json=json, headers={"Authorization": "Bearer alice-may-read"})
    assert answer.status_code == 404
    assert answer.json() == {"error": "book_not_found", "message": "Book 7 not found"}


@pytest.mark.parametrize("book_id", ["0", "-1", "x", "1.5", str(2**63)])
def test_impossible_number_is_refused(client: TestClient, book_id: str) -> None:
    """An invalid id of a book does not reach the store."""
    answer = client.get(f"/books/{book_id}")
    assert answer.status_code == 422
    assert [detail["field"] for detail in answer.json()["details"]] == ["path.book_id"]


def test_errors_of_the_framework_have_the_same_shape(client: TestClient) -> None:
    """Unknown paths, unknown methods, broken JSON and large bodies have the same format as all other errors."""
    headers = {"Content-Type": "application/json"}
    answers = [
        client.get("/nowhere"),
        client.put("/books"),
        client.post("/books", content=b'{"title"', headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [404, 405, 422]
    assert [answer.json()["error"] for answer in answers] == ["not_found", "method_not_allowed", "validation_error"]
    assert client.post("/books", content=b" " * 20_000, headers=headers).status_code == 413
