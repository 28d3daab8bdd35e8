"""Good: the decorator is long, but it is no endpoint; what the endpoint does itself is one query."""

import functools
import sqlite3
from collections.abc import Callable
from typing import Any

from typeway import HTTPException, Typeway

app = Typeway()


def limited(function: Callable[..., Any]) -> Callable[..., Any]:
    """Count the calls of each article, and refuse those that are too many."""

    @functools.wraps(function)
    def wrapper(**values: Any) -> Any:
        with sqlite3.connect("calls.db") as calls:
            row = calls.execute(
                "SELECT number, is_blocked, day FROM calls WHERE article = ?",
                (values["article"],),
            ).fetchone()
            if row is None:
                calls.execute(
                    "INSERT INTO calls (article, number, is_blocked) VALUES (?, 1, FALSE)",
                    (values["article"],),
                )
            elif row[1]:
                raise HTTPException(
                    403,
                    "The article is blocked.",
                )
            elif row[0] > 1000:
                calls.execute(
                    "UPDATE calls SET is_blocked = TRUE WHERE article = ?",
                    (values["article"],),
                )
                raise HTTPException(
                    429,
                    "The article is asked for too often.",
                )
            else:
                calls.execute(
                    "UPDATE calls SET number = number + 1 WHERE article = ?",
                    (values["article"],),
                )
            if row is not None and row[2] == "old":
                calls.execute(
                    "UPDATE calls SET number = 0, day = 'new' WHERE article = ?",
                    (values["article"],),
                )
        return function(**values)

    return wrapper


@app.get("/articles/{article}/price")
@limited
def read_price(article: str) -> int:
    with sqlite3.connect("shop.db") as database:
        return int(database.execute("SELECT price FROM articles WHERE name = ?", (article,)).fetchone()[0])
