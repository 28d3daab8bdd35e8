"""fastapi-events: events that endpoints dispatch reach their handlers after the response."""

from typing import Any

from fastapi import BackgroundTasks, Depends, FastAPI
from fastapi.testclient import TestClient
from fastapi_events.dispatcher import dispatch
from fastapi_events.handlers.local import LocalHandler
from fastapi_events.middleware import EventHandlerASGIMiddleware
from fastapi_events.typing import Event

log: list[Any] = []
handler = LocalHandler()


@handler.register(event_name="order_*")
def ordered(event: Event) -> None:
    log.append(event)


def suffix() -> str:
    return "!"


@handler.register(event_name="order_paid")
async def paid(event: Event, suffix: str = Depends(suffix)) -> None:
    log.append(f"paid {event[1]['number']}{suffix}")


app = FastAPI()
app.add_middleware(EventHandlerASGIMiddleware, handlers=[handler])


@app.post("/orders/{number}")
async def order(number: int, tasks: BackgroundTasks) -> int:
    dispatch("order_made", payload={"number": number})
    tasks.add_task(log.append, "task")
    log.append("answered")
    return number


@app.post("/orders/{number}/payment")
def pay(number: int) -> None:
    dispatch("order_paid", payload={"number": number})
    if number == 0:
        raise ValueError("nothing to pay")


def play() -> Any:
    client = TestClient(app, raise_server_exceptions=False)
    statuses = [
        client.post(path).status_code for path in ("/orders/1", "/orders/2/payment", "/orders/0/payment", "/orders/x")
    ]
    assert "paid 2!" in log, log
    return {"statuses": statuses, "log": log}
