"""Bad: the client gets a 500 for a task that does not exist."""

from typeway import HTTPException, Typeway

app = Typeway()
tasks = {1: "Write the report"}


@app.get("/tasks/{task_id}")
async def read_task(task_id: int) -> str:
    try:
        if task_id not in tasks:
            raise HTTPException(404, "No such task.")
        return tasks[task_id].title()
    except Exception as error:
        raise HTTPException(500, f"The task cannot be read: {error}") from error
