"""List books with pagination and sorting."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from examples.books.dependencies import PaginationParams, SortParams, get_session
from examples.books.models.book import Book, SortField
from examples.books.stores.memory import MemoryStore
from examples.books.tests.collection import create
from examples.books.tests.isbns import isbn
from typeway import FastAPI
from typeway.testclient import TestClient

# With the session overridden, nothing uses the application's own store.
without_store = pytest.mark.parametrize("settings", ["memory"], indirect=True)


class MockSource(MemoryStore):
    """A fake store with a number of books; it records its calls."""

    def __init__(self, total: int) -> None:
        super().__init__()
        self.total = total
        self.asked: list[dict[str, Any]] = []

    async def find(self, *, offset: int, limit: int, sort_by: SortField, descending: bool) -> Sequence[Book]:
        """Create the books of a slice."""
        self.asked.append({"offset": offset, "limit": limit, "sort_by": sort_by, "descending": descending})
        numbers = range(self.total, 0, -1) if descending else range(1, self.total + 1)
        return [Book(n, f"Book {n}", "Nobody", 2000, isbn(n)) for n in numbers[offset : offset + limit]]

    async def count(self, *, author: str | None = None) -> int:
        """Return the number of books."""
        return self.total


@pytest.fixture
def source(app: FastAPI) -> MockSource:
    """Replace the application's store with forty-five books."""
    source = MockSource(45)

    async def lend_source() -> AsyncIterator[MockSource]:
        yield source

    app.dependency_overrides[get_session] = lend_source
    return source


@without_store
@pytest.mark.parametrize(
    ("query", "first", "last", "length"),
    [
        ("", 1, 20, 20),
        ("page=2", 21, 40, 20),
        ("page=3", 41, 45, 5),
        ("per_page=1&page=45", 45, 45, 1),
        ("per_page=100", 1, 45, 45),
        ("order=desc&page=3", 5, 1, 5),
    ],
)
@pytest.mark.usefixtures("source")
def test_page_holds_its_part_of_the_books(client: TestClient, query: str, first: int, last: int, length: int) -> None:
    """Pages have no gap and no overlap; the last one may be shorter."""
    body = client.get(f"/books?{query}").json()
    numbers = [book["id"] for book in body["items"]]
    assert (numbers[0], numbers[-1], len(numbers), body["total"]) == (first, last, length, 45)


@without_store
def test_page_says_where_it_stands(client: TestClient, source: MockSource) -> None:
    """The response repeats the parameters and contains the number of pages."""
    for per_page, pages in ((1, 45), (20, 3), (45, 1), (44, 2)):
        body = client.get(f"/books?per_page={per_page}").json()
        assert (body["page"], body["per_page"], body["pages"]) == (1, per_page, pages)
    source.total = 0
    assert client.get("/books").json() == {"items": [], "page": 1, "per_page": 20, "total": 0, "pages": 0}


@without_store
@pytest.mark.usefixtures("source")
def test_page_after_the_last_is_empty(client: TestClient) -> None:
    """A page after the last one is empty, not an error."""
    body = client.get("/books?page=4").json()
    assert (body["items"], body["page"], body["total"]) == ([], 4, 45)


@without_store
def test_parameters_reach_the_source(client: TestClient, source: MockSource) -> None:
    """The store is called once, with the slice and the order of the query."""
    client.get("/books?page=3&per_page=7&sort_by=title&order=desc")
    assert source.asked == [{"offset": 14, "limit": 7, "sort_by": "title", "descending": True}]


@without_store
def test_parameters_can_be_overridden(client: TestClient, app: FastAPI, source: MockSource) -> None:
    """Pagination and sorting are dependencies, so that a test, or another application, can override them."""
    app.dependency_overrides[PaginationParams] = lambda: PaginationParams(page=2, per_page=5)
    app.dependency_overrides[SortParams] = lambda: SortParams(sort_by="author", order="desc")
    client.get("/books?page=9&sort_by=title")
    assert source.asked == [{"offset": 5, "limit": 5, "sort_by": "author", "descending": True}]


@without_store
@pytest.mark.parametrize(
    ("query", "field", "kind"),
    [
        ("page=0", "query.page", "greater_than_equal"),
        ("page=-1", "query.page", "greater_than_equal"),
        ("page=x", "query.page", "int_parsing"),
        ("page=", "query.page", "int_parsing"),
        ("page=9999999999999", "query.page", "less_than_equal"),
        ("per_page=0", "query.per_page", "greater_than_equal"),
        ("per_page=101", "query.per_page", "less_than_equal"),
        ("sort_by=isbn", "query.sort_by", "literal_error"),
        ("sort_by=__class__", "query.sort_by", "literal_error"),
        ("order=up", "query.order", "literal_error"),
    ],
)
def test_impossible_page_or_order_is_refused(
    client: TestClient, source: MockSource, query: str, field: str, kind: str
) -> None:
    """The response names the parameter, and the store is not called."""
    answer = client.get(f"/books?{query}")
    assert answer.status_code == 422
    assert [(detail["field"], detail["type"]) for detail in answer.json()["details"]] == [(field, kind)]
    assert source.asked == []


@pytest.mark.parametrize("largest", ["page=1000000000000", "page=1000000000000&per_page=100"])
def test_last_possible_page_is_empty(client: TestClient, largest: str) -> None:
    """A real store accepts the largest numbers that the endpoint accepts."""
    create(client)
    answer = client.get(f"/books?{largest}")
    assert (answer.status_code, answer.json()["items"]) == (200, [])


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [1, 2, 3, 4]),
        ("order=desc", [4, 3, 2, 1]),
        ("sort_by=title", [4, 2, 1, 3]),
        ("sort_by=title&order=desc", [3, 1, 2, 4]),
        ("sort_by=author", [1, 3, 2, 4]),
        ("sort_by=publication_year", [2, 1, 4, 3]),
        ("sort_by=publication_year&order=desc", [3, 4, 1, 2]),
        ("sort_by=publication_year&per_page=2&page=2", [4, 3]),
    ],
)
def test_books_are_sorted(client: TestClient, query: str, numbers: list[int]) -> None:
    """Both stores sort alike, and equal books are sorted by id, in the same direction."""
    create(client, title="Persuasion", author="Austen", publication_year=1817, isbn=isbn(1))
    create(client, title="Mansfield Park", author="Woolf", publication_year=1814, isbn=isbn(2))
    create(client, title="Pride", author="Austen", publication_year=1985, isbn=isbn(3))
    create(client, title="Emma", author="Woolf", publication_year=1817, isbn=isbn(4))
    assert [book["id"] for book in client.get(f"/books?{query}").json()["items"]] == numbers
