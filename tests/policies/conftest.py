"""Stores for the tests of policies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.policies.servers import RedisServer, redis_server


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as server:
        yield server


@pytest.fixture(params=["memory", "redis", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of each kind of store that keeps answers."""
    if request.param == "redis":
        server: RedisServer = request.getfixturevalue("redis")
        return server.url
    return "memory://" if request.param == "memory" else f"sqlite+aiosqlite:///{tmp_path}/answers.db"
