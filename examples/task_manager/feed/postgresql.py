"""Carry changes through PostgreSQL: `LISTEN` and `NOTIFY`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asyncpg import InterfaceError, PostgresError  # type: ignore[import-untyped]
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import NullPool

from examples.task_manager.database import open_engine
from examples.task_manager.exceptions import DatabaseUnavailableError
from examples.task_manager.schemas.change import OwnedChange

CHANNEL = "task_changes"
# Those of the engine, and those of the driver, which is asked to listen without SQLAlchemy.
FAILURES = (DatabaseUnavailableError, SQLAlchemyError, PostgresError, InterfaceError, OSError)


async def notify(engine: AsyncEngine, change: OwnedChange) -> None:
    """Send a change to every process that listens; it has far less than the 8,000 bytes that may be sent."""
    async with engine.begin() as connection:
        await connection.execute(select(func.pg_notify(CHANNEL, change.model_dump_json())))


@asynccontextmanager
async def subscribed(url: str) -> AsyncIterator[AsyncIterator[str | None]]:
    """Listen on a connection of its own: it is never idle, and none of the pool is missing."""
    engine = open_engine(url, poolclass=NullPool)
    texts: asyncio.Queue[str | None] = asyncio.Queue()

    def hear(_connection: object, _process: int, _channel: str, text: str) -> None:
        texts.put_nowait(text)

    def end(_connection: object) -> None:
        texts.put_nowait(None)

    async with engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        driver.add_termination_listener(end)
        await driver.add_listener(CHANNEL, hear)
        try:
            yield _until_end(texts)
        finally:
            driver.remove_termination_listener(end)
            if not driver.is_closed():
                await driver.remove_listener(CHANNEL, hear)


async def _until_end(texts: asyncio.Queue[str | None]) -> AsyncIterator[str | None]:
    while (text := await texts.get()) is not None:
        yield text
