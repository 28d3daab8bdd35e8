"""Reach the stores in which policies keep what several processes share: Redis, and databases through SQLAlchemy."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Final, Literal

from anyio.lowlevel import RunVar

from typeway.exceptions import HTTPException, calling_line, declaration_error

logger: Final = logging.getLogger("typeway")

Kind = Literal["memory", "redis", "sql"]
OnStoreFailure = Literal["refuse", "allow"]

KINDS: Final[dict[str, Kind]] = {"memory": "memory", "redis": "redis", "rediss": "redis", "unix": "redis"}
# The databases whose `INSERT … ON CONFLICT DO NOTHING` is the same.
DATABASES: Final = ("postgresql", "sqlite")

HINTS: Final[dict[Kind, str]] = {
    "memory": "Write \"memory://\".",
    "redis": 'Install it with pip install "typeway[policies]", and write "redis://host:6379/0".',
    "sql": 'Install sqlalchemy[asyncio] with a driver, and write "postgresql+asyncpg://user:password@host/name" or '
    '"sqlite+aiosqlite:///file.db".',
}  # fmt: skip


class FullError(Exception):
    """The memory of a process has no place for another record."""


@dataclass(frozen=True)
class Store:
    """Where policies keep what they count and what they have answered.

    Parameters:
        url: `memory://`, of each process its own; `redis://`, `rediss://` or `unix://` (extra `policies`); for
            idempotency also `postgresql+asyncpg://` or `sqlite+aiosqlite://` (SQLAlchemy).
        prefix: what the names of keys, and of the table, begin with. Applications with one store each have their own.
        timeout: how long one operation may take, in seconds.

    Raises:
        DeclarationError: the URL cannot be read, or the library that reaches such a store is not installed.

    Example: `Store("redis://localhost:6379/0", prefix="shop")`
    """

    url: str = "memory://"
    prefix: str = "typeway"
    timeout: float = 1.0
    kind: Kind = field(init=False)
    failures: tuple[type[Exception], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        given: Any = self.url
        scheme = given.partition("://")[0] if isinstance(given, str) and "://" in given else None
        kind: Kind = "sql" if scheme is None else KINDS.get(scheme, "sql")
        object.__setattr__(self, "kind", kind)
        try:
            if scheme is None:
                raise ValueError("it has no scheme")
            object.__setattr__(self, "failures", VERIFY[kind](self.url))
        except Exception as error:  # noqa: BLE001  libraries raise many kinds
            # The URL is not shown: it may contain a password.
            problem = f"the store {scheme or given!r} cannot be used: {explained(error)}."
            hint = f"{HINTS[kind] if scheme else HINTS['redis']}"
            raise declaration_error(problem, hint=hint, where=calling_line(), chain=("Store()",)) from None

    @property
    def shown(self) -> str:
        """The store without its user name and password."""
        scheme, _, rest = self.url.partition("://")
        return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"

    def client(self) -> Any:
        """Return the client of the running event loop: of Redis, or the engine of a database."""
        return self.connected()[0]

    def connected(self) -> tuple[Any, dict[str, Any]]:
        """Return the client of the running event loop, and a mapping for what is made for that client once."""
        clients = CLIENTS.get({})
        found = clients.get(self)
        if found is None:
            found = clients[self] = CONNECT[self.kind](self), {}
            CLIENTS.set(clients)
        return found

    def failed(self, error: Exception, what: str, decision: OnStoreFailure) -> None:
        """Do what is to happen if the store fails.

        Raises:
            HTTPException: 503, unless requests are allowed then.
        """
        logger.error("%s: the store %s has failed (%s: %s)", what, self.shown, type(error).__name__, error)
        if decision == "refuse":
            raise HTTPException(503, "The service cannot check this request now.", {"Retry-After": "1"}) from error


def explained(error: Exception) -> str:
    """Return why a store cannot be used, without its URL."""
    if isinstance(error, ImportError):
        return f"the package {str(error.name).partition('.')[0]!r} is not installed"
    return str(error) if type(error) is ValueError and "://" not in str(error) else "its URL cannot be read"


def verify_redis(url: str) -> tuple[type[Exception], ...]:
    import_module("limits")
    redis = import_module("redis.asyncio")
    redis.ConnectionPool.from_url(url)
    return (import_module("redis.exceptions").RedisError, OSError)


def verify_sql(url: str) -> tuple[type[Exception], ...]:
    engines = import_module("sqlalchemy.ext.asyncio")
    parsed = import_module("sqlalchemy").make_url(url)
    if parsed.get_backend_name() not in DATABASES:
        raise ValueError(f"it must be one of redis, {', '.join(DATABASES)}")
    engines.create_async_engine(url)
    return (import_module("sqlalchemy.exc").SQLAlchemyError, OSError)


def connect_redis(store: Store) -> Any:
    redis, retry, backoff = map(import_module, ("redis.asyncio", "redis.asyncio.retry", "redis.backoff"))
    # One repetition, because a server that was started again has cut the connections of the pool.
    again = retry.Retry(backoff.NoBackoff(), 1)
    return redis.Redis.from_url(
        store.url, socket_timeout=store.timeout, socket_connect_timeout=store.timeout, retry=again
    )


def connect_sql(store: Store) -> Any:
    return import_module("sqlalchemy.ext.asyncio").create_async_engine(
        store.url, pool_timeout=store.timeout, pool_pre_ping=True
    )


VERIFY: Final[dict[Kind, Callable[[str], tuple[type[Exception], ...]]]] = {
    "memory": lambda url: (FullError,), "redis": verify_redis, "sql": verify_sql,
}  # fmt: skip
CONNECT: Final[dict[Kind, Callable[[Store], Any]]] = {"redis": connect_redis, "sql": connect_sql}

# The clients of each event loop, which only its own thread reads and writes.
CLIENTS: Final[RunVar[dict[Store, tuple[Any, dict[str, Any]]]]] = RunVar("typeway.policies.stores")


async def close_clients() -> None:
    """Close the clients of the running event loop; one that is used again connects again."""
    clients = CLIENTS.get({})
    while clients:
        store, (client, _) = clients.popitem()
        await (client.aclose() if store.kind == "redis" else client.dispose())


def store_of(given: Any, where: str | None) -> Store:
    """Return the store for the option of a policy: a Store, a URL, or None for the memory of the process."""
    if given is None or isinstance(given, str):
        return MEMORY if given is None else Store(given)
    if isinstance(given, Store):
        return given
    problem = f"store must be a Store or a URL, not {given!r}."
    raise declaration_error(problem, hint='Write store="redis://localhost:6379/0".', where=where)


MEMORY: Final = Store()
