"""Write server-sent events (HTML Living Standard, section 9.2)."""

import re
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator
from starlette.responses import StreamingResponse

KEEPALIVE_COMMENT: Final = b": ping\n\n"
"""The comment that keeps proxies from closing a silent stream; clients ignore it."""

KEEPALIVE_SECONDS: Final = 15.0
"""How long a stream may be silent before the comment is sent; the standard advises about this (section 9.2.7)."""

# Section 9.2.5: only these three end a line; `str.splitlines` would split at more characters.
_LINE_END: Final = re.compile(r"\r\n|\r|\n")


class EventSourceResponse(StreamingResponse):
    """Stream server-sent events.

    As the `response_class` of a generator endpoint it makes one event of every yielded value: a ServerSentEvent is sent as
    it is, any other value as JSON in `data:`.

    Example:
        ```python
        @app.get("/ticks", response_class=EventSourceResponse)
        async def ticks() -> AsyncIterable[int]:
            for number in range(3):
                yield number
                await asyncio.sleep(1)
        ```
    """

    media_type = "text/event-stream"


class ServerSentEvent(BaseModel):
    """One event of a stream, with all its fields.

    Example:
        ```python
        ServerSentEvent(data={"done": 3}, event="progress", id="3")
        ServerSentEvent(raw_data="3 of 10", retry=5000)
        ServerSentEvent(comment="still working")
        ```
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        defer_build=True
    )  # built when it is first used: most applications never make one

    data: Any = None
    """Any value; it is sent as JSON, so a string is sent with its quotes."""
    raw_data: str | None = None
    """Text that is sent as it is, instead of `data`."""
    event: str | None = None
    """The event's name, for `addEventListener`; "message" if it is None."""
    id: str | None = None
    """The id that a client sends as `Last-Event-ID` when it reconnects."""
    retry: Annotated[int, Field(ge=0)] | None = None
    """How many milliseconds a client waits before it reconnects."""
    comment: str | None = None
    """Text that clients ignore."""

    @field_validator("event", "id")
    @classmethod
    def _fits_its_line(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and _LINE_END.search(value):
            # A line break would end the field and start another one.
            raise ValueError(f"SSE {info.field_name!r} must be a single line")
        if value is not None and info.field_name == "id" and "\0" in value:
            # Browsers drop such an id silently (section 9.2.6).
            raise ValueError("SSE 'id' must not contain null characters")
        return value

    @model_validator(mode="after")
    def _one_kind_of_data(self) -> Self:
        if self.data is not None and self.raw_data is not None:
            raise ValueError(
                "Cannot set both 'data' and 'raw_data' on the same ServerSentEvent. "
                "Use 'data' for JSON-serialized payloads or 'raw_data' for pre-formatted strings."
            )
        return self


def format_sse_event(
    *,
    data_str: str | None = None,
    event: str | None = None,
    id: str | None = None,
    retry: int | None = None,
    comment: str | None = None,
) -> bytes:
    r"""Write one event as bytes.

    Parameters:
        data_str: the data, already serialized; every line of it becomes a `data:` line.
        event: the event's name, on a single line.
        id: the event's id, on a single line.
        retry: milliseconds to wait before reconnecting.
        comment: text that clients ignore; every line of it becomes a `:` line.

    Example:
        ```python
        assert format_sse_event(data_str="one\ntwo", id="7") == b"data: one\ndata: two\nid: 7\n\n"
        ```
    """
    fields = {"": comment, "event": event, "data": data_str, "id": id, "retry": retry}
    lines = [
        f"{name}: {line}\n"
        for name, value in fields.items()
        if value is not None
        for line in _LINE_END.split(str(value))
    ]
    return "".join([*lines, "\n"]).encode()
