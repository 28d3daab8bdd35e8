"""The endpoints for the user's own tasks."""

from collections.abc import Sequence
from typing import Annotated

from examples.task_manager.dependencies import Tasks
from examples.task_manager.models import MAX_INTEGER, Task
from examples.task_manager.routers.answers import DUPLICATE, INVALID, NOT_FOUND, UNAUTHORIZED, UNREADABLE, Answers
from examples.task_manager.schemas.task import TaskCreate, TaskQuery, TaskResponse, TaskUpdate
from typeway import APIRouter, Path, Query, Request, Response, status

router = APIRouter(prefix="/tasks", tags=["tasks"], responses={**UNAUTHORIZED, **INVALID})

TaskId = Annotated[int, Path(ge=1, le=MAX_INTEGER)]
TOTAL = {"description": "How many tasks match, on all pages together", "schema": {"type": "integer"}}
PAGE: Answers = {200: {"headers": {"X-Total-Count": TOTAL}}}


@router.post(
    "", response_model=TaskResponse, status_code=status.HTTP_201_CREATED, responses={**UNREADABLE, **DUPLICATE}
)
async def create_task(new: TaskCreate, tasks: Tasks, request: Request, response: Response) -> Task:
    """Create a task; the response has its URL in `Location`."""
    task = await tasks.create(new)
    response.headers["Location"] = str(request.url_for("read_task", task_id=task.id))
    return task


@router.get("", response_model=list[TaskResponse], responses=PAGE)
async def list_tasks(query: Annotated[TaskQuery, Query()], tasks: Tasks, response: Response) -> Sequence[Task]:
    """List the tasks that match, with pagination."""
    page = await tasks.find(query)
    response.headers["X-Total-Count"] = str(page.total)
    return page.tasks


@router.get("/{task_id}", response_model=TaskResponse, responses=NOT_FOUND)
async def read_task(task_id: TaskId, tasks: Tasks) -> Task:
    """Return one task."""
    return await tasks.get(task_id)


@router.patch("/{task_id}", response_model=TaskResponse, responses={**UNREADABLE, **NOT_FOUND, **DUPLICATE})
async def update_task(task_id: TaskId, changes: TaskUpdate, tasks: Tasks) -> Task:
    """Update the fields that are sent; all others keep their values."""
    return await tasks.update(task_id, changes)


@router.delete("/{task_id}", status_code=status.HTTP_204_NO_CONTENT, responses=NOT_FOUND)
async def delete_task(task_id: TaskId, tasks: Tasks) -> None:
    """Delete one task."""
    await tasks.delete(task_id)
