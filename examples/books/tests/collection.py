"""Create books for a test."""

from typing import Any

from typeway.testclient import TestClient

DARKNESS = {
    "title": "The Left Hand of Darkness",
    "author": "Ursula K. Le Guin",
    "publication_year": 1969,
    "isbn": "9780441478125",
}


def create(client: TestClient, **fields: Any) -> dict[str, Any]:
    """Create a book and return the server's response."""
    answer = client.post("/books", json={**DARKNESS, **fields})
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created
