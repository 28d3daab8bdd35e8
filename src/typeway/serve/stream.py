"""Send what a generator endpoint yields while it is being made: JSON Lines, or raw chunks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.responses import StreamingResponse

from typeway.concurrency import iterate_in_threadpool
from typeway.encoders import to_json_bytes
from typeway.operation import Operation
from typeway.plan.exchange import Exchange
from typeway.plan.fields import build_model
from typeway.serve.reply import Reply

JSON_LINES = "application/jsonl"


def stream_of(operation: Operation, items: Any, exchange: Exchange) -> Reply:
    """The reply that a generator's items make, one line of JSON each unless a response class says otherwise."""
    source = items if hasattr(items, "__aiter__") else iterate_in_threadpool(items)
    response_class = operation.response_class
    status = operation.status_code or 200
    if response_class is not None and issubclass(response_class, StreamingResponse):
        response = response_class(source, status_code=status)
    else:
        response = StreamingResponse(lines(source, encoder(operation)), status_code=status, media_type=JSON_LINES)
    if exchange.response is not None:
        response.raw_headers.extend(exchange.response.raw_headers)
        response.status_code = exchange.response.status_code or status
    response.background = exchange.background
    return Reply(response.status_code, [], b"", response)


async def lines(source: AsyncIterator[Any], encode: Callable[[Any], bytes]) -> AsyncIterator[bytes]:
    async for item in source:
        yield encode(item) + b"\n"


def encoder(operation: Operation) -> Callable[[Any], bytes]:
    """Turns one item into JSON, checked against the annotated type of items."""
    if operation.returns.item is None:
        return to_json_bytes
    model = build_model(operation.returns.item, operation.declaration.where)
    validate, to_json = model.validator.validate_python, model.serializer.to_json
    return lambda item: to_json(validate(item, from_attributes=True), by_alias=operation.response_model_by_alias)
