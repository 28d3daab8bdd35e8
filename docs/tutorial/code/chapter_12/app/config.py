"""Settings, from environment variables or from a file .env."""

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The settings of one installation; BOOKS_DATABASE_URL sets `database_url`, and so on."""

    model_config = SettingsConfigDict(env_prefix="BOOKS_", env_file=".env")

    database_url: str = "sqlite+aiosqlite:///books.db"
    docs: bool = True
    max_body_bytes: int = 64 * 1024
