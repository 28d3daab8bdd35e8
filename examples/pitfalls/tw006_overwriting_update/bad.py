"""Bad: a request that changes the title resets the priority."""

from pydantic import BaseModel

from typeway import Typeway

app = Typeway()


class TaskUpdate(BaseModel):
    title: str = ""
    priority: int = 1


tasks: dict[int, dict[str, object]] = {1: {"title": "Buy milk", "priority": 5}}


@app.patch("/tasks/{task_id}")
async def update_task(task_id: int, changes: TaskUpdate) -> dict[str, object]:
    tasks[task_id].update(changes.model_dump())
    return tasks[task_id]
