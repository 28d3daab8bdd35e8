"""Carry changes through Redis: `SUBSCRIBE` and `PUBLISH`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from examples.task_manager.schemas.change import OwnedChange

CHANNEL = "task_manager:changes"
FAILURES = (RedisError, OSError)


async def publish(redis: Redis, change: OwnedChange) -> None:
    """Send a change to every process that listens."""
    await redis.publish(CHANNEL, change.model_dump_json())


@asynccontextmanager
async def subscribed(redis: Redis) -> AsyncIterator[AsyncIterator[str | None]]:
    """Listen on a connection of its own."""
    async with redis.pubsub() as subscription:
        await subscription.subscribe(CHANNEL)
        # The answer to the first subscription; the client subscribes again whenever it connects again.
        await subscription.get_message(timeout=None)
        yield _texts(subscription)


async def _texts(subscription: PubSub) -> AsyncIterator[str | None]:
    async for message in subscription.listen():
        yield message["data"] if message["type"] == "message" else None
