"""Good: blocking calls run in a thread, or are awaited."""

import asyncio
import time

from typeway import Typeway
from typeway.concurrency import run_in_threadpool

app = Typeway()


def ask_printer() -> str:
    time.sleep(0.3)
    return "ready"


def state_of(name: str) -> dict[str, str]:
    return {"name": name, "state": ask_printer()}


@app.get("/printers/{name}")
async def read_printer(name: str) -> dict[str, str]:
    return await run_in_threadpool(state_of, name)


@app.get("/patience")
async def wait() -> dict[str, str]:
    await asyncio.sleep(0.3)
    return {"state": "ready"}
