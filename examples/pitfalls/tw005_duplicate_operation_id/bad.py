"""Bad: a generated client has one method for both endpoints."""

from typeway import Typeway

app = Typeway()


@app.get("/tasks", operation_id="list")
async def list_tasks() -> dict[str, int]:
    return {"tasks": 0}


@app.get("/users", operation_id="list")
async def list_users() -> dict[str, int]:
    return {"users": 0}
