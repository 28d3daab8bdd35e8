"""Bad: a client can choose the id of a task and its creation date."""

from datetime import UTC, datetime

from pydantic import BaseModel, Field

from typeway import Typeway

app = Typeway()


class Task(BaseModel):
    id: int | None = None
    title: str
    created_at: datetime = Field(default_factory=lambda: datetime.now(UTC))


@app.post("/tasks", status_code=201)
async def create_task(task: Task) -> Task:
    return task
