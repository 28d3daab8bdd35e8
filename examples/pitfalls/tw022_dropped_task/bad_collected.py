"""Bad: the tasks are collected in an object that no response gets, so none of them runs."""

from typeway import BackgroundTasks, Typeway

app = Typeway()


def send_receipt(order_id: int) -> None:
    """Send a receipt."""


@app.post("/orders/{order_id}/pay", status_code=202)
async def pay(order_id: int) -> dict[str, int]:
    tasks = BackgroundTasks()
    tasks.add_task(send_receipt, order_id)
    return {"order": order_id}
