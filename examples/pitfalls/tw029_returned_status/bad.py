"""Bad: the client gets a 200 and the list `[{"error": "No such task."}, 404]`."""

from typing import Any

from typeway import Typeway

app = Typeway()
tasks = {1: "Write the report"}


@app.get("/tasks/{task_id}")
async def read_task(task_id: int) -> Any:
    if task_id not in tasks:
        return {"error": "No such task."}, 404
    return {"title": tasks[task_id]}
