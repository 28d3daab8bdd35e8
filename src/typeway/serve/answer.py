"""Show http middleware the response of what it surrounds: status, headers, and a body that can be iterated."""

from collections.abc import AsyncIterator
from typing import Any

from starlette.background import BackgroundTask
from starlette.responses import Response, StreamingResponse

from typeway.serve.reply import RawHeaders
from typeway.types import Receive, Scope, Send


class Answer(Response):
    """A response as `call_next` returns it.

    Its body is kept as bytes until somebody asks for `body_iterator` or sets it.
    """

    def __init__(self, status: int, headers: RawHeaders, content: bytes) -> None:
        self.status_code = status
        self.raw_headers = headers
        self.content = content
        self.background: BackgroundTask | None = None
        self.media_type = None
        self.iterator: Any = None

    @property
    def body_iterator(self) -> Any:
        """The body's chunks, as an asynchronous iterator; may be replaced."""
        if self.iterator is None:
            self.iterator = once(self.content)
        return self.iterator

    @body_iterator.setter
    def body_iterator(self, iterator: Any) -> None:
        self.iterator = iterator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if self.iterator is None:
            await send({"type": "http.response.body", "body": self.content})
        else:
            async for chunk in self.iterator:
                if isinstance(chunk, dict):  # a message of another type, for servers that know it
                    await send(chunk)
                    continue
                content = chunk.encode(self.charset) if isinstance(chunk, str) else chunk
                await send({"type": "http.response.body", "body": content, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        if self.background is not None:
            await self.background()


async def once(content: bytes) -> AsyncIterator[bytes]:
    yield content


def answer_of(response: Response, *, is_head: bool) -> Response | None:
    """A response as middleware sees it; None if only sending it shows what it is, as for a file."""
    call = type(response).__call__
    if call is Response.__call__ or (is_head and call is StreamingResponse.__call__):
        return Answer(response.status_code, response.raw_headers, b"" if is_head else bytes(response.body))
    return response if call in (Answer.__call__, StreamingResponse.__call__) else None
