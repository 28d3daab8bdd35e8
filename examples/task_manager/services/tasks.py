"""Create, read, update and delete the tasks of one owner."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from examples.task_manager.exceptions import DuplicateTaskError, TaskChangedError, TaskNotFoundError
from examples.task_manager.feed.listeners import Publish
from examples.task_manager.models import Task
from examples.task_manager.schemas.change import OwnedChange
from examples.task_manager.schemas.cursor import Cursor, TaskOrder
from examples.task_manager.schemas.task import TaskCreate, TaskQuery, TaskUpdate

SORTED_BY: dict[str, InstrumentedAttribute[Any]] = {
    "created_at": Task.created_at,
    "updated_at": Task.updated_at,
    "title": Task.title,
    "priority": Task.priority,
}
LARGEST_PAGE = 100

# The versions of a task that a caller has seen; None if it does not matter.
Versions = Collection[int] | None


@dataclass(frozen=True, slots=True)
class TaskPage:
    """One page of the matching tasks, the total number of them, and where the next page begins."""

    tasks: Sequence[Task]
    total: int
    next: Cursor | None


class TaskService:
    """The business rules of tasks. Tasks of other owners do not exist here."""

    def __init__(self, session: AsyncSession, owner_id: int, publish: Publish) -> None:
        self._session = session
        self._owner_id = owner_id
        self._publish = publish

    async def create(self, new: TaskCreate) -> Task:
        """Store a new task.

        Raises:
            DuplicateTaskError: the owner has a task with this title.
        """
        now = datetime.now(UTC)
        task = Task(**new.model_dump(), owner_id=self._owner_id, created_at=now, updated_at=now)
        self._session.add(task)
        try:
            await self._session.commit()
        except IntegrityError as error:
            # Only the unique constraint can refuse it. A check before it would be a race with other requests.
            await self._session.rollback()
            raise DuplicateTaskError(new.title) from error
        await self._tell("created", task.id, task.version)
        return task

    async def find(self, query: TaskQuery) -> TaskPage:
        """Return one page of the tasks that match."""
        conditions = self._conditions(query)
        total = await self._session.scalar(select(func.count()).select_from(Task).where(*conditions))
        if query.after is not None:
            conditions.append(_is_after(query.after))
        # One more than asked for, which tells whether there is another page.
        page = select(Task).where(*conditions).order_by(*_order(query.sort)).offset(query.offset).limit(query.limit + 1)
        found = (await self._session.scalars(page)).all()
        tasks = found[: query.limit]
        following = _cursor(query.sort, tasks[-1]) if len(found) > query.limit else None
        return TaskPage(tasks, total or 0, following)

    async def pages(self, query: TaskQuery) -> AsyncIterator[Sequence[Task]]:
        """Return all tasks that match, page by page; between pages no connection is held."""
        query = query.model_copy(update={"limit": LARGEST_PAGE, "offset": 0, "cursor": None})
        while True:
            page = await self.find(query)
            await self._session.commit()
            yield page.tasks
            if page.next is None:
                return
            query = query.model_copy(update={"cursor": str(page.next)})

    async def get(self, task_id: int) -> Task:
        """Return one task.

        Raises:
            TaskNotFoundError: the owner has no such task.
        """
        task = await self._session.scalar(select(Task).where(*self._is(task_id)))
        if task is None:
            raise TaskNotFoundError(task_id)
        return task

    async def update(self, task_id: int, changes: TaskUpdate, seen: Versions = None) -> Task:
        """Update the fields that were sent, and no others.

        Parameters:
            seen: the versions that the caller has seen: another version is not changed.

        Raises:
            TaskNotFoundError: the owner has no such task.
            TaskChangedError: its version is none of those that the caller has seen.
            DuplicateTaskError: the owner has another task with the new title.
        """
        sent = changes.model_dump(exclude_unset=True)
        if not sent:
            return await self._get_version(task_id, seen)
        # One statement, so that no other request comes between the comparison and the change.
        statement = (
            update(Task)
            .where(*self._is(task_id, seen))
            .values(**sent, updated_at=datetime.now(UTC), version=Task.version + 1)
            .returning(Task)
        )
        try:
            task = await self._session.scalar(statement, execution_options={"populate_existing": True})
        except IntegrityError as error:
            await self._session.rollback()
            raise DuplicateTaskError(sent["title"]) from error
        if task is None:
            return await self._get_version(task_id, seen)
        await self._session.commit()
        await self._tell("updated", task.id, task.version)
        return task

    async def delete(self, task_id: int, seen: Versions = None) -> None:
        """Delete one task.

        Raises:
            TaskNotFoundError: the owner has no such task.
            TaskChangedError: its version is none of those that the caller has seen.
        """
        version = await self._session.scalar(delete(Task).where(*self._is(task_id, seen)).returning(Task.version))
        if version is None:
            await self._get_version(task_id, seen)
            raise TaskNotFoundError(task_id)
        await self._session.commit()
        await self._tell("deleted", task_id, version)

    async def _get_version(self, task_id: int, seen: Versions) -> Task:
        """Return a task of one of the versions; otherwise say what is wrong."""
        task = await self.get(task_id)
        if seen is not None and task.version not in seen:
            raise TaskChangedError(task_id)
        return task

    async def _tell(self, kind: Literal["created", "updated", "deleted"], task_id: int, version: int) -> None:
        """Publish a change that is stored."""
        await self._publish(OwnedChange(kind=kind, task_id=task_id, version=version, owner_id=self._owner_id))

    def _is(self, task_id: int, seen: Versions = None) -> list[ColumnElement[bool]]:
        conditions = [Task.id == task_id, Task.owner_id == self._owner_id]
        return conditions if seen is None else [*conditions, Task.version.in_(seen)]

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


def _order(sort: TaskOrder) -> tuple[ColumnElement[Any], ...]:
    """Order by one column; equal values by id, so that pages never overlap."""
    column = SORTED_BY[sort.removeprefix("-")]
    if sort.startswith("-"):
        return column.desc(), Task.id.desc()
    return column.asc(), Task.id.asc()


def _is_after(cursor: Cursor) -> ColumnElement[bool]:
    """Select what comes after a task in the order of `_order`."""
    column = SORTED_BY[cursor.sort.removeprefix("-")]
    if cursor.sort.startswith("-"):
        return or_(column < cursor.value, and_(column == cursor.value, Task.id < cursor.id))
    return or_(column > cursor.value, and_(column == cursor.value, Task.id > cursor.id))


def _cursor(sort: TaskOrder, last: Task) -> Cursor:
    return Cursor(sort, getattr(last, sort.removeprefix("-")), last.id)
