"""Read the application's settings from the environment and from a `.env` file."""

from typing import Annotated, Any

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "BOOKS_"


class ConfigurationError(Exception):
    """The settings are not valid; the message says what to change."""


class Settings(BaseSettings):
    """The settings of one installation; the environment variable of a field has the prefix `BOOKS_`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        # A rejected token must not appear in the error message.
        hide_input_in_errors=True,
    )

    # Without a database the books are stored in memory, and lost when the process ends.
    database_url: str | None = Field(default=None, repr=False)
    # Token by name. Without readers every endpoint that needs a reader refuses all requests.
    readers: Annotated[dict[str, SecretStr], NoDecode] = {}
    max_body_bytes: int = Field(default=16 * 1024, ge=1024)

    @field_validator("readers", mode="before")
    @classmethod
    def split_into_pairs(cls, readers: Any) -> Any:
        """Parse `alice:her-token, bob:his-token`."""
        if not isinstance(readers, str):
            return readers
        pairs = [pair.strip().partition(":") for pair in readers.split(",") if pair.strip()]
        if not all(name and token for name, _, token in pairs):
            raise ValueError("write each reader as name:token, and put commas between them")
        return {name: token for name, _, token in pairs}

    @field_validator("database_url")
    @classmethod
    def has_an_async_driver(cls, url: str | None) -> str | None:
        """Refuse an invalid URL at start-up instead of at the first request; this opens no connection."""
        if url is None:
            return None
        # Imported only when a database is configured, so that books in memory need no SQLAlchemy.
        from sqlalchemy.exc import SQLAlchemyError
        from sqlalchemy.ext.asyncio import create_async_engine

        try:
            create_async_engine(url)
        except (SQLAlchemyError, ImportError) as error:
            raise ValueError(f"not usable as an async database URL ({error})") from error
        return url


def load_settings() -> Settings:
    """Read the settings from the environment variables.

    Raises:
        ConfigurationError: a variable is invalid; the one-line message names it, but never contains its value.
    """
    try:
        return Settings()
    except ValidationError as error:
        problems = [
            f"{PREFIX}{str(problem['loc'][0]).upper()}: {problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors(include_input=False)
        ]
        raise ConfigurationError("; ".join(problems).replace("\n", " ")) from None
