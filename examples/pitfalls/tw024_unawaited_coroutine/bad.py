"""Bad: the check is a coroutine that nothing awaits, and a coroutine is always true."""

import asyncio

from typeway import HTTPException, Typeway

app = Typeway()


async def may_read(name: str) -> bool:
    await asyncio.sleep(0)
    return name == "public"


@app.get("/files/{name}")
async def read_file(name: str) -> dict[str, str]:
    if not may_read(name):  # type: ignore[truthy-bool]
        raise HTTPException(403)
    return {"file": name}
