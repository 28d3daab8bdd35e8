"""Good: the endpoint handles HTTP, a service has the rules."""

import sqlite3
from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel

from typeway import Depends, Typeway

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


class Orders:
    """The rules of orders, independent of HTTP."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.database = database

    def place(self, order: Order) -> Bill:
        price: int = self.database.execute("SELECT price FROM articles WHERE name = ?", (order.article,)).fetchone()[0]
        total = discounted(price * order.number, order.number)
        cursor = self.database.execute("INSERT INTO orders (total) VALUES (?)", (total,))
        self.database.commit()
        return Bill(order=cursor.lastrowid or 0, total=total)


def discounted(total: int, number: int) -> int:
    return total * 98 // 100 if number > 10 else total


@app.post("/orders", status_code=201)
def place_order(order: Order, database: Database) -> Bill:
    return Orders(database).place(order)
