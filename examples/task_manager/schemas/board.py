"""The messages of the board."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from examples.task_manager.models import MAX_INTEGER, TaskStatus
from examples.task_manager.schemas.task import TaskResponse


class Move(BaseModel):
    """What a client sends: put a task into another column."""

    model_config = ConfigDict(extra="forbid")

    task_id: int = Field(ge=1, le=MAX_INTEGER)
    status: TaskStatus


class BoardMessage(BaseModel):
    """The whole board: sent first, and when changes may have been missed."""

    type: Literal["board"] = "board"
    columns: dict[TaskStatus, list[TaskResponse]]


class TaskMessage(BaseModel):
    """A task that is new or was changed."""

    type: Literal["task"] = "task"
    task: TaskResponse


class DeletedMessage(BaseModel):
    """A task that was deleted."""

    type: Literal["deleted"] = "deleted"
    task_id: int


class ErrorMessage(BaseModel):
    """A move that was refused."""

    type: Literal["error"] = "error"
    message: str
