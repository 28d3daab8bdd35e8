"""Bad: a repository returns all rows, and a comprehension converts them."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import BaseModel
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from typeway import Depends, Typeway

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


class Tasks:
    def __init__(self, session: Session) -> None:
        self.session = session

    def every(self) -> Sequence[Task]:
        return self.session.scalars(select(Task)).all()


def open_tasks() -> Iterator[Tasks]:
    with Session(engine) as session:
        yield Tasks(session)


@app.get("/tasks")
def list_tasks(tasks: Annotated[Tasks, Depends(open_tasks)]) -> list[TaskOut]:
    return [TaskOut(title=task.title) for task in tasks.every()]
