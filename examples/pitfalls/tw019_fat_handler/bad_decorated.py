"""Bad: below a decorator of four lines is an endpoint that decides everything itself."""

import functools
import sqlite3
from collections.abc import Callable
from typing import Any

from typeway import HTTPException, Typeway

app = Typeway()


def noted(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(**values: Any) -> Any:
        print(function.__name__, values)  # noqa: T201
        return function(**values)

    return wrapper


@app.post("/readers/{reader}/loans/{book}", status_code=201)
@noted
def lend(reader: int, book: int) -> dict[str, int]:
    with sqlite3.connect("library.db") as database:
        member = database.execute(
            "SELECT is_blocked, loans, fee FROM readers WHERE number = ?",
            (reader,),
        ).fetchone()
        if member is None:
            raise HTTPException(404, "There is no such reader.")
        if member[0]:
            raise HTTPException(403, "The reader is blocked.")
        if member[2] > 0:
            raise HTTPException(
                409,
                "The reader has to pay a fee.",
            )
        copy = database.execute(
            "SELECT lent_to, is_new FROM books WHERE number = ?",
            (book,),
        ).fetchone()
        if copy is None:
            raise HTTPException(404, "There is no such book.")
        if copy[0] is not None:
            raise HTTPException(
                409,
                "Somebody else has the book.",
            )
        days = 28
        if copy[1]:
            days = 14
        if member[1] > 20:
            days = 7
        database.execute(
            "UPDATE books SET lent_to = ?, days = ? WHERE number = ?",
            (reader, days, book),
        )
        database.execute(
            "INSERT INTO history (reader, book) VALUES (?, ?)",
            (reader, book),
        )
        database.execute(
            "UPDATE readers SET loans = loans + 1 WHERE number = ?",
            (reader,),
        )
    return {"days": days}
