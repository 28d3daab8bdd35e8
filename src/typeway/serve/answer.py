"""Show http middleware the response of what it surrounds: status, headers, and a body that can be iterated."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Protocol, Self

from starlette.background import BackgroundTask
from starlette.middleware.base import _StreamingResponse
from starlette.responses import Response, StreamingResponse

from typeway.serve.reply import RawHeaders
from typeway.types import Message, Receive, Scope, Send


class Producer(Protocol):
    """Where a body comes from that is still being made."""

    def chunks(self) -> AsyncGenerator[Any, None]:
        """Its chunks, one by one."""
        ...

    async def forward(self, send: Send) -> None:
        """Let whoever makes it send it."""


class BodyIterator(AsyncGenerator[Any, None]):
    """The chunks of a body, as middleware may iterate over them.

    Nearly always nobody does. The whole is sent then as it is, or by whoever makes it, without a detour for each chunk.
    """

    # PERF: defaults of the class instead of a constructor that sets them one by one.
    source: Producer | None = None  # what is still making the body
    chunks: AsyncGenerator[Any, None] | None = None  # what somebody iterates over

    def __init__(self, whole: bytes | None) -> None:
        self.whole = whole  # the whole of it, if it is there and nobody has begun to iterate

    @classmethod
    def made_by(cls, source: Producer) -> Self:
        """The body that something else is still making."""
        body = cls(None)
        body.source = source
        return body

    def begun(self) -> AsyncGenerator[Any, None]:
        if self.chunks is None:
            self.chunks = once(self.whole or b"") if self.source is None else self.source.chunks()
            self.whole = None
        return self.chunks

    async def asend(self, value: None) -> Any:
        """The next chunk."""
        return await self.begun().asend(value)

    async def athrow(self, *error: Any) -> Any:
        """Raise something where the body is being made."""
        return await self.begun().athrow(*error)

    async def aclose(self) -> None:
        """Give up the rest."""
        await self.begun().aclose()


async def once(content: bytes) -> AsyncGenerator[bytes, None]:
    if content:
        yield content


class Answer(_StreamingResponse):
    """A response as `call_next` returns it: of the class, and with the attributes, that Starlette's own has.

    Programs read and replace `body_iterator`, as an attribute and in `__dict__`.
    """

    background: BackgroundTask | None

    def __init__(
        self, status: int, headers: RawHeaders, body: BodyIterator, info: Mapping[str, Any] | None = None
    ) -> None:
        # PERF: Starlette's own takes the headers apart and puts them together again.
        self.info = info
        self.body_iterator = body
        self.status_code = status
        self.media_type = None
        self.raw_headers = headers
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.info is not None:
            await send({"type": "http.response.debug", "info": self.info})
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        body: Any = self.body_iterator
        if type(body) is not BodyIterator:
            await self.send_chunks(body, send)
        elif body.whole is not None:
            await send({"type": "http.response.body", "body": body.whole})
        elif body.source is not None and body.chunks is None:
            await body.source.forward(send)
        else:
            await self.send_chunks(body, send)
        if self.background is not None:
            await self.background()

    async def send_chunks(self, chunks: Any, send: Send) -> None:
        """Send a body that middleware has begun to iterate over, or has put in the place of the first."""
        ends = True
        async for chunk in chunks:
            if isinstance(chunk, dict):  # a message of another type, such as the path of a file, that ends the response
                ends = False
                await send(chunk)
                continue
            content = chunk.encode(self.charset) if isinstance(chunk, str) else chunk
            await send({"type": "http.response.body", "body": content, "more_body": True})
        if ends:
            await send({"type": "http.response.body", "body": b"", "more_body": False})


# Programs ask for it by this name too.
Answer.__name__ = Answer.__qualname__ = _StreamingResponse.__name__


class Stream:
    """The body of a streaming response that an endpoint or a middleware has made."""

    __slots__ = ("receive", "response", "scope")

    def __init__(self, response: StreamingResponse, scope: Scope, receive: Receive) -> None:
        self.response = response
        self.scope = scope
        self.receive = receive

    async def chunks(self) -> AsyncGenerator[Any, None]:
        """Its chunks as bytes, as a server would get them."""
        async for chunk in self.response.body_iterator:
            if chunk:
                yield chunk.encode(self.response.charset) if isinstance(chunk, str) else chunk

    async def forward(self, send: Send) -> None:
        """Let the response send itself; its start has been sent already, as middleware has left it."""

        async def send_rest(message: Message) -> None:
            if message["type"] != "http.response.start":
                await send(message)

        await self.response(self.scope, self.receive, send_rest)


def answer_of(response: Response, scope: Scope, receive: Receive) -> Answer | None:
    """A response as middleware sees it; None if only sending it shows what it is, as for a file."""
    if isinstance(response, Answer):
        return response
    kind: Any = type(response)
    is_head = scope["method"] == "HEAD"
    # The author may keep the response and its headers, which middleware changes.
    status, headers = response.status_code, [*response.raw_headers]
    if kind.__call__ is Response.__call__:
        return Answer(status, headers, BodyIterator(b"" if is_head else bytes(response.body)))
    if isinstance(response, StreamingResponse) and kind.__call__ is StreamingResponse.__call__:
        if is_head:
            return Answer(status, headers, BodyIterator(b""))
        if kind.stream_response is StreamingResponse.stream_response:
            return Answer(status, headers, BodyIterator.made_by(Stream(response, scope, receive)))
    return None
