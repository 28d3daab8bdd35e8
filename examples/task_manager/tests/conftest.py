"""Create an application with an empty database for each test."""

import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from pydantic import SecretStr
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncSession

from examples.task_manager.config import PREFIX, Settings
from examples.task_manager.resources import Resources, open_resources
from examples.task_manager.tests.assembled import create_app
from examples.task_manager.tests.databases import SERVER, create_database, drop_database, empty, migrate
from examples.task_manager.tests.gate import Gate, gate_to
from examples.task_manager.tests.people import join
from typeway import FastAPI
from typeway.testclient import TestClient


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio, as SQLAlchemy does."""
    return "asyncio"


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Hide the environment variables and the .env file of the developer's machine from the test."""
    for name in [name for name in os.environ if name.startswith(PREFIX) or name in ("DATABASE_URL", "REDIS_URL")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return monkeypatch


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file on which the migrations have run, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "tasks.db"
    migrate(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_database() -> Iterator[str]:
    """A PostgreSQL database on which the migrations have run."""
    url = create_database()
    try:
        migrate(url)
        yield url
    finally:
        drop_database(url)


@pytest.fixture
def empty_postgresql() -> Iterator[str]:
    """The URL of a PostgreSQL database without tables."""
    url = create_database()
    try:
        yield url
    finally:
        drop_database(url)


@pytest.fixture
def gate() -> Iterator[Gate]:
    """A gate to the PostgreSQL server, which a test can close."""
    server = make_url(SERVER)
    with gate_to(server.host or "127.0.0.1", server.port or 5432) as gate:
        yield gate


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database: a SQLite file, unless the test asks for PostgreSQL, or for PostgreSQL behind the gate."""
    if getattr(request, "param", "sqlite") == "sqlite":
        path = shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "tasks.db")
        return f"sqlite+aiosqlite:///{path}"
    url: str = request.getfixturevalue("migrated_database")
    empty(url)
    if request.param == "gated":
        port = request.getfixturevalue("gate").port
        return make_url(url).set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
    return url


@pytest.fixture
def redis_url() -> Iterator[str]:
    """A Redis server that listens on a socket of its own."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed: apt install redis-server")
    # Sockets have short paths.
    with TemporaryDirectory() as folder:
        socket = Path(folder) / "redis.sock"
        command = [program, "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            for line in server.stdout:
                if "ready to accept connections" in line.lower():
                    break
            yield f"unix://{socket}"
            server.terminate()
            server.communicate()


@pytest.fixture
def settings(clean_environment: pytest.MonkeyPatch, tmp_path: Path, database: str) -> Settings:
    """Settings of a test: its own database, and passwords that cost little to hash."""
    return Settings(
        secret_key=SecretStr("a secret that only the tests know, long enough"),
        database_url=database,
        attachments_folder=tmp_path / "attachments",
        max_attachment_bytes=200_000,
        cors_origins=["https://app.example"],
        argon2_time_cost=1,
        argon2_memory_kib=32,
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


@pytest.fixture
def alice(client: TestClient) -> dict[str, str]:
    """The headers of a registered user."""
    return join(client, "alice")


@pytest.fixture
def bob(client: TestClient) -> dict[str, str]:
    """The headers of another registered user."""
    return join(client, "bob")


@pytest.fixture
async def resources(settings: Settings) -> AsyncIterator[Resources]:
    """The resources that requests share, without an application."""
    async with open_resources(settings) as resources:
        yield resources


@pytest.fixture
async def session(resources: Resources) -> AsyncIterator[AsyncSession]:
    """A database session, without a request."""
    async with resources.sessions() as session:
        yield session
