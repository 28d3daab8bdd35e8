"""Name what to do about a blocking call, by the module that it goes to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

THREAD: Final = "await `run_in_threadpool(...)` from typeway.concurrency, or make the endpoint or dependency a `def`"

HTTP: Final = f"use an asynchronous client, such as `httpx.AsyncClient`, and await it; or {THREAD}"
DATABASE: Final = f"use the driver's asynchronous interface and await it; or {THREAD}"
FILES: Final = f"use `anyio.Path` or `anyio.open_file` and await them; or {THREAD}"
PROCESS: Final = "await `anyio.run_process(...)`"
LOCKS: Final = "use the same from anyio (`Lock`, `Event`, `Semaphore`, memory streams) and await it"
NETWORK: Final = f"use `anyio.connect_tcp` or an asynchronous client and await it; or {THREAD}"
COMPUTING: Final = f"it computes for long: {THREAD}"

# The longest name that a callee begins with counts.
MENDS: Final[Mapping[str, str]] = {
    "time.sleep": "await `anyio.sleep(...)` instead",
    **dict.fromkeys(("requests", "urllib", "urllib3", "http.client", "httpx", "httpx2", "boto3", "botocore"), HTTP),
    **dict.fromkeys(("sqlite3", "psycopg", "psycopg2", "pymysql", "MySQLdb", "mysql", "oracledb", "pyodbc"), DATABASE),
    **dict.fromkeys(("sqlalchemy", "sqlmodel", "peewee", "redis", "pymongo", "django", "cassandra"), DATABASE),
    **dict.fromkeys(("_io", "io", "open", "pathlib", "shutil", "os", "posix", "tempfile", "zipfile", "tarfile"), FILES),
    **dict.fromkeys(("subprocess", "os.system", "posix.system", "os.popen", "os.waitpid", "posix.waitpid"), PROCESS),
    **dict.fromkeys(("threading", "_thread", "queue", "_queue", "concurrent.futures", "multiprocessing"), LOCKS),
    **dict.fromkeys(
        ("socket", "_socket", "ssl", "_ssl", "select", "smtplib", "ftplib", "imaplib", "paramiko"), NETWORK
    ),
    **dict.fromkeys(("hashlib", "_hashlib", "bcrypt", "argon2", "pwdlib", "passlib", "scrypt", "crypt"), COMPUTING),
    **dict.fromkeys(
        ("re", "_sre", "json", "pickle", "csv", "zlib", "gzip", "bz2", "lzma", "numpy", "pandas"), COMPUTING
    ),
}


def mend_of(callee: str) -> str:
    """What to do about a call.

    Parameters:
        callee: the whole name of what is called; empty if that is not known.

    Example:
        >>> mend_of("time.sleep")
        'await `anyio.sleep(...)` instead'
    """
    name = callee
    while name:
        if name in MENDS:
            return MENDS[name]
        name = name.rpartition(".")[0]
    return THREAD
