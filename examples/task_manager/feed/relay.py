"""Follow what a server passes on from all processes, and connect again when the connection breaks."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

from examples.task_manager.exceptions import reason_of
from examples.task_manager.feed.listeners import Listeners
from examples.task_manager.schemas.change import OwnedChange

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0

# Subscribes; what it gives are texts, and None when something may have been missed.
Subscribe = Callable[[], AbstractAsyncContextManager[AsyncIterator[str | None]]]


async def relay(
    subscribe: Subscribe, failures: tuple[type[Exception], ...], listeners: Listeners, listening: asyncio.Event
) -> None:
    """Pass changes on to the listeners of this process, as long as the application runs.

    Parameters:
        subscribe: opens a connection on which the changes of all processes arrive.
        failures: what it raises when the server is away.
        listeners: who listens in this process.
        listening: is set when the first connection is there. If that one fails, the error is raised: the address
            may be wrong. Later ones are repeated until the server is back.
    """
    is_away = False
    while True:
        try:
            async with subscribe() as texts:
                if listening.is_set():
                    listeners.tell_of_gap()
                if is_away:
                    logger.warning("the feed is back")
                    is_away = False
                listening.set()
                async for text in texts:
                    if text is None:
                        listeners.tell_of_gap()
                    else:
                        listeners.tell(OwnedChange.model_validate_json(text))
        except failures as error:
            if not listening.is_set():
                raise
            # Once: it is tried again every second.
            if not is_away:
                logger.warning("the feed is interrupted: %s", reason_of(error))
            is_away = True
        await asyncio.sleep(RETRY_SECONDS)
