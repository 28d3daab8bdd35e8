"""Good: the pipeline is of the asynchronous client."""

from redis import asyncio as redis

from typeway import Typeway

app = Typeway()
memory = redis.Redis()


@app.post("/articles/{number}/read", status_code=204)
async def count_reader(number: int) -> None:
    pipeline = memory.pipeline()
    pipeline.incr(f"readers:{number}")
    pipeline.expire(f"readers:{number}", 3600)
    await pipeline.execute()
