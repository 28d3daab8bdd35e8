"""Good: the exception ends the request before the endpoint runs."""

from typing import Annotated

from typeway import Depends, Header, HTTPException, Typeway

app = Typeway()
tasks = {1: "Write the report"}


def check_key(x_key: Annotated[str, Header()]) -> None:
    if x_key != "secret":
        raise HTTPException(401, "Wrong key.")


@app.delete("/tasks/{task_id}", dependencies=[Depends(check_key)])
async def delete_task(task_id: int) -> None:
    tasks.pop(task_id, None)
