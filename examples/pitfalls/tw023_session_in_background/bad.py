"""Bad: when the task runs, the request has ended and closed its session."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from typeway import Depends, Typeway

app = Typeway()
make_session = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"))
running: set[asyncio.Task[None]] = set()


async def open_session() -> AsyncIterator[AsyncSession]:
    async with make_session() as session:
        yield session


async def count_visit(session: AsyncSession, page: str) -> None:
    await session.execute(text("UPDATE pages SET visits = visits + 1 WHERE name = :name"), {"name": page})


@app.get("/pages/{page}")
async def read_page(page: str, session: Annotated[AsyncSession, Depends(open_session)]) -> dict[str, str]:
    task = asyncio.create_task(count_visit(session, page))
    running.add(task)
    task.add_done_callback(running.discard)
    return {"page": page}
