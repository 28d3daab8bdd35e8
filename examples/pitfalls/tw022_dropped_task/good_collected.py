"""Good: the framework passes the object that collects tasks, and runs them after the response."""

from typeway import BackgroundTasks, Typeway

app = Typeway()


def send_receipt(order_id: int) -> None:
    """Send a receipt."""


@app.post("/orders/{order_id}/pay", status_code=202)
async def pay(order_id: int, tasks: BackgroundTasks) -> dict[str, int]:
    tasks.add_task(send_receipt, order_id)
    return {"order": order_id}
