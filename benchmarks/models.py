"""Hold the models that the Pydantic-based contestants share."""

from __future__ import annotations

from pydantic import BaseModel

from benchmarks.workloads import ROWS


class Stock(BaseModel):
    count: int
    place: str


class Item(BaseModel):
    name: str
    price: float
    tags: list[str] = []
    stock: Stock | None = None


class Row(BaseModel):
    id: int
    name: str
    price: float
    tags: list[str]


ROW_MODELS = [Row(**row) for row in ROWS]


class Page:
    """A dependency that is a class."""

    def __init__(self, offset: int = 0) -> None:
        self.offset = offset
