"""Good: each task has a session of its own."""

import asyncio

from sqlalchemy import func, select, table
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from typeway import Typeway

app = Typeway()
make_session = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"))


async def count(name: str) -> int:
    async with make_session() as session:
        return int(await session.scalar(select(func.count()).select_from(table(name))) or 0)


@app.get("/numbers")
async def read_numbers() -> dict[str, int]:
    users, tasks = await asyncio.gather(count("users"), count("tasks"))
    return {"users": users, "tasks": tasks}
