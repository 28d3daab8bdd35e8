"""The endpoints for the user's own tasks."""

from collections.abc import Sequence
from typing import Annotated

from examples.task_manager.dependencies import Attachments, Tasks
from examples.task_manager.models import MAX_INTEGER, Task
from examples.task_manager.routers.answers import (
    CHANGED,
    DUPLICATE,
    INVALID,
    NOT_FOUND,
    UNAUTHORIZED,
    UNCHANGED,
    UNREADABLE,
    Answers,
)
from examples.task_manager.routers.conditions import (
    KnownTags,
    SeenVersions,
    caching,
    tag_of,
    tag_of_page,
    unchanged,
)
from examples.task_manager.schemas.task import TaskCreate, TaskQuery, TaskResponse, TaskUpdate
from examples.task_manager.services.tasks import TaskPage
from typeway import APIRouter, Path, Query, Request, Response, status

router = APIRouter(prefix="/tasks", tags=["tasks"], responses={**UNAUTHORIZED, **INVALID})

TaskId = Annotated[int, Path(ge=1, le=MAX_INTEGER)]
TOTAL = {"description": "How many tasks match, on all pages together", "schema": {"type": "integer"}}
LINK = {
    "description": 'The next page, if there is one, as `<URL>; rel="next"` (RFC 8288)',
    "schema": {"type": "string"},
}
PAGE: Answers = {200: {"headers": {"X-Total-Count": TOTAL, "Link": LINK}}}


@router.post(
    "", response_model=TaskResponse, status_code=status.HTTP_201_CREATED, responses={**UNREADABLE, **DUPLICATE}
)
async def create_task(new: TaskCreate, tasks: Tasks, request: Request, response: Response) -> Task:
    """Create a task; the response has its URL in `Location`."""
    task = await tasks.create(new)
    response.headers["Location"] = str(request.url_for("read_task", task_id=task.id))
    response.headers["ETag"] = tag_of(task)
    return task


@router.get("", response_model=list[TaskResponse], responses={**PAGE, **UNCHANGED})
async def list_tasks(
    query: Annotated[TaskQuery, Query()], tasks: Tasks, known: KnownTags, request: Request, response: Response
) -> Sequence[Task] | Response:
    """List the tasks that match, with pagination: follow the `Link` header, or count with `offset`."""
    page = await tasks.find(query)
    tag = tag_of_page(page)
    if (not_modified := unchanged(tag, known)) is not None:
        return not_modified
    response.headers.update({**caching(tag), "X-Total-Count": str(page.total), **link(request, page)})
    return page.tasks


@router.get("/{task_id}", response_model=TaskResponse, responses={**NOT_FOUND, **UNCHANGED})
async def read_task(task_id: TaskId, tasks: Tasks, known: KnownTags, response: Response) -> Task | Response:
    """Return one task; its `ETag` is for `If-Match` and `If-None-Match`."""
    task = await tasks.get(task_id)
    tag = tag_of(task)
    if (not_modified := unchanged(tag, known)) is not None:
        return not_modified
    response.headers.update(caching(tag))
    return task


@router.patch("/{task_id}", response_model=TaskResponse, responses={**UNREADABLE, **NOT_FOUND, **DUPLICATE, **CHANGED})
async def update_task(
    task_id: TaskId, changes: TaskUpdate, tasks: Tasks, seen: SeenVersions, response: Response
) -> Task:
    """Update the fields that are sent; all others keep their values. With `If-Match`, only a version that you know."""
    task = await tasks.update(task_id, changes, seen)
    response.headers["ETag"] = tag_of(task)
    return task


@router.delete("/{task_id}", status_code=status.HTTP_204_NO_CONTENT, responses={**NOT_FOUND, **CHANGED})
async def delete_task(task_id: TaskId, tasks: Tasks, attachments: Attachments, seen: SeenVersions) -> None:
    """Delete one task and its files. With `If-Match`, only a version that you know."""
    await attachments.delete_task(tasks, task_id, seen)


def link(request: Request, page: TaskPage) -> dict[str, str]:
    """Return the header that leads to the next page."""
    if page.next is None:
        return {}
    url = request.url.remove_query_params("offset").include_query_params(cursor=str(page.next))
    return {"Link": f'<{url.path}?{url.query}>; rel="next"'}
