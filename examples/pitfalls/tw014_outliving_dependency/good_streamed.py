"""Good: the generator that reads the rows opens the session."""

from collections.abc import AsyncIterator

from sqlalchemy import text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from typeway import Typeway
from typeway.responses import StreamingResponse

app = Typeway()
make_session = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"))


async def read_names() -> AsyncIterator[str]:
    async with make_session() as session:
        async for row in await session.stream(text("SELECT name FROM tasks")):
            yield f"{row.name}\n"


@app.get("/tasks.txt")
async def export_tasks() -> StreamingResponse:
    return StreamingResponse(read_names())
