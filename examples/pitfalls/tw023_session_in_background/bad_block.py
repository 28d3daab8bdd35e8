"""Bad: the block around the task ends at once, and the session is closed while the task works with it."""

import asyncio

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from typeway import Typeway

app = Typeway()
make_session = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"))
running: set[asyncio.Task[None]] = set()


async def count_visit(session: AsyncSession, page: str) -> None:
    await session.execute(text("UPDATE pages SET visits = visits + 1 WHERE name = :name"), {"name": page})


@app.get("/pages/{page}")
async def read_page(page: str) -> dict[str, str]:
    async with make_session() as session:
        task = asyncio.create_task(count_visit(session, page))
        running.add(task)
        task.add_done_callback(running.discard)
    return {"page": page}
