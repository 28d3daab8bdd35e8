"""Bad: the same router is included twice, and only one inclusion has the guard."""

from typing import Annotated

from typeway import Depends, Router, Typeway
from typeway.security import HTTPBasic, HTTPBasicCredentials

app = Typeway()
basic = HTTPBasic()
tasks = Router(prefix="/tasks")


def sign_in(who: Annotated[HTTPBasicCredentials, Depends(basic)]) -> str:
    return who.username


@tasks.delete("/{task_id}", status_code=204)
async def delete_task(task_id: int) -> None:
    """Delete a task."""


app.include_router(tasks, prefix="/v2", dependencies=[Depends(sign_in)])
app.include_router(tasks)
