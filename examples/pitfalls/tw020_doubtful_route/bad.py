"""Bad: the response is the same for every task id in the path."""

from typeway import Typeway

app = Typeway()


@app.get("/tasks/{task_id}")
async def read_task() -> dict[str, str]:
    return {"title": "Write tests"}
