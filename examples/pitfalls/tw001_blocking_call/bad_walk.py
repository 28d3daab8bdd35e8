"""Bad: going through all folders below one asks the disk for each of them, on the event loop."""

import asyncio
import os
from pathlib import Path

from typeway import Typeway

app = Typeway()
PHOTOS = Path("/srv/photos")


def count_files(folder: Path) -> int:
    return sum(len(files) for _, _, files in os.walk(folder))


@app.get("/albums/{album}/photos/count")
async def count_photos(album: int) -> int:
    await asyncio.sleep(0)
    return count_files(PHOTOS / str(album))
