"""Bad: the parentheses call the function here, and hand a thread only what it returns."""

import asyncio
from collections.abc import Callable

import requests

from typeway import Typeway

app = Typeway()


def size_of(number: int) -> Callable[[], int]:
    length = requests.head(f"https://archive.example.com/{number}", timeout=5).headers["Content-Length"]
    return lambda: int(length)


@app.get("/letters/{number}/size")
async def read_size(number: int) -> int:
    return await asyncio.to_thread(size_of(number))
