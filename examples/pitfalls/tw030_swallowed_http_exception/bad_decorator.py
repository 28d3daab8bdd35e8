"""Bad: the decorator that logs errors replaces the statuses of all endpoints below it."""

import functools
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from typeway import HTTPException, Typeway

logger = logging.getLogger(__name__)
app = Typeway()
tasks = {1: "Write the report"}


def log_errors(function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(function)
    async def wrapper(*arguments: Any, **options: Any) -> Any:
        try:
            return await function(*arguments, **options)
        except Exception as error:
            logger.exception("The request has failed.")
            raise HTTPException(500, "Something went wrong.") from error

    return wrapper


@app.get("/tasks/{task_id}")
@log_errors
async def read_task(task_id: int) -> str:
    if task_id not in tasks:
        raise HTTPException(404, "No such task.")
    return tasks[task_id]
