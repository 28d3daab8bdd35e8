"""Know which calls block their thread, why, and what to do about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

THREAD: Final = "await `run_in_threadpool({call})` from typeway.concurrency"
OR_PLAIN: Final = ", or make the endpoint or dependency a `def`"


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why calls block their thread.

    Parameters:
        does: what such a call does, to be read after its name: "waits for the database".
        instead: what to do in place of the call, with `{sleep}` for the function that lets time pass; empty for nothing.
        in_thread: what may run in a thread: the "call" itself, only a "caller" of it (the call has a better substitute),
            or "nothing".
    """

    does: str
    instead: str = ""
    in_thread: Literal["call", "caller", "nothing"] = "call"

    def fix(self, function: str = "", sleep: str = "asyncio.sleep") -> str:
        """What to do about one call, at the place of the call.

        Parameters:
            function: the called function as it is written in the source; empty if it has no name there.
            sleep: the function that lets time pass, as it is written in the source.

        Example:
            >>> DATABASE.fix("session.execute").partition("; or ")[2].partition(" from ")[0]
            'await `run_in_threadpool(session.execute, ...)`'
        """
        ways = [self.substitute(sleep)] if self.instead else []
        if self.in_thread == "call":
            ways.append(in_thread(f"{function}, ..." if function else "...") + OR_PLAIN)
        return "; or ".join(ways)

    def substitute(self, sleep: str) -> str:
        """What to do in place of the call; empty where nothing can take its place."""
        return self.instead.replace("{sleep}", sleep)


def in_thread(call: str) -> str:
    """How to call a function in a thread.

    Parameters:
        call: the function and its arguments, as `run_in_threadpool` takes them.
    """
    return THREAD.replace("{call}", call)


SLEEP: Final = Cause("waits for time to pass", "await `{sleep}(...)` instead", "caller")
HTTP: Final = Cause("waits for another server", "use an asynchronous client, such as `httpx.AsyncClient`, and await it")
DATABASE: Final = Cause("waits for the database", "use the driver's asynchronous interface and await it")
FILES: Final = Cause("waits for the disk", "use `anyio.Path` or `anyio.open_file` and await them")
PROCESS: Final = Cause("waits for another process", "await `anyio.run_process(...)`")
NETWORK: Final = Cause("waits for the network", "use `anyio.connect_tcp` or an asynchronous client and await it")
LOCKS: Final = Cause(
    "waits for another thread",
    "use anyio's `Lock`, `Event`, `Semaphore` or memory object streams and await them",
    "caller",
)
TERMINAL: Final = Cause(
    "waits for somebody at the terminal", "read it before the application serves requests", "nothing"
)
HASHING: Final = Cause("computes for as long as a password hash is meant to")
COMPUTES: Final = Cause("computes for as long as its data is large")
UNKNOWN: Final = Cause("blocks its thread")

# Why calls block, by the module or function that they go to; the longest name that a callee begins with counts.
CAUSES: Final[Mapping[str, Cause]] = {
    "time.sleep": SLEEP,
    "builtins.input": TERMINAL,
    **dict.fromkeys(
        (
            "requests",
            "urllib",
            "urllib3",
            "http.client",
            "httpx",
            "httpx2",
            "boto3",
            "botocore",
            "openai",
            "anthropic",
            "groq",
            "mistralai",
            "cohere",
            "together",
            "ollama",
            "litellm",
            "stripe",
            "twilio",
            "sendgrid",
            "slack_sdk",
            "elasticsearch",
            "google.cloud.storage",
        ),
        HTTP,
    ),
    **dict.fromkeys(("pandas", "polars", "PIL"), COMPUTES),
    **dict.fromkeys(("sqlite3", "psycopg", "psycopg2", "pymysql", "MySQLdb", "mysql", "oracledb", "pyodbc"), DATABASE),
    **dict.fromkeys(("sqlalchemy", "sqlmodel", "peewee", "redis", "pymongo", "django", "cassandra"), DATABASE),
    **dict.fromkeys(("_io", "io", "pathlib", "shutil", "os", "posix", "tempfile", "zipfile", "tarfile", "glob"), FILES),
    **dict.fromkeys(("subprocess", "os.system", "os.popen", "os.wait", "os.waitpid"), PROCESS),
    **dict.fromkeys(("posix.system", "posix.wait", "posix.waitpid"), PROCESS),
    **dict.fromkeys(("threading", "_thread", "queue", "_queue", "concurrent.futures", "multiprocessing"), LOCKS),
    **dict.fromkeys(
        ("socket", "_socket", "ssl", "_ssl", "select", "smtplib", "ftplib", "imaplib", "paramiko"), NETWORK
    ),
    **dict.fromkeys(("hashlib", "_hashlib", "bcrypt", "argon2", "pwdlib", "passlib", "werkzeug.security"), HASHING),
}


