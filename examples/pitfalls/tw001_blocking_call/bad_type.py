"""Bad: of the two branches, this call takes the one that reads a file."""

import asyncio
from pathlib import Path

from typeway import Typeway

app = Typeway()


def lines_of(source: str | Path) -> list[str]:
    text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
    return text.splitlines()


@app.get("/poems/{name}/lines/count")
async def count_lines(name: str) -> int:
    await asyncio.sleep(0)
    return len(lines_of(Path(f"/srv/poems/{name}.txt")))
