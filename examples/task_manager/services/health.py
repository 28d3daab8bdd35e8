"""The health check."""

import asyncio

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from examples.task_manager.exceptions import DatabaseUnavailableError

PATIENCE_SECONDS = 3


async def check_database(session: AsyncSession) -> None:
    """Check that the database responds.

    Raises:
        DatabaseUnavailableError: it does not respond, or not in time.
    """
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await session.execute(select(1))
    except TimeoutError as error:
        raise DatabaseUnavailableError from error
