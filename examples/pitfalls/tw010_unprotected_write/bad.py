"""Bad: every client may delete."""

from typing import Annotated

from typeway import Depends, Typeway
from typeway.security import HTTPBasic, HTTPBasicCredentials

app = Typeway()
basic = HTTPBasic()
Credentials = Annotated[HTTPBasicCredentials, Depends(basic)]


@app.post("/tasks", status_code=201)
async def create_task(who: Credentials) -> dict[str, str]:
    return {"owner": who.username}


@app.patch("/tasks/{task_id}")
async def update_task(task_id: int, who: Credentials) -> dict[str, str | int]:
    return {"id": task_id, "owner": who.username}


@app.delete("/tasks/{task_id}", status_code=204)
async def delete_task(task_id: int) -> None:
    """Delete a task."""
