"""Choose how a stream's items are sent: as lines of JSON, as server-sent events, or as they are."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Mapping
from typing import Any

from starlette.responses import StreamingResponse

from typeway.declare import shapes
from typeway.encoders import to_json_line
from typeway.exceptions import TypewayError, declaration_error
from typeway.operation import Operation
from typeway.plan.fields import build_model
from typeway.serve.check import build_check, dump_options
from typeway.serve.chunks import Closing, Encode, chunks_of
from typeway.serve.events import EventStream, event_encoder
from typeway.sse import EventSourceResponse, ServerSentEvent

# From items, asynchronous or not, to the response that sends them; nothing is iterated yet.
MakeStream = Callable[[Any], StreamingResponse]


class JsonLines(Closing):
    """A stream of JSON texts, one per line."""

    media_type = "application/jsonl"


def streams(operation: Operation) -> bool:
    """Whether an operation sends items one by one: it yields them, or its response class is made for that."""
    response_class, returns = operation.response_class, operation.returns
    if returns.streams or shapes.is_subclass(response_class, EventSourceResponse):
        return True
    return returns.model is None and shapes.is_subclass(response_class, StreamingResponse)


def build_stream(operation: Operation) -> MakeStream:
    """How an operation's items become a response; the class's own status counts unless one was given.

    Raises:
        DeclarationError: its response class cannot send items one by one, or Pydantic cannot validate their type.
    """
    kind, encode = class_and_encoder(operation)
    status: Mapping[str, int] = {} if operation.status_code is None else {"status_code": int(operation.status_code)}

    def make(result: Any) -> StreamingResponse:
        items = aiter(result) if isinstance(result, AsyncIterable) else iter(result)
        chunks = chunks_of(items, encode)
        response = kind(chunks, **status)
        response.items, response.chunks = items, chunks
        return response

    return make


def class_and_encoder(operation: Operation) -> tuple[Callable[..., Closing], Encode]:
    """The class of responses for an operation's items, and what makes a chunk of one of them."""
    response_class = operation.response_class
    if response_class is None:
        encode = item_encoder(operation)
        # One item on a line (jsonlines.org).
        return JsonLines, lambda item: encode(item) + b"\n"
    if issubclass(response_class, EventSourceResponse):
        # The response class only says so: what an event stream needs is settled by its standard.
        return EventStream, event_encoder(item_encoder(operation))
    if issubclass(response_class, StreamingResponse):
        kind: Any = type(response_class.__name__, (Closing, response_class), {"__module__": response_class.__module__})
        return kind, lambda item: item
    raise declaration_error(
        f"response_class={response_class.__name__} cannot send what a generator yields.",
        hint="Name a StreamingResponse or EventSourceResponse, name none to send lines of JSON, or return a value.",
        where=operation.declaration.where,
        also=TypewayError,
    )


def item_encoder(operation: Operation) -> Callable[[Any], bytes]:
    """Makes JSON of one item, on a single line."""
    annotation = operation.returns.item
    # Such a type says that items are events; a plain item among them is data of any kind.
    if annotation is None or shapes.is_subclass(annotation, ServerSentEvent):
        return lambda item: to_json_line(item).encode()
    model = build_model(annotation, operation.declaration.where)
    check, to_json, options = build_check(operation, model), model.serializer.to_json, dump_options(operation)
    return lambda item: to_json(check(item), **options)
