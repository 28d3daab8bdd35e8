"""Bad: nothing is awaited, so `async` only moves a blocking function from a thread to the event loop."""

import sqlite3

from typeway import Typeway

app = Typeway()


@app.get("/tasks/count")
async def count_tasks() -> int:
    with sqlite3.connect("tasks.db") as connection:
        count: int = connection.execute("SELECT COUNT(*) FROM tasks").fetchone()[0]
    return count
