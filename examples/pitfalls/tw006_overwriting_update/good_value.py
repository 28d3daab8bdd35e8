"""Good: only what the client has sent is taken."""

from typing import Any

from pydantic import BaseModel

from typeway import Typeway

app = Typeway()


class TaskChange(BaseModel):
    title: str = ""
    note: str | None = None


class Storage:
    def __init__(self) -> None:
        self.rows: dict[int, dict[str, Any]] = {}

    def update(self, number: int, change: BaseModel) -> None:
        row = self.rows.setdefault(number, {})
        for name, value in change.model_dump(exclude_unset=True).items():
            row[name] = value


storage = Storage()


@app.patch("/tasks/{task_id}", status_code=204)
async def change_task(task_id: int, change: TaskChange) -> None:
    storage.update(task_id, change)
