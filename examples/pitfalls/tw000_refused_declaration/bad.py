"""Bad: the default of a path parameter can never be used."""

from typing import Annotated

from typeway import Path, Typeway

app = Typeway()


@app.get("/tasks/{task_id}")
async def read_task(task_id: Annotated[int, Path()] = 1) -> dict[str, int]:
    return {"id": task_id}
