"""Keep the files of one owner's tasks."""

import unicodedata
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from examples.task_manager.exceptions import AttachmentNotFoundError, TaskNotFoundError, TooManyAttachmentsError
from examples.task_manager.feed.listeners import Publish
from examples.task_manager.models import Attachment, Task
from examples.task_manager.schemas.change import OwnedChange
from examples.task_manager.services.files import Files
from examples.task_manager.services.tasks import TaskService, Versions

MOST_FOR_A_TASK = 20
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Stored:
    """An attachment, and the file with its content."""

    attachment: Attachment
    path: Path


class AttachmentService:
    """The business rules of attachments. Those of other owners do not exist here."""

    def __init__(self, session: AsyncSession, owner_id: int, files: Files, publish: Publish) -> None:
        self._session = session
        self._owner_id = owner_id
        self._files = files
        self._publish = publish

    async def add(self, task_id: int, name: str, content_type: str, content: AsyncIterator[bytes]) -> Attachment:
        """Store a file while it arrives.

        Raises:
            TaskNotFoundError: the owner has no such task.
            TooManyAttachmentsError: the task has as many files as it may have.
            AttachmentTooLargeError: the content is longer than the settings allow.
            UnsupportedAttachmentError: its type is not accepted, or the content is of another type.
        """
        task = await self._task(task_id)
        count = await self._session.scalar(
            select(func.count()).select_from(Attachment).where(Attachment.task_id == task_id)
        )
        # Releases the connection: a client may take minutes to send a file.
        await self._session.commit()
        if (count or 0) >= MOST_FOR_A_TASK:
            raise TooManyAttachmentsError(MOST_FOR_A_TASK)
        file, size = await self._files.store(content_type, content)
        attachment = Attachment(
            task_id=task_id,
            name=safe_name(name),
            content_type=content_type,
            size=size,
            file=file,
            created_at=datetime.now(UTC),
        )
        self._session.add(attachment)
        try:
            await self._session.commit()
        except IntegrityError as error:
            # Another request deleted the task while the file was on its way.
            await self._session.rollback()
            await self._files.remove([file])
            raise TaskNotFoundError(task_id) from error
        await self._tell(task)
        return attachment

    async def of_task(self, task_id: int) -> Sequence[Attachment]:
        """Return the attachments of a task, oldest first.

        Raises:
            TaskNotFoundError: the owner has no such task.
        """
        await self._task(task_id)
        query = select(Attachment).where(Attachment.task_id == task_id).order_by(Attachment.id)
        return (await self._session.scalars(query.limit(MOST_FOR_A_TASK))).all()

    async def of_tasks(self, task_ids: Collection[int]) -> dict[int, list[Attachment]]:
        """Return the attachments of several tasks, by the id of the task."""
        query = select(Attachment).join(Task).where(Task.owner_id == self._owner_id, Task.id.in_(task_ids))
        found: dict[int, list[Attachment]] = {}
        most = MOST_FOR_A_TASK * len(task_ids)
        for attachment in await self._session.scalars(query.order_by(Attachment.id).limit(most)):
            found.setdefault(attachment.task_id, []).append(attachment)
        return found

    async def get(self, attachment_id: int) -> Stored:
        """Return one attachment.

        Raises:
            AttachmentNotFoundError: the owner has no such attachment.
        """
        query = select(Attachment).join(Task).where(Task.owner_id == self._owner_id, Attachment.id == attachment_id)
        attachment = await self._session.scalar(query)
        if attachment is None:
            raise AttachmentNotFoundError(attachment_id)
        return Stored(attachment, self._files.path(attachment.file))

    async def delete(self, attachment_id: int) -> None:
        """Delete one attachment.

        Raises:
            AttachmentNotFoundError: the owner has no such attachment.
        """
        attachment = (await self.get(attachment_id)).attachment
        task = await self._task(attachment.task_id)
        await self._session.execute(delete(Attachment).where(Attachment.id == attachment_id))
        await self._session.commit()
        await self._files.remove([attachment.file])
        await self._tell(task)

    async def delete_task(self, tasks: TaskService, task_id: int, seen: Versions = None) -> None:
        """Delete a task with its files; the same errors as `TaskService.delete`."""
        files = [each.file for each in (await self.of_tasks([task_id])).get(task_id, [])]
        await tasks.delete(task_id, seen)
        await self._files.remove(files)

    async def _task(self, task_id: int) -> Task:
        task = await self._session.scalar(select(Task).where(Task.id == task_id, Task.owner_id == self._owner_id))
        if task is None:
            raise TaskNotFoundError(task_id)
        return task

    async def _tell(self, task: Task) -> None:
        change = OwnedChange(kind="updated", task_id=task.id, version=task.version, owner_id=self._owner_id)
        await self._publish(change)


def safe_name(name: str) -> str:
    """Return the last part of a name that a client has sent, without what is invisible or has a meaning in paths."""
    last = name.replace("\\", "/").rpartition("/")[2]
    visible = "".join(each for each in last if unicodedata.category(each)[0] != "C" and each not in ':*?"<>|')
    return visible.strip(" .")[:LONGEST_NAME] or "file"
