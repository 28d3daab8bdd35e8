"""Create an application for each test, once with each store."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from examples.books.config import PREFIX, Settings
from examples.books.main import create_app
from typeway import FastAPI
from typeway.testclient import TestClient


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio, as SQLAlchemy does."""
    return "asyncio"


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Hide the environment variables and the .env file of the developer's machine from the test."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return monkeypatch


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """The URL of a database for this test only."""
    return f"sqlite+aiosqlite:///{tmp_path}/books.db"


@pytest.fixture(params=["memory", "database"])
def settings(request: pytest.FixtureRequest, clean_environment: pytest.MonkeyPatch, database_url: str) -> Settings:
    """Settings of a test: one reader, and each store in turn."""
    return Settings(
        database_url=database_url if request.param == "database" else None,
        readers={"alice": SecretStr("alice-may-read")},
    )


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    """An application that has not been started."""
    return create_app(settings)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """A client of the running application; unexpected errors are responses, as they are for real clients."""
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client
