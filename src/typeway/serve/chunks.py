"""Turn what a generator yields into chunks of a body, on the event loop or in threads, and close it in the end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
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
Items = AsyncIterator[Any] | Iterator[Any]

END: Final = object()


async def chunks_of(items: Items, encode: Encode) -> Chunks:
    """The chunks that items make, one of each, made when they are asked for: on the loop, or else in threads."""
    if isinstance(items, AsyncIterator):
        async for item in items:
            yield encode(item)
            # A generator that never waits would hold the loop for ever: nothing else would run, what it has yielded
            # would not be sent, and nobody could cancel it.
            await checkpoint()
        return

    def step() -> Any:
        for item in items:
            return encode(item)
        return END

    while (chunk := await run_in_threadpool(step)) is not END:
        yield chunk


async def close(items: Items) -> None:
    """End a generator where it stands, so that its finally blocks run."""
    if isinstance(items, AsyncGenerator):
        try:
            await items.aclose()
        except BaseExceptionGroup as group:
            # Task groups around the `yield` make a group even of the GeneratorExit that closing is.
            _, others = group.split(GeneratorExit)
            if others is not None:
                raise others from None
    elif isinstance(items, Generator) and getattr(items, "gi_suspended", True):
        # All threads of the pool may be waiting for what this gives back.
        await anyio.to_thread.run_sync(items.close, limiter=CapacityLimiter(1))


class Closing(StreamingResponse):
    """A response that closes its generator as soon as it has been sent, has failed or was cancelled.

    Left to the garbage collector, a generator whose client went away would end after the dependencies that it uses.
    """

    items: Items
    chunks: Chunks

    async def stream_response(self, send: Send) -> None:
        """Send status, headers and chunks."""
        # Entered before the generator can enter scopes of its own, because they must nest; closing shields it.
        with CancelScope() as scope:
            try:
                await super().stream_response(send)
            finally:
                scope.shield = True
                # Middleware may have put something else into body_iterator.
                await self.chunks.aclose()
                await close(self.items)
