"""Tell clients of changes, whichever worker they are connected to."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from examples.task_manager.config import Settings
from examples.task_manager.feed.listeners import LONGEST_QUEUE, Listener, Listeners
from examples.task_manager.feed.opening import Feed, open_feed
from examples.task_manager.routers.events import events_of
from examples.task_manager.schemas.change import OwnedChange
from examples.task_manager.tests.databases import opened

pytestmark = pytest.mark.anyio

PATIENCE = 60
ALICE, BOB = 1, 2


def change(task_id: int, owner_id: int = ALICE) -> OwnedChange:
    """A change of a task."""
    return OwnedChange(kind="updated", task_id=task_id, version=2, owner_id=owner_id)


async def heard(listener: Listener) -> OwnedChange | None:
    """Wait for what a listener hears next."""
    return await asyncio.wait_for(listener.next(), PATIENCE)


@pytest.fixture(params=["postgresql", "redis"])
def carried(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    """Settings of a feed that reaches all workers."""
    if request.param == "redis":
        url = request.getfixturevalue("redis_url")
        return settings.model_copy(update={"feed": "redis", "redis_url": url})
    url = request.getfixturevalue("empty_postgresql")
    return settings.model_copy(update={"database_url": url})


async def open_workers(stack: AsyncExitStack, settings: Settings, number: int) -> tuple[list[Feed], AsyncEngine]:
    """Open a feed for each worker."""
    engine = await stack.enter_async_context(opened(settings.database_url))
    return [await stack.enter_async_context(open_feed(settings, engine)) for _ in range(number)], engine


async def test_changes_reach_the_clients_of_every_worker(carried: Settings) -> None:
    """In their order, each once, and only those who listen to the owner."""
    async with AsyncExitStack() as stack:
        (one, two), _ = await open_workers(stack, carried, 2)
        here, there = (stack.enter_context(feed.listeners.joined(ALICE)) for feed in (one, two))
        stranger = stack.enter_context(two.listeners.joined(BOB))
        for number in (1, 2, 3):
            await one.publish(change(number))
        await two.publish(change(4, BOB))
        for listener in (here, there):
            assert [await heard(listener) for _ in range(3)] == [change(1), change(2), change(3)]
        assert await heard(stranger) == change(4, BOB)


async def test_the_feed_survives_a_lost_connection(settings: Settings, empty_postgresql: str) -> None:
    """Clients are told that they may have missed something, and then hear of changes again."""
    async with AsyncExitStack() as stack:
        (feed,), engine = await open_workers(stack, settings.model_copy(update={"database_url": empty_postgresql}), 1)
        listener = stack.enter_context(feed.listeners.joined(ALICE))
        async with engine.begin() as connection:
            kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
            await connection.execute(text(f"{kill} AND datname = current_database()"))
        assert await heard(listener) is None
        await feed.publish(change(1))
        assert await heard(listener) == change(1)


async def test_a_failed_publication_fails_no_request(carried: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """The change is stored; that nobody hears of it is in the log."""
    async with AsyncExitStack() as stack:
        (feed,), _ = await open_workers(stack, carried, 1)

        async def fail(_: OwnedChange) -> None:
            raise feed.failures[0] from OSError("the server is away")

        await Feed(feed.listeners, fail, feed.failures).publish(change(1))
    assert "a change was not published: OSError: the server is away" in caplog.text


async def test_a_wrong_address_is_noticed_at_the_start(settings: Settings, tmp_path: Path) -> None:
    """An application whose feed cannot be reached does not start."""
    wrong = settings.model_copy(update={"feed": "redis", "redis_url": f"unix://{tmp_path}/nothing.sock"})
    with pytest.raises(ExceptionGroup) as caught:
        async with AsyncExitStack() as stack:
            await open_workers(stack, wrong, 1)
    assert caught.group_contains(RedisError)


async def test_in_memory_changes_reach_this_process(settings: Settings) -> None:
    """With one process no server is needed."""
    async with AsyncExitStack() as stack:
        (one, two), _ = await open_workers(stack, settings, 2)
        here = stack.enter_context(one.listeners.joined(ALICE))
        await two.publish(change(1))
        await one.publish(change(2))
        assert await heard(here) == change(2)


async def test_a_client_that_is_far_behind_reads_everything_again() -> None:
    """What is queued for a slow client is limited."""
    listeners = Listeners()
    with listeners.joined(ALICE) as listener:
        for number in range(LONGEST_QUEUE + 2):
            listeners.tell(change(number))
        assert await heard(listener) is None
        assert await heard(listener) == change(LONGEST_QUEUE + 1)


async def test_events_have_what_a_client_needs_and_no_more() -> None:
    """An event names the task, its version and what happened; it does not contain the owner. The stream ends by itself."""
    listeners = Listeners()
    with listeners.joined(ALICE) as listener:
        listeners.tell(change(7))
        listeners.tell_of_gap()
        events = [event async for event in events_of(listener, 0.05)]
        assert [event.event for event in events] == ["reload"]
        listeners.tell(change(7))
        (event,) = [event async for event in events_of(listener, 0.05)]
    assert (event.event, event.data.model_dump()) == ("task", {"kind": "updated", "task_id": 7, "version": 2})


def test_nobody_is_remembered_who_has_left() -> None:
    """A client that leaves frees its place, also when another one of the same user stays."""
    listeners = Listeners()
    with listeners.joined(ALICE), listeners.joined(ALICE):
        listeners.tell(change(1))
    assert vars(listeners) == {"_of_owner": {}}
