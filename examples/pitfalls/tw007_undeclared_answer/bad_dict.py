"""Bad: a dict of the row has every column of the table, the hash of the password too."""

from collections.abc import Iterator
from typing import Annotated, Any

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


def open_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


@app.get("/users/{user_id}")
def read_user(user_id: int, session: Annotated[Session, Depends(open_session)]) -> dict[str, Any]:
    return vars(session.get(User, user_id))
