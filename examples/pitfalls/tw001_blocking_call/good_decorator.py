"""Good: the decorator counts in a thread."""

import functools
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

from typeway import Typeway
from typeway.concurrency import run_in_threadpool

app = Typeway()


def count() -> None:
    with sqlite3.connect("calls.db") as connection:
        connection.execute("UPDATE calls SET number = number + 1")


class Counted:
    def __init__(self, function: Callable[..., Awaitable[Any]]) -> None:
        self.function = function
        functools.update_wrapper(self, function)

    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        await run_in_threadpool(count)
        return await self.function(*args, **kwargs)


@app.get("/jokes/{number}")
@Counted
async def read_joke(number: int) -> dict[str, int]:
    return {"joke": number}
