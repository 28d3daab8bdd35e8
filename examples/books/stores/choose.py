"""Open the store that is configured."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from examples.books.config import Settings
from examples.books.stores.memory import MemoryStore
from examples.books.stores.store import BookStore


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[BookStore]:
    """Open a database if one is configured, otherwise a store in memory; close it at the end."""
    if settings.database_url is None:
        yield MemoryStore()
        return
    # Imported only when a database is configured, so that books in memory need no SQLAlchemy.
    from examples.books.stores.database import open_database

    async with open_database(settings.database_url) as store:
        yield store
