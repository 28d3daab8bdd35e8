"""Good: the generic class writes only the fields that the client has sent."""

from collections.abc import Iterator
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel
from sqlalchemy import create_engine, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from typeway import Depends, Typeway

app = Typeway()
engine = create_engine("sqlite://")


class Base(DeclarativeBase):
    id: Mapped[int] = mapped_column(primary_key=True)


class Room(Base):
    __tablename__ = "rooms"
    name: Mapped[str]
    seats: Mapped[int | None]


class RoomChange(BaseModel):
    name: str = ""
    seats: int | None = None


Row = TypeVar("Row", bound=Base)


class Table(Generic[Row]):
    def __init__(self, model: type[Row]) -> None:
        self.model = model

    def change(self, session: Session, number: int, change: BaseModel) -> None:
        data = change.model_dump(exclude_unset=True)
        session.execute(update(self.model).where(self.model.id == number).values(**data))
        session.commit()


rooms = Table(Room)


def open_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


@app.patch("/rooms/{number}", status_code=204)
def change_room(number: int, change: RoomChange, session: Annotated[Session, Depends(open_session)]) -> None:
    rooms.change(session, number, change)
