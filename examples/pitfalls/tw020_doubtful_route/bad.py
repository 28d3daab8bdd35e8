"""Bad: every task is answered alike, whichever the path names."""

from typeway import Typeway

app = Typeway()


@app.get("/tasks/{task_id}")
async def read_task() -> dict[str, str]:
    return {"title": "Write tests"}
