"""Bad: the second endpoint never runs."""

from typeway import Typeway

app = Typeway()


@app.get("/tasks/{task_id}")
async def read_task(task_id: int) -> dict[str, int]:
    return {"id": task_id}


@app.get("/tasks/{number}")
async def read_task_with_owner(number: int) -> dict[str, int]:
    return {"id": number, "owner": 1}
