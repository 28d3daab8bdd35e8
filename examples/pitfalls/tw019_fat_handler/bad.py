"""Bad: prices, stock and discounts can be tested only with requests."""

import sqlite3
from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel

from typeway import Depends, HTTPException, Typeway

app = Typeway()


class Order(BaseModel):
    customer: str
    article: str
    number: int


class Bill(BaseModel):
    order: int
    total: int


def open_database() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect("shop.db", check_same_thread=False)
    try:
        yield connection
    finally:
        connection.close()


Database = Annotated[sqlite3.Connection, Depends(open_database)]


@app.post("/orders", status_code=201)
def place_order(order: Order, database: Database) -> Bill:
    customer = database.execute(
        "SELECT id, is_blocked, orders FROM customers WHERE name = ?",
        (order.customer,),
    ).fetchone()
    if customer is None:
        raise HTTPException(404, "There is no such customer")
    if customer[1]:
        raise HTTPException(403, "The customer is blocked")
    article = database.execute(
        "SELECT id, price, stock FROM articles WHERE name = ?",
        (order.article,),
    ).fetchone()
    if article is None:
        raise HTTPException(404, "There is no such article")
    if article[2] < order.number:
        raise HTTPException(409, "There are not so many of them")
    total: int = article[1] * order.number
    if customer[2] > 10:
        total = total * 95 // 100
    if order.number > 100:
        total = total * 90 // 100
    elif order.number > 10:
        total = total * 98 // 100
    database.execute(
        "UPDATE articles SET stock = stock - ? WHERE id = ?",
        (order.number, article[0]),
    )
    database.execute(
        "UPDATE customers SET orders = orders + 1 WHERE id = ?",
        (customer[0],),
    )
    cursor = database.execute(
        "INSERT INTO orders (customer, article, number, total) VALUES (?, ?, ?, ?)",
        (customer[0], article[0], order.number, total),
    )
    database.commit()
    if cursor.lastrowid is None:
        raise HTTPException(500, "The order was not stored")
    return Bill(
        order=cursor.lastrowid,
        total=total,
    )
