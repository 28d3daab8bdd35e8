"""Bad: the endpoint calls the guard itself, so its parameter is a `Depends(...)`, and nobody is asked for a password."""

from typeway import Depends, Typeway
from typeway.security import HTTPBasic, HTTPBasicCredentials

app = Typeway()


def require_user(who: HTTPBasicCredentials = Depends(HTTPBasic())) -> HTTPBasicCredentials:
    return who


@app.delete("/tasks/{task_id}", status_code=204)
async def delete_task(task_id: int) -> None:
    require_user()
