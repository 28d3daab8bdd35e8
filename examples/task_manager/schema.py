"""Bring the tables of the database to the newest revision, or check that they are there."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, inspect, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

logger = logging.getLogger(__name__)

ALEMBIC_INI = Path(__file__).with_name("alembic.ini")
# Any number that no other application of the same server uses.
LOCK = 7_265_001


class SchemaError(Exception):
    """The tables of the database are not those of the application; the message says what to do."""


async def prepare(engine: AsyncEngine, *, migrate: bool) -> None:
    """Make sure that the tables are those that the application needs.

    Parameters:
        engine: the database.
        migrate: whether to run missing migrations; without it, they are an error.

    Raises:
        SchemaError: migrations are missing, or the tables were made without them.
    """
    async with engine.connect() as connection:
        found = await connection.run_sync(revision_of)
    if found == newest_revision():
        return
    if found is not None and found not in known_revisions():
        # A newer release has migrated already, and this process is one of the last of the old release.
        logger.warning("the database has revision %s, which this release does not know", found)
        return
    if not migrate:
        raise SchemaError(
            f"the database has revision {found}, the application needs {newest_revision()}: "
            f"run `alembic -c {ALEMBIC_INI} upgrade head`"
        )
    async with in_turn(engine) as connection:
        await connection.run_sync(upgrade)


@asynccontextmanager
async def in_turn(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Open a transaction in which nobody else migrates: workers that start together wait for each other."""
    async with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            # Python's driver begins a transaction only before the first INSERT, so tables would be created outside of it.
            await connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            await connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
        yield connection


def upgrade(connection: Connection) -> None:
    """Run the missing migrations in the transaction of a connection.

    Raises:
        SchemaError: there are tables, but no record of migrations.
    """
    found = revision_of(connection)
    if found is None and inspect(connection).has_table("users"):
        raise SchemaError("the tables of this database were made without migrations: use an empty database")
    if found != newest_revision():
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def revision_of(connection: Connection) -> str | None:
    """Return the revision of a database; None if no migration has run."""
    return MigrationContext.configure(connection).get_current_revision()


@cache
def newest_revision() -> str:
    """Return the revision that the application needs."""
    newest = ScriptDirectory.from_config(configuration()).get_current_head()
    assert newest is not None
    return newest


@cache
def known_revisions() -> frozenset[str]:
    """Return all revisions of this release."""
    return frozenset(script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions())


def configuration() -> Config:
    """Return the configuration of Alembic."""
    return Config(ALEMBIC_INI)
