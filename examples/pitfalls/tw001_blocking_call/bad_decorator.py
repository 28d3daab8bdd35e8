"""Bad: the decorator is an object that writes to a database before each call, on the event loop."""

import asyncio
import functools
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

from typeway import Typeway

app = Typeway()


class Counted:
    def __init__(self, function: Callable[..., Awaitable[Any]]) -> None:
        self.function = function
        functools.update_wrapper(self, function)

    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with sqlite3.connect("calls.db") as connection:
            connection.execute("UPDATE calls SET number = number + 1")
        return await self.function(*args, **kwargs)


@app.get("/jokes/{number}")
@Counted
async def read_joke(number: int) -> dict[str, int]:
    await asyncio.sleep(0)
    return {"joke": number}
