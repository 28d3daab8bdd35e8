"""Write tasks as CSV (RFC 4180)."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from examples.task_manager.models import Task

COLUMNS = ("id", "title", "description", "priority", "status", "created_at", "updated_at")
# Spreadsheets run what begins so as a formula: https://owasp.org/www-community/attacks/CSV_Injection
FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


async def as_csv(pages: AsyncIterator[Sequence[Task]]) -> AsyncIterator[str]:
    """Write a header and one line for each task, page by page."""
    yield _lines([COLUMNS])
    async for page in pages:
        if page:
            yield _lines([[_cell(getattr(task, column)) for column in COLUMNS] for task in page])


def _lines(rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    """Return a value that a spreadsheet takes for text or a number, and never for a formula."""
    if isinstance(value, datetime):
        return value.isoformat()
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
