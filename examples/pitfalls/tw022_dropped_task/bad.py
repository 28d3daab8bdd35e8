"""Bad: nothing refers to the task, so it may disappear before it is done, and its error is never seen."""

import asyncio

from typeway import Typeway

app = Typeway()


async def send_receipt(order_id: int) -> None:
    await asyncio.sleep(1)


@app.post("/orders/{order_id}/pay", status_code=202)
async def pay(order_id: int) -> dict[str, int]:
    asyncio.create_task(send_receipt(order_id))  # noqa: RUF006
    return {"order": order_id}
