"""Give http middleware the response of the inner application: status, headers, and a body that can be iterated."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Protocol, Self

from starlette.background import BackgroundTask
from starlette.datastructures import MutableHeaders
from starlette.middleware.base import _StreamingResponse
from starlette.responses import Response, StreamingResponse

from typeway.concurrency import Guarded
from typeway.serve.reply import RawHeaders
from typeway.types import Message, Receive, Scope, Send


class Producer(Protocol):
    """Produces a response body that is not complete yet."""

    def chunks(self) -> AsyncGenerator[Any, None]:
        """Return the chunks of the body, one by one."""
        ...

    async def forward(self, send: Send) -> None:
        """Send the body without a detour through an iterator."""


class BodyIterator:
    """The chunks of a response body, over which middleware may iterate: an asynchronous generator.

    Nearly always no middleware does. Then the whole body is sent at once, or its producer sends it.

    PERF: it is registered as an AsyncGenerator instead of inheriting from it, because instances of abstract classes are
    made without the interpreter's shortcut: 0.2 us.
    """

    # PERF: class attributes instead of a constructor that sets each of them.
    source: Producer | None = None  # produces the body, if it is not complete yet
    chunks: AsyncGenerator[Any, None] | None = None  # the iterator, once iteration has begun

    def __init__(self, whole: bytes | None) -> None:
        self.whole = whole  # the whole body, if it is complete and no iteration has begun

    @classmethod
    def made_by(cls, source: Producer) -> Self:
        """Return the iterator of a body that is not complete yet."""
        body = cls(None)
        body.source = source
        return body

    def begun(self) -> AsyncGenerator[Any, None]:
        if self.chunks is None:
            self.chunks = once(self.whole or b"") if self.source is None else self.source.chunks()
            self.whole = None
        return self.chunks

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        return await self.begun().asend(None)

    async def asend(self, value: None) -> Any:
        """Return the next chunk."""
        return await self.begun().asend(value)

    async def athrow(self, *error: Any) -> Any:
        """Raise an exception inside the generator that produces the body."""
        return await self.begun().athrow(*error)

    async def aclose(self) -> None:
        """Close the generator that produces the body."""
        await self.begun().aclose()


abstract: Any = AsyncGenerator
abstract.register(BodyIterator)


async def once(content: bytes) -> AsyncGenerator[bytes, None]:
    if content:
        yield content


class FastHeaders(MutableHeaders):
    """Response headers: Starlette's class, with a quick way to add a header that is not there yet."""

    def __init__(self, raw: RawHeaders) -> None:
        self._list = raw

    def __setitem__(self, key: str, value: str) -> None:
        """Set the header `key` to `value`, in the place of all its values."""
        name = key.lower().encode("latin-1")
        for other, _ in self._list:
            if other == name:
                super().__setitem__(key, value)
                return
        self._list.append((name, value.encode("latin-1")))


# Its representation contains the name of the class.
FastHeaders.__name__ = FastHeaders.__qualname__ = MutableHeaders.__name__


class Answer(_StreamingResponse):
    """The response that `call_next` returns; it has the class and the attributes that Starlette's response has.

    Applications read and replace `body_iterator`, as an attribute and in `__dict__`.
    """

    background: BackgroundTask | None
    _headers: Any = None  # the changeable headers, once something has asked for them

    def __init__(
        self, status: int, headers: RawHeaders, body: BodyIterator, info: Mapping[str, Any] | None = None
    ) -> None:
        # PERF: Starlette's constructor decodes the headers and encodes them again.
        self.info = info
        self.body_iterator = body
        self.status_code = status
        self.media_type: None = None
        self.raw_headers = headers
        self.background = None

    # PERF: Starlette's property and class cost 1.8 us for each middleware that sets a header, these 0.5.
    @property
    def headers(self) -> MutableHeaders:
        """The headers, which can be changed."""
        headers: MutableHeaders | None = self._headers
        if headers is None:
            headers = self._headers = FastHeaders(self.raw_headers)
        return headers

    @property
    def whole(self) -> bytes | None:
        """The body if it is complete, and nothing but status, headers and body is to be sent; else None."""
        body: Any = self.body_iterator
        if type(body) is not BodyIterator or self.background is not None or self.info is not None:
            return None
        return body.whole

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
        """Send a body that middleware has begun to iterate over, or with which it has replaced the original one."""
        ends = True
        async for chunk in chunks:
            if isinstance(chunk, dict):  # a message of another type that ends the response, such as the path of a file
                ends = False
                await send(chunk)
                continue
            content = chunk.encode(self.charset) if isinstance(chunk, str) else chunk
            await send({"type": "http.response.body", "body": content, "more_body": True})
        if ends:
            await send({"type": "http.response.body", "body": b"", "more_body": False})


# Applications compare the class by its name too.
Answer.__name__ = Answer.__qualname__ = _StreamingResponse.__name__


class Stream:
    """Produces the body of a streaming response that an endpoint or a middleware has returned."""

    __slots__ = ("receive", "response", "scope")

    def __init__(self, response: StreamingResponse, scope: Scope, receive: Receive) -> None:
        self.response: StreamingResponse = response
        self.scope: Scope = scope
        self.receive: Receive = receive

    async def chunks(self) -> AsyncGenerator[Any, None]:
        """Return the chunks as bytes, as a server would receive them."""
        async for chunk in self.response.body_iterator:
            if chunk:
                yield chunk.encode(self.response.charset) if isinstance(chunk, str) else chunk

    async def forward(self, send: Send) -> None:
        """Let the response send its body; its start has already been sent, with the changes of the middleware."""

        async def send_rest(message: Message) -> None:
            if message["type"] != "http.response.start":
                await send(message)

        self.response.body_iterator = Guarded(self.response.body_iterator, sends_first=False)
        await self.response(self.scope, self.receive, send_rest)


def answer_of(response: Response, scope: Scope, receive: Receive) -> Answer | None:
    """Return a response in the form that middleware sees; None if only sending it produces the body, as for a file."""
    if isinstance(response, Answer):
        return response
    kind: Any = type(response)
    is_head = scope["method"] == "HEAD"
    if kind.__call__ is Response.__call__:
        body = BodyIterator(b"" if is_head else bytes(response.body))
    elif not isinstance(response, StreamingResponse) or kind.__call__ is not StreamingResponse.__call__:
        return None
    elif is_head:
        body = BodyIterator(b"")
    elif kind.stream_response is StreamingResponse.stream_response:
        body = BodyIterator.made_by(Stream(response, scope, receive))
    else:
        return None
    # The headers are copied: middleware changes them, and the author may use the response again.
    return Answer(response.status_code, [*response.raw_headers], body)
