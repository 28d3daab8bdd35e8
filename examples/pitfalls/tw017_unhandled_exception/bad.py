"""Bad: a missing task is an internal server error."""

from typeway import Typeway

app = Typeway()


class TaskNotFoundError(Exception):
    """There is no such task."""


def find_task(task_id: int) -> dict[str, int]:
    if task_id != 1:
        raise TaskNotFoundError(task_id)
    return {"id": task_id}


@app.get("/tasks/{task_id}")
async def read_task(task_id: int) -> dict[str, int]:
    return find_task(task_id)
