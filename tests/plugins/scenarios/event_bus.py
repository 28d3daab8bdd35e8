"""FastStream: subscribers and publishers of a message broker that are resolved as endpoints are."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header
from fastapi.testclient import TestClient
from faststream.rabbit import TestRabbitBroker
from faststream.rabbit.fastapi import Logger, RabbitRouter
from pydantic import BaseModel

log: list[Any] = []


class Order(BaseModel):
    number: int
    goods: list[str] = []


async def session() -> AsyncIterator[str]:
    log.append("open")
    yield "session"
    log.append("close")


def goods(order: Order) -> int:
    return len(order.goods)


router = RabbitRouter("amqp://guest:guest@localhost:5672/", schema_url="/asyncapi", include_in_schema=True)


@router.subscriber("orders")
@router.publisher("bills")
async def bill(
    order: Order,
    count: Annotated[int, Depends(goods)],
    logger: Logger,
    session: str = Depends(session),
    x_user: str = Header("nobody"),
) -> dict[str, Any]:
    log.append((order.number, count, session, x_user))
    return {"number": order.number, "price": count * 2}


@router.subscriber("bills")
def billed(number: int, price: int) -> None:
    log.append(("billed", number, price))


@router.post("/orders")
async def order(order: Order) -> str:
    await router.broker.publish(order, "orders", headers={"x-user": "ada"})
    return "ordered"


app = FastAPI()
app.include_router(router)


async def talk() -> None:
    async with TestRabbitBroker(router.broker) as broker:
        await broker.publish({"number": 1, "goods": ["tea", "jam"]}, "orders")
        try:
            await broker.publish({"number": "x"}, "orders")
        except Exception as error:
            log.append(type(error).__mro__[-3].__name__)


def play() -> Any:
    asyncio.run(talk())
    answers: list[Any] = []

    async def started() -> None:
        async with TestRabbitBroker(router.broker):
            import httpx

            async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://shop") as client:
                for body in ({"number": 2, "goods": ["tea"]}, {"number": "x"}):
                    response = await client.post("/orders", json=body)
                    answers.append((response.status_code, response.json()))

    asyncio.run(started())
    assert ("billed", 1, 4) in log, log
    return {
        "log": log,
        "answers": answers,
        "openapi": app.openapi(),
        "client": TestClient(app).get("/openapi.json").status_code,
    }
