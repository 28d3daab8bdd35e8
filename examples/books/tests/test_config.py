"""Read settings, and refuse invalid ones."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from examples.books.config import ConfigurationError, load_settings
from typeway import FastAPI

pytestmark = pytest.mark.usefixtures("clean_environment")

REPOSITORY = Path(__file__).parents[3]
MAIN = str(REPOSITORY / "examples" / "books" / "main.py")


def test_application_needs_no_settings() -> None:
    """Without any variable the books are stored in memory, and there are no readers."""
    settings = load_settings()
    assert (settings.database_url, settings.readers) == (None, {})
    assert isinstance(runpy.run_path(MAIN)["app"], FastAPI)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each variable sets its field; readers are pairs separated by commas, and a token may contain a colon."""
    monkeypatch.setenv("BOOKS_READERS", "alice:her-token, bob:his:token,")
    monkeypatch.setenv("BOOKS_DATABASE_URL", "sqlite+aiosqlite:///./other.db")
    settings = load_settings()
    assert {name: token.get_secret_value() for name, token in settings.readers.items()} == {
        "alice": "her-token",
        "bob": "his:token",
    }
    assert settings.database_url == "sqlite+aiosqlite:///./other.db"
    assert "her-token" not in repr(settings)
    assert "other.db" not in repr(settings)


def test_settings_come_from_a_file() -> None:
    """A `.env` file in the current directory works too, whatever else it contains."""
    Path(".env").write_text("BOOKS_MAX_BODY_BYTES=2048\nSOMETHING_ELSE=1\n", encoding="utf-8")
    assert load_settings().max_body_bytes == 2048


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("BOOKS_READERS", "hidden-token", "BOOKS_READERS: write each reader as name:token"),
        ("BOOKS_READERS", "alice:", "BOOKS_READERS: write each reader as name:token"),
        ("BOOKS_READERS", ":hidden-token", "BOOKS_READERS: write each reader as name:token"),
        ("BOOKS_MAX_BODY_BYTES", "much", "BOOKS_MAX_BODY_BYTES: "),
        ("BOOKS_DATABASE_URL", "no address", "BOOKS_DATABASE_URL: not usable as an async database URL"),
        ("BOOKS_DATABASE_URL", "sqlite:///books.db", "BOOKS_DATABASE_URL: not usable as an async database URL"),
        ("BOOKS_DATABASE_URL", "nosuch+driver://x/y", "BOOKS_DATABASE_URL: not usable as an async database URL"),
    ],
)
def test_wrong_setting_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, expected: str
) -> None:
    """The message says which variable is invalid and why, but does not contain a token; the server does not start."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    message = str(caught.value)
    assert message.startswith(expected)
    assert "\n" not in message
    assert "hidden-token" not in message
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(MAIN)
    assert str(stopped.value) == f"books: {message}"


def test_memory_needs_no_sqlalchemy() -> None:
    """With books in memory, the libraries of the database are not imported."""
    code = (
        "import sys; from examples.books.main import app; from typeway.testclient import TestClient\n"
        "with TestClient(app) as client: client.get('/books')\n"
        "sys.exit('sqlalchemy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=False, timeout=100)
    assert done.returncode == 0
