"""Good: the endpoint depends on the guard."""

from typeway import Depends, Typeway
from typeway.security import HTTPBasic, HTTPBasicCredentials

app = Typeway()


def require_user(who: HTTPBasicCredentials = Depends(HTTPBasic())) -> HTTPBasicCredentials:
    return who


@app.delete("/tasks/{task_id}", status_code=204, dependencies=[Depends(require_user)])
async def delete_task(task_id: int) -> None:
    """Delete a task."""
