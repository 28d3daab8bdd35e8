"""Bad: the list grows with every task."""

from pydantic import BaseModel

from typeway import Typeway

app = Typeway()


class Task(BaseModel):
    title: str


tasks: list[Task] = []


@app.post("/tasks", status_code=201)
async def create_task(task: Task) -> Task:
    tasks.append(task)
    return task


@app.get("/tasks")
async def list_tasks() -> list[Task]:
    return tasks
