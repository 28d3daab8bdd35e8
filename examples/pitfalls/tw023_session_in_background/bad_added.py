"""Bad: a background task of the response uses the session, which `scope="function"` has closed by then."""

from collections.abc import AsyncIterator
from typing import Annotated

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from typeway import BackgroundTasks, Depends, Typeway

app = Typeway()
make_session = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"))


async def open_session() -> AsyncIterator[AsyncSession]:
    async with make_session() as session:
        yield session


class Visits:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def count(self, page: str) -> None:
        await self.session.execute(text("UPDATE pages SET visits = visits + 1 WHERE name = :name"), {"name": page})


@app.get("/pages/{page}")
async def read_page(
    page: str, session: Annotated[AsyncSession, Depends(open_session, scope="function")], tasks: BackgroundTasks
) -> dict[str, str]:
    tasks.add_task(Visits(session).count, page)
    return {"page": page}
