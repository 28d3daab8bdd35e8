"""Good: the exception has the status, and the client gets it."""

from typing import Any

from typeway import HTTPException, Typeway

app = Typeway()
tasks = {1: "Write the report"}


@app.get("/tasks/{task_id}")
async def read_task(task_id: int) -> Any:
    if task_id not in tasks:
        raise HTTPException(404, "No such task.")
    return {"title": tasks[task_id]}
