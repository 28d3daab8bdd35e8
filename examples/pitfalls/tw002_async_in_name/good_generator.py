"""Good: a context variable that a thread sets is not seen by the endpoint, so this dependency has to be `async def`."""

import sqlite3
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Annotated

from typeway import Depends, Typeway

app = Typeway()
current: ContextVar[sqlite3.Connection] = ContextVar("current")


async def open_database() -> AsyncIterator[sqlite3.Connection]:
    connection = sqlite3.connect("users.db", check_same_thread=False)
    token = current.set(connection)
    try:
        yield connection
    finally:
        current.reset(token)
        connection.close()


@app.get("/names/longest")
def find_longest(database: Annotated[sqlite3.Connection, Depends(open_database)]) -> str:
    return str(database.execute("SELECT name FROM users ORDER BY length(name) DESC LIMIT 1").fetchone()[0])
