"""Good: a thread goes through the folders."""

import os
from pathlib import Path

from typeway import Typeway
from typeway.concurrency import run_in_threadpool

app = Typeway()
PHOTOS = Path("/srv/photos")


def count_files(folder: Path) -> int:
    return sum(len(files) for _, _, files in os.walk(folder))


@app.get("/albums/{album}/photos/count")
async def count_photos(album: int) -> int:
    return await run_in_threadpool(count_files, PHOTOS / str(album))
