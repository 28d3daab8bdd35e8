"""Pagination and sorting, with a fake store."""

import pytest
from typeway import Typeway
from typeway.testclient import TestClient

from app.listing import Page, PaginationParams, SortParams
from app.schemas import BookResponse
from app.store import get_store


class FakeStore:
    """Forty-five books, without a database."""

    async def page(self, pagination: PaginationParams, sorting: SortParams) -> Page[BookResponse]:
        """Return one page of them."""
        numbers = list(range(1, 46))
        if sorting.descending:
            numbers.reverse()
        items = [
            BookResponse(id=number, title=f"Book {number}", author="Nobody", year=2000, isbn="9780000000002")
            for number in numbers[pagination.offset : pagination.offset + pagination.per_page]
        ]
        return Page(items=items, page=pagination.page, per_page=pagination.per_page, total=len(numbers))


@pytest.fixture(autouse=True)
def fake_store(app: Typeway) -> None:
    """Replace the real store with the fake store."""
    app.dependency_overrides[get_store] = FakeStore


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", range(1, 21)),
        ("?page=3", range(41, 46)),
        ("?page=2&per_page=10", range(11, 21)),
        ("?page=9", []),
        ("?per_page=3&order=desc", [45, 44, 43]),
    ],
)
def test_a_page_of_the_list(client: TestClient, query: str, ids: list[int]) -> None:
    """The query selects the books and their order; the total does not change."""
    page = client.get(f"/books{query}").json()
    assert [book["id"] for book in page["items"]] == list(ids)
    assert page["total"] == 45


@pytest.mark.parametrize("query", ["page=0", "per_page=101", "sort_by=isbn", "order=up"])
def test_what_cannot_be_a_page_is_refused(client: TestClient, query: str) -> None:
    """Bounds and names are validated before the store is called."""
    response = client.get(f"/books?{query}")
    assert response.status_code == 422
    assert response.json()["details"][0]["field"] == f"query.{query.partition('=')[0]}"
