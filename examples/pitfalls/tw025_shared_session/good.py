"""Good: each task has a session of its own."""

import asyncio

from sqlalchemy import text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from typeway import Typeway

app = Typeway()
make_session = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"))


async def count(table: str) -> int:
    async with make_session() as session:
        return int(await session.scalar(text(f"SELECT COUNT(*) FROM {table}")) or 0)


@app.get("/numbers")
async def read_numbers() -> dict[str, int]:
    users, tasks = await asyncio.gather(count("users"), count("tasks"))
    return {"users": users, "tasks": tasks}
