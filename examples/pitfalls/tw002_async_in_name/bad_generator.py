"""Bad: the dependency awaits nothing, so `async` lets it open its file and read it on the event loop."""

import sqlite3
from collections.abc import AsyncIterator
from typing import Annotated

from typeway import Depends, Typeway

app = Typeway()


async def read_names() -> AsyncIterator[list[str]]:
    connection = sqlite3.connect("users.db")
    try:
        yield [name for (name,) in connection.execute("SELECT name FROM users LIMIT 100").fetchall()]
    finally:
        connection.close()


@app.get("/names/longest")
def find_longest(names: Annotated[list[str], Depends(read_names)]) -> str:
    return max(names, key=len, default="")
