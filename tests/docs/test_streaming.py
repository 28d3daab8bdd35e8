"""The page about streams is true: its application answers as it says."""

from pathlib import Path
from typing import Any

import pytest

from tests.docs.blocks import read_blocks
from typeway.testclient import TestClient

PAGE = Path(__file__).parents[2] / "docs/streaming.md"


@pytest.fixture
def page() -> dict[str, Any]:
    """The names of the page's one application."""
    (block,) = read_blocks(PAGE.read_text(encoding="utf-8"))
    names: dict[str, Any] = {"__name__": "streaming"}
    exec(compile(block.text, str(PAGE), "exec", dont_inherit=True), names)
    return names


@pytest.mark.parametrize(
    ("path", "media_type", "text"),
    [
        ("/rows", "application/jsonl", '{"number":0}\n{"number":1}\n{"number":2}\n'),
        (
            "/events",
            "text/event-stream; charset=utf-8",
            'event: progress\ndata: {"done": 50}\nid: 50\n\nevent: progress\ndata: {"done": 100}\nid: 100\n\n',
        ),
        ("/report", "text/plain", "part one\npart two\n"),
    ],
)
def test_streams_are_written_as_the_page_says(page: dict[str, Any], path: str, media_type: str, text: str) -> None:
    """Each kind of stream has its media type and its form on the wire."""
    response = TestClient(page["app"]).get(path)
    assert response.status_code == 200
    assert response.headers.get("content-type", media_type) == media_type
    assert response.text == text


def test_sockets_echo_and_tasks_run_after_the_answer(page: dict[str, Any]) -> None:
    """The socket sends back what it receives; the task has run once the answer is there."""
    client = TestClient(page["app"])
    with client.websocket_connect("/echo") as socket:
        socket.send_text("hello")
        assert socket.receive_text() == "hello"
    assert client.post("/invitations/ann").status_code == 202
    assert page["mails"] == ["to ann"]
