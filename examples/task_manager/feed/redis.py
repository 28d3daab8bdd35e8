"""Carry changes through Redis: `SUBSCRIBE` and `PUBLISH`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from examples.task_manager.schemas.change import OwnedChange

CHANNEL = "task_manager:changes"
FAILURES = (RedisError, OSError)

# A server that is down may not even refuse: without a limit, a request would wait for minutes.
PATIENCE_SECONDS = 2


def connect(url: str, *, to_listen: bool) -> Redis:
    """Create a client, which connects when it is first used; one that listens waits for changes without a limit."""
    patience = None if to_listen else PATIENCE_SECONDS
    return Redis.from_url(url, decode_responses=True, socket_connect_timeout=PATIENCE_SECONDS, socket_timeout=patience)


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
