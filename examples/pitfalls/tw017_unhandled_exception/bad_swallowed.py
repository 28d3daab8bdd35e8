"""Bad: the dependency swallows the 404, so the client gets a 500."""

import logging
import sqlite3
from collections.abc import Iterator
from typing import Annotated

from typeway import Depends, HTTPException, Typeway

app = Typeway()
log = logging.getLogger(__name__)


def open_database() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect("tasks.db", check_same_thread=False)
    try:
        yield connection
    except Exception:
        connection.rollback()
        log.exception("rolled back")
    finally:
        connection.close()


@app.get("/tasks/{task_id}")
def read_task(task_id: int, database: Annotated[sqlite3.Connection, Depends(open_database)]) -> str:
    row = database.execute("SELECT title FROM tasks WHERE id = ?", (task_id,)).fetchone()
    if row is None:
        raise HTTPException(404, "There is no such task.")
    return str(row[0])
