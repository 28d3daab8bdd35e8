"""Good: the generic class awaits its query."""

from typing import Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from typeway import Typeway

app = Typeway()
make_session = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"))


class Base(DeclarativeBase):
    id: Mapped[int] = mapped_column(primary_key=True)


class Song(Base):
    __tablename__ = "songs"
    title: Mapped[str]


Row = TypeVar("Row", bound=Base)


class Repository(Generic[Row]):
    def __init__(self, model: type[Row], session: AsyncSession) -> None:
        self.model = model
        self.session = session

    async def find(self, number: int) -> Row | None:
        return await self.session.get(self.model, number)


class Songs(Repository[Song]):
    async def title_of(self, number: int) -> str:
        song = await self.find(number)
        return "unknown" if song is None else song.title


@app.get("/songs/{number}/title")
async def read_title(number: int) -> str:
    async with make_session() as session:
        return await Songs(Song, session).title_of(number)
