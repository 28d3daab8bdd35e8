"""Good: the handler returns a response with the status."""

from typeway import Request, Typeway, status
from typeway.responses import JSONResponse

app = Typeway()
tasks = {1: "Write the report"}


class TaskNotFound(Exception):
    """Nobody knows the task."""


def explain(message: str, code: int) -> JSONResponse:
    return JSONResponse({"error": message}, status_code=code)


@app.exception_handler(TaskNotFound)
async def answer(request: Request, error: TaskNotFound) -> JSONResponse:
    return explain(f"{request.url.path} is no task.", status.HTTP_404_NOT_FOUND)


@app.get("/tasks/{task_id}")
async def read_task(task_id: int) -> str:
    if task_id not in tasks:
        raise TaskNotFound
    return tasks[task_id]
