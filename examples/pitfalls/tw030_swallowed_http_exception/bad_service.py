"""Bad: the service refuses with a 409, and the client gets a 200."""

from typing import Any

from typeway import HTTPException, Typeway, status

app = Typeway()


class TaskDone(HTTPException):
    """Nobody can change a task that is done."""

    def __init__(self, task_id: int) -> None:
        super().__init__(status.HTTP_409_CONFLICT, f"Task {task_id} is done.")


class Tasks:
    """Knows which tasks are done."""

    def __init__(self) -> None:
        self.done = {1}

    def find(self, task_id: int) -> int:
        if task_id in self.done:
            raise TaskDone(task_id)
        return task_id

    def finish(self, task_id: int) -> None:
        self.done.add(self.find(task_id))


tasks = Tasks()


@app.post("/tasks/{task_id}/done")
async def finish_task(task_id: int) -> dict[str, Any]:
    try:
        tasks.finish(task_id)
    except Exception as error:  # noqa: BLE001
        return {"success": False, "error": str(error)}
    return {"success": True}
