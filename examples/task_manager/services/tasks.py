"""Create, read, update and delete the tasks of one owner."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.orm.exc import StaleDataError

from examples.task_manager.exceptions import DuplicateTaskError, TaskNotFoundError
from examples.task_manager.models import Task
from examples.task_manager.schemas.task import TaskCreate, TaskOrder, TaskQuery, TaskUpdate

SORTED_BY: dict[str, InstrumentedAttribute[Any]] = {
    "created_at": Task.created_at,
    "updated_at": Task.updated_at,
    "title": Task.title,
    "priority": Task.priority,
}


@dataclass(frozen=True, slots=True)
class TaskPage:
    """One page of the matching tasks, and their total number."""

    tasks: Sequence[Task]
    total: int


class TaskService:
    """The business rules of tasks. Tasks of other owners do not exist here."""

    def __init__(self, session: AsyncSession, owner_id: int) -> None:
        self._session = session
        self._owner_id = owner_id

    async def create(self, new: TaskCreate) -> Task:
        """Store a new task.

        Raises:
            DuplicateTaskError: the owner has a task with this title.
        """
        now = datetime.now(UTC)
        task = Task(**new.model_dump(), owner_id=self._owner_id, created_at=now, updated_at=now)
        self._session.add(task)
        await self._commit(new.title)
        return task

    async def find(self, query: TaskQuery) -> TaskPage:
        """Return one page of the tasks that match."""
        conditions = self._conditions(query)
        total = await self._session.scalar(select(func.count()).select_from(Task).where(*conditions))
        page = select(Task).where(*conditions).order_by(*_order(query.sort)).offset(query.offset).limit(query.limit)
        return TaskPage((await self._session.scalars(page)).all(), total or 0)

    async def get(self, task_id: int) -> Task:
        """Return one task.

        Raises:
            TaskNotFoundError: the owner has no such task.
        """
        task = await self._session.scalar(select(Task).where(*self._is(task_id)))
        if task is None:
            raise TaskNotFoundError(task_id)
        return task

    async def update(self, task_id: int, changes: TaskUpdate) -> Task:
        """Update the fields that were sent, and no others.

        Raises:
            TaskNotFoundError: the owner has no such task.
            DuplicateTaskError: the owner has another task with the new title.
        """
        task = await self.get(task_id)
        sent = changes.model_dump(exclude_unset=True)
        if not sent:
            return task
        for field, value in sent.items():
            setattr(task, field, value)
        task.updated_at = datetime.now(UTC)
        title = task.title
        try:
            await self._commit(title)
        except StaleDataError as error:
            # Another request deleted the task after this one had read it.
            raise TaskNotFoundError(task_id) from error
        return task

    async def delete(self, task_id: int) -> None:
        """Delete one task.

        Raises:
            TaskNotFoundError: the owner has no such task.
        """
        deleted = await self._session.scalar(delete(Task).where(*self._is(task_id)).returning(Task.id))
        if deleted is None:
            raise TaskNotFoundError(task_id)
        await self._session.commit()

    def _is(self, task_id: int) -> tuple[ColumnElement[bool], ...]:
        return Task.id == task_id, Task.owner_id == self._owner_id

    def _conditions(self, query: TaskQuery) -> list[ColumnElement[bool]]:
        conditions: list[ColumnElement[bool]] = [Task.owner_id == self._owner_id]
        if query.status is not None:
            conditions.append(Task.status == query.status)
        if query.q:
            # Escaped: a percent sign in the text is a percent sign, not a wildcard.
            conditions.append(
                or_(
                    Task.title.icontains(query.q, autoescape=True),
                    Task.description.icontains(query.q, autoescape=True),
                )
            )
        return conditions

    async def _commit(self, title: str) -> None:
        """Write pending changes; raise an error if the title is taken.

        The unique constraint enforces the rule: a check before it would leave a race in which another
        request can store it.
        """
        try:
            await self._session.commit()
        except IntegrityError as error:
            await self._session.rollback()
            raise DuplicateTaskError(title) from error


def _order(sort: TaskOrder) -> tuple[ColumnElement[Any], ...]:
    """Order by one column; equal values by id, so that pages never overlap."""
    column = SORTED_BY[sort.removeprefix("-")]
    if sort.startswith("-"):
        return column.desc(), Task.id.desc()
    return column.asc(), Task.id.asc()
