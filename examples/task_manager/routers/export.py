"""The endpoint that writes all tasks into a file for spreadsheets."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from examples.task_manager.dependencies import ListeningUser, SharedResources
from examples.task_manager.models import Task
from examples.task_manager.routers.answers import INVALID, UNAUTHORIZED, Answers
from examples.task_manager.schemas.task import TaskQuery
from examples.task_manager.services.export import as_csv
from examples.task_manager.services.tasks import TaskService
from typeway import APIRouter, Query
from typeway.responses import StreamingResponse

router = APIRouter(tags=["tasks"], responses={**UNAUTHORIZED, **INVALID})

HEADERS = {"Content-Disposition": 'attachment; filename="tasks.csv"', "Cache-Control": "no-store"}
CSV: Answers = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}


@router.get("/tasks.csv", response_class=StreamingResponse, responses=CSV)
async def export_tasks(
    query: Annotated[TaskQuery, Query()], user_id: ListeningUser, resources: SharedResources
) -> StreamingResponse:
    """Return all tasks that match as CSV, whatever `offset`, `limit` and `cursor` say."""

    async def pages() -> AsyncIterator[Sequence[Task]]:
        # A session that ends with the stream, and holds no connection between pages: a client may read slowly.
        async with resources.sessions() as session:
            async for page in TaskService(session, user_id, resources.feed.publish).pages(query):
                yield page

    return StreamingResponse(as_csv(pages()), media_type="text/csv; charset=utf-8", headers=HEADERS)
