"""Bad: the ceiling holds for every number but 0, which is the default and means everything."""

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
def list_tasks(limit: Annotated[int, Query(ge=0, le=100)] = 0) -> Sequence[Task]:
    query = select(Task).order_by(Task.id)
    if limit:
        query = query.limit(limit)
    with Session(engine) as session:
        return session.scalars(query).all()
