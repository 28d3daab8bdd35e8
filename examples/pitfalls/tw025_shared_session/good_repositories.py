"""Good: both repositories have the same session, and one waits for the other."""

from collections.abc import AsyncIterator
from typing import Annotated

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from typeway import Depends, Typeway

app = Typeway()
make_session = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"))


async def open_session() -> AsyncIterator[AsyncSession]:
    async with make_session() as session:
        yield session


class Users:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def count(self) -> int:
        return int(await self.session.scalar(text("SELECT COUNT(*) FROM users")) or 0)


class Tasks:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def count(self) -> int:
        return int(await self.session.scalar(text("SELECT COUNT(*) FROM tasks")) or 0)


@app.get("/numbers")
async def read_numbers(session: Annotated[AsyncSession, Depends(open_session)]) -> dict[str, int]:
    return {"users": await Users(session).count(), "tasks": await Tasks(session).count()}
