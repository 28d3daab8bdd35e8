"""Good: a handler returns the response."""

from typeway import Request, Typeway
from typeway.responses import JSONResponse

app = Typeway()


class TaskNotFoundError(Exception):
    """There is no such task."""


def find_task(task_id: int) -> dict[str, int]:
    if task_id != 1:
        raise TaskNotFoundError(task_id)
    return {"id": task_id}


@app.exception_handler(TaskNotFoundError)
async def answer_task_not_found(request: Request, error: TaskNotFoundError) -> JSONResponse:
    return JSONResponse({"detail": f"There is no task {error}."}, status_code=404)


@app.get("/tasks/{task_id}")
async def read_task(task_id: int) -> dict[str, int]:
    return find_task(task_id)
