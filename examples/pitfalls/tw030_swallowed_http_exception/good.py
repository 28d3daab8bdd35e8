"""Good: the 404 passes, and only errors that nobody expects become a 500."""

from typeway import HTTPException, Typeway

app = Typeway()
tasks = {1: "Write the report"}


@app.get("/tasks/{task_id}")
async def read_task(task_id: int) -> str:
    try:
        if task_id not in tasks:
            raise HTTPException(404, "No such task.")
        return tasks[task_id].title()
    except HTTPException:
        raise
    except Exception as error:
        raise HTTPException(500, "The task cannot be read.") from error
