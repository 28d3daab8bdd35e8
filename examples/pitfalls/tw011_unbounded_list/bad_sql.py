"""Bad: the statement selects every row of a table that requests add to."""

import sqlite3

from pydantic import BaseModel

from typeway import Typeway

app = Typeway()


class Note(BaseModel):
    id: int
    text: str


@app.post("/notes", status_code=201)
def create_note(text: str) -> None:
    with sqlite3.connect("notes.db") as database:
        database.execute("INSERT INTO notes (text) VALUES (?)", (text,))


@app.get("/notes")
def list_notes() -> list[Note]:
    with sqlite3.connect("notes.db") as database:
        rows = database.execute("SELECT id, text FROM notes ORDER BY id").fetchall()
    return [Note(id=number, text=text) for number, text in rows]
