"""Run migrations: in the transaction that the application has opened, or in one of its own for `alembic`."""

import asyncio

from alembic import context
from alembic.util import CommandError
from sqlalchemy import Connection

from examples.task_manager.config import DatabaseSettings
from examples.task_manager.database import open_engine
from examples.task_manager.exceptions import DatabaseUnavailableError
from examples.task_manager.models import Base
from examples.task_manager.models.base import render_type
from examples.task_manager.schema import in_turn


def run(connection: Connection) -> None:
    """Run what the command asks for; the transaction around it is committed by whoever opened it."""
    context.configure(connection=connection, target_metadata=Base.metadata, render_item=render_type)
    context.run_migrations()


async def connect_and_run() -> None:
    """Connect to the database of the settings.

    Raises:
        CommandError: that is not possible; Alembic shows it as one line.
    """
    engine = open_engine(DatabaseSettings().database_url)
    try:
        try:
            await (await engine.connect()).close()
        except DatabaseUnavailableError as error:
            raise CommandError(
                f"cannot connect to {engine.url.render_as_string()}: {error.__cause__}. "
                "The server must run and the database must exist; DATABASE_URL names them"
            ) from None
        async with in_turn(engine) as connection:
            await connection.run_sync(run)
    finally:
        await engine.dispose()


given = context.config.attributes.get("connection")
if given is None:
    asyncio.run(connect_and_run())
else:
    run(given)
