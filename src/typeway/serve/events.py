"""Write items as server-sent events (HTML Living Standard, section 9.2), and keep a silent stream alive."""

from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import Any, Final

import anyio
from pydantic import BaseModel

from typeway import sse
from typeway.encoders import to_json_line
from typeway.serve import opening
from typeway.serve.opening import Opening, beside
from typeway.types import Message, Send

# Without these headers, caches and reverse proxies would buffer events; nginx reads the second.
HEADERS: Final[Mapping[str, str]] = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}

COMMENT: Final[Mapping[str, Any]] = {"type": "http.response.body", "body": sse.KEEPALIVE_COMMENT, "more_body": True}


def event_encoder(encode: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    """Return a function that writes an item as an event: a ServerSentEvent with its own fields, other items as data."""

    def encode_event(item: Any) -> bytes:
        if not isinstance(item, sse.ServerSentEvent):
            return b"data: %b\n\n" % encode(item)
        data = item.raw_data
        if item.data is not None:
            # A model may have serializers of its own.
            data = item.data.model_dump_json() if isinstance(item.data, BaseModel) else to_json_line(item.data)
        return sse.format_sse_event(data_str=data, event=item.event, id=item.id, retry=item.retry, comment=item.comment)

    return encode_event


async def keep_alive(stream: Callable[[Send], Awaitable[None]], send: Send) -> None:
    """Send a stream, with its start soon even if it yields nothing, and with comments while it is silent."""
    kept = KeptAlive(send)
    await beside(stream, kept, kept.fill, min(opening.FIRST_ITEM_SECONDS, sse.KEEPALIVE_SECONDS))


class KeptAlive(Opening):
    """A send function that sends comments while a stream is silent."""

    is_sending: bool = False
    comment_sent: anyio.Event | None = None

    def __init__(self, send: Send) -> None:
        super().__init__(send)
        self.last: float = monotonic()  # the time of the last message

    def __call__(self, message: Message) -> Awaitable[None]:
        return self.send_or_hold(message)

    async def send_or_hold(self, message: Message) -> None:
        if not self.is_open and await self.holds(message):
            return
        # PERF: two flags instead of a lock, which would cost 1 us for each event; there are only two tasks.
        if self.comment_sent is not None:
            await self.comment_sent.wait()
        self.is_sending = True
        await self.send(message)
        self.is_sending = False
        self.last = monotonic()

    async def fill(self) -> None:
        """Open the stream, and send a comment whenever it has been silent for the keep-alive interval; never return."""
        await self.open_late()
        patience = sse.KEEPALIVE_SECONDS
        pause = self.last + patience - monotonic()
        while True:
            await anyio.sleep(max(pause, 0))
            pause = self.last + patience - monotonic()
            if pause <= 0:
                pause = patience
                # A stream whose event waits for a slow client is not silent.
                if not self.is_sending:
                    self.comment_sent = anyio.Event()
                    await self.send({**COMMENT})  # a copy, because middleware may change messages
                    self.comment_sent.set()
                    self.comment_sent = None
                    self.last = monotonic()
