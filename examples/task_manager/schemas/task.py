"""The models of tasks: to create, to update, to list, to read."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from examples.task_manager.models import MAX_INTEGER, TaskStatus
from examples.task_manager.schemas.cursor import Cursor, CursorText, TaskOrder
from examples.task_manager.schemas.text import WithoutNul

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), WithoutNul]
Description = Annotated[str, StringConstraints(max_length=2000), WithoutNul]
SearchText = Annotated[str, StringConstraints(max_length=200), WithoutNul]


def whole_number(value: Any) -> Any:
    """Return 3 for 3.0, which JSON does not distinguish."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


# Strict: `true` and `"3"` are not valid numbers.
Priority = Annotated[
    int,
    Field(strict=True, ge=1, le=5, description="1 is the lowest, 5 the highest"),
    BeforeValidator(whole_number),
]


class TaskCreate(BaseModel):
    """The request body to create a task; the server adds the id, the owner and the times."""

    # A misspelt field name is an error, instead of being ignored.
    model_config = ConfigDict(extra="forbid")

    title: Title = Field(examples=["Buy groceries"])
    description: Description = ""
    priority: Priority = 1
    status: TaskStatus = TaskStatus.TODO


class TaskUpdate(BaseModel):
    """The request body to update a task: only the fields to change, none of them null."""

    model_config = ConfigDict(extra="forbid")

    # The factories make fields optional without documenting a default; only fields that were sent are used.
    title: Title = Field(default_factory=str, examples=["Buy groceries and bread"])
    description: Description = Field(default_factory=str)
    priority: Priority = Field(default_factory=int)
    status: TaskStatus = Field(default_factory=lambda: TaskStatus.TODO)


class TaskQuery(BaseModel):
    """The filters, the order and the slice of a list of tasks."""

    status: TaskStatus | None = None
    q: SearchText | None = Field(
        default=None, description="Text to find in title or description; upper and lower case alike"
    )
    sort: TaskOrder = Field(default="created_at", description="A leading `-` reverses the order")
    offset: int = Field(default=0, ge=0, le=MAX_INTEGER)
    limit: int = Field(default=20, ge=1, le=100)
    cursor: CursorText | None = Field(
        default=None,
        description="Where the page before ended, from its `Link` header: unlike an offset, it misses and repeats nothing "
        "when tasks are created or deleted meanwhile",
    )

    @model_validator(mode="after")
    def has_one_beginning(self) -> Self:
        """Refuse a cursor of another list."""
        if self.after is not None and self.offset:
            raise ValueError("send a cursor or an offset, not both")
        if self.after is not None and self.after.sort != self.sort:
            raise ValueError("the cursor belongs to another order: send the same `sort` as before")
        return self

    @property
    def after(self) -> Cursor | None:
        """The task after which the page begins."""
        return None if self.cursor is None else Cursor.parse(self.cursor)


class TaskResponse(BaseModel):
    """A task in a response."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    owner_id: int
    title: str
    description: str
    priority: int
    status: TaskStatus
    created_at: datetime
    updated_at: datetime
    version: int = Field(description="Counts the changes; in quotes it is the entity tag, for `If-Match`")
