"""Good: the statement selects a page, of a hundred rows at most."""

import sqlite3
from typing import Annotated

from pydantic import BaseModel

from typeway import Query, Typeway

app = Typeway()


class Note(BaseModel):
    id: int
    text: str


@app.post("/notes", status_code=201)
def create_note(text: str) -> None:
    with sqlite3.connect("notes.db") as database:
        database.execute("INSERT INTO notes (text) VALUES (?)", (text,))


@app.get("/notes")
def list_notes(after: int = 0, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> list[Note]:
    statement = "SELECT id, text FROM notes WHERE id > ? ORDER BY id LIMIT ?"
    with sqlite3.connect("notes.db") as database:
        rows = database.execute(statement, (after, limit)).fetchall()
    return [Note(id=number, text=text) for number, text in rows]
