"""Give a test a database of its own: a SQLite file, or an empty database of a PostgreSQL server."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from examples.task_manager.database import open_engine
from examples.task_manager.models import Base
from examples.task_manager.schema import prepare

# The server; the user must be allowed to create databases.
SERVER = os.environ.get("TASK_MANAGER_TEST_POSTGRESQL") or "postgresql+asyncpg://postgres@127.0.0.1:5432/postgres"

# Tests whose outcome depends on the database run on both.
each_database = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)


async def run_on_server(statement: str) -> None:
    """Execute a statement outside of a transaction."""
    engine = create_async_engine(SERVER, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.execute(text(statement))
    finally:
        await engine.dispose()


def create_database() -> str:
    """Create an empty database and return its URL; without a server, skip the test, unless the environment insists."""
    name = f"tasks_{uuid4().hex[:12]}"
    try:
        asyncio.run(run_on_server(f"CREATE DATABASE {name}"))
    except (OSError, SQLAlchemyError) as error:
        message = f"no PostgreSQL at TASK_MANAGER_TEST_POSTGRESQL, {make_url(SERVER)}: {error}"
        if os.environ.get("TYPEWAY_REQUIRE_POSTGRESQL"):
            pytest.fail(message)
        pytest.skip(message)
    return make_url(SERVER).set(database=name).render_as_string(hide_password=False)


def drop_database(url: str) -> None:
    """Drop a database, whoever is connected to it."""
    asyncio.run(run_on_server(f"DROP DATABASE {make_url(url).database} WITH (FORCE)"))


def migrate(url: str) -> None:
    """Bring a database to the newest revision."""

    async def run() -> None:
        async with opened(url) as engine:
            await prepare(engine, migrate=True)

    asyncio.run(run())


def empty(url: str) -> None:
    """Delete all rows."""

    async def run() -> None:
        async with opened(url) as engine, engine.begin() as connection:
            names = ", ".join(table.name for table in Base.metadata.sorted_tables)
            await connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))

    asyncio.run(run())


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[AsyncEngine]:
    """Open an engine, and dispose of it."""
    engine = open_engine(url)
    try:
        yield engine
    finally:
        await engine.dispose()
