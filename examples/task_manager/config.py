"""Read the application's settings from the environment and from a `.env` file."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

PREFIX = "TASK_MANAGER_"


class ConfigurationError(Exception):
    """The settings are not valid; the message says what to change."""


class DatabaseSettings(BaseSettings):
    """Where the database is: all that migrations need to know.

    Each field is read from the variable with its name and the prefix `TASK_MANAGER_`, only the database from
    `DATABASE_URL`, and Redis from `REDIS_URL`: the names that hosting platforms use.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        # A rejected secret must not appear in the error message.
        hide_input_in_errors=True,
        validate_by_name=True,
    )

    database_url: str = Field(
        default="sqlite+aiosqlite:///./task_manager.db",
        validation_alias=AliasChoices("DATABASE_URL", "TASK_MANAGER_DATABASE_URL"),
        repr=False,
    )

    @field_validator("database_url")
    @classmethod
    def has_an_async_driver(cls, url: str) -> str:
        """Refuse an invalid URL at start-up instead of at the first request; this opens no connection."""
        try:
            create_async_engine(url)
        except (SQLAlchemyError, ImportError) as error:
            raise ValueError(f"not usable as an async database URL ({error})") from error
        return url

    @property
    def driver(self) -> str:
        """The database and its driver, such as `postgresql+asyncpg`."""
        return make_url(self.database_url).drivername


class Settings(DatabaseSettings):
    """The settings of one installation."""

    demo: bool = False
    # RFC 7518 3.2: an HS256 key has at least the 256 bits of its hash.
    secret_key: SecretStr | None = Field(default=None, min_length=32)
    access_token_minutes: int = Field(default=15, ge=1, le=60 * 24)
    login_days: int = Field(default=30, ge=1, le=400)
    # None for the usual: a file is migrated by whoever opens it, a server by the deployment, once.
    migrate: bool | None = None
    feed: Literal["memory", "postgresql", "redis"] | None = None
    redis_url: str = Field(
        default="redis://127.0.0.1:6379/0",
        validation_alias=AliasChoices("REDIS_URL", "TASK_MANAGER_REDIS_URL"),
        repr=False,
    )
    attachments_folder: Path = Path("attachments")
    max_attachment_bytes: int = Field(default=10 * 1024 * 1024, ge=1024)
    metrics: Literal["none", "prometheus", "opentelemetry"] = "none"
    cors_origins: Annotated[list[str], NoDecode] = []
    # The names of this server in URLs; none for every name.
    trusted_hosts: Annotated[list[str], NoDecode] = []
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    max_body_bytes: int = Field(default=64 * 1024, ge=1024)
    # Where logins are counted: the memory of each process, or a Redis that all processes share.
    rate_limit_store: str = Field(default="memory://", pattern=r"^(memory|rediss?|unix)://", repr=False)
    # RFC 9106 4: the second recommended option (64 MiB, three passes).
    argon2_time_cost: int = Field(default=3, ge=1)
    argon2_memory_kib: int = Field(default=64 * 1024, ge=32)

    @field_validator("cors_origins", "trusted_hosts", mode="before")
    @classmethod
    def split_at_commas(cls, value: Any) -> Any:
        """Parse `https://a.example, https://b.example`."""
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @model_validator(mode="after")
    def has_a_secret(self) -> Self:
        """Refuse to run without a secret, except in the demo."""
        if self.secret_key is None and not self.demo:
            raise ValueError(
                f"{PREFIX}SECRET_KEY is not set: give it at least 32 random characters "
                f"(`openssl rand -base64 48`), or set {PREFIX}DEMO=1 to try the application"
            )
        return self

    @model_validator(mode="after")
    def has_a_feed(self) -> Self:
        """Refuse a feed that the database cannot carry."""
        if self.feed == "postgresql" and self.driver != "postgresql+asyncpg":
            raise ValueError(f"{PREFIX}FEED=postgresql needs a DATABASE_URL that begins with postgresql+asyncpg://")
        return self

    @property
    def migrates(self) -> bool:
        """Whether the application runs missing migrations when it starts."""
        return self.driver.startswith("sqlite") if self.migrate is None else self.migrate

    @property
    def carrier(self) -> str:
        """What carries changes of tasks to the clients of every worker."""
        return self.feed or ("postgresql" if self.driver == "postgresql+asyncpg" else "memory")


def load_settings() -> Settings:
    """Read the settings from the environment variables.

    Raises:
        ConfigurationError: a variable is missing or invalid; the message names it, but never contains its value.
    """
    try:
        return Settings()
    except ValidationError as error:
        problems = [_describe(problem["loc"], problem["msg"]) for problem in error.errors(include_input=False)]
        raise ConfigurationError("; ".join(problems)) from None


def _describe(location: tuple[int | str, ...], message: str) -> str:
    """Replace the name of a field with the name of its environment variable."""
    text = message.removeprefix("Value error, ").replace("\n", " ")
    if not location:
        return text
    name = str(location[0])
    return f"{name if name.isupper() else PREFIX + name.upper()}: {text}"
