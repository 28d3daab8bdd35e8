"""Good: the session that the service gets is asynchronous, and its query is awaited."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from typeway import Depends, Typeway

app = Typeway()
make_session = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"))


class Stock:
    def __init__(self, session):  # type: ignore[no-untyped-def]
        self.session = session

    async def number_of(self, article: str) -> int:
        query = text("SELECT number FROM stock WHERE article = :article")
        return int(await self.session.scalar(query, {"article": article}) or 0)


async def open_stock() -> AsyncIterator[Any]:
    async with make_session() as session:
        yield Stock(session)  # type: ignore[no-untyped-call]


@app.get("/stock/{article}")
async def read_stock(article: str, stock: Annotated[Any, Depends(open_stock)]) -> int:
    return int(await stock.number_of(article))
