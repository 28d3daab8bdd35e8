"""Good: the check is awaited."""

import asyncio

from typeway import HTTPException, Typeway

app = Typeway()


async def may_read(name: str) -> bool:
    await asyncio.sleep(0)
    return name == "public"


@app.get("/files/{name}")
async def read_file(name: str) -> dict[str, str]:
    if not await may_read(name):
        raise HTTPException(403)
    return {"file": name}
