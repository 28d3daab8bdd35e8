"""Bad: the middleware answers another error."""

from collections.abc import Awaitable, Callable

from typeway import Request, Typeway
from typeway.responses import JSONResponse, Response

app = Typeway()
tasks = {1: "Write"}


class TaskNotFoundError(Exception):
    """There is no such task."""


class TaskLockedError(Exception):
    """Somebody else works on the task."""


@app.middleware("http")
async def answer_errors(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    try:
        return await call_next(request)
    except TaskLockedError:
        return JSONResponse({"detail": "Somebody else works on the task."}, status_code=409)


@app.get("/tasks/{task_id}")
async def read_task(task_id: int) -> str:
    if task_id not in tasks:
        raise TaskNotFoundError(task_id)
    return tasks[task_id]
