"""A blocking context manager is entered and left in threads, whatever else is going on."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
import anyio.to_thread
import pytest

from tests.patience import PATIENCE
from typeway.concurrency import contextmanager_in_threadpool

pytestmark = pytest.mark.anyio


@contextmanager
def recorded(events: list[object], *, swallow: bool = False) -> Iterator[str]:
    """Record in which thread it starts and ends, and what is thrown into it."""
    events.append(threading.get_ident())
    try:
        yield "value"
    except BaseException as error:
        events.append(type(error).__name__)
        if not swallow:
            raise
    finally:
        events.append(threading.get_ident())


async def test_both_ends_run_in_a_thread():
    """Neither start nor end blocks the loop's thread; the value is handed through."""
    events: list[object] = []
    async with contextmanager_in_threadpool(recorded(events)) as value:
        assert value == "value"
    assert len(events) == 2
    assert threading.get_ident() not in events


async def test_an_error_is_thrown_in_and_comes_out():
    """The context manager sees the error; where it does not swallow it, the caller does too."""
    events: list[object] = []
    with pytest.raises(LookupError):
        async with contextmanager_in_threadpool(recorded(events)):
            raise LookupError
    assert events[1] == "LookupError"


async def test_an_error_can_be_swallowed():
    """A context manager that handles the error ends it."""
    events: list[object] = []
    async with contextmanager_in_threadpool(recorded(events, swallow=True)):
        raise LookupError
    assert events[1] == "LookupError"


async def test_an_error_on_leaving_replaces_the_first():
    """What the end itself raises counts, as with a plain `with`."""

    @contextmanager
    def failing() -> Iterator[None]:
        try:
            yield
        finally:
            raise ValueError("on leaving")

    with pytest.raises(ValueError, match="on leaving"):
        async with contextmanager_in_threadpool(failing()):
            raise LookupError


async def test_an_error_on_entering_comes_out():
    """What the start raises comes out, and there is no end to run."""

    @contextmanager
    def failing() -> Iterator[None]:
        raise ValueError("on entering")
        yield

    with pytest.raises(ValueError, match="on entering"):
        async with contextmanager_in_threadpool(failing()):
            raise AssertionError("unreachable: it was not entered")


async def test_leaving_needs_no_free_thread():
    """With every thread of the pool busy the clean-up still runs, so that it can give back what they wait for."""
    limiter = anyio.to_thread.current_default_thread_limiter()
    events: list[object] = []
    release = threading.Event()
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as group:
            async with contextmanager_in_threadpool(recorded(events)):
                for _ in range(int(limiter.total_tokens)):
                    group.start_soon(anyio.to_thread.run_sync, release.wait)
                await anyio.wait_all_tasks_blocked()
                assert limiter.available_tokens == 0
            assert len(events) == 2
            release.set()


async def test_cancellation_waits_for_the_clean_up():
    """A cancelled task leaves the context manager before it ends."""
    events: list[object] = []
    with anyio.CancelScope() as scope:
        async with contextmanager_in_threadpool(recorded(events)):
            scope.cancel()
            await anyio.sleep_forever()
    assert scope.cancelled_caught
    assert len(events) == 3
