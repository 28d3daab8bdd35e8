"""Good: the repository limits its query."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import BaseModel
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from typeway import Depends, Query, Typeway

app = Typeway()
engine = create_engine("sqlite://")


class Base(DeclarativeBase):
    pass


class Task(Base):
    __tablename__ = "tasks"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]


class TaskText(BaseModel):
    title: str


class Tasks:
    def __init__(self, session: Session) -> None:
        self.session = session

    def add(self, title: str) -> None:
        self.session.add(Task(title=title))
        self.session.commit()

    def page(self, limit: int) -> Sequence[Task]:
        return self.session.scalars(select(Task).limit(limit)).all()


def open_tasks() -> Iterator[Tasks]:
    with Session(engine) as session:
        yield Tasks(session)


@app.post("/tasks", status_code=201)
def create_task(task: TaskText, tasks: Annotated[Tasks, Depends(open_tasks)]) -> None:
    tasks.add(task.title)


@app.get("/tasks")
def list_tasks(
    tasks: Annotated[Tasks, Depends(open_tasks)], limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> list[TaskText]:
    return [TaskText(title=task.title) for task in tasks.page(limit)]