def cause_of(callee: str) -> Cause:
    """Why a call blocks, given that it does.

    Parameters:
        callee: the qualified name of what is called, with its module; empty if that is not known.

    Example:
        >>> cause_of("time.sleep").fix()
        'await `asyncio.sleep(...)` instead'
    """
    name = callee
    while name:
        if name in CAUSES:
            return CAUSES[name]
        name = name.rpartition(".")[0]
    return UNKNOWN


PANDAS: Final = (
    "read_csv", "read_excel", "read_parquet", "read_json", "read_sql", "read_sql_query", "read_sql_table", "read_feather",
    "read_html", "read_xml", "read_pickle",
)  # fmt: skip
POLARS: Final = ("read_csv", "read_parquet", "read_excel", "read_json", "read_database", "read_ndjson", "read_ipc")

# What blocks whenever it is called, so that reading the source is enough to know it: functions, ...
HTTP_VERBS: Final = ("get", "post", "put", "patch", "delete", "head", "options", "request")
FUNCTIONS: Final = frozenset({
    "time.sleep", "builtins.input",
    *(f"requests.{verb}" for verb in HTTP_VERBS), *(f"httpx.{verb}" for verb in (*HTTP_VERBS, "stream")),
    "urllib.request.urlopen", "urllib.request.urlretrieve", "urllib3.request",
    *(f"subprocess.{name}" for name in (
        "run", "call", "check_call", "check_output", "getoutput", "getstatusoutput",
    )),
    "os.system", "os.wait", "os.waitpid",
    *(f"socket.{name}" for name in (
        "create_connection", "getaddrinfo", "gethostbyname", "gethostbyaddr", "getfqdn",
    )),
    *(f"shutil.{name}" for name in (
        "copy", "copy2", "copyfile", "copyfileobj", "copytree", "move", "rmtree", "make_archive", "unpack_archive",
    )),
    "hashlib.pbkdf2_hmac", "hashlib.scrypt", "bcrypt.hashpw", "bcrypt.checkpw", "bcrypt.kdf",
    "argon2.hash_password", "argon2.verify_password", "concurrent.futures.wait",
    "werkzeug.security.generate_password_hash", "werkzeug.security.check_password_hash",
    "psycopg.connect", "psycopg2.connect", "pymysql.connect", "MySQLdb.connect", "oracledb.connect",
    "pyodbc.connect", "os.walk", "glob.glob", "socket.gethostbyname_ex",
    *(f"pandas.{name}" for name in PANDAS), *(f"polars.{name}" for name in POLARS),
    *(f"litellm.{name}" for name in ("completion", "embedding", "text_completion", "image_generation", "transcription")),
    *(f"ollama.{name}" for name in ("chat", "generate", "embed", "embeddings", "pull", "list")),
})  # fmt: skip

