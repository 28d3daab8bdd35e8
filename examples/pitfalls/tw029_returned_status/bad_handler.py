"""Bad: what the handler and its function return is no response, so the client gets a 500."""

from typing import Any

from typeway import Request, Typeway, status

app = Typeway()
tasks = {1: "Write the report"}


class TaskNotFound(Exception):
    """Nobody knows the task."""


def explain(message: str, code: int) -> Any:
    return {"error": message}, code


@app.exception_handler(TaskNotFound)
async def answer(request: Request, error: TaskNotFound) -> Any:
    return explain(f"{request.url.path} is no task.", status.HTTP_404_NOT_FOUND)


@app.get("/tasks/{task_id}")
async def read_task(task_id: int) -> str:
    if task_id not in tasks:
        raise TaskNotFound
    return tasks[task_id]
