"""Bad: a helper makes the response, so the response model has no say, and the hash of the password is sent too."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from typeway import Depends, Typeway
from typeway.encoders import jsonable_encoder
from typeway.responses import JSONResponse

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


def tagged(user: User) -> JSONResponse:
    return JSONResponse(jsonable_encoder(user), headers={"ETag": f'"{user.id}"'})


@app.get("/users/{user_id}", response_model=UserOut)
def read_user(user_id: int, session: Annotated[Session, Depends(open_session)]) -> JSONResponse:
    return tagged(session.get_one(User, user_id))
