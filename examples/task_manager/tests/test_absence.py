"""Servers that are away, and come back: the database, and what carries the changes."""

import asyncio
import json
import logging
import socket
import sqlite3
from typing import Any

import pytest
from sqlalchemy import make_url, select, text
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import NullPool

from examples.task_manager.config import Settings
from examples.task_manager.database import open_engine
from examples.task_manager.exceptions import DatabaseUnavailableError
from examples.task_manager.feed.opening import open_feed
from examples.task_manager.schemas.change import OwnedChange
from examples.task_manager.tests.assembled import create_app, needs_typeway
from examples.task_manager.tests.databases import opened
from examples.task_manager.tests.gate import Gate
from examples.task_manager.tests.people import PASSWORD, create, join
from typeway.testclient import TestClient
from typeway.websockets import WebSocketDisconnect

PATIENCE = 60
CHANGE = OwnedChange(kind="updated", task_id=1, version=2, owner_id=1)
UNAVAILABLE = {"error": "database_unavailable", "message": "The database does not answer"}


def lines_of(text: str) -> list[dict[str, Any]]:
    """Return the lines of the log that are above INFO."""
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return [line for line in lines if line["level"] != "info"]


@pytest.mark.parametrize("database", ["gated"], indirect=True)
def test_requests_are_answered_while_the_database_is_away(
    settings: Settings, gate: Gate, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each gets a 503 and is one line in the log; the process lives, and works again when the database does."""
    with TestClient(
        create_app(settings.model_copy(update={"feed": "memory"})), raise_server_exceptions=False
    ) as client:
        alice = join(client, "alice")
        task = create(client, alice)
        capfd.readouterr()
        gate.close()
        asked: list[tuple[str, str, dict[str, Any]]] = [
            ("GET", "/tasks", {"headers": alice}),
            ("GET", "/tasks.csv", {"headers": alice}),
            ("GET", "/events", {"headers": alice}),
            ("POST", "/tasks", {"headers": alice, "json": {"title": "Bread"}}),
            ("POST", "/auth/token", {"data": {"username": "alice", "password": PASSWORD}}),
            ("POST", "/auth/register", {"json": {"username": "bob", "password": PASSWORD}}),
            ("GET", "/health/ready", {}),
        ]
        for method, path, options in asked:
            answer = client.request(method, path, **options)
            assert (answer.status_code, answer.json()) == (503, UNAVAILABLE), path
            assert answer.headers["retry-after"] == "1"
            assert answer.headers["x-request-id"]
        assert client.get("/health/live").status_code == 200
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/board", headers=alice):
            pass
        written = capfd.readouterr().err
        lines = lines_of(written)
        assert [(line["message"].partition(":")[0], line["path"]) for line in lines] == [
            ("the database is unavailable", path) for _, path, _ in asked
        ]
        assert "Traceback" not in written
        gate.open()
        assert client.get("/tasks", headers=alice).json() == [task]
        assert client.get("/health/ready").status_code == 200


@needs_typeway
@pytest.mark.parametrize("database", ["gated"], indirect=True)
def test_a_board_closes_while_the_database_is_away(
    settings: Settings, gate: Gate, capfd: pytest.CaptureFixture[str]
) -> None:
    """The client is told to try again later."""
    app = create_app(settings.model_copy(update={"feed": "memory"}))
    with TestClient(app, raise_server_exceptions=False) as client:
        alice = join(client, "alice")
        with client.websocket_connect("/board", headers=alice) as board:
            assert board.receive_json()["type"] == "board"
            gate.close()
            assert client.portal is not None
            client.portal.call(app.state.resources.feed.listeners.tell_of_gap)
            with pytest.raises(WebSocketDisconnect) as closed:
                board.receive_json()
        assert closed.value.code == 1013
        assert "Traceback" not in capfd.readouterr().err


async def ask_again_and_again(connection: AsyncConnection) -> None:
    """Use a connection until it fails: a server ends it when it gets to it."""
    while True:
        await connection.execute(select(1))
        await asyncio.sleep(0.02)


@pytest.mark.anyio
async def test_a_server_that_stops_in_the_middle_of_a_transaction(empty_postgresql: str) -> None:
    """Connections that the server ends, as at its restart, are an absence too, and the next transaction works."""
    async with opened(empty_postgresql) as engine:
        async with engine.connect() as connection:
            number = await connection.scalar(text("SELECT pg_backend_pid()"))
            async with opened(empty_postgresql) as other, other.connect() as killer:
                await killer.execute(text(f"SELECT pg_terminate_backend({number})"))
            with pytest.raises(DatabaseUnavailableError):
                await asyncio.wait_for(ask_again_and_again(connection), PATIENCE)
        async with engine.begin() as connection:
            assert await connection.scalar(select(1)) == 1


@pytest.mark.anyio
@pytest.mark.parametrize(
    "place", ["postgres:wrong@{server}/nowhere", "postgres@no-such-host.invalid/x", "postgres@127.0.0.1:1/x"]
)
async def test_a_database_that_cannot_be_reached(empty_postgresql: str, place: str) -> None:
    """No such database, no such host, nothing behind the port: whatever the driver raises, the error is ours."""
    url = make_url(empty_postgresql)
    engine = open_engine(f"postgresql+asyncpg://{place.format(server=f'{url.host}:{url.port or 5432}')}")
    with pytest.raises(DatabaseUnavailableError) as caught:
        async with engine.connect():
            pass
    assert caught.value.__cause__ is not None
    await engine.dispose()


@pytest.mark.anyio
async def test_a_server_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that nobody answers fails after a while."""
    monkeypatch.setattr("examples.task_manager.database.CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        engine = open_engine(f"postgresql+asyncpg://postgres@127.0.0.1:{silent.getsockname()[1]}/x")
        with pytest.raises(DatabaseUnavailableError):
            await asyncio.wait_for(engine.connect().start(), PATIENCE)
        await engine.dispose()


@pytest.mark.anyio
@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
async def test_a_wrong_statement_is_no_absence(database: str) -> None:
    """A table that does not exist is a mistake, of which the log needs the traceback."""
    async with opened(database) as engine:
        with pytest.raises(SQLAlchemyError) as caught:
            async with engine.begin() as connection:
                await connection.execute(text("SELECT * FROM no_such_table"))
    assert isinstance(caught.value, ProgrammingError) or "no such table" in str(caught.value)


@pytest.mark.anyio
async def test_a_locked_file_is_an_absence(database: str) -> None:
    """Another program keeps SQLite's file locked: the client may try again."""
    path = make_url(database).database
    assert path is not None
    engine = open_engine(f"{database}?timeout=0.05", poolclass=NullPool)
    holder = sqlite3.connect(path, isolation_level=None)
    try:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DatabaseUnavailableError):
            async with engine.begin() as connection:
                await connection.execute(text("UPDATE users SET username = 'x'"))
    finally:
        holder.close()
        await engine.dispose()


@pytest.mark.anyio
@pytest.mark.parametrize("database", ["gated"], indirect=True)
async def test_a_feed_that_is_away_is_told_once(
    settings: Settings,
    gate: Gate,
    database: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However often it is tried again; what is published meanwhile is one line each, and listeners hear of the gap."""
    monkeypatch.setattr("examples.task_manager.feed.relay.RETRY_SECONDS", 0.02)
    caplog.set_level(logging.INFO)
    async with opened(database) as engine, open_feed(settings, engine) as feed:
        with feed.listeners.joined(1) as listener:
            gate.close()
            await feed.publish(CHANGE)
            await asyncio.sleep(0.3)
            gate.open()
            assert await asyncio.wait_for(listener.next(), PATIENCE) is None
            messages = [record.getMessage().partition(":")[0] for record in caplog.records]
            assert sorted(messages) == ["a change was not published", "the feed is back", "the feed is interrupted"]
            assert not any(record.exc_info for record in caplog.records)


@pytest.mark.anyio
async def test_redis_that_says_nothing_holds_no_request_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change that cannot be published is given up after a while."""
    from examples.task_manager.feed import redis

    monkeypatch.setattr(redis, "PATIENCE_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = redis.connect(f"redis://127.0.0.1:{silent.getsockname()[1]}", to_listen=False)
        with pytest.raises(redis.FAILURES):
            await asyncio.wait_for(redis.publish(client, CHANGE), PATIENCE)
        await client.aclose()
