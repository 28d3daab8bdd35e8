"""Bad: nothing says that the service gets a synchronous session, and its query blocks all the same."""

import asyncio
from collections.abc import Iterator
from typing import Annotated, Any

from sqlalchemy import create_engine, text
from sqlalchemy.orm import sessionmaker

from typeway import Depends, Typeway

app = Typeway()
make_session = sessionmaker(create_engine("sqlite://"))


class Stock:
    def __init__(self, session):  # type: ignore[no-untyped-def]
        self.session = session

    def number_of(self, article: str) -> int:
        query = text("SELECT number FROM stock WHERE article = :article")
        return int(self.session.scalar(query, {"article": article}) or 0)


def open_stock() -> Iterator[Any]:
    with make_session() as session:
        yield Stock(session)  # type: ignore[no-untyped-call]


@app.get("/stock/{article}")
async def read_stock(article: str, stock: Annotated[Any, Depends(open_stock)]) -> int:
    await asyncio.sleep(0)
    return int(stock.number_of(article))
