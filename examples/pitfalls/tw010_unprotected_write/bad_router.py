"""Bad: all routers but one have the guard."""

from typing import Annotated

from typeway import Depends, Router, Typeway
from typeway.security import HTTPBasic, HTTPBasicCredentials

app = Typeway()
basic = HTTPBasic()
tasks, notes, boards, labels = (Router(prefix=f"/{name}") for name in ("tasks", "notes", "boards", "labels"))


def sign_in(who: Annotated[HTTPBasicCredentials, Depends(basic)]) -> str:
    return who.username


@tasks.delete("/{task_id}", status_code=204)
async def delete_task(task_id: int) -> None:
    """Delete a task."""


@notes.delete("/{note_id}", status_code=204)
async def delete_note(note_id: int) -> None:
    """Delete a note."""


@boards.delete("/{board_id}", status_code=204)
async def delete_board(board_id: int) -> None:
    """Delete a board."""


@labels.delete("/{label_id}", status_code=204)
async def delete_label(label_id: int) -> None:
    """Delete a label."""


app.include_router(tasks, dependencies=[Depends(sign_in)])
app.include_router(notes, dependencies=[Depends(sign_in)])
app.include_router(boards, dependencies=[Depends(sign_in)])
app.include_router(labels)
