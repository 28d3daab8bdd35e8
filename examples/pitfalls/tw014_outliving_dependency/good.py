"""Good: both end before the response."""

from collections.abc import AsyncIterator
from typing import Annotated

from typeway import Depends, Typeway

app = Typeway()


async def open_session() -> AsyncIterator[str]:
    yield "session"


async def open_unit_of_work(
    session: Annotated[str, Depends(open_session, scope="function")],
) -> AsyncIterator[str]:
    yield f"work in {session}"


@app.get("/tasks/count")
async def count_tasks(work: Annotated[str, Depends(open_unit_of_work, scope="function")]) -> int:
    return len(work)
