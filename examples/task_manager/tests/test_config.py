"""Read settings, and refuse invalid ones."""

import runpy
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from examples.task_manager.config import ConfigurationError, Settings, load_settings
from examples.task_manager.tests.assembled import needs_typeway
from typeway import FastAPI

pytestmark = pytest.mark.usefixtures("clean_environment")

MAIN = str(Path(__file__).parents[1] / "main.py")
SECRET = "a secret that is long enough for HS256"


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each variable sets its field; lists are separated by commas."""
    monkeypatch.setenv("TASK_MANAGER_SECRET_KEY", SECRET)
    monkeypatch.setenv("TASK_MANAGER_CORS_ORIGINS", "https://a.example, https://b.example,")
    monkeypatch.setenv("TASK_MANAGER_TRUSTED_HOSTS", "a.example,b.example")
    monkeypatch.setenv("TASK_MANAGER_ACCESS_TOKEN_MINUTES", "5")
    monkeypatch.setenv("DATABASE_URL", "sqlite+aiosqlite:///./other.db")
    settings = load_settings()
    assert settings.cors_origins == ["https://a.example", "https://b.example"]
    assert settings.trusted_hosts == ["a.example", "b.example"]
    assert settings.access_token_minutes == 5
    assert settings.database_url == "sqlite+aiosqlite:///./other.db"


def test_settings_come_from_a_file() -> None:
    """A `.env` file in the current directory works too, whatever else it contains."""
    Path(".env").write_text(f"TASK_MANAGER_SECRET_KEY='{SECRET}'\nSOMETHING_ELSE=1\n", encoding="utf-8")
    settings = load_settings()
    assert settings.secret_key is not None
    assert settings.secret_key.get_secret_value() == SECRET


def test_settings_do_not_show_their_secrets() -> None:
    """Printed settings contain neither the key nor the database's password."""
    settings = Settings(secret_key=SecretStr(SECRET), database_url="sqlite+aiosqlite:///hidden.db")
    assert SECRET not in repr(settings)
    assert "hidden" not in repr(settings)


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("TASK_MANAGER_SECRET_KEY", "too short", "TASK_MANAGER_SECRET_KEY: "),
        ("TASK_MANAGER_ACCESS_TOKEN_MINUTES", "soon", "TASK_MANAGER_ACCESS_TOKEN_MINUTES: "),
        ("TASK_MANAGER_LOG_LEVEL", "LOUD", "TASK_MANAGER_LOG_LEVEL: "),
        ("DATABASE_URL", "no address", "DATABASE_URL: not usable as an async database URL"),
        ("DATABASE_URL", "sqlite:///tasks.db", "DATABASE_URL: not usable as an async database URL"),
        ("DATABASE_URL", "nosuch+driver://localhost/x", "DATABASE_URL: not usable as an async database URL"),
        ("TASK_MANAGER_DEMO", "", "TASK_MANAGER_SECRET_KEY is not set"),
    ],
)
def test_wrong_setting_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, expected: str
) -> None:
    """The message says which variable is invalid and why, but does not contain a secret."""
    monkeypatch.setenv("TASK_MANAGER_DEMO", "1")
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    message = str(caught.value)
    assert message.startswith(expected)
    assert "\n" not in message
    assert "too short" not in message


def test_server_does_not_start_without_a_secret() -> None:
    """Without a secret, the start fails with one line that says what to set."""
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(MAIN)
    message = str(caught.value)
    assert message.startswith("task_manager: TASK_MANAGER_SECRET_KEY is not set: ")
    assert "\n" not in message


@needs_typeway
def test_demo_needs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """One variable is enough to create the application that servers look for."""
    monkeypatch.setenv("TASK_MANAGER_DEMO", "1")
    module = runpy.run_path(MAIN)
    assert isinstance(module["app"], FastAPI)


@pytest.mark.parametrize(
    ("url", "feed", "carrier", "migrates"),
    [
        ("sqlite+aiosqlite:///x.db", None, "memory", True),
        ("sqlite+aiosqlite:///x.db", "redis", "redis", True),
        ("postgresql+asyncpg://u@h/d", None, "postgresql", False),
        ("postgresql+asyncpg://u@h/d", "memory", "memory", False),
    ],
)
def test_the_database_decides_what_is_usual(url: str, feed: Any, carrier: str, migrates: bool) -> None:
    """A server carries changes to all workers and is migrated by the deployment; a file is migrated at the start."""
    settings = Settings(demo=True, database_url=url, feed=feed)
    assert (settings.carrier, settings.migrates) == (carrier, migrates)
    assert settings.model_copy(update={"migrate": not migrates}).migrates is not migrates


def test_a_feed_that_the_database_cannot_carry_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what the feed needs."""
    monkeypatch.setenv("TASK_MANAGER_DEMO", "1")
    monkeypatch.setenv("TASK_MANAGER_FEED", "postgresql")
    with pytest.raises(ConfigurationError, match=r"TASK_MANAGER_FEED=postgresql needs a DATABASE_URL that begins with"):
        load_settings()
