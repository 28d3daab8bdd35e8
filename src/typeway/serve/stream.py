"""Send the items of a generator one by one, as lines of JSON, server-sent events or raw chunks, and close it."""

from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterator,
    Mapping,
)
from typing import Any, ClassVar

from anyio import CancelScope
from starlette.responses import AsyncContentStream, StreamingResponse

from typeway.concurrency import Guarded, ThreadSteps, iterate_in_threads
from typeway.declare import shapes
from typeway.declare.operation import Operation
from typeway.encoders import to_json_line
from typeway.exceptions import declaration_error
from typeway.plan.fields import build_model
from typeway.serve.events import HEADERS, event_encoder, keep_alive
from typeway.serve.opening import hold
from typeway.serve.validate import build_validate, dump_options
from typeway.sse import EventSourceResponse, ServerSentEvent
from typeway.types import Send

# The chunks of a StreamingResponse; it encodes text in the charset of its class.
Chunk = str | bytes | memoryview
Encode = Callable[[Any], Chunk]
Items = AsyncIterator[Any] | Iterator[Any]


class Closing(StreamingResponse):
    """A response that closes its generator as soon as it has been sent, has failed or was cancelled.

    The garbage collector would close a generator only after the clean-up of the dependencies that it uses.
    """

    items: Items
    chunks: AsyncGenerator[Chunk, None]
    steps: ThreadSteps | None  # runs a synchronous generator in threads
    # sends the stream, and decides when its start is sent
    through: ClassVar[Callable[..., Awaitable[None]]] = staticmethod(hold)

    async def stream_response(self, send: Send) -> None:
        await self.through(self.stream_and_close, send)

    async def stream_and_close(self, send: Send) -> None:
        # It is opened before the generator can open scopes of its own, because scopes must nest.
        with CancelScope() as scope:
            self.body_iterator: AsyncContentStream = Guarded(self.body_iterator, sends_first=True)
            try:
                await super().stream_response(send)
            finally:
                scope.shield = True
                # Not body_iterator, which middleware may have replaced.
                await self.chunks.aclose()
                await close(self.items, self.steps)


class JsonLines(Closing):
    """A stream of JSON values, one per line."""

    media_type = "application/jsonl"


class EventStream(Closing, EventSourceResponse):
    """A stream of server-sent events with keep-alive comments."""

    through: ClassVar[Callable[..., Awaitable[None]]] = staticmethod(keep_alive)

    def __init__(self, content: Any, status_code: int = 200) -> None:
        super().__init__(content, status_code, HEADERS)


def streams(operation: Operation) -> bool:
    """Whether an operation sends items one by one: its endpoint yields them, or its response class streams."""
    response_class, returns = operation.response_class, operation.returns
    if returns.streams or shapes.is_subclass(response_class, EventSourceResponse):
        return True
    return returns.model is None and shapes.is_subclass(response_class, StreamingResponse)


def build_stream(operation: Operation) -> Callable[[Any], StreamingResponse]:
    """Return a function that makes a response of an operation's items, by default with the status of its class."""
    kind, encode = class_and_encoder(operation)
    status: Mapping[str, int] = {} if operation.status_code is None else {"status_code": int(operation.status_code)}

    def make(result: Any) -> StreamingResponse:
        items = aiter(result) if isinstance(result, AsyncIterable) else iter(result)
        # Each chunk is produced when it is needed: on the event loop, or in a thread.
        if isinstance(items, AsyncIterator):
            steps, chunks = None, chunks_of(items, encode)
        else:
            steps = ThreadSteps()
            chunks = iterate_in_threads(map(encode, items), steps)
        response = kind(chunks, **status)
        response.items, response.chunks, response.steps = items, chunks, steps
        return response

    return make


def class_and_encoder(operation: Operation) -> tuple[Callable[..., Closing], Encode]:
    """Return the response class for an operation's items, and the encoder of one item."""
    response_class = operation.response_class
    if response_class is None:
        encode = item_encoder(operation)
        # One item on a line (jsonlines.org).
        return JsonLines, lambda item: encode(item) + b"\n"
    if issubclass(response_class, EventSourceResponse):
        # The standard defines what an event stream needs; the response class only selects it.
        return EventStream, event_encoder(item_encoder(operation))
    if issubclass(response_class, StreamingResponse):
        kind: Any = type(response_class.__name__, (Closing, response_class), {"__module__": response_class.__module__})
        return kind, lambda item: item
    raise declaration_error(
        f"response_class={response_class.__name__} cannot send the items of a generator.",
        hint="Use a StreamingResponse or EventSourceResponse, leave it out to send lines of JSON, or return a value.",
        where=operation.declaration.where,
    )


def item_encoder(operation: Operation) -> Callable[[Any], bytes]:
    """Return the function that encodes one item as JSON on a single line."""
    annotation = operation.returns.item
    # With this type the items are events; other items among them are data of any type.
    if annotation is None or shapes.is_subclass(annotation, ServerSentEvent):
        return lambda item: to_json_line(item).encode()
    model = build_model(annotation, operation.declaration.where)
    check, to_json, options = build_validate(operation, model), model.serializer.to_json, dump_options(operation)
    return lambda item: to_json(check(item), **options)


async def chunks_of(items: AsyncIterator[Any], encode: Encode) -> AsyncGenerator[Chunk, None]:
    async for item in items:
        yield encode(item)


async def close(items: Items, steps: ThreadSteps | None) -> None:
    """Close a generator, so that its finally blocks run."""
    if isinstance(items, AsyncGenerator):
        try:
            await items.aclose()
        except BaseExceptionGroup as group:
            # A task group around the `yield` wraps even the GeneratorExit of closing in a group.
            _, others = group.split(GeneratorExit)
            if others is not None:
                raise others from None
    elif isinstance(items, Generator) and steps is not None and getattr(items, "gi_suspended", True):
        await steps.finish(items.close)
