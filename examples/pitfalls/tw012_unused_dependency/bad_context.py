"""Bad: the language is asked from a database for each request, and nobody reads it."""

import sqlite3
from typing import Annotated

from typeway import Depends, Header, Typeway

app = Typeway()


def language_of(x_user: Annotated[str, Header()]) -> str:
    with sqlite3.connect("users.db") as connection:
        row = connection.execute("SELECT language FROM users WHERE name = ?", (x_user,)).fetchone()
    return "en" if row is None else str(row[0])


@app.get("/greeting")
def greet(language: Annotated[str, Depends(language_of)]) -> dict[str, str]:
    return {"text": "Hello"}
