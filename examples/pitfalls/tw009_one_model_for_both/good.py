"""Good: clients send one model and receive another."""

from datetime import UTC, datetime

from pydantic import BaseModel

from typeway import Typeway

app = Typeway()


class TaskCreate(BaseModel):
    title: str


class Task(TaskCreate):
    id: int
    created_at: datetime


@app.post("/tasks", status_code=201)
async def create_task(task: TaskCreate) -> Task:
    return Task(id=1, created_at=datetime.now(UTC), **task.model_dump())
