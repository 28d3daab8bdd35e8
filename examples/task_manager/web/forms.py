"""What the forms of the page send: texts, which the models of the API then validate."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from examples.task_manager.models import MAX_INTEGER, TaskStatus
from examples.task_manager.schemas.cursor import TaskOrder
from examples.task_manager.schemas.task import SearchText, TaskCreate, TaskQuery, TaskUpdate
from examples.task_manager.schemas.user import UserCreate

PAGE_SIZE = 50
LABELS = {
    "title": "Title",
    "description": "Details",
    "username": "Name",
    "password": "Password",
    "priority": "Priority",
}


def none_for_empty(value: Any) -> Any:
    """Return None for a field that was left empty."""
    return None if value == "" else value


class Filter(BaseModel):
    """What the page shows; without JavaScript, a form sends empty fields too."""

    status: Annotated[TaskStatus | None, BeforeValidator(none_for_empty)] = None
    q: Annotated[SearchText | None, BeforeValidator(none_for_empty)] = None
    sort: TaskOrder = "-created_at"
    offset: int = Field(default=0, ge=0, le=MAX_INTEGER)

    def query(self) -> TaskQuery:
        """Return the query of the API."""
        return TaskQuery(status=self.status, q=self.q, sort=self.sort, offset=self.offset, limit=PAGE_SIZE)


class LoginForm(BaseModel):
    """A name and a password."""

    username: str = Field(default="", max_length=1_000)
    password: str = Field(default="", max_length=1_000)

    def newcomer(self) -> UserCreate:
        """Return what registers a user; a ValidationError says what is wrong."""
        return UserCreate(username=self.username, password=self.password)


class TaskForm(BaseModel):
    """A new task."""

    title: str = Field(default="", max_length=10_000)
    description: str = Field(default="", max_length=50_000)
    priority: int = 1

    def new_task(self) -> TaskCreate:
        """Return what creates a task; a ValidationError says what is wrong."""
        return TaskCreate(title=self.title, description=in_lines(self.description), priority=self.priority)


class EditForm(TaskForm):
    """A task that was changed, and the version that was changed."""

    version: int
    status: TaskStatus

    def changes(self) -> TaskUpdate:
        """Return what updates a task; a ValidationError says what is wrong."""
        return TaskUpdate(
            title=self.title, description=in_lines(self.description), priority=self.priority, status=self.status
        )


class VersionForm(BaseModel):
    """A button for a task that the user has seen."""

    version: int


class StatusForm(VersionForm):
    """A button that changes the status."""

    status: TaskStatus


def in_lines(text: str) -> str:
    """Return a text with the line ends of programs: browsers send `\\r\\n`."""
    return text.replace("\r\n", "\n")


def explain(error: ValidationError) -> str:
    """Say what is wrong with a form, without the values: one may be a password."""
    problems = [
        f"{LABELS.get(str(problem['loc'][-1]), 'This form') if problem['loc'] else 'This form'}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_url=False)
    ]
    return ". ".join(problems)
