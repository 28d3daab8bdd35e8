"""Good: only a path is read, and this call passes a text."""

import asyncio
from pathlib import Path

from typeway import Typeway

app = Typeway()


def lines_of(source: str | Path) -> list[str]:
    text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
    return text.splitlines()


@app.get("/poems/lines/count")
async def count_lines(poem: str) -> int:
    await asyncio.sleep(0)
    return len(lines_of(poem))
