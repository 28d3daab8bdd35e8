"""Good: each endpoint has its own id."""

from typeway import Typeway

app = Typeway()


@app.get("/tasks", operation_id="list_tasks")
async def list_tasks() -> dict[str, int]:
    return {"tasks": 0}


@app.get("/users", operation_id="list_users")
async def list_users() -> dict[str, int]:
    return {"users": 0}
