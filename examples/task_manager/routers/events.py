"""The endpoint that tells a client of changes while they happen."""

import asyncio
from collections.abc import AsyncIterator

from examples.task_manager.dependencies import CurrentFeed, ListeningUser, SharedResources
from examples.task_manager.feed.listeners import Listener
from examples.task_manager.routers.answers import UNAUTHORIZED
from examples.task_manager.schemas.change import TaskChange
from typeway import APIRouter
from typeway.sse import EventSourceResponse, ServerSentEvent

router = APIRouter(tags=["events"], responses=UNAUTHORIZED)

RETRY_MILLISECONDS = 2_000


@router.get("/events", response_class=EventSourceResponse)
async def follow_tasks(
    user_id: ListeningUser, feed: CurrentFeed, resources: SharedResources
) -> AsyncIterator[ServerSentEvent]:
    """Send an event `task` for each change of your tasks, and `reload` if some may have been missed.

    The stream ends when an access token would: clients connect again with fresh credentials, as `EventSource` does.
    """
    with feed.listeners.joined(user_id) as listener:
        yield ServerSentEvent(comment="listening", retry=RETRY_MILLISECONDS)
        async for event in events_of(listener, resources.tokens.lifetime.total_seconds()):
            yield event


async def events_of(listener: Listener, seconds: float) -> AsyncIterator[ServerSentEvent]:
    """Make events of the changes that a listener hears within a time."""
    end = asyncio.get_running_loop().time() + seconds
    while True:
        try:
            async with asyncio.timeout_at(end):
                change = await listener.next()
        except TimeoutError:
            return
        if change is None:
            yield ServerSentEvent(event="reload", data={})
        else:
            yield ServerSentEvent(event="task", data=TaskChange(**change.model_dump(exclude={"owner_id"})))
