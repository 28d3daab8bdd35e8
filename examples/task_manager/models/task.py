"""The table of tasks."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Enum, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from examples.task_manager.models.base import Base, Identity


class TaskStatus(StrEnum):
    """The status of a task."""

    TODO = "todo"
    IN_PROGRESS = "in_progress"
    DONE = "done"


class Task(Base):
    """A task of one owner; the titles of an owner's tasks are unique."""

    __tablename__ = "tasks"
    __table_args__ = (
        # Its index is also used to find all tasks of an owner.
        UniqueConstraint("owner_id", "title"),
        # The id of a deleted task is never used again, so an old link cannot show another task.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(String(2000))
    priority: Mapped[int]
    # Text instead of a database enum: a new status needs no migration.
    status: Mapped[TaskStatus] = mapped_column(
        Enum(TaskStatus, native_enum=False, length=20, values_callable=lambda statuses: [str(s) for s in statuses])
    )
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    # Counts the changes; the entity tag of the task.
    version: Mapped[int] = mapped_column(default=1, server_default="1")
