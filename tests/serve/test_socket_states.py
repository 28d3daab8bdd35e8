"""Our WebSocket class goes through the states of Starlette's, whatever the application calls and whatever arrives."""

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.websockets import WebSocket

from typeway.websockets import CheckedWebSocket

MESSAGES: list[dict[str, Any]] = [
    {"type": "websocket.connect"},
    {"type": "websocket.receive", "text": "1"},
    {"type": "websocket.receive", "text": "{"},
    {"type": "websocket.receive", "text": "", "bytes": None},
    {"type": "websocket.receive", "bytes": b"2", "text": None},
    {"type": "websocket.receive", "bytes": b""},
    {"type": "websocket.disconnect", "code": 1001, "reason": "away"},
    {"type": "websocket.disconnect", "code": 1005},
    {"type": "websocket.unknown"},
]
CALLS: list[tuple[Any, ...]] = [
    ("accept",), ("receive_text",), ("receive_bytes",), ("receive_json",), ("receive_json", "binary"), ("receive_json", "x"),
    ("send_text", "a"), ("send_bytes", b"a"), ("send_json", [1]), ("send_json", {"a": None}, "binary"), ("send_json", 1, "x"),
    ("close",), ("close", 1001, "away"), ("receive",), ("send", {"type": "websocket.send", "text": "b"}), ("drain",),
]  # fmt: skip


async def outcomes(kind: type[WebSocket], messages: list[dict[str, Any]], calls: list[Any], fails_at: int) -> list[Any]:
    """Make the calls one by one; return what each has returned or raised, the states after it, and what was sent."""
    arriving, sent = iter(messages), []

    async def receive() -> dict[str, Any]:
        return next(arriving, {"type": "websocket.disconnect", "code": 1006})

    async def send(message: Any) -> None:
        sent.append(message)
        if len(sent) == fails_at:
            raise OSError("the client is gone")

    socket, found = kind({"type": "websocket"}, receive, send), []
    for name, *arguments in calls:
        try:
            if name == "drain":
                result: Any = [text async for text in socket.iter_text()]
            else:
                result = await getattr(socket, name)(*arguments)
        except Exception as error:
            result = type(error), str(error), getattr(error, "code", None), getattr(error, "reason", None)
        found.append((result, socket.client_state, socket.application_state, [*sent]))
    return found


calls = st.lists(st.sampled_from(CALLS), min_size=1, max_size=12)
messages = st.lists(st.sampled_from(MESSAGES), max_size=8)


@given(st.booleans(), messages, calls, st.integers(0, 6))
@settings(deadline=None, max_examples=600)
def test_states_results_and_errors_are_those_of_starlette(
    opens: bool, messages: list[dict[str, Any]], calls: list[Any], fails_at: int
) -> None:
    """In compat mode every call returns or raises the same, and leaves both sides in the same state."""
    if opens:  # most sequences begin with a handshake, as those of applications do
        messages, calls = [MESSAGES[0], *messages], [CALLS[0], *calls]
    ours = asyncio.run(outcomes(CheckedWebSocket, messages, calls, fails_at))
    assert ours == asyncio.run(outcomes(WebSocket, messages, calls, fails_at))
