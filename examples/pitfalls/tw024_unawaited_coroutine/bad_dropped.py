"""Bad: the note is never written, because the call only makes a coroutine, which is thrown away."""

import asyncio

from typeway import Typeway

app = Typeway()


async def note(event: str) -> None:
    _, writer = await asyncio.open_connection("log.example.com", 514)
    writer.write(event.encode())
    writer.close()


@app.post("/doors/{number}/open", status_code=204)
async def open_door(number: int) -> None:
    note(f"door {number} was opened")  # type: ignore[unused-coroutine]
