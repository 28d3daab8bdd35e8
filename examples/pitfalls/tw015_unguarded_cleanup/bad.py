"""Bad: an error in the endpoint leaves the connection open."""

import sqlite3
from collections.abc import Iterator
from typing import Annotated

from typeway import Depends, Typeway

app = Typeway()


def open_database() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect("tasks.db", check_same_thread=False)
    yield connection
    connection.close()


@app.get("/tasks/count")
def count_tasks(database: Annotated[sqlite3.Connection, Depends(open_database)]) -> int:
    count: int = database.execute("SELECT COUNT(*) FROM tasks").fetchone()[0]
    return count
