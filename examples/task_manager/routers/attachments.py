"""The endpoints for the files of tasks."""

from collections.abc import Sequence
from typing import Annotated

from examples.task_manager.dependencies import Attachments
from examples.task_manager.models import MAX_INTEGER, Attachment
from examples.task_manager.routers.answers import INVALID, NO_ATTACHMENT, NOT_FOUND, TOO_MANY, UNAUTHORIZED, UNREADABLE
from examples.task_manager.routers.tasks import TaskId
from examples.task_manager.schemas.attachment import AttachmentResponse
from examples.task_manager.services.files import ACCEPTED
from typeway import APIRouter, Header, Path, Query, Request, status
from typeway.responses import FileResponse

router = APIRouter(tags=["attachments"], responses={**UNAUTHORIZED, **INVALID})

AttachmentId = Annotated[int, Path(ge=1, le=MAX_INTEGER)]
FILE = {"schema": {"type": "string", "format": "binary"}}
BODY = {"requestBody": {"required": True, "content": dict.fromkeys(ACCEPTED, FILE)}}


@router.post(
    "/tasks/{task_id}/attachments",
    response_model=AttachmentResponse,
    status_code=status.HTTP_201_CREATED,
    responses={**UNREADABLE, **NOT_FOUND, **TOO_MANY},
    openapi_extra=BODY,
)
async def attach(
    task_id: TaskId,
    name: Annotated[str, Query(min_length=1, max_length=1000, description="The name of the file")],
    attachments: Attachments,
    request: Request,
    content_type: Annotated[str, Header(include_in_schema=False)] = "",
) -> Attachment:
    """Attach a file. The body is its content, which is stored while it arrives."""
    media_type = content_type.partition(";")[0].strip().lower()
    return await attachments.add(task_id, name, media_type, request.stream())


@router.get("/tasks/{task_id}/attachments", response_model=list[AttachmentResponse], responses=NOT_FOUND)
async def list_attachments(task_id: TaskId, attachments: Attachments) -> Sequence[Attachment]:
    """List the files of a task, of which there are few."""
    return await attachments.of_task(task_id)


@router.get(
    "/attachments/{attachment_id}",
    response_class=FileResponse,
    responses={200: {"content": {"*/*": FILE}}, **NO_ATTACHMENT},
)
async def download(attachment_id: AttachmentId, attachments: Attachments) -> FileResponse:
    """Return the content of a file, to be saved: a browser neither shows nor runs it."""
    found = await attachments.get(attachment_id)
    return FileResponse(
        found.path,
        media_type=found.attachment.content_type,
        filename=found.attachment.name,
        headers={
            "Cache-Control": "private, no-cache",
            "Content-Security-Policy": "sandbox",
            "X-Content-Type-Options": "nosniff",
        },
    )


@router.delete("/attachments/{attachment_id}", status_code=status.HTTP_204_NO_CONTENT, responses=NO_ATTACHMENT)
async def delete_attachment(attachment_id: AttachmentId, attachments: Attachments) -> None:
    """Delete a file."""
    await attachments.delete(attachment_id)
