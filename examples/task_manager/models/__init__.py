"""The tables."""

from examples.task_manager.models.attachment import Attachment
from examples.task_manager.models.base import MAX_INTEGER, Base
from examples.task_manager.models.login import Login
from examples.task_manager.models.task import Task, TaskStatus
from examples.task_manager.models.user import User

__all__ = ["MAX_INTEGER", "Attachment", "Base", "Login", "Task", "TaskStatus", "User"]
