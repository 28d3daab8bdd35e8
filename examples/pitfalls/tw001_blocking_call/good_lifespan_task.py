"""Good: the task of the lifespan lets a thread do what blocks."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from typeway import Typeway
from typeway.concurrency import run_in_threadpool


def delete_expired() -> None:
    with sqlite3.connect("sessions.db") as connection:
        connection.execute("DELETE FROM sessions WHERE ends < unixepoch()")


async def clean() -> None:
    while True:
        await run_in_threadpool(delete_expired)
        await asyncio.sleep(60)


@asynccontextmanager
async def lifespan(app: Typeway) -> AsyncIterator[None]:
    task = asyncio.create_task(clean())
    yield
    task.cancel()


app = Typeway(lifespan=lifespan)


@app.get("/")
async def welcome() -> dict[str, str]:
    return {"hello": "world"}