SQL_SESSION: Final = frozenset({
    "execute", "scalar", "scalars", "exec", "get", "get_one", "commit", "flush", "refresh", "merge",
    "bulk_save_objects", "bulk_insert_mappings", "bulk_update_mappings", "begin",
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

PIPELINE: Final = frozenset({"execute", "watch", "immediate_execute_command"})
FRAME: Final = frozenset({
    "to_csv", "to_excel", "to_parquet", "to_sql", "to_json", "to_feather", "to_pickle", "merge", "apply",
    "sort_values", "pivot_table", "describe",
})  # fmt: skip
LAZY_FRAME: Final = frozenset({"collect", "write_csv", "write_parquet", "write_json", "write_excel", "write_database"})
PICTURE: Final = frozenset({
    "save", "resize", "thumbnail", "convert", "rotate", "filter", "crop", "load", "transpose", "quantize", "copy",
})  # fmt: skip
CALLS_OF_RESOURCES: Final = frozenset({
    "create", "parse", "stream", "retrieve", "list", "delete", "update", "cancel", "generate", "generate_content", "edit",
    "complete", "embed", "count_tokens", "upload", "content", "wait", "poll", "create_and_poll", "create_and_run",
    "upload_and_poll", "fetch", "search",
})  # fmt: skip
STRIPE: Final = frozenset({
    "create", "retrieve", "modify", "list", "delete", "cancel", "confirm", "capture", "search", "save", "refund", "pay",
    "finalize_invoice", "send_invoice", "attach", "detach", "upcoming",
})  # fmt: skip

# ... and methods, by class; where there is no list of methods, every public one blocks but those in `LOCAL`. Of a class
# and those it derives from, the nearest that is listed counts: a pipeline of redis only collects what a client sends.
METHODS: Final[tuple[tuple[tuple[str, ...], frozenset[str] | None], ...]] = (
    (("requests.Session", "requests.sessions.Session", "httpx.Client", "httpx._client.Client"),
     frozenset({*HTTP_VERBS, "send", "stream"})),
    (("urllib3.PoolManager",), frozenset({"request", "urlopen"})),
    (("http.client.HTTPConnection",), frozenset({"request", "getresponse", "connect"})),
    (("botocore.client.BaseClient", "boto3.resources.base.ServiceResource", "boto3.resources.collection.CollectionManager"),
     None),
    # What hangs below the client of a service: `client.chat.completions`, `client.messages`.
    (("resource of a service",), CALLS_OF_RESOURCES),
    (("stripe.StripeObject", "stripe._stripe_object.StripeObject", "stripe.api_resources.abstract.APIResource"), STRIPE),
    (("cohere.Client", "cohere.ClientV2", "ollama.Client"),
     frozenset({"chat", "generate", "embed", "embeddings", "rerank", "classify", "pull", "list"})),
    (("sendgrid.SendGridAPIClient",), frozenset({"send"})),
    (("slack_sdk.WebClient", "slack_sdk.web.client.WebClient"), None),
    (("elasticsearch.Elasticsearch",),
     frozenset({"search", "index", "get", "delete", "update", "bulk", "count", "msearch", "info", "ping", "exists"})),
    (("google.cloud.storage.Blob", "google.cloud.storage.blob.Blob"), frozenset({
        "upload_from_string", "upload_from_file", "upload_from_filename", "download_as_bytes", "download_as_text",
        "download_to_filename", "delete", "exists",
    })),
    (("smtplib.SMTP", "smtplib.SMTP_SSL"),
     frozenset({"connect", "login", "sendmail", "send_message", "starttls", "quit"})),
    (("ftplib.FTP",), frozenset({"connect", "login", "retrbinary", "storbinary"})),
    (("socket.socket",), frozenset({"connect", "accept", "recv", "recvfrom", "sendall"})),
    (("sqlalchemy.orm.Session", "sqlalchemy.orm.session.Session", "sqlalchemy.orm.scoped_session",
      "sqlalchemy.orm.scoping.scoped_session"), SQL_SESSION),
    # What it begins commits at the end of its `with`.
    (("sqlalchemy.orm.sessionmaker", "sqlalchemy.orm.session.sessionmaker"), frozenset({"begin"})),
    (("sqlalchemy.orm.Query", "sqlalchemy.orm.query.Query"), SQL_QUERY),
    (("sqlalchemy.engine.Engine",), frozenset({"connect", "begin"})),
    (("sqlalchemy.engine.Connection", "sqlalchemy.engine.base.Connection"),
     frozenset({"execute", "scalar", "scalars", "commit"})),
    (("psycopg.Connection", "psycopg.Cursor"), DBAPI),
    (("psycopg2.extensions.connection", "psycopg2.extensions.cursor"), DBAPI),
    (("pymysql.connections.Connection", "pymysql.cursors.Cursor", "sqlite3.Connection", "sqlite3.Cursor"), DBAPI),
    (("pymongo.collection.Collection", "pymongo.synchronous.collection.Collection"), MONGO),
    (("redis.Redis", "redis.client.Redis"), REDIS),
    (("redis.client.Pipeline",), PIPELINE),
    (("subprocess.Popen",), frozenset({"wait", "communicate"})),
    (("pathlib.Path",), frozenset({"read_text", "read_bytes", "write_text", "write_bytes", "rglob"})),
    (("zipfile.ZipFile",), frozenset({"extractall", "extract", "write", "testzip"})),
    (("tarfile.TarFile",), frozenset({"extractall", "extract", "add"})),
    (("pandas.DataFrame", "pandas.core.frame.DataFrame"), FRAME),
    (("polars.LazyFrame", "polars.DataFrame", "polars.lazyframe.frame.LazyFrame", "polars.dataframe.frame.DataFrame"),
     LAZY_FRAME),
    (("PIL.Image.Image",), PICTURE),
    (("argon2.PasswordHasher",), frozenset({"hash", "verify"})),
    (("passlib.context.CryptContext", "pwdlib.PasswordHash"), frozenset({"hash", "verify", "verify_and_update"})),
    (("threading.Event", "threading.Condition", "threading.Barrier"), frozenset({"wait"})),
    (("threading.Thread", "multiprocessing.Process"), frozenset({"join"})),
    (("threading.Lock", "threading.RLock", "threading.Semaphore", "_thread.lock", "_thread.RLock"),
     frozenset({"acquire"})),
    (("queue.Queue", "queue.SimpleQueue"), frozenset({"get", "join"})),
    (("concurrent.futures.Future", "concurrent.futures._base.Future"), frozenset({"result", "exception"})),
)  # fmt: skip
LOCAL: Final = frozenset({"close", "exceptions", "meta", "can_paginate", "get_paginator", "waiter_names"})
