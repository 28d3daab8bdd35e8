"""Good: the block is in the task."""

import asyncio

from sqlalchemy import text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from typeway import Typeway

app = Typeway()
make_session = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"))
running: set[asyncio.Task[None]] = set()


async def count_visit(page: str) -> None:
    async with make_session() as session, session.begin():
        await session.execute(text("UPDATE pages SET visits = visits + 1 WHERE name = :name"), {"name": page})


@app.get("/pages/{page}")
async def read_page(page: str) -> dict[str, str]:
    task = asyncio.create_task(count_visit(page))
    running.add(task)
    task.add_done_callback(running.discard)
    return {"page": page}
