"""The Task Manager of the worked examples: a router with create, read, update and delete, and a factory around it."""

import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from enum import Enum
from types import ModuleType
from typing import Any

from pydantic import BaseModel, Field
from starlette.middleware.cors import CORSMiddleware

logger = logging.getLogger("course.task_manager")


class TaskStatus(str, Enum):  # noqa: UP042 (the spelling that the course teaches)
    """The states of a task; text, so that it is text in JSON."""

    TODO = "todo"
    IN_PROGRESS = "in_progress"
    DONE = "done"


class TaskCreate(BaseModel):
    title: str = Field(min_length=1, max_length=200, examples=["Buy groceries"])
    description: str = Field(default="", max_length=2000)
    priority: int = Field(default=1, ge=1, le=5, description="1 is lowest, 5 is highest")


class TaskUpdate(BaseModel):
    title: str | None = Field(None, min_length=1, max_length=200)
    description: str | None = Field(None, max_length=2000)
    priority: int | None = Field(None, ge=1, le=5)
    status: TaskStatus | None = None


class TaskResponse(BaseModel):
    id: int
    title: str
    description: str
    priority: int
    status: TaskStatus
    created_at: datetime
    updated_at: datetime


class TaskNotFoundError(Exception):
    """There is no task of that number."""

    def __init__(self, task_id: int) -> None:
        self.task_id = task_id
        super().__init__(f"Task {task_id} not found")


def task_router(web: ModuleType, limit: Any, **options: Any) -> Any:
    """A router for tasks that keeps them in a dict of its own.

    Parameters:
        limit: the default of the query parameter `limit`, as the author spelt it.
        options: further options of the router.
    """
    router = web.APIRouter(prefix="/tasks", tags=["tasks"], **options)
    tasks: dict[int, dict[str, Any]] = {}

    def stored(task_id: int) -> dict[str, Any]:
        if task_id not in tasks:
            raise web.HTTPException(status_code=web.status.HTTP_404_NOT_FOUND, detail=f"Task {task_id} not found")
        return tasks[task_id]

    @router.post("", response_model=TaskResponse, status_code=web.status.HTTP_201_CREATED)
    async def create_task(task: TaskCreate) -> dict:
        """Create a task."""
        now, task_id = datetime.now(UTC), max(tasks, default=0) + 1
        tasks[task_id] = {
            "id": task_id,
            **task.model_dump(),
            "status": TaskStatus.TODO,
            "created_at": now,
            "updated_at": now,
        }
        return tasks[task_id]

    @router.get("", response_model=list[TaskResponse])
    async def list_tasks(status_filter: TaskStatus | None = None, limit: int = limit) -> list[dict]:
        """List tasks, those of one status if it is given."""
        found = [task for task in tasks.values() if status_filter in {None, task["status"]}]
        return found[:limit]

    @router.get("/{task_id}", response_model=TaskResponse)
    async def get_task(task_id: int) -> dict:
        """Read one task."""
        return stored(task_id)

    @router.patch("/{task_id}", response_model=TaskResponse)
    async def update_task(task_id: int, updates: TaskUpdate) -> dict:
        """Change what is sent, and nothing else."""
        task = stored(task_id)
        task.update(updates.model_dump(exclude_unset=True))
        task["updated_at"] = datetime.now(UTC)
        return task

    @router.delete("/{task_id}", status_code=web.status.HTTP_204_NO_CONTENT)
    async def delete_task(task_id: int) -> None:
        """Delete a task."""
        stored(task_id)
        del tasks[task_id]

    return router


def create_app(web: ModuleType, *routers: Any) -> Any:
    """The application of the fourth example: CORS, a log line and a header per request, and one form for errors."""
    app = web.FastAPI(title="Task Manager API", version="1.0.0", docs_url="/docs", redoc_url="/redoc")
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["https://example.com"],
        allow_credentials=True,
        allow_methods=["GET", "POST", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type"],
    )
    app.middleware("http")(log_requests)
    json_response = web.responses.JSONResponse

    @app.exception_handler(TaskNotFoundError)
    async def not_found(request: Any, exc: TaskNotFoundError) -> Any:
        return json_response({"error": "not_found", "message": str(exc)}, 404)

    @app.exception_handler(web.exceptions.RequestValidationError)
    async def not_valid(request: Any, exc: Any) -> Any:
        details = [
            {"field": ".".join(str(part) for part in error["loc"]), "message": error["msg"]} for error in exc.errors()
        ]
        return json_response({"error": "validation_error", "details": details}, 422)

    @app.exception_handler(Exception)
    async def unexpected(request: Any, exc: Exception) -> Any:
        # The handler is called while the error is being handled, so that the traceback is at hand.
        logger.exception("Unexpected error on %s %s", request.method, request.url.path)  # noqa: LOG004
        return json_response({"error": "internal_error", "message": "An unexpected error occurred"}, 500)

    for router in routers:
        app.include_router(router)
    return app


async def log_requests(request: Any, call_next: Callable[[Any], Awaitable[Any]]) -> Any:
    """Log method, path, status and time of each request, and send the time in a header."""
    start = time.perf_counter()
    response = await call_next(request)
    milliseconds = (time.perf_counter() - start) * 1000
    logger.info("%s %s → %d (%.2fms)", request.method, request.url.path, response.status_code, milliseconds)
    response.headers["X-Request-Duration-Ms"] = f"{milliseconds:.2f}"
    return response
