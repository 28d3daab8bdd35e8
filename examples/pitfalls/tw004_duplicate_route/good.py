"""Good: each endpoint has its own path."""

from typeway import Typeway

app = Typeway()


@app.get("/tasks/{task_id}")
async def read_task(task_id: int) -> dict[str, int]:
    return {"id": task_id}


@app.get("/tasks/{task_id}/owner")
async def read_owner(task_id: int) -> dict[str, int]:
    return {"task": task_id, "owner": 1}
