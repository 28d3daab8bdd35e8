"""Open the feed that the settings choose."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from sqlalchemy.ext.asyncio import AsyncEngine

from examples.task_manager.config import Settings
from examples.task_manager.exceptions import reason_of
from examples.task_manager.feed import postgresql
from examples.task_manager.feed.listeners import Listeners
from examples.task_manager.feed.relay import Subscribe, relay
from examples.task_manager.schemas.change import OwnedChange

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Feed:
    """Who listens in this process, and the way to tell all processes of a change."""

    listeners: Listeners
    send: Callable[[OwnedChange], Awaitable[None]]
    failures: tuple[type[Exception], ...] = ()

    async def publish(self, change: OwnedChange) -> None:
        """Tell everybody of a change. It is stored already, so a failure is logged, and the request succeeds."""
        try:
            await self.send(change)
        except self.failures as error:
            logger.error("a change was not published: %s", reason_of(error))  # noqa: TRY400  one line for each request


@asynccontextmanager
async def open_feed(settings: Settings, engine: AsyncEngine) -> AsyncIterator[Feed]:
    """Open the feed, and listen until the application ends."""
    listeners = Listeners()
    async with AsyncExitStack() as stack:
        if settings.carrier == "memory":
            yield Feed(listeners, _to_this_process(listeners))
            return
        failures: tuple[type[Exception], ...]
        subscribe: Subscribe
        if settings.carrier == "postgresql":
            failures = postgresql.FAILURES
            subscribe = partial(postgresql.subscribed, settings.database_url)
            send = partial(postgresql.notify, engine)
        else:
            # Imported here, because nobody else needs the package.
            from examples.task_manager.feed import redis

            listening, sending = (redis.connect(settings.redis_url, to_listen=listens) for listens in (True, False))
            failures = redis.FAILURES
            subscribe = partial(redis.subscribed, await stack.enter_async_context(listening))
            send = partial(redis.publish, await stack.enter_async_context(sending))
        await stack.enter_async_context(_relayed(subscribe, failures, listeners))
        yield Feed(listeners, send, failures)


def _to_this_process(listeners: Listeners) -> Callable[[OwnedChange], Awaitable[None]]:
    async def tell(change: OwnedChange) -> None:
        listeners.tell(change)

    return tell


@asynccontextmanager
async def _relayed(
    subscribe: Subscribe, failures: tuple[type[Exception], ...], listeners: Listeners
) -> AsyncIterator[None]:
    """Relay in the background. If the relay fails for another reason, the application ends, instead of being silent."""
    listening = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(relay(subscribe, failures, listeners, listening))
        await listening.wait()
        yield
        task.cancel()
