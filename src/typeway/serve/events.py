"""Write items as server-sent events (HTML Living Standard, section 9.2), and keep a silent stream alive."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, Final

import anyio
from pydantic import BaseModel

from typeway import sse
from typeway.encoders import to_json_line
from typeway.serve.chunks import Closing
from typeway.sse import EventSourceResponse, ServerSentEvent, format_sse_event
from typeway.types import Message, Send

# Without these, caches and reverse proxies (nginx reads the second) would hold events back.
HEADERS: Final[Mapping[str, str]] = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}

COMMENT: Final[Mapping[str, Any]] = {"type": "http.response.body", "body": sse.KEEPALIVE_COMMENT, "more_body": True}


def event_encoder(encode: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    """Makes an event of an item: a ServerSentEvent says itself what it is, anything else is data.

    Parameters:
        encode: makes one line of JSON of an item that is data.
    """

    def encode_event(item: Any) -> bytes:
        if not isinstance(item, ServerSentEvent):
            return b"data: %b\n\n" % encode(item)
        data = item.raw_data
        if item.data is not None:
            # A model has its own say on its JSON.
            data = item.data.model_dump_json() if isinstance(item.data, BaseModel) else to_json_line(item.data)
        return format_sse_event(data_str=data, event=item.event, id=item.id, retry=item.retry, comment=item.comment)

    return encode_event


class EventStream(Closing, EventSourceResponse):
    """A stream of events that is never silent for long."""

    def __init__(self, content: Any, status_code: int = 200) -> None:
        super().__init__(content, status_code, HEADERS)

    async def stream_response(self, send: Send) -> None:
        """Send status, headers and events, and comments in between where no event comes."""
        kept = KeptAlive(send, sse.KEEPALIVE_SECONDS)
        failure: Exception | None = None
        async with anyio.create_task_group() as group:

            async def fill() -> None:
                nonlocal failure
                try:
                    await kept.fill()
                except Exception as error:  # whatever sending raises ends the stream
                    failure = error
                    group.cancel_scope.cancel()

            group.start_soon(fill)
            # The events are sent by this task, not by the other: generators may hold cancel scopes, and those must
            # be left by the task that entered them.
            try:
                await super().stream_response(kept)
            except Exception as error:  # raised below, where no group makes a group of it
                failure = error
            group.cancel_scope.cancel()
        if failure is not None:
            raise failure


class KeptAlive:
    """A send function that can fill silence with comments.

    Parameters:
        send: the connection's own.
        patience: how many seconds of silence are well.
    """

    __slots__ = ("comment_sent", "is_sending", "last", "patience", "send")

    def __init__(self, send: Send, patience: float) -> None:
        self.send = send
        self.patience = patience
        self.last = monotonic()
        self.is_sending = False
        self.comment_sent: anyio.Event | None = None

    async def __call__(self, message: Message) -> None:
        # PERF: flags instead of a lock, which would cost each event 1 us; there are only two tasks.
        if self.comment_sent is not None:
            await self.comment_sent.wait()
        self.is_sending = True
        await self.send(message)
        self.is_sending = False
        self.last = monotonic()

    async def fill(self) -> None:
        """Send a comment whenever nothing has been sent for so long; never ends."""
        pause = self.patience
        while True:
            await anyio.sleep(pause)
            pause = self.last + self.patience - monotonic()
            if pause > 0:
                continue
            # An event that waits for a slow client is no silence.
            if not self.is_sending:
                self.comment_sent = anyio.Event()
                await self.send({**COMMENT})  # a copy: middleware may change the messages it sees
                self.comment_sent.set()
                self.comment_sent = None
                self.last = monotonic()
            pause = self.patience
