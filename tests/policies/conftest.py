"""Stores for the tests of policies."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.policies.servers import RedisServer, redis_server


async def drop(url: str) -> None:
    """Drop the table of an earlier test."""
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.execute(text("DROP TABLE IF EXISTS typeway_answers"))
    await engine.dispose()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as server:
        yield server


# The URL of a database for tests, such as postgresql+asyncpg://postgres@127.0.0.1/test; they drop their tables.
POSTGRES = "TYPEWAY_TEST_POSTGRES"


@pytest.fixture(params=["memory", "redis", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of each kind of store that keeps answers."""
    if request.param == "redis":
        server: RedisServer = request.getfixturevalue("redis")
        return server.url
    if request.param == "postgresql":
        if POSTGRES not in os.environ:
            pytest.skip(f"{POSTGRES} names no database")
        asyncio.run(drop(os.environ[POSTGRES]))
        return os.environ[POSTGRES]
    return "memory://" if request.param == "memory" else f"sqlite+aiosqlite:///{tmp_path}/answers.db"
