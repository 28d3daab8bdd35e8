"""Notice that a client has left while its endpoint waits for something else, and cancel the endpoint."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable
from typing import Any, Final

from starlette.requests import ClientDisconnect
from starlette.websockets import WebSocketDisconnect

from typeway.plan.exchange import Exchange
from typeway.types import Message, Receive

# For how many seconds an endpoint may do something else before messages are read for it.
PAUSE: Final = 0.5

# How many bytes of messages are read ahead; each message takes some bytes more. A client that sends more than this,
# and then leaves, is not missed before the endpoint receives again: reading on would take memory without limit.
AHEAD: Final = 64 * 1024
OVERHEAD: Final = 256

DISCONNECTS: Final = frozenset({"http.disconnect", "websocket.disconnect"})


class Attendant:
    """The `receive` of one request, which reads on while nobody receives, until it finds that the client has left.

    It belongs to one task of asyncio. An endpoint that receives is told of the disconnect by what it receives, and goes on
    as it likes; one that does not is cancelled, once.

    Parameters:
        source: the `receive` of the server.
        seconds: how long after the disconnect the task is cancelled.
        pause: how long nobody must have received before messages are read.

    PERF: an endpoint that always receives costs a timer in each half second in which it got a message, and no task.
    """

    __slots__ = (
        "ahead", "arrived", "has_cancelled", "is_over", "last", "loop", "pause", "reader", "receivers", "seconds", "size",
        "source", "task", "timer",
    )  # fmt: skip

    def __init__(self, source: Receive, seconds: float, pause: float = PAUSE) -> None:
        self.source: Receive = source
        self.seconds: float = seconds
        self.pause: float = pause
        self.loop: asyncio.AbstractEventLoop = asyncio.get_running_loop()
        self.task: asyncio.Task[Any] | None = asyncio.current_task()
        self.ahead: deque[Message] = deque()  # what has been read and not received
        self.size: int = 0  # of these messages, in bytes
        self.arrived: asyncio.Event = asyncio.Event()  # set when the reader has read a message or has ended
        self.receivers: int = 0  # how many tasks are receiving
        self.reader: asyncio.Task[None] | None = None
        self.has_cancelled: bool = False
        self.is_over: bool = False  # whether nobody attends any more, or the endpoint knows that the client has left
        self.last: float = self.loop.time()  # when the endpoint last turned to something else
        self.timer: asyncio.TimerHandle | None = self.loop.call_later(pause, self.look)

    async def receive(self) -> Message:
        """Return the next message of the client."""
        self.receivers += 1
        try:
            while self.reader is not None and not self.ahead:
                self.arrived.clear()
                await self.arrived.wait()
            message = self.ahead.popleft() if self.ahead else await self.source()
        finally:
            self.receivers -= 1
            self.last = self.loop.time()
            if self.timer is None and self.reader is None and not self.is_over:
                self.timer = self.loop.call_later(self.pause, self.look)
        self.size -= size_of(message) if self.size else 0
        if message["type"] in DISCONNECTS:
            self.end()
        return message

    def look(self) -> None:
        """Read for the endpoint if it has not received for a while."""
        self.timer = None
        if self.receivers or self.is_over:
            return
        rest = self.last + self.pause - self.loop.time()
        if rest > 0:
            self.timer = self.loop.call_later(rest, self.look)
        elif self.size < AHEAD:
            self.reader = self.loop.create_task(self.read())

    async def read(self) -> None:
        """Read messages until the endpoint receives again, the client has left, or enough has been read."""
        try:
            while self.size < AHEAD:
                message = await self.source()
                self.ahead.append(message)
                self.size += size_of(message)
                self.arrived.set()
                if message["type"] in DISCONNECTS:
                    self.timer = self.loop.call_later(self.seconds, self.cancel)
                    break
                if self.receivers:
                    break
        except Exception:
            return  # the endpoint gets the error too, if it receives
        finally:
            self.reader = None
            self.arrived.set()

    def cancel(self) -> None:
        """Cancel the endpoint, which has not received the disconnect."""
        self.timer = None
        if not self.is_over and self.task is not None:
            self.has_cancelled = True
            self.task.cancel()

    def end(self) -> None:
        self.is_over = True
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    async def attend(self, work: Awaitable[Any]) -> Any:
        """Await the work of the endpoint.

        Raises:
            WebSocketDisconnect, ClientDisconnect: the client has left, and the work was cancelled.
        """
        task: Any = self.task
        before = task.cancelling()
        try:
            return await work
        except asyncio.CancelledError:
            if self.has_cancelled and task.cancelling() <= before + 1:
                raise self.departure() from None
            raise
        finally:
            self.end()
            if self.has_cancelled:
                task.uncancel()
            if self.reader is not None:
                self.reader.cancel()
                await asyncio.wait([self.reader])

    def departure(self) -> Exception:
        """Return the exception for a client that has left, as if the endpoint had received the disconnect."""
        message = self.ahead[-1]
        if message["type"] == "http.disconnect":
            return ClientDisconnect()
        return WebSocketDisconnect(message.get("code", 1005), message.get("reason"))


def size_of(message: Message) -> int:
    """Return about how many bytes a message takes in memory."""
    return OVERHEAD + sum(len(message.get(key) or ()) for key in ("body", "bytes", "text"))


def attended(work: Awaitable[Any], exchange: Exchange, seconds: float, pause: float = PAUSE) -> Awaitable[Any]:
    """Return the work of a request, which is cancelled some seconds after its client has left; on asyncio only."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work
    attendant = Attendant(exchange.receive, seconds, pause)
    exchange.receive = attendant.receive
    if exchange.held is not None:
        # A route class, or a function before this one, has the request already.
        vars(exchange.held)["_receive"] = attendant.receive
    return attendant.attend(work)
