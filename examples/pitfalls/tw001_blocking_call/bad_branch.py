"""Bad: this call passes the connection that the branch which blocks asks for."""

import asyncio
import sqlite3

from typeway import Typeway

app = Typeway()
prices = {"tea": 3}


def price_of(name: str, connection: sqlite3.Connection | None = None) -> int:
    if connection is None:
        return prices.get(name, 0)
    return int(connection.execute("SELECT price FROM articles WHERE name = ?", (name,)).fetchone()[0])


@app.get("/prices/{name}")
async def read_price(name: str) -> int:
    await asyncio.sleep(0)
    with sqlite3.connect("shop.db") as connection:
        return price_of(name, connection)
