"""Pagination and sorting of lists."""

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel
from typeway import Depends, Query

Item = TypeVar("Item")


class PaginationParams:
    """The number of a page, and the number of items on a page."""

    def __init__(
        self,
        page: Annotated[int, Query(ge=1, description="Pages count from 1")] = 1,
        per_page: Annotated[int, Query(ge=1, le=100)] = 20,
    ) -> None:
        self.page = page
        self.per_page = per_page

    @property
    def offset(self) -> int:
        """The number of items before the page."""
        return (self.page - 1) * self.per_page


class SortParams:
    """The field to sort by, and the direction."""

    def __init__(
        self,
        sort_by: Literal["id", "title", "author", "year"] = "id",
        order: Literal["asc", "desc"] = "asc",
    ) -> None:
        self.sort_by = sort_by
        self.descending = order == "desc"


Pagination = Annotated[PaginationParams, Depends()]
Sorting = Annotated[SortParams, Depends()]


class Page(BaseModel, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    page: int
    per_page: int
    total: int
