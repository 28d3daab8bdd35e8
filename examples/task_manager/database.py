"""Open the database: its engine, and missing tables."""

import asyncio
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from examples.task_manager.models import Base

CREATE_ATTEMPTS = 10


def open_engine(url: str) -> AsyncEngine:
    """Create an engine for any async SQLAlchemy URL; it connects when it is first used."""
    if not url.startswith("sqlite"):
        # A server closes idle connections; the ping detects this before a request fails.
        return create_async_engine(url, pool_pre_ping=True)
    engine = create_async_engine(url)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    """Enable features that SQLite disables by default: foreign keys, and letter case beyond ASCII."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()
    connection.create_function("lower", 1, _lower, deterministic=True)


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


async def create_tables(engine: AsyncEngine) -> None:
    """Create missing tables; existing tables and their rows do not change.

    Several workers may start with an empty database at the same time. Checking and creating are two steps, so another
    worker can create a table between them; then the check is repeated.

    Raises:
        DBAPIError: the database reports another error.
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
    """Allow reads during a write; the mode is stored in the file (https://sqlite.org/wal.html)."""
    async with engine.connect() as connection:
        await connection.execute(text("PRAGMA journal_mode = WAL"))
