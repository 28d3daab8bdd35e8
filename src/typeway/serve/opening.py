"""Delay the start of a stream until its first item, so that an error before the first item gets an error response."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import anyio

from typeway.types import Message, Send

# How long a response waits for the first item of its stream. Checks before the first `yield` take milliseconds, and
# their errors get the right status. But clients wait for the headers: EventSource opens when they arrive, and a stream
# may be silent for minutes. Half a second is longer than nearly every check takes, and short for a client. The item
# itself is never cancelled: it may come at any time later.
FIRST_ITEM_SECONDS: Final = 0.5


class Opening:
    """A send function that delays the start of a response until the next message, or until the time limit."""

    # PERF: class attributes instead of a constructor that sets each of them.
    start: Message | None = None  # the delayed start
    is_open: bool = False  # whether the start has been sent
    is_late: bool = False  # whether the time limit has passed
    opening: anyio.Event | None = None  # set when another task has sent the start after the time limit
    failure: Exception | None = None  # the error of that task
    timer: asyncio.TimerHandle | None = None  # runs at the time limit

    def __init__(self, send: Send) -> None:
        self.send = send

    def __call__(self, message: Message) -> Awaitable[None]:
        # PERF: returning a coroutine instead of awaiting it saves one frame per item, 0.2 of 6 us.
        return self.send(message) if self.is_open else self.send_or_hold(message)

    async def send_or_hold(self, message: Message) -> None:
        if not await self.holds(message):
            await self.send(message)

    async def holds(self, message: Message) -> bool:
        """Keep the start until the time limit has passed; send it before any other message.

        Raises:
            Exception: sending the start after the time limit has failed.
        """
        if message["type"] == "http.response.start" and not self.is_late:
            self.start = message
            return True
        if self.opening is not None:
            await self.opening.wait()
        if self.failure is not None:
            raise self.failure
        start, self.start = self.start, None
        if start is not None:
            await self.send(start)
        self.is_open = True
        if self.timer is not None:
            self.timer.cancel()  # PERF: a pending timer makes each iteration of the event loop slower, by 0.2 us
        return False

    async def open_late(self) -> None:
        """Send the start after the time limit, although no message has followed it; or as soon as it comes."""
        self.is_late = True
        start, self.start = self.start, None
        if start is not None:
            self.opening = anyio.Event()
            try:
                await self.send(start)
            except Exception as error:
                self.failure = error
                raise
            finally:
                self.opening.set()


async def hold(stream: Callable[[Send], Awaitable[None]], send: Send) -> None:
    """Send a stream; send its start with the first item, or after the time limit."""
    opening = Opening(send)
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        await beside(stream, opening, opening.open_late, FIRST_ITEM_SECONDS)
        return
    # PERF: a timer costs 5 us, a waiting task in a task group 90; only a stream that opens late needs a task.
    late: list[asyncio.Task[None]] = []
    timer = opening.timer = loop.call_later(
        FIRST_ITEM_SECONDS, lambda: late.append(loop.create_task(opening.open_late()))
    )
    try:
        await stream(opening)
    finally:
        timer.cancel()
        for task in late:
            if not task.cancel() and not task.cancelled():
                task.exception()  # it has been raised by the next call of send; asyncio need not log it


async def beside(
    stream: Callable[[Send], Awaitable[None]], send: Send, watch: Callable[[], Awaitable[None]], seconds: float
) -> None:
    """Send a stream, and run `watch` in a second task after some seconds; an exception in either ends both.

    This task sends the stream: generators may open cancel scopes, which must be closed by the task that opened them.
    """
    failure: Exception | None = None  # raised outside the task group, which would wrap it in an ExceptionGroup
    try:
        async with anyio.create_task_group() as group:

            async def watch_later() -> None:
                nonlocal failure
                await anyio.sleep(seconds)
                try:
                    await watch()
                except Exception as error:
                    failure = error
                    group.cancel_scope.cancel()

            group.start_soon(watch_later)
            try:
                await stream(send)
            except Exception as error:
                failure = error
            group.cancel_scope.cancel()
    finally:
        # It takes precedence over the cancellation of the task, after which it may have been raised.
        if failure is not None:
            raise failure
