"""Good: the application includes the router."""

from typeway import Router, Typeway

app = Typeway()
tasks = Router(prefix="/tasks")


@tasks.get("/{task_id}")
async def read_task(task_id: int) -> dict[str, int]:
    return {"task": task_id}


app.include_router(tasks)
