"""Good: the background task gets the factory, and opens a session of its own."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from typeway import BackgroundTasks, Typeway

app = Typeway()
make_session = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"))


class Visits:
    def __init__(self, factory: async_sessionmaker[AsyncSession]) -> None:
        self.factory = factory

    async def count(self, page: str) -> None:
        async with self.factory.begin() as session:
            await session.execute(text("UPDATE pages SET visits = visits + 1 WHERE name = :name"), {"name": page})


@app.get("/pages/{page}")
async def read_page(page: str, tasks: BackgroundTasks) -> dict[str, str]:
    tasks.add_task(Visits(make_session).count, page)
    return {"page": page}
