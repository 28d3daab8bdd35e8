"""Good: the code has a floor and a ceiling for the number that a client chooses."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from typeway import Query, Typeway

app = Typeway()
engine = create_engine("sqlite://")


class Base(DeclarativeBase):
    pass


class Task(Base):
    __tablename__ = "tasks"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]


class TaskOut(BaseModel):
    title: str


@app.get("/tasks", response_model=list[TaskOut])
def list_tasks(limit: Annotated[int | None, Query(ge=1)] = None) -> Sequence[Task]:
    number = min(max(int(limit or 20), 1), 100)
    with Session(engine) as session:
        return session.scalars(select(Task).order_by(Task.id).limit(number)).all()
