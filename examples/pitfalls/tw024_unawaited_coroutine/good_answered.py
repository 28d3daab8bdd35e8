"""Good: the answer contains what is loaded."""

import asyncio
from typing import Any

from typeway import Typeway

app = Typeway()


async def load_user(user_id: int) -> dict[str, int]:
    await asyncio.sleep(0)
    return {"id": user_id}


@app.get("/users/{user_id}")
async def read_user(user_id: int) -> dict[str, Any]:
    return {"user": await load_user(user_id), "version": 1}
