"""List what holds a thread until it is done: functions and methods that must not run on the event loop."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from typeway.check.read.values import dotted

IN_THREAD: Final = "run it in a thread: await run_in_threadpool({name}, …)"


@dataclass(frozen=True, slots=True)
class Wait:
    """One reason to wait.

    Parameters:
        does: what it waits for, after "which".
        fix: what to write in its place; `{name}` stands for what was called.
    """

    does: str
    fix: str = IN_THREAD


SLEEP: Final = Wait("waits for time to pass", "write await asyncio.sleep(…) or await anyio.sleep(…)")
REQUEST: Final = Wait("waits for another server", "use httpx.AsyncClient and await it, or run_in_threadpool({name}, …)")
DATABASE: Final = Wait("waits for the database", "use the library's async form and await it, or a plain def endpoint")
PROCESS: Final = Wait(
    "waits for another process", "write await asyncio.create_subprocess_exec(…), or run_in_threadpool({name}, …)"
)
FILES: Final = Wait("waits for the disk", "use anyio.Path or anyio.open_file, or run_in_threadpool({name}, …)")
NETWORK: Final = Wait(
    "waits for the network", "use asyncio's streams or anyio.connect_tcp, or run_in_threadpool({name}, …)"
)
HASHING: Final = Wait("takes a processor for as long as a password hash is meant to", IN_THREAD)
LOCK: Final = Wait("waits for another thread", "use anyio.Lock or asyncio.Lock, or run_in_threadpool({name}, …)")
PERSON: Final = Wait("waits for somebody at the terminal", "take it out of the request")

HTTP_VERBS: Final = ("get", "post", "put", "patch", "delete", "head", "options", "request")

FUNCTIONS: Final[Mapping[str, Wait]] = {
    "time.sleep": SLEEP,
    "builtins.input": PERSON,
    **{f"requests.{verb}": REQUEST for verb in HTTP_VERBS},
    **{f"httpx.{verb}": REQUEST for verb in (*HTTP_VERBS, "stream")},
    **{f"urllib.request.{name}": REQUEST for name in ("urlopen", "urlretrieve")},
    **{f"urllib3.{name}": REQUEST for name in ("request",)},
    **{f"subprocess.{name}": PROCESS for name in (
        "run", "call", "check_call", "check_output", "getoutput", "getstatusoutput",
    )},
    **{f"os.{name}": PROCESS for name in ("system", "wait", "waitpid")},
    **{f"socket.{name}": NETWORK for name in (
        "create_connection", "getaddrinfo", "gethostbyname", "gethostbyaddr", "getfqdn",
    )},
    **{f"shutil.{name}": FILES for name in (
        "copy", "copy2", "copyfile", "copyfileobj", "copytree", "move", "rmtree", "make_archive", "unpack_archive",
    )},
    **{f"hashlib.{name}": HASHING for name in ("pbkdf2_hmac", "scrypt")},
    **{f"bcrypt.{name}": HASHING for name in ("hashpw", "checkpw", "kdf")},
    **{f"argon2.{name}": HASHING for name in ("hash_password", "verify_password")},
    **{f"werkzeug.security.{name}": HASHING for name in ("generate_password_hash", "check_password_hash")},
    "psycopg.connect": DATABASE, "psycopg2.connect": DATABASE, "pymysql.connect": DATABASE,
    "MySQLdb.connect": DATABASE, "sqlite3.connect": DATABASE, "concurrent.futures.wait": LOCK,
}  # fmt: skip

SQL_SESSION: Final = frozenset({
    "execute", "scalar", "scalars", "exec", "get", "get_one", "commit", "flush", "refresh", "merge",
    "bulk_save_objects", "bulk_insert_mappings", "bulk_update_mappings",
})  # fmt: skip
SQL_QUERY: Final = frozenset({"all", "first", "one", "one_or_none", "scalar", "count", "delete", "update", "get"})
DBAPI: Final = frozenset({
    "execute", "executemany", "executescript", "fetchone", "fetchall", "fetchmany", "commit", "copy_expert",
})  # fmt: skip
MONGO: Final = frozenset({
    "find_one", "insert_one", "insert_many", "update_one", "update_many", "replace_one", "delete_one", "delete_many",
    "count_documents", "estimated_document_count", "find_one_and_update", "find_one_and_delete",
    "find_one_and_replace", "aggregate", "distinct", "bulk_write", "create_index", "drop",
})  # fmt: skip
REDIS: Final = frozenset({
    "get", "set", "setex", "setnx", "mget", "mset", "delete", "exists", "expire", "ttl", "incr", "incrby", "decr",
    "hget", "hset", "hmset", "hgetall", "hdel", "hincrby", "lpush", "rpush", "lpop", "rpop", "blpop", "brpop", "lrange",
    "llen", "sadd", "srem", "smembers", "sismember", "zadd", "zrange", "zrem", "publish", "keys", "scan", "ping",
    "flushdb", "eval", "evalsha", "xadd", "xread", "execute_command",
})  # fmt: skip
CLIENT: Final = frozenset({*HTTP_VERBS, "send", "stream"})

# Methods by class; where a class has no list of them, any public method waits.
METHODS: Final[tuple[tuple[tuple[str, ...], frozenset[str] | None, Wait], ...]] = (
    (("requests.Session",), CLIENT, REQUEST),
    (("httpx.Client",), CLIENT, REQUEST),
    (("urllib3.PoolManager",), frozenset({"request", "urlopen"}), REQUEST),
    (("http.client.HTTPConnection",), frozenset({"request", "getresponse", "connect"}), REQUEST),
    (("botocore.client.BaseClient",), None, REQUEST),
    (("smtplib.SMTP", "smtplib.SMTP_SSL"), frozenset({
        "connect", "login", "sendmail", "send_message", "starttls", "quit",
    }), NETWORK),
    (("ftplib.FTP",), frozenset({"connect", "login", "retrbinary", "storbinary"}), NETWORK),
    (("socket.socket",), frozenset({"connect", "accept", "recv", "recvfrom", "sendall"}), NETWORK),
    (("sqlalchemy.orm.Session",), SQL_SESSION, DATABASE),
    (("sqlalchemy.orm.Query", "sqlalchemy.orm.query.Query"), SQL_QUERY, DATABASE),
    (("sqlalchemy.engine.Engine",), frozenset({"connect", "begin"}), DATABASE),
    (("sqlalchemy.engine.Connection", "sqlalchemy.engine.base.Connection"), frozenset({"execute", "scalar", "scalars", "commit"}), DATABASE),
    (("psycopg.Connection", "psycopg.Cursor", "psycopg2.extensions.connection", "psycopg2.extensions.cursor",
      "pymysql.connections.Connection", "pymysql.cursors.Cursor", "sqlite3.Connection", "sqlite3.Cursor"),
     DBAPI, DATABASE),
    (("pymongo.collection.Collection", "pymongo.synchronous.collection.Collection"), MONGO, DATABASE),
    (("redis.Redis", "redis.client.Redis"), REDIS, DATABASE),
    (("subprocess.Popen",), frozenset({"wait", "communicate"}), PROCESS),
    (("pathlib.Path",), frozenset({"read_text", "read_bytes", "write_text", "write_bytes"}), FILES),
    (("zipfile.ZipFile", "tarfile.TarFile"), frozenset({"extractall"}), FILES),
    (("argon2.PasswordHasher",), frozenset({"hash", "verify"}), HASHING),
    (("passlib.context.CryptContext",), frozenset({"hash", "verify", "verify_and_update"}), HASHING),
    (("pwdlib.PasswordHash",), frozenset({"hash", "verify", "verify_and_update"}), HASHING),
    (("threading.Event", "threading.Condition", "threading.Barrier"), frozenset({"wait"}), LOCK),
    (("threading.Thread", "multiprocessing.Process"), frozenset({"join"}), LOCK),
    (("threading.Lock", "threading.RLock", "threading.Semaphore", "_thread.lock", "_thread.RLock"),
     frozenset({"acquire"}), LOCK),
    (("queue.Queue", "queue.SimpleQueue"), frozenset({"get", "join"}), LOCK),
    (("concurrent.futures.Future", "concurrent.futures._base.Future"), frozenset({"result", "exception"}), LOCK),
)  # fmt: skip

# Methods of a client that only look at it.
HARMLESS: Final = frozenset({"close", "exceptions", "meta", "can_paginate", "get_paginator", "waiter_names"})
# Arguments with which something that waits for a thread does not wait, or not for long.
IMPATIENT: Final[Mapping[str, object]] = {"blocking": False, "block": False}


@dataclass(eq=False)
class Catalogue:
    """The lists above, with the names resolved to the objects that they stand for in this process."""

    functions: dict[int, tuple[str, Wait]] = field(default_factory=dict)
    methods: dict[tuple[type[Any] | str, str], Wait | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, wait in FUNCTIONS.items():
            thing = loaded(name)
            if thing is not None:
                self.functions[id(thing)] = (name, wait)

    def function(self, thing: Any) -> tuple[str, Wait] | None:
        """Why a function waits, with its usual name, if it does."""
        return self.functions.get(id(thing))

    def method(self, kind: type[Any] | str, name: str) -> Wait | None:
        """Why a method of a class waits, if it does."""
        key = (kind, name)
        if key not in self.methods:
            self.methods[key] = self.read_method(kind, name)
        return self.methods[key]

    def read_method(self, kind: type[Any] | str, name: str) -> Wait | None:
        parents = {kind} if isinstance(kind, str) else {*type.mro(kind), *map(dotted, type.mro(kind))}
        for names, methods, wait in METHODS:
            is_listed = name in methods if methods is not None else not name.startswith("_") and name not in HARMLESS
            if is_listed and any(entry in parents or loaded(entry) in parents for entry in names):
                return wait
        return None


def loaded(name: str) -> Any:
    """What stands under a dotted name, if its module has been imported."""
    module, _, attribute = name.rpartition(".")
    return vars(sys.modules[module]).get(attribute) if module in sys.modules else None
