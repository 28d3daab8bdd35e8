"""Bad: every request opens a file that is never read."""

from collections.abc import Iterator
from typing import Annotated, TextIO

from typeway import Depends, Typeway

app = Typeway()


def open_log() -> Iterator[TextIO]:
    with open("tasks.log", encoding="utf-8") as log:  # noqa: PTH123
        yield log


@app.get("/tasks/{task_id}")
async def read_task(task_id: int, log: Annotated[TextIO, Depends(open_log)]) -> dict[str, int]:
    return {"id": task_id}
