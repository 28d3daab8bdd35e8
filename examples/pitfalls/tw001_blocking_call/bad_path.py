"""Bad: a file of any size is read on the event loop, by `Path.open()` and beside another file."""

import asyncio
from pathlib import Path

from typeway import Typeway

app = Typeway()
INDEX = Path("/srv/manuals/index.txt")


@app.get("/manuals/{number}")
async def read_manual(number: int) -> dict[str, str]:
    await asyncio.sleep(0)
    with (INDEX.parent / f"{number}.txt").open(encoding="utf-8") as file:
        return {"text": file.read()}
