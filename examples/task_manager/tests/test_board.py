"""Look at the board, and move tasks on it, through a WebSocket."""

from typing import Any

import pytest

from examples.task_manager.config import Settings
from examples.task_manager.tests.assembled import create_app
from examples.task_manager.tests.databases import each_database
from examples.task_manager.tests.people import create, log_in
from typeway.testclient import TestClient
from typeway.websockets import WebSocketDisconnect

Person = dict[str, str]


@each_database
def test_the_board_shows_the_tasks_in_columns(client: TestClient, alice: Person, bob: Person) -> None:
    """The most important first, and nobody else's."""
    create(client, alice, title="Later")
    create(client, alice, title="Now", priority=5)
    create(client, alice, title="Gone", status="done")
    create(client, bob, title="Not yours")
    with client.websocket_connect("/board", headers=alice) as board:
        shown = board.receive_json()
    assert shown["type"] == "board"
    titles = {status: [task["title"] for task in tasks] for status, tasks in shown["columns"].items()}
    assert titles == {"todo": ["Now", "Later"], "in_progress": [], "done": ["Gone"]}


def moved(board: Any) -> Any:
    """Return the next message of a task that was moved; PostgreSQL may deliver its creation after the board was opened."""
    message = board.receive_json()
    return board.receive_json() if message["task"]["status"] == "todo" else message


@each_database
def test_a_move_is_seen_by_everybody_who_looks(client: TestClient, alice: Person) -> None:
    """Also by whoever has moved the task, and also what is done with requests."""
    number = create(client, alice)["id"]
    with (
        client.websocket_connect("/board", headers=alice) as one,
        client.websocket_connect("/board", headers=alice) as two,
    ):
        boards = (one, two)
        assert [board.receive_json()["type"] for board in boards] == ["board", "board"]
        one.send_json({"task_id": number, "status": "done"})
        for board in boards:
            message = moved(board)
            assert (message["type"], message["task"]["id"], message["task"]["status"]) == ("task", number, "done")
        client.delete(f"/tasks/{number}", headers=alice)
        for board in boards:
            assert board.receive_json() == {"type": "deleted", "task_id": number}


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_move_is_seen_on_every_worker(client: TestClient, settings: Settings, alice: Person) -> None:
    """PostgreSQL carries it from one process to the others."""
    number = create(client, alice)["id"]
    with (
        TestClient(create_app(settings)) as other,
        client.websocket_connect("/board", headers=alice) as here,
        other.websocket_connect("/board", headers=log_in(other, "alice")) as there,
    ):
        assert here.receive_json()["type"] == there.receive_json()["type"] == "board"
        there.send_json({"task_id": number, "status": "in_progress"})
        assert [moved(board)["task"]["status"] for board in (here, there)] == ["in_progress", "in_progress"]


@pytest.mark.parametrize(
    "message",
    ["", "x", "[]", "{}", '{"task_id": 1}', '{"task_id": "x", "status": "done"}', '{"task_id": 0, "status": "done"}',
     '{"task_id": 1, "status": "later"}', '{"task_id": 999, "status": "done"}', '{"task_id": 1e30, "status": "done"}'],
)  # fmt: skip
def test_a_wrong_message_is_explained(client: TestClient, alice: Person, message: str) -> None:
    """The connection stays open, and the next message counts."""
    number = create(client, alice)["id"]
    with client.websocket_connect("/board", headers=alice) as board:
        board.receive_json()
        board.send_text(message)
        answer = board.receive_json()
        assert (answer["type"], bool(answer["message"])) == ("error", True)
        board.send_json({"task_id": number, "status": "done"})
        assert board.receive_json()["task"]["status"] == "done"


def test_a_task_of_another_cannot_be_moved(client: TestClient, alice: Person, bob: Person) -> None:
    """It is the same error as for a task that never existed."""
    number = create(client, alice)["id"]
    with client.websocket_connect("/board", headers=bob) as board:
        board.receive_json()
        board.send_json({"task_id": number, "status": "done"})
        assert board.receive_json() == {"type": "error", "message": f"Task {number} not found"}


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer x"}, {"Authorization": "Basic YTpi"}, {"Cookie": "__Host-session=x"}]
)
def test_strangers_are_refused(client: TestClient, headers: dict[str, str]) -> None:
    """Without valid credentials there is no connection."""
    with pytest.raises(WebSocketDisconnect) as caught, client.websocket_connect("/board", headers=headers):
        pass
    assert caught.value.code == 1008


def log_of(lines: str) -> list[Any]:
    """Return the lines of requests."""
    return [line for line in lines.splitlines() if '"WEBSOCKET"' in line]


def test_a_connection_is_a_line_in_the_log(
    client: TestClient, alice: Person, capfd: pytest.CaptureFixture[str]
) -> None:
    """With status 101 once it was accepted."""
    with client.websocket_connect("/board", headers=alice) as board:
        board.receive_json()
    (line,) = log_of(capfd.readouterr().err)
    assert '"status": 101' in line
