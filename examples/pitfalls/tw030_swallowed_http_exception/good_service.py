"""Good: the 409 of the service passes, and the client knows that nothing was changed."""

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
    except HTTPException:
        raise
    except Exception as error:
        raise HTTPException(500, "The task cannot be changed.") from error
    return {"success": True}
