"""Bad: the property has all fields of the model, so a request that changes the title resets the priority."""

from pydantic import BaseModel

from typeway import Typeway

app = Typeway()


class TaskUpdate(BaseModel):
    title: str = ""
    priority: int = 1

    @property
    def changes(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in type(self).model_fields}


tasks: dict[int, dict[str, object]] = {1: {"title": "Buy milk", "priority": 5}}


@app.patch("/tasks/{task_id}")
async def update_task(task_id: int, update: TaskUpdate) -> dict[str, object]:
    tasks[task_id].update(update.changes)
    return tasks[task_id]
