"""Good: a second path has its own default."""

from typeway import Typeway

app = Typeway()


@app.get("/tasks/first")
async def read_first_task() -> dict[str, int]:
    return {"id": 1}


@app.get("/tasks/{task_id}")
async def read_task(task_id: int) -> dict[str, int]:
    return {"id": task_id}
