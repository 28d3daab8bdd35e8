"""Good: a set keeps the task until it is done."""

import asyncio

from typeway import Typeway

app = Typeway()
running: set[asyncio.Task[None]] = set()


async def send_receipt(order_id: int) -> None:
    await asyncio.sleep(1)


@app.post("/orders/{order_id}/pay", status_code=202)
async def pay(order_id: int) -> dict[str, int]:
    task = asyncio.create_task(send_receipt(order_id))
    running.add(task)
    task.add_done_callback(running.discard)
    return {"order": order_id}
