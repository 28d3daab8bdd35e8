"""Good: the function takes the path parameter."""

from typeway import Typeway

app = Typeway()
TITLES = {1: "Write tests"}


@app.get("/tasks/{task_id}")
async def read_task(task_id: int) -> dict[str, str]:
    return {"title": TITLES.get(task_id, "unknown")}
