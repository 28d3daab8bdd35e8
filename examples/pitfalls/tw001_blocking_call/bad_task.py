"""Bad: a task that `create_task` starts runs on the event loop, and so does what it calls."""

import asyncio
import smtplib

from typeway import Typeway

app = Typeway()
running: set[asyncio.Task[None]] = set()


async def remind(address: str) -> None:
    await asyncio.sleep(3600)
    with smtplib.SMTP("localhost") as server:
        server.sendmail("shop@example.com", address, "Your basket is still full.")


@app.post("/baskets/{address}", status_code=201)
async def fill_basket(address: str) -> dict[str, str]:
    task = asyncio.create_task(remind(address))
    running.add(task)
    task.add_done_callback(running.discard)
    return {"basket": address}
