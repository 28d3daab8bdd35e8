"""Bad: the query is in a generic class, two classes below the service that the endpoint asks."""

import asyncio
from typing import Generic, TypeVar

from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from typeway import Typeway

app = Typeway()
make_session = sessionmaker(create_engine("sqlite://"))


class Base(DeclarativeBase):
    id: Mapped[int] = mapped_column(primary_key=True)


class Song(Base):
    __tablename__ = "songs"
    title: Mapped[str]


Row = TypeVar("Row", bound=Base)


class Repository(Generic[Row]):
    def __init__(self, model: type[Row], session: Session) -> None:
        self.model = model
        self.session = session

    def find(self, number: int) -> Row | None:
        return self.session.get(self.model, number)


class Songs(Repository[Song]):
    def title_of(self, number: int) -> str:
        song = self.find(number)
        return "unknown" if song is None else song.title


@app.get("/songs/{number}/title")
async def read_title(number: int) -> str:
    await asyncio.sleep(0)
    with make_session() as session:
        return Songs(Song, session).title_of(number)
