"""The summary of a book, for known readers."""

from collections.abc import AsyncIterator

import pytest

from examples.books.config import Settings
from examples.books.dependencies import get_current_reader, get_session
from examples.books.main import create_app
from examples.books.stores.memory import MemoryStore
from examples.books.tests.collection import DARKNESS, create
from examples.books.tests.isbns import isbn
from typeway import FastAPI
from typeway.testclient import TestClient

ALICE = {"Authorization": "Bearer alice-may-read"}


def test_summary_tells_about_the_book(client: TestClient) -> None:
    """It contains the book, the number of the author's other books, and the reader."""
    book = create(client)
    create(client, title="The Dispossessed", isbn=isbn(2))
    create(client, title="Emma", author="Jane Austen", isbn=isbn(3))
    answer = client.get(f"/books/{book['id']}/summary", headers=ALICE)
    assert answer.status_code == 200
    assert answer.json() == {
        "book_id": book["id"],
        "summary": "The Left Hand of Darkness, by Ursula K. Le Guin, was published in 1969.",
        "others_by_author": 1,
        "reader": "alice",
    }


def test_any_authentication_can_stand_in(client: TestClient, app: FastAPI) -> None:
    """With the dependency overridden, no token is needed, and the summary is for the reader of the override."""
    book = create(client)
    app.dependency_overrides[get_current_reader] = lambda: "somebody else"
    answer = client.get(f"/books/{book['id']}/summary")
    assert (answer.status_code, answer.json()["reader"]) == (200, "somebody else")


def test_authentication_and_session_can_both_be_mocked(client: TestClient, app: FastAPI) -> None:
    """The endpoint has these two dependencies and no others."""
    store = MemoryStore()

    async def mock_session() -> AsyncIterator[MemoryStore]:
        await store.add({"title": "Mock", "author": "Nobody", "publication_year": 2000, "isbn": isbn(9)})
        yield store

    app.dependency_overrides[get_session] = mock_session
    app.dependency_overrides[get_current_reader] = lambda: "somebody"
    summary = client.get("/books/1/summary").json()["summary"]
    assert summary == "Mock, by Nobody, was published in 2000."


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "Bearer wrong",
        "Bearer alice-may-read-not",
        "Bearer alice",
        "Bearer ",
        "Bearer é",
        "Basic alice-may-read",
        "alice-may-read",
    ],
)
def test_unknown_reader_is_turned_away(client: TestClient, authorization: str | None) -> None:
    """Whatever is wrong with the token, the response is the same 401, and names the right scheme."""
    create(client)
    headers = {} if authorization is None else {b"Authorization": authorization.encode("latin-1")}
    answer = client.get("/books/1/summary", headers=headers)
    assert answer.status_code == 401
    assert answer.json() == {"error": "unauthorized", "message": "The access token is missing or not valid"}
    assert answer.headers["www-authenticate"] == "Bearer"


def test_stranger_does_not_learn_which_books_there_are(client: TestClient) -> None:
    """Without a token the response is the same for a missing and an existing book."""
    create(client)
    assert client.get("/books/1/summary").json() == client.get("/books/7/summary").json()


def test_without_readers_nobody_is_let_in(settings: Settings) -> None:
    """An application without readers refuses every token."""
    with TestClient(create_app(settings.model_copy(update={"readers": {}}))) as client:
        assert client.post("/books", json=DARKNESS).status_code == 201
        assert client.get("/books/1/summary", headers=ALICE).status_code == 401
