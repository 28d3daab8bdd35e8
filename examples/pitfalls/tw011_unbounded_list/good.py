"""Good: the size of a page is limited."""

from typing import Annotated

from pydantic import BaseModel

from typeway import Query, Typeway

app = Typeway()


class Task(BaseModel):
    title: str


tasks: list[Task] = []


@app.post("/tasks", status_code=201)
async def create_task(task: Task) -> Task:
    tasks.append(task)
    return task


@app.get("/tasks")
async def list_tasks(
    offset: Annotated[int, Query(ge=0)] = 0, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> list[Task]:
    return tasks[offset : offset + limit]
