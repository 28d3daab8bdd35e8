"""Bad: a pipeline of Redis collects commands, and its `execute()` waits for all of them."""

import asyncio

import redis

from typeway import Typeway

app = Typeway()
memory = redis.Redis()


@app.post("/articles/{number}/read", status_code=204)
async def count_reader(number: int) -> None:
    await asyncio.sleep(0)
    pipeline = memory.pipeline()
    pipeline.incr(f"readers:{number}")
    pipeline.expire(f"readers:{number}", 3600)
    pipeline.execute()
