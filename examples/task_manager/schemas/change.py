"""What the feed says of a change."""

from typing import Literal

from pydantic import BaseModel


class TaskChange(BaseModel):
    """A task was changed. There is no more in it: who needs the task reads it, and sees what is true by then."""

    kind: Literal["created", "updated", "deleted"]
    task_id: int
    version: int


class OwnedChange(TaskChange):
    """A change on its way from one process to others."""

    owner_id: int
