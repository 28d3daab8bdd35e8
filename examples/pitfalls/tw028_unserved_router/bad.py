"""Bad: nothing includes the router, so its endpoint answers 404 and no error says why."""

from typeway import Router, Typeway

app = Typeway()
tasks = Router(prefix="/tasks")


@tasks.get("/{task_id}")
async def read_task(task_id: int) -> dict[str, int]:
    return {"task": task_id}
