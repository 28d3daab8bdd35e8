"""Hold the start of a stream back until its first item is there, so that an error before it is answered like any other."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import anyio

from typeway.types import Message, Send

# How long a response waits for the first item of its stream. What a generator looks up and refuses before it yields takes
# milliseconds, and is answered with the status that it asks for. But clients wait for the headers: EventSource opens
# when they come, and a stream may have nothing to say for minutes. Half a second is more than nearly every look-up
# takes, and less than keeps anybody waiting. The item itself is never cancelled: it may come at any time later.
FIRST_ITEM_SECONDS: Final = 0.5


class Opening:
    """A send function that keeps the start of a response to itself until something follows it, or time is up."""

    # PERF: defaults of the class instead of a constructor that sets them one by one.
    start: Message | None = None  # what is held back
    is_open: bool = False  # whether it has been sent
    is_late: bool = False  # whether time is up
    opening: anyio.Event | None = None  # set once it has been sent late, by another task than the stream's
    failure: Exception | None = None  # why that failed
    timer: asyncio.TimerHandle | None = None  # what will say that time is up

    def __init__(self, send: Send) -> None:
        self.send = send

    def __call__(self, message: Message) -> Awaitable[None]:
        # PERF: what is returned is awaited as it is, which saves each item a frame, 0.2 of 6 us.
        return self.send(message) if self.is_open else self.send_or_hold(message)

    async def send_or_hold(self, message: Message) -> None:
        if not await self.holds(message):
            await self.send(message)

    async def holds(self, message: Message) -> bool:
        """Keep a message if it is the start, unless time is up; before any other, send the start.

        Raises:
            Exception: the start could not be sent when time was up.
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
            self.timer.cancel()  # PERF: a timer that waits makes each turn of the loop slower, by 0.2 us
        return False

    async def open_late(self) -> None:
        """Send the start although nothing has followed it, or as soon as it comes."""
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
    """Send a stream, and its start with the first item, or without one when time is up."""
    opening = Opening(send)
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        await beside(stream, opening, opening.open_late, FIRST_ITEM_SECONDS)
        return
    # PERF: a timer costs 5 us, a task that waits in a group 90; only a stream that opens late pays for a task.
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
                task.exception()  # it has been raised to whoever sent next, and need not be reported


async def beside(
    stream: Callable[[Send], Awaitable[None]], send: Send, watch: Callable[[], Awaitable[None]], seconds: float
) -> None:
    """Send a stream, and do something else in a task beside it after some seconds; what either raises ends both.

    The stream is sent by this task, not by another: generators may hold cancel scopes, and those must be left by the
    task that entered them.
    """
    failure: Exception | None = None  # raised in the end, where no group makes a group of it
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
        # It counts more than that the task has been cancelled: it may have come up while closing after that.
        if failure is not None:
            raise failure
