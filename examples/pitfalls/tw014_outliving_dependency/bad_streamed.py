"""Bad: the session is closed when the endpoint returns, and the rows are read after that."""

from collections.abc import AsyncIterator

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from typeway import Typeway
from typeway.responses import StreamingResponse

app = Typeway()
make_session = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"))


async def read_names(session: AsyncSession) -> AsyncIterator[str]:
    async for row in await session.stream(text("SELECT name FROM tasks")):
        yield f"{row.name}\n"


@app.get("/tasks.txt")
async def export_tasks() -> StreamingResponse:
    async with make_session() as session:
        return StreamingResponse(read_names(session))
