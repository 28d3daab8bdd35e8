"""Good: the model says what clients see."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from typeway import Depends, Typeway

app = Typeway()
engine = create_engine("sqlite://")


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    password_hash: Mapped[str]


class UserOut(BaseModel):
    name: str


def open_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


@app.get("/users/{user_id}")
def read_user(user_id: int, session: Annotated[Session, Depends(open_session)]) -> UserOut:
    return UserOut(name=session.get_one(User, user_id).name)
