"""Good: the helper sets the header on the response that the framework makes, and the model says what clients see."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from typeway import Depends, Response, Typeway

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
    id: int
    name: str


def open_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


def tag(response: Response, user: User) -> User:
    response.headers["ETag"] = f'"{user.id}"'
    return user


@app.get("/users/{user_id}", response_model=UserOut)
def read_user(user_id: int, session: Annotated[Session, Depends(open_session)], response: Response) -> User:
    return tag(response, session.get_one(User, user_id))
