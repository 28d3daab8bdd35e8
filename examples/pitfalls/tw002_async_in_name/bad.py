"""Bad: nothing is awaited, so `async` only takes the thread away that a plain function would have."""

import sqlite3

from typeway import Typeway

app = Typeway()


@app.get("/tasks/count")
async def count_tasks() -> int:
    with sqlite3.connect("tasks.db") as connection:
        count: int = connection.execute("SELECT COUNT(*) FROM tasks").fetchone()[0]
    return count
