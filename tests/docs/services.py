"""Give a guide what it needs beside the framework: packages that it installs, a Redis and a database of its own."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from uuid import uuid4

import pytest

INSTALLED = re.compile(r"^pip install (.+)$", re.MULTILINE)
REQUIREMENT = re.compile(r"[\w.-]+")
REDIS = "redis://127.0.0.1:6379/0"
POSTGRESQL = re.compile(r"postgresql(?:\+\w+)?://postgres@127\.0\.0\.1/\w+")


def require_packages(text: str) -> None:
    """Skip a guide of which a package is missing that its readers install."""
    for line in INSTALLED.findall(text):
        for word in line.replace('"', "").replace("'", "").split():
            name = REQUIREMENT.match(word)
            assert name, line
            try:
                distribution(name[0])
            except PackageNotFoundError:
                pytest.skip(f"{name[0]} is not installed: pip install -e '.[guides]'")


@contextmanager
def services(text: str, folder: Path) -> Iterator[dict[str, str]]:
    """Start, or create, each service that a guide names, and return what stands for its address."""
    with ExitStack() as stack:
        addresses = {}
        if REDIS in text:
            addresses[REDIS] = stack.enter_context(_redis(folder))
        for url in set(POSTGRESQL.findall(text)):
            addresses[url] = url.rpartition("/")[0] + "/" + stack.enter_context(_database())
        yield addresses


@contextmanager
def _redis(folder: Path) -> Iterator[str]:
    """Start a server that listens on a socket in the folder only."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed: apt install redis-server")
    socket = folder / "redis.sock"
    command = [program, "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        for line in server.stdout:
            if "ready to accept connections" in line.lower():
                break
        try:
            yield f"unix://{socket}"
        finally:
            server.terminate()
            server.communicate()


@contextmanager
def _database() -> Iterator[str]:
    """Create an empty database, and drop it afterwards."""
    psycopg = pytest.importorskip("psycopg")
    name = f"guide_{uuid4().hex[:12]}"
    try:
        connection = psycopg.connect("postgresql://postgres@127.0.0.1/postgres", autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        pytest.skip(f"no PostgreSQL for postgres@127.0.0.1: {error}")
    with connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield name
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
