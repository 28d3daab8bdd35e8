"""Bad: two queries at the same time on one session, which raises an error as soon as both really wait."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from sqlalchemy import func, select, table
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from typeway import Depends, Typeway

app = Typeway()
make_session = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"))


async def open_session() -> AsyncIterator[AsyncSession]:
    async with make_session() as session:
        yield session


async def count(session: AsyncSession, name: str) -> int:
    return int(await session.scalar(select(func.count()).select_from(table(name))) or 0)


@app.get("/numbers")
async def read_numbers(session: Annotated[AsyncSession, Depends(open_session)]) -> dict[str, int]:
    users, tasks = await asyncio.gather(count(session, "users"), count(session, "tasks"))
    return {"users": users, "tasks": tasks}
