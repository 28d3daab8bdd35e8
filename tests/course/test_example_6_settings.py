"""Sixth example: settings from the environment, checked by their types, and handed out by a dependency."""

import os
from functools import lru_cache
from typing import Any

import pytest
from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from tests.frameworks import answer, each_framework


class Settings(BaseSettings):
    """Settings of the Task Manager."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", case_sensitive=False)

    app_name: str = "Task Manager"
    debug: bool = False
    database_url: str = "sqlite+aiosqlite:///./tasks.db"
    secret_key: str
    access_token_expire_minutes: int = 30
    allowed_origins: list[str] = ["http://localhost:3000"]


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    """An empty folder to stand in, and none of the settings in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.lower() in Settings.model_fields:
            monkeypatch.delenv(name)
    return monkeypatch


def test_defaults_and_the_environment(environment):
    """A field is read from the variable of its name, in any case, and converted; without one it has its default."""
    environment.setenv("SECRET_KEY", "s3cret")
    environment.setenv("Debug", "true")
    environment.setenv("access_token_expire_minutes", "5")
    environment.setenv("ALLOWED_ORIGINS", '["https://a.example", "https://b.example"]')
    settings = Settings()
    assert settings.secret_key == "s3cret"
    assert settings.debug is True
    assert settings.access_token_expire_minutes == 5
    assert settings.allowed_origins == ["https://a.example", "https://b.example"]
    assert settings.app_name == "Task Manager"


def test_a_file_and_the_environment_above_it(environment, tmp_path):
    """`.env` is read too, and the environment goes before it."""
    (tmp_path / ".env").write_text("SECRET_KEY=from-file\nAPP_NAME=Tâches\n", encoding="utf-8")
    assert Settings().app_name == "Tâches"
    environment.setenv("APP_NAME", "Tasks")
    assert (Settings().app_name, Settings().secret_key) == ("Tasks", "from-file")


def test_what_is_required_or_wrong_fails_at_once(environment):
    """A missing secret or a value of the wrong type is an error when settings are made, not when they are used."""
    with pytest.raises(ValidationError, match="secret_key"):
        Settings()
    environment.setenv("SECRET_KEY", "s")
    environment.setenv("ACCESS_TOKEN_EXPIRE_MINUTES", "soon")
    with pytest.raises(ValidationError, match="access_token_expire_minutes"):
        Settings()


@each_framework
def test_settings_are_a_dependency_that_is_made_once(web, environment):
    """Behind `lru_cache` the environment is read once for all requests; a test overrides the dependency."""
    made: list[Any] = []

    @lru_cache
    def get_settings() -> Settings:
        made.append(Settings())
        return made[-1]

    app = web.FastAPI()

    @app.get("/")
    async def read(settings: Settings = web.Depends(get_settings)) -> str:
        return settings.app_name

    environment.setenv("SECRET_KEY", "s")
    assert answer(app, "GET /") == (200, "Task Manager")
    environment.setenv("APP_NAME", "changed later")
    assert answer(app, "GET /") == (200, "Task Manager")
    assert len(made) == 1
    app.dependency_overrides[get_settings] = lambda: Settings(app_name="of the test")
    assert answer(app, "GET /") == (200, "of the test")
    assert len(made) == 1
