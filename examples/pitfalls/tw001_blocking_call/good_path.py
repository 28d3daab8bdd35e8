"""Good: a thread reads the file."""

from pathlib import Path

from typeway import Typeway
from typeway.concurrency import run_in_threadpool

app = Typeway()
INDEX = Path("/srv/manuals/index.txt")


def text_of(number: int) -> str:
    with (INDEX.parent / f"{number}.txt").open(encoding="utf-8") as file:
        return file.read()


@app.get("/manuals/{number}")
async def read_manual(number: int) -> dict[str, str]:
    return {"text": await run_in_threadpool(text_of, number)}
