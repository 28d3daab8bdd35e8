"""Server-sent events are checked where they are made and written as the standard says."""

import pytest
from pydantic import ValidationError

from typeway.sse import KEEPALIVE_COMMENT, EventSourceResponse, ServerSentEvent, format_sse_event


def test_an_event_holds_what_it_is_given():
    """Every field is optional and kept as it is."""
    event = ServerSentEvent(data={"n": 1}, event="tick", id="7", retry=0, comment="two\nlines")
    assert event.model_dump() == {
        "data": {"n": 1},
        "raw_data": None,
        "event": "tick",
        "id": "7",
        "retry": 0,
        "comment": "two\nlines",
    }
    assert ServerSentEvent(raw_data="plain").raw_data == "plain"
    assert ServerSentEvent(event=None, id=None).id is None


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"event": "a\nb"}, "SSE 'event' must be a single line"),
        ({"event": "a\rb"}, "SSE 'event' must be a single line"),
        ({"id": "a\r\nb"}, "SSE 'id' must be a single line"),
        ({"id": "a\0b"}, "SSE 'id' must not contain null characters"),
        ({"retry": -1}, "greater than or equal to 0"),
        ({"retry": 1.5}, "valid integer"),
        ({"data": 0, "raw_data": ""}, "Cannot set both 'data' and 'raw_data'"),
    ],
)
def test_an_event_that_would_break_the_stream_is_refused(fields, message):
    """What a client would misread is an error on the server, which names the field."""
    with pytest.raises(ValidationError, match=message):
        ServerSentEvent(**fields)


@pytest.mark.parametrize("field", ["event", "id"])
def test_characters_that_do_not_end_a_line_are_allowed(field):
    """Only CR and LF end a line in the standard; other separators of Unicode do not."""
    assert getattr(ServerSentEvent(**{field: "a\u2028b\x85c"}), field) == "a\u2028b\x85c"


@pytest.mark.parametrize(
    ("parts", "written"),
    [
        ({}, b"\n"),
        ({"data_str": ""}, b"data: \n\n"),
        ({"data_str": "a\nb\r\nc\rd"}, b"data: a\ndata: b\ndata: c\ndata: d\n\n"),
        ({"data_str": "a\n"}, b"data: a\ndata: \n\n"),
        ({"data_str": "é\u2028"}, "data: é\u2028\n\n".encode()),
        ({"comment": "x\ny"}, b": x\n: y\n\n"),
        ({"event": "e", "id": "", "retry": 0}, b"event: e\nid: \nretry: 0\n\n"),
        (
            {"data_str": "d", "event": "e", "id": "1", "retry": 5, "comment": "c"},
            b": c\nevent: e\ndata: d\nid: 1\nretry: 5\n\n",
        ),
    ],
)
def test_an_event_is_written_line_by_line(parts, written):
    """Comment, event, data, id and retry come in this order; an empty line ends the event."""
    assert format_sse_event(**parts) == written


def test_the_response_class_declares_the_media_type():
    """Streams of events are text/event-stream; the keep-alive comment is an event that clients ignore."""
    assert EventSourceResponse(iter(())).headers["content-type"] == "text/event-stream; charset=utf-8"
    assert format_sse_event(comment="ping") == KEEPALIVE_COMMENT
