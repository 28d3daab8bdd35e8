"""Open the database."""

from typing import Any

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry


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


async def keep_a_write_ahead_log(engine: AsyncEngine) -> None:
    """Let SQLite read during a write; the mode is stored in the file (https://sqlite.org/wal.html)."""
    if engine.dialect.name == "sqlite":
        async with engine.connect() as connection:
            await connection.execute(text("PRAGMA journal_mode = WAL"))
