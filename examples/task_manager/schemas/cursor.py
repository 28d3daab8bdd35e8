"""The place in an order after which a page of tasks begins."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints, TypeAdapter, ValidationError

from examples.task_manager.models import MAX_INTEGER
from examples.task_manager.schemas.text import WithoutNul

TaskOrder = Literal[
    "created_at", "-created_at", "updated_at", "-updated_at", "title", "-title", "priority", "-priority"
]
LONGEST_CURSOR = 2_000


def in_utc(moment: datetime) -> datetime:
    """Refuse times that are outside of the calendar in UTC."""
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("must be a time between the years 1 and 9999") from error


Moment = Annotated[AwareDatetime, AfterValidator(in_utc)]
Text = Annotated[str, StringConstraints(max_length=200), WithoutNul]
Number = Annotated[int, Field(strict=True, ge=1, le=5)]
Id = Annotated[int, Field(strict=True, ge=1, le=MAX_INTEGER)]

# What a cursor holds, by the column of the order. A client may send any cursor, so each value is validated.
CONTENTS: dict[str, TypeAdapter[Any]] = {
    "created_at": TypeAdapter(tuple[TaskOrder, Moment, Id]),
    "updated_at": TypeAdapter(tuple[TaskOrder, Moment, Id]),
    "title": TypeAdapter(tuple[TaskOrder, Text, Id]),
    "priority": TypeAdapter(tuple[TaskOrder, Number, Id]),
}


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last task of a page: the order, its value in the column of the order, and its id."""

    sort: TaskOrder
    value: Any
    id: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str()` has written.

        Raises:
            ValueError: the text is no cursor.
        """
        try:
            parts = json.loads(urlsafe_b64decode(text.encode("ascii")))
            sort, value, task_id = CONTENTS[parts[0].removeprefix("-")].validate_python(parts)
        except (ValidationError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            raise ValueError("must be the cursor of a page that was sent before") from None
        return cls(sort, value, task_id)

    def __str__(self) -> str:
        value = self.value.isoformat() if isinstance(self.value, datetime) else self.value
        return urlsafe_b64encode(json.dumps([self.sort, value, self.id]).encode()).decode()


def is_a_cursor(text: str) -> str:
    """Return a text that is one."""
    Cursor.parse(text)
    return text


CursorText = Annotated[str, StringConstraints(max_length=LONGEST_CURSOR), AfterValidator(is_a_cursor)]
