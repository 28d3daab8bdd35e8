"""Open the database: its engine, and its tables when they are missing."""

import asyncio
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from examples.task_manager.models import Base

CREATE_ATTEMPTS = 10


def open_engine(url: str) -> AsyncEngine:
    """Make an engine for any async SQLAlchemy URL; it connects when it is first used."""
    if not url.startswith("sqlite"):
        # A server closes idle connections; the ping finds that out before a request does.
        return create_async_engine(url, pool_pre_ping=True)
    engine = create_async_engine(url)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    """Switch on what SQLite leaves off: foreign keys, and letter case beyond ASCII."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()
    connection.create_function("lower", 1, _lower, deterministic=True)


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


async def create_tables(engine: AsyncEngine) -> None:
    """Create the tables that are missing; existing ones and their rows stay as they are.

    Several workers may start on an empty database at the same moment. Looking and creating are two steps there, so one
    worker can lose a table to another between them; it looks again.

    Raises:
        DBAPIError: the database refuses for another reason.
    """
    for attempt in range(1, CREATE_ATTEMPTS + 1):
        try:
            async with engine.begin() as connection:
                await connection.run_sync(Base.metadata.create_all)
            break
        except DBAPIError:
            if attempt == CREATE_ATTEMPTS:
                raise
            await asyncio.sleep(0.02 * attempt)
    if engine.dialect.name == "sqlite":
        await _keep_a_write_ahead_log(engine)


async def _keep_a_write_ahead_log(engine: AsyncEngine) -> None:
    """Let readers go on while somebody writes; the mode stays with the file (https://sqlite.org/wal.html)."""
    async with engine.connect() as connection:
        await connection.execute(text("PRAGMA journal_mode = WAL"))
