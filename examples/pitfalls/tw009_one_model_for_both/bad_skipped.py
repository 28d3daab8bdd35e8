"""Bad: the list of what a client may not set has one name, and the model has two of them."""

from datetime import UTC, datetime

from pydantic import BaseModel, Field

from typeway import Typeway

app = Typeway()
SET_BY_SERVER = {"created_at"}


class Note(BaseModel):
    id: int | None = None
    text: str
    created_at: datetime = Field(default_factory=lambda: datetime.now(UTC))


notes: list[Note] = []


@app.post("/notes", status_code=201)
async def create_note(note: Note) -> Note:
    notes.append(Note(**note.model_dump(exclude=SET_BY_SERVER)))
    return notes[-1]
