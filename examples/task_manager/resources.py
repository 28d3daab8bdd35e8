"""The resources that live as long as the application: connections, the feed, the password hasher, the token signer."""

import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from anyio import to_thread
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from examples.task_manager.config import Settings
from examples.task_manager.database import keep_a_write_ahead_log, open_engine
from examples.task_manager.feed.opening import Feed, open_feed
from examples.task_manager.schema import prepare
from examples.task_manager.services.files import Files
from examples.task_manager.services.passwords import Passwords
from examples.task_manager.services.tokens import AccessTokens

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Resources:
    """The resources that requests share."""

    sessions: async_sessionmaker[AsyncSession]
    passwords: Passwords
    tokens: AccessTokens
    login_lifetime: timedelta
    feed: Feed
    files: Files


@asynccontextmanager
async def open_resources(settings: Settings) -> AsyncIterator[Resources]:
    """Open all resources for one run of the application, and close them afterwards.

    Raises:
        SchemaError: the tables of the database are not those of the application.
    """
    engine = open_engine(settings.database_url)
    try:
        await prepare(engine, migrate=settings.migrates)
        await keep_a_write_ahead_log(engine)
        async with open_feed(settings, engine) as feed:
            yield Resources(
                # Responses are serialized after the commit, when a lazy reload would be too late.
                sessions=async_sessionmaker(engine, expire_on_commit=False),
                passwords=await to_thread.run_sync(Passwords, settings.argon2_time_cost, settings.argon2_memory_kib),
                tokens=AccessTokens(signing_key(settings), timedelta(minutes=settings.access_token_minutes)),
                login_lifetime=timedelta(days=settings.login_days),
                feed=feed,
                files=Files(settings.attachments_folder, settings.max_attachment_bytes),
            )
    finally:
        await engine.dispose()


def signing_key(settings: Settings) -> str:
    """Return the secret of the settings; the demo creates one and logs a warning."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    logger.warning(
        "demo mode: access tokens are signed with a random key of this process and end with it; "
        "set TASK_MANAGER_SECRET_KEY to keep them"
    )
    return secrets.token_urlsafe(48)
