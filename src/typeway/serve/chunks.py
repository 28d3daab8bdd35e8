"""Turn what a generator yields into chunks of a body, on the event loop or in threads, and close it in the end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from typing import Any, Final

import anyio.to_thread
from anyio import CancelScope, CapacityLimiter
from anyio.lowlevel import checkpoint
from starlette.responses import StreamingResponse

from typeway.concurrency import run_in_threadpool
from typeway.types import Send

# What StreamingResponse sends; text is encoded there, in the charset of its class.
Chunk = str | bytes | memoryview
Chunks = AsyncGenerator[Chunk, None]
Encode = Callable[[Any], Chunk]

END: Final = object()


def chunks_of(items: AsyncIterable[Any] | Iterable[Any], encode: Encode) -> Chunks:
    """The chunks that items make, one of each, made when they are asked for.

    Closing the chunks closes the generator that yields the items.

    Raises:
        TypeError: there is nothing to iterate over.
    """
    if isinstance(items, AsyncIterable):
        return chunks_on_the_loop(aiter(items), encode)
    return chunks_in_threads(iter(items), encode)


async def chunks_on_the_loop(items: AsyncIterator[Any], encode: Encode) -> Chunks:
    try:
        async for item in items:
            yield encode(item)
            # A generator that never waits would hold the loop for ever: nothing else would run, what it has yielded
            # would not be sent, and nobody could cancel it.
            await checkpoint()
    finally:
        close = getattr(items, "aclose", None)
        if close is not None:
            with CancelScope(shield=True):
                await close()


async def chunks_in_threads(items: Iterator[Any], encode: Encode) -> Chunks:
    def step() -> Any:
        for item in items:
            return encode(item)
        return END

    chunk: Any = None
    try:
        while (chunk := await run_in_threadpool(step)) is not END:
            yield chunk
    finally:
        close = getattr(items, "close", None)
        if close is not None and chunk is not END:
            with CancelScope(shield=True):
                # All threads of the pool may be waiting for what this clean-up gives back.
                await anyio.to_thread.run_sync(close, limiter=CapacityLimiter(1))


class Closing(StreamingResponse):
    """A response that closes its chunks as soon as it has been sent, has failed or was cancelled.

    Left to the garbage collector, a generator whose client went away would end after the dependencies that it uses.
    """

    chunks: Chunks

    async def stream_response(self, send: Send) -> None:
        """Send status, headers and chunks."""
        try:
            await super().stream_response(send)
        finally:
            # Middleware may have put something else into body_iterator.
            await self.chunks.aclose()
