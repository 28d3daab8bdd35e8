"""Good: what the server sets is on a list of names that are not taken from the client."""

from datetime import UTC, datetime
from itertools import count

from pydantic import BaseModel, Field

from typeway import Typeway

app = Typeway()
SET_BY_SERVER = {"id", "created_at"}
numbers = count(1)


class Note(BaseModel):
    id: int = Field(default_factory=lambda: next(numbers))
    text: str
    created_at: datetime = Field(default_factory=lambda: datetime.now(UTC))


notes: list[Note] = []


@app.post("/notes", status_code=201)
async def create_note(note: Note) -> Note:
    notes.append(Note(**note.model_dump(exclude=SET_BY_SERVER)))
    return notes[-1]
