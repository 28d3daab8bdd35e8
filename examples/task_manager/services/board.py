"""Show the tasks of one owner in columns, and move them."""

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from examples.task_manager.exceptions import TaskManagerError, TaskNotFoundError
from examples.task_manager.feed.listeners import Publish
from examples.task_manager.models import TaskStatus
from examples.task_manager.schemas.board import BoardMessage, DeletedMessage, ErrorMessage, Move, TaskMessage
from examples.task_manager.schemas.change import OwnedChange
from examples.task_manager.schemas.task import TaskQuery, TaskResponse, TaskUpdate
from examples.task_manager.services.tasks import LARGEST_PAGE, TaskService


class Board:
    """The board of one owner. Each step has a session of its own: a board is open for hours."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], owner_id: int, publish: Publish) -> None:
        self._sessions = sessions
        self._owner_id = owner_id
        self._publish = publish

    async def show(self) -> BoardMessage:
        """Return the most important tasks of each column."""
        columns = {}
        async with self._sessions() as session:
            tasks = TaskService(session, self._owner_id, self._publish)
            for status in TaskStatus:
                page = await tasks.find(TaskQuery(status=status, sort="-priority", limit=LARGEST_PAGE))
                columns[status] = [TaskResponse.model_validate(task) for task in page.tasks]
        return BoardMessage(columns=columns)

    async def after(self, change: OwnedChange | None) -> BoardMessage | TaskMessage | DeletedMessage:
        """Return what to show after a change; None stands for changes that were missed."""
        if change is None:
            return await self.show()
        async with self._sessions() as session:
            try:
                task = await TaskService(session, self._owner_id, self._publish).get(change.task_id)
            except TaskNotFoundError:
                return DeletedMessage(task_id=change.task_id)
        return TaskMessage(task=TaskResponse.model_validate(task))

    async def move(self, move: Move) -> ErrorMessage | None:
        """Put a task into another column; everybody who looks at the board hears of it from the feed."""
        async with self._sessions() as session:
            try:
                tasks = TaskService(session, self._owner_id, self._publish)
                await tasks.update(move.task_id, TaskUpdate(status=move.status))
            except TaskManagerError as error:
                return ErrorMessage(message=str(error))
        return None
