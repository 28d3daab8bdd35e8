"""Open the database, and tell a database that is away from a statement that is wrong."""

import asyncio
from typing import Any

from sqlalchemy import Dialect, event, make_url, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from examples.task_manager.exceptions import DatabaseUnavailableError

# A server that is down may not even refuse: without a limit, a request would wait for minutes.
CONNECT_SECONDS = 5

# How often workers try to change the mode of a SQLite file, and how many seconds after one another.
MODE_ATTEMPTS = 100
MODE_PAUSE = 0.05

# The classes of SQLSTATE that say nothing about the statement: lost connections, a server without resources, one that stops.
AWAY = ("08", "53", "57P")


def open_engine(url: str, **options: Any) -> AsyncEngine:
    """Create an engine for any async SQLAlchemy URL; it connects when it is first used.

    While the database is away, whatever is done with the engine raises DatabaseUnavailableError, caused by the error of the
    driver. When the database is back, so is the engine.
    """
    if url.startswith("sqlite"):
        engine = create_async_engine(url, **options)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    else:
        if make_url(url).drivername.endswith("+asyncpg"):
            options["connect_args"] = {"timeout": CONNECT_SECONDS}
        # A server closes idle connections; the ping detects this before a request fails.
        engine = create_async_engine(url, pool_pre_ping=True, **options)
    event.listen(engine.sync_engine, "do_connect", _connect)
    event.listen(engine.sync_engine, "handle_error", _notice_absence)
    return engine


def _connect(dialect: Dialect, _entry: ConnectionPoolEntry, arguments: list[Any], options: dict[str, Any]) -> Any:
    """Connect. Drivers pass on the errors of the operating system: refused, unreachable, no such host, too late."""
    try:
        return dialect.connect(*arguments, **options)
    except OSError as error:
        raise DatabaseUnavailableError from error


def _notice_absence(failure: ExceptionContext) -> None:
    """Replace an error of the driver that means that the database is away."""
    error = failure.original_exception
    if failure.is_pre_ping:
        # The pool replaces the connection.
        return
    is_operational = isinstance(failure.sqlalchemy_exception, OperationalError)
    # SQLite calls everything operational, also a table that does not exist.
    is_mistake = getattr(error, "sqlite_errorname", "") == "SQLITE_ERROR"
    state = getattr(error, "sqlstate", None) or ""
    is_connecting = failure.connection is None
    if is_connecting or failure.is_disconnect or state.startswith(AWAY) or (is_operational and not is_mistake):
        raise DatabaseUnavailableError from error


def _prepare_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    """Enable features that SQLite disables by default: foreign keys, and letter case beyond ASCII."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()
    connection.create_function("lower", 1, _lower, deterministic=True)


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


async def keep_a_write_ahead_log(engine: AsyncEngine) -> None:
    """Let SQLite read during a write; the mode is stored in the file (https://sqlite.org/wal.html).

    Workers that start together change it together. SQLite does not wait for that, whatever the timeout of a connection is.
    """
    if engine.dialect.name != "sqlite":
        return
    for attempts in reversed(range(MODE_ATTEMPTS)):
        try:
            async with engine.connect() as connection:
                await connection.execute(text("PRAGMA journal_mode = WAL"))
        except DatabaseUnavailableError:
            if not attempts:
                raise
            await asyncio.sleep(MODE_PAUSE)
        else:
            return
