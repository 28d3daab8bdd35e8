"""Keep the answers to requests with an idempotency key: in memory, in Redis, in a database."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from threading import Lock
from time import time
from typing import Any, Final, NamedTuple, Protocol

from typeway.policies.stores import FullError, Kind, Store

# How often a record is looked for that another process has just dropped.
ATTEMPTS: Final = 5


class Record(NamedTuple):
    """What is known of a key: the fingerprint of its first request, and the answer once there is one."""

    fingerprint: str
    answer: str | None


class Answers(Protocol):
    """Keeps one record for each key. A record without an answer is a request in progress, which ends or expires."""

    async def begin(self, key: str, fingerprint: str, token: str, lease: float) -> Record | None:
        """Begin a request unless the key is known; return what is known, or None if the request has begun.

        Parameters:
            token: names this request, so that no other one ends it.
            lease: after how many seconds it counts as failed.
        """
        ...

    async def finish(self, key: str, fingerprint: str, token: str, answer: str, ttl: float) -> bool:
        """Keep the answer of a request for `ttl` seconds; return False if the request has expired."""
        ...

    async def release(self, key: str, fingerprint: str, token: str) -> None:
        """Forget a request without an answer, so that it can be sent again."""
        ...


# How many keys, and characters of answers, a process keeps in its memory.
MOST_KEYS: Final = 100_000
MOST_CHARACTERS: Final = 64 << 20
DROP_EVERY: Final = 1.0  # seconds


class MemoryAnswers:
    """The records of one process; every thread and event loop may use them."""

    def __init__(self) -> None:
        self.lock: Lock = Lock()
        self.kept: dict[str, tuple[float, str, Record]] = {}  # when it expires, the token, the record
        self.most: int = 1_000  # above this number, expired records are dropped
        self.dropped: float = 0.0
        # The characters of all answers, also of those that have been replaced since records were dropped.
        self.size: int = 0

    async def begin(self, key: str, fingerprint: str, token: str, lease: float) -> Record | None:
        now = time()
        with self.lock:
            expires, _, known = self.kept.get(key, (0.0, "", None))
            if known is not None and expires > now:
                return known
            if len(self.kept) > self.most or self.is_full():
                self.drop(now)
            if self.is_full():
                raise FullError("it keeps as many answers as a process may keep in its memory")
            self.kept[key] = now + lease, token, Record(fingerprint, None)
        return None

    def is_full(self) -> bool:
        return len(self.kept) >= MOST_KEYS or self.size > MOST_CHARACTERS

    def drop(self, now: float) -> None:
        """Drop expired records; while there is no place, not for every request."""
        if self.is_full() and now < self.dropped + DROP_EVERY:
            return
        self.kept = {key: entry for key, entry in self.kept.items() if entry[0] > now}
        self.most, self.dropped = max(1_000, 2 * len(self.kept)), now
        self.size = sum(len(record.answer or "") for _, _, record in self.kept.values())

    async def finish(self, key: str, fingerprint: str, token: str, answer: str, ttl: float) -> bool:
        with self.lock:
            if self.kept.get(key, (0.0, "", None))[1] != token:
                return False
            self.kept[key] = time() + ttl, token, Record(fingerprint, answer)
            self.size += len(answer)
        return True

    async def release(self, key: str, fingerprint: str, token: str) -> None:
        with self.lock:
            if self.kept.get(key, (0.0, "", None))[1] == token:
                del self.kept[key]


# Both act only while the record is still that of the request: KEYS[1] is the record, ARGV[1] the request in progress.
FINISH: Final = (
    "if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('set', KEYS[1], ARGV[2], 'PX', ARGV[3]) return 1 end "
    "return 0"
)
RELEASE: Final = "if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('del', KEYS[1]) end return 0"


class RedisAnswers:
    """The records in Redis, one value for each key, which expires by itself."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def name(self, key: str) -> str:
        return f"{self.store.prefix}:answer:{key}"

    async def begin(self, key: str, fingerprint: str, token: str, lease: float) -> Record | None:
        client, name = self.store.client(), self.name(key)
        for _ in range(ATTEMPTS):
            if await client.set(name, json.dumps([fingerprint, token, None]), nx=True, px=milliseconds(lease)):
                return None
            known = await client.get(name)
            if known is not None:
                found, _, answer = json.loads(known)
                return Record(found, answer)
        return Record(fingerprint, None)

    async def finish(self, key: str, fingerprint: str, token: str, answer: str, ttl: float) -> bool:
        begun, done = json.dumps([fingerprint, token, None]), json.dumps([fingerprint, token, answer])
        return bool(await self.store.client().eval(FINISH, 1, self.name(key), begun, done, milliseconds(ttl)))

    async def release(self, key: str, fingerprint: str, token: str) -> None:
        begun = json.dumps([fingerprint, token, None])
        await self.store.client().eval(RELEASE, 1, self.name(key), begun)


def milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1_000))


CREATE: Final = (
    "CREATE TABLE IF NOT EXISTS {table} (id VARCHAR(64) PRIMARY KEY, fingerprint VARCHAR(64) NOT NULL, "
    "token VARCHAR(32) NOT NULL, answer TEXT, expires_at DOUBLE PRECISION NOT NULL)"
)
DROP_EXPIRED: Final = "DELETE FROM {table} WHERE expires_at <= :now"
DROP_ONE: Final = "DELETE FROM {table} WHERE id = :id AND expires_at <= :now"
INSERT: Final = (
    "INSERT INTO {table} (id, fingerprint, token, answer, expires_at) VALUES (:id, :fingerprint, :token, NULL, :at) "
    "ON CONFLICT (id) DO NOTHING"
)
SELECT: Final = "SELECT fingerprint, answer FROM {table} WHERE id = :id"
KEEP: Final = "UPDATE {table} SET answer = :answer, expires_at = :at WHERE id = :id AND token = :token"
FORGET: Final = "DELETE FROM {table} WHERE id = :id AND token = :token AND answer IS NULL"


class SQLAnswers:
    """The records in a table of PostgreSQL or SQLite, which is created when it is used first."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.table: str = re.sub(r"\W", "_", store.prefix) + "_answers"
        self.begun: int = 0  # about how many requests have begun: now and then expired records are dropped

    async def run(self, connection: Any, statement: str, **values: Any) -> Any:
        text = import_module("sqlalchemy").text
        return await connection.execute(text(statement.format(table=self.table)), values)

    async def prepared(self) -> Any:
        """Return the engine, after creating the table, once for each event loop."""
        engine, made = self.store.connected()
        if not made.get("table"):
            # Two processes that create it at the same time: PostgreSQL refuses one of them.
            with suppress(import_module("sqlalchemy.exc").DBAPIError):
                async with engine.begin() as connection:
                    await self.run(connection, CREATE)
            made["table"] = True
        return engine

    async def begin(self, key: str, fingerprint: str, token: str, lease: float) -> Record | None:
        engine, now = await self.prepared(), time()
        self.begun += 1
        if self.begun % 1_000 == 0:
            async with engine.begin() as connection:
                await self.run(connection, DROP_EXPIRED, now=now)
        for _ in range(ATTEMPTS):
            async with engine.begin() as connection:
                await self.run(connection, DROP_ONE, id=key, now=now)
                values = {"id": key, "fingerprint": fingerprint, "token": token, "at": now + lease}
                if (await self.run(connection, INSERT, **values)).rowcount:
                    return None
                known = (await self.run(connection, SELECT, id=key)).first()
            if known is not None:
                return Record(*known)
        return Record(fingerprint, None)

    async def finish(self, key: str, fingerprint: str, token: str, answer: str, ttl: float) -> bool:
        async with self.store.client().begin() as connection:
            values = {"id": key, "token": token, "answer": answer, "at": time() + ttl}
            return bool((await self.run(connection, KEEP, **values)).rowcount)

    async def release(self, key: str, fingerprint: str, token: str) -> None:
        async with self.store.client().begin() as connection:
            await self.run(connection, FORGET, id=key, token=token)


ANSWERS: Final[dict[Kind, Callable[[Store], Answers]]] = {
    "memory": lambda store: MemoryAnswers(), "redis": RedisAnswers, "sql": SQLAnswers,
}  # fmt: skip
