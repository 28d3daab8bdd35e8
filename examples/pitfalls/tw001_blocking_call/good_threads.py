"""Good: what is handed to a thread blocks there, whichever way it is handed over, also a method of an open file."""

import asyncio
from pathlib import Path

import anyio
import requests

from typeway import Typeway

app = Typeway()


class Archive:
    def size_of(self, number: int) -> int:
        return int(requests.head(f"https://archive.example.com/{number}", timeout=5).headers["Content-Length"])


archive = Archive()


@app.get("/letters/{number}")
async def read_letter(number: int) -> dict[str, str]:
    with Path(f"/srv/letters/{number}.txt").open(encoding="utf-8") as file:
        return {"text": await asyncio.to_thread(file.read)}


@app.get("/letters/{number}/size")
async def read_size(number: int) -> int:
    return await asyncio.get_running_loop().run_in_executor(None, archive.size_of, number)


@app.get("/letters/{number}/archived-size")
async def read_archived_size(number: int) -> int:
    return await anyio.to_thread.run_sync(archive.size_of, number)
