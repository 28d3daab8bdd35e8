"""Bridge blocking code to the event loop, on asyncio and on trio."""

from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, asynccontextmanager
from typing import TypeVar

import anyio
import anyio.to_thread
from starlette.concurrency import iterate_in_threadpool as iterate_in_threadpool
from starlette.concurrency import run_in_threadpool as run_in_threadpool
from starlette.concurrency import run_until_first_complete as run_until_first_complete

_Value = TypeVar("_Value")


@asynccontextmanager
async def contextmanager_in_threadpool(cm: AbstractContextManager[_Value]) -> AsyncGenerator[_Value, None]:
    """Use a blocking context manager from async code: both its ends run in a thread.

    What its `__exit__` returns or raises counts, as with a plain `with`.

    Example:
        ```python
        async with contextmanager_in_threadpool(open(path)) as file:
            return file.readline()
        ```
    """
    value = await run_in_threadpool(cm.__enter__)
    try:
        yield value
    except BaseException as error:
        if not await _exit_in_thread(cm, error):
            raise
    else:
        await _exit_in_thread(cm, None)


async def _exit_in_thread(cm: AbstractContextManager[object], error: BaseException | None) -> bool:
    """Leave the context manager, however many threads are busy and whatever is being cancelled."""
    # The threads of the default limiter may all be waiting for what this clean-up gives back, such as a
    # connection of a pool: an exit that queues behind them would wait for ever.
    limiter = anyio.CapacityLimiter(1)
    details = (None, None, None) if error is None else (type(error), error, error.__traceback__)
    suppressed: bool | None = False
    with anyio.CancelScope(shield=True):
        suppressed = await anyio.to_thread.run_sync(cm.__exit__, *details, limiter=limiter)
    return bool(suppressed)
