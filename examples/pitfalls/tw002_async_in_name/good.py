"""Good: a plain function runs in a thread, where it may block."""

import sqlite3

from typeway import Typeway

app = Typeway()


@app.get("/tasks/count")
def count_tasks() -> int:
    with sqlite3.connect("tasks.db") as connection:
        count: int = connection.execute("SELECT COUNT(*) FROM tasks").fetchone()[0]
    return count
